"""Salvage: copy every sound row of a damaged file into a new archive.

A row is taken if it passes its own check: its checksum, its digest, or the constraints of its table. IDs stay the same.
What is computed from other rows (totals, the full-text index, indexes) is computed again.
"""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice

from caliber_crawler.archive.core.checksums import PRIMARY_KEYS
from caliber_crawler.archive.core.connection import Connection
from caliber_crawler.archive.core.format import sqlite3
from caliber_crawler.archive.pages.bodies import Bodies
from caliber_crawler.archive.reports.totals import recount
from caliber_crawler.archive.upkeep.repair import compute_anew
from caliber_crawler.archive.upkeep.row_layout import ROWID, Layout, Row, has_urls, is_row_sound, layouts
from caliber_crawler.archive.upkeep.single_changes import Budget, restore_body, restore_one_bit, restore_one_byte
from caliber_crawler.archive.upkeep.sqlite_pages import SQLiteFile
from caliber_crawler.archive.upkeep.tree_map import StoredRow, TreeMap

FIRST = (
    *("runs", "sites", "dictionaries", "cold_files", "cold_pages", "bodies"),
    *("captures", "articles", "versions"),
)
"""Tables that others need, in order; the rest follows."""
COMPUTED = ("totals", "article_totals", "versions_fts", "sqlite_", "_sqlite_")
"""Beginnings of the names of tables that are not copied."""
BATCH = 500
MAX_REJECTED = 2_000
"""Damaged rows of one table that are kept for a closer look."""
BIT_SECONDS = 30.0
"""CPU time for finding single flipped bits in all rows of a salvage."""
MAX_BIT_ROWS = 8
"""Rows of a table in which a single flipped bit is searched for: more damaged rows have lost more than a bit."""


@dataclass
class Salvaged:
    """The result of copying."""

    trees: TreeMap
    taken: Counter[str] = field(default_factory=Counter)
    """Rows copied, by table."""
    rejected: defaultdict[str, list[Row]] = field(default_factory=lambda: defaultdict(list))
    """Rows that failed their check and whose key is not among the copied ones, by table."""
    displaced: defaultdict[str, list[Row]] = field(default_factory=lambda: defaultdict(list))
    """Sound rows of which another one has the ID, by table: one of the two IDs is damaged."""
    short: set[str] = field(default_factory=set)
    """Tables with fewer rows than several of their indexes name."""

    @property
    def incomplete(self) -> set[str]:
        """Tables of which rows may be missing."""
        damaged = {name for name, gaps in self.trees.gaps.items() if gaps and not layouts()[name].is_index}
        return damaged | self.short | {name for name, rows in self.rejected.items() if rows}


class Salvage:
    """Copies the sound rows of a file into an empty archive that is open for writing, without triggers."""

    def __init__(self, file: SQLiteFile, connection: Connection) -> None:
        self._connection = connection
        self._bodies = Bodies(connection)
        self._deadline = 0.0
        self._byte_budget = Budget()
        self.result = Salvaged(TreeMap(file))

    def copy(self) -> Salvaged:
        """Copy the rows of every table. The archive may then contain references to missing rows."""
        self._deadline = time.process_time() + BIT_SECONDS
        names = [name for name, layout in layouts().items() if not layout.is_index and not name.startswith(COMPUTED)]
        for name in sorted(names, key=lambda name: FIRST.index(name) if name in FIRST else len(FIRST)):
            self._copy(layouts()[name])
        return self.result

    def _copy(self, layout: Layout) -> None:
        rows = self.result.trees.rows(layout.name)
        while batch := list(islice(rows, BATCH)):
            with self._connection.transaction():
                for stored in batch:
                    self._take(layout, stored)
        with self._connection.transaction():
            self._look_closer(layout)

    def _take(self, layout: Layout, stored: StoredRow) -> None:
        if not stored.in_tree and self._has(layout, stored.row):
            return
        is_sound = self._is_sound(layout, stored.row)
        displaced = self.result.displaced[layout.name]
        if is_sound and insert(self._connection, layout, stored.row):
            self.result.taken[layout.name] += 1
        elif is_sound and layout.id is not None and len(displaced) < MAX_REJECTED and self._has(layout, stored.row):
            displaced.append(stored.row)
        elif len(self.result.rejected[layout.name]) < MAX_REJECTED and stored.in_tree:
            self.result.rejected[layout.name].append(stored.row)

    def _look_closer(self, layout: Layout) -> None:
        """Restore the single flipped bit of damaged rows; forget those whose key was found elsewhere."""
        left = []
        rejected = [row for row in self.result.rejected.pop(layout.name, []) if not self._has(layout, row)]
        for place, row in enumerate(rejected):
            is_tried = place < MAX_BIT_ROWS and time.process_time() < self._deadline
            restored = self._restore(layout, row) if is_tried else None
            if restored is not None and not self._has(layout, restored) and insert(self._connection, layout, restored):
                self.result.taken[layout.name] += 1
            else:
                left.append(row)
        if left:
            self.result.rejected[layout.name] = left

    def _restore(self, layout: Layout, row: Row) -> Row | None:
        if layout.name in PRIMARY_KEYS:
            seconds = self._deadline - time.process_time()
            return (
                compute_anew(layout.name, row)
                or restore_one_bit(layout.name, row, seconds=seconds)
                or restore_one_byte(layout.name, row, self._byte_budget)
            )
        data, digest, size = row.get("data"), row.get("digest"), row.get("size")
        if layout.name in ("bodies", "dictionaries") and isinstance(data, bytes):
            dictionary = self._dictionary_of(row)
            seconds = self._deadline - time.process_time()
            restored = restore_body(
                *(self._bodies, data, str(digest), int(size or 0), dictionary),
                bit_seconds=seconds,
                budget=self._byte_budget,
            )
            return None if restored is None else {**row, "data": restored[0], "size": restored[1]}
        return None

    def _is_sound(self, layout: Layout, row: Row) -> bool:
        if layout.name in ("bodies", "dictionaries"):
            if row.get("dictionary_id") is not None and self._dictionary_of(row) is None:
                return False
            data, digest, size = row["data"], row["digest"], row["size"]
            if data == b"" and layout.name == "bodies":
                # Its page is in cold storage; the rows that say where were copied before.
                place = "SELECT 1 FROM cold_pages WHERE digest = ? AND size = ?"
                return self._connection.value(place, (digest, size)) is not None
            return self._bodies.fits(data, digest, size, self._dictionary_of(row))  # type: ignore[arg-type]
        return is_row_sound(layout, row) is not False and has_urls(row)

    def _dictionary_of(self, row: Row) -> str | None:
        digest: str | None = self._connection.value(
            "SELECT digest FROM dictionaries WHERE id = ?", (row.get("dictionary_id"),)
        )
        return digest

    def _has(self, layout: Layout, row: Row) -> bool:
        where = " AND ".join(f"{name} = ?" for name in layout.primary_key)
        try:
            return self._connection.value(f"SELECT 1 FROM {layout.name} WHERE {where}", layout.key_of(row)) is not None
        except UnicodeEncodeError:
            return False


def insert(connection: Connection, layout: Layout, row: Row) -> bool:
    """Insert a row unless the table's constraints forbid it.

    A row ID that nothing refers to may be damaged: if another row has it, the row gets a new one.
    """
    names = dict.fromkeys((*layout.columns, *([layout.id] if layout.id else [])))
    columns, places = ", ".join(names), ", ".join("?" * len(names))
    try:
        connection.execute(f"INSERT INTO {layout.name} ({columns}) VALUES ({places})", [row[name] for name in names])
    except (sqlite3.IntegrityError, UnicodeEncodeError):
        is_taken = layout.id == ROWID and row[ROWID] is not None
        return is_taken and insert(connection, layout, row | {ROWID: None})
    return True


@contextmanager
def bulk_writing(connection: Connection) -> Iterator[None]:
    """Without triggers and references inside a ``with`` block; afterwards, totals and full-text index are computed."""
    triggers = connection.rows("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'")
    connection.execute("PRAGMA foreign_keys = OFF")
    with connection.transaction():
        for trigger in triggers:
            connection.execute(f'DROP TRIGGER "{trigger["name"]}"')
    yield
    with connection.transaction():
        recount(connection)
        connection.execute("INSERT INTO versions_fts (versions_fts) VALUES ('rebuild')")
        for trigger in triggers:
            connection.execute(trigger["sql"])
    connection.execute("PRAGMA foreign_keys = ON")
