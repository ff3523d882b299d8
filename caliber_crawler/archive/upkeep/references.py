"""References to rows that are lost: removed from the rows that can do without, which are kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from caliber_crawler.archive.core.checksums import EXCLUDED_COLUMNS, PRIMARY_KEYS, checksum
from caliber_crawler.archive.core.connection import Connection
from caliber_crawler.archive.reports.runs import Runs
from caliber_crawler.archive.upkeep.row_layout import layouts
from caliber_crawler.items import Problem

MAX_ROUNDS = 8
"""Removing one row may leave a reference to it; the longest chain of tables is shorter than this."""


class References:
    """Removes references to missing rows. ``cleared`` and ``removed`` count the rows concerned, by table."""

    def __init__(self, connection: Connection, run_id: int) -> None:
        self._connection = connection
        self._runs = Runs(connection)
        self._run_id = run_id
        self.cleared: Counter[str] = Counter()
        self.removed: Counter[str] = Counter()

    def remove_dangling(self) -> None:
        """Runs without triggers, inside the caller's transaction."""
        for _ in range(MAX_ROUNDS):
            before = (+self.cleared, +self.removed)
            for table, layout in layouts().items():
                if not layout.is_index and not table.startswith(("versions_fts", "sqlite_", "_sqlite_")):
                    for column, parent, parent_column in self._references_of(table):
                        self._remove(table, column, parent, parent_column, is_required=column in layout.required)
            if (self.cleared, self.removed) == before:
                return

    def _references_of(self, table: str) -> list[tuple[str, str, str]]:
        rows = self._connection.rows('SELECT "table", "from", "to" FROM pragma_foreign_key_list(?)', (table,))
        return [(row["from"], row["table"], row["to"]) for row in rows]

    def _remove(self, table: str, column: str, parent: str, parent_column: str, *, is_required: bool) -> None:
        dangling = f"{column} IS NOT NULL AND {column} NOT IN (SELECT {parent_column} FROM {parent})"
        if is_required:
            self.removed[table] += self._connection.execute(f"DELETE FROM {table} WHERE {dangling}").rowcount
        elif table in PRIMARY_KEYS and column not in EXCLUDED_COLUMNS[table]:
            self._clear_with_checksum(table, column, dangling)
        else:
            self.cleared[table] += self._connection.execute(
                f"UPDATE {table} SET {column} = NULL WHERE {dangling}"
            ).rowcount

    def _clear_with_checksum(self, table: str, column: str, dangling: str) -> None:
        where = " AND ".join(f"{name} = :{name}" for name in PRIMARY_KEYS[table])
        while rows := self._connection.rows(f"SELECT * FROM {table} WHERE {dangling} LIMIT 500"):
            for row in rows:
                changed = row | {column: None}
                self._connection.execute(
                    f"UPDATE {table} SET {column} = NULL, checksum = :checksum WHERE {where}",
                    changed | {"checksum": checksum(table, changed)},
                )
                if table == "captures":
                    self._record_lost_page(row)
            self.cleared[table] += len(rows)

    def _record_lost_page(self, capture: Mapping[str, Any]) -> None:
        """Record the digest of a lost page: the page may still be in another copy of the archive."""
        problem = Problem(
            stage="repair", reason="damaged", message=f"The stored page with SHA-256 {capture['body_digest']} is lost."
        )
        self._runs.record_problem(self._run_id, problem, url=capture["url"], capture_id=capture["id"])
