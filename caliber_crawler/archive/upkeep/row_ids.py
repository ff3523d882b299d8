"""Damaged row IDs. A checksum leaves the ID out, so a row with a wrong one passes its check; indexes tell the right."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import islice

from caliber_crawler.archive.core.connection import Connection
from caliber_crawler.archive.core.format import sqlite3
from caliber_crawler.archive.upkeep.index_rows import Key, entries, indexes_of, rows_from_indexes
from caliber_crawler.archive.upkeep.row_layout import Layout, Row, layouts
from caliber_crawler.archive.upkeep.salvage import Salvaged, insert

MIN_PLACES = 2
"""A row is moved to the ID that at least this many places state, indexes or references, if no index states its own."""

MAX_UNNAMED = 50
"""Rows without an entry that are compared at most. With more of them, the indexes are lost, and no ID is wrong."""


def settle_ids(salvaged: Salvaged, connection: Connection, table: str) -> int:
    """Move rows with a damaged ID to the ID that the indexes of their table state; return their number."""
    layout = layouts()[table]
    displaced = salvaged.displaced.get(table, [])
    if names_more_rows(salvaged, connection, table):
        salvaged.short.add(table)
    if layout.id is None or not indexes_of(table):
        return 0
    lost = rows_from_indexes(salvaged.trees, connection, table)
    if not lost and not displaced:
        return 0
    named = Counter[Key]()
    for index in indexes_of(table):
        named.update({(entry[layout.id],) for entry in entries(salvaged.trees, index)})
    settled = 0
    unnamed = list(islice(rows_without_entry(connection, layout, named), MAX_UNNAMED))
    for key, known in lost.items():
        if not isinstance(id := key[0], int) or named[key] + is_referenced(connection, table, id) < MIN_PLACES:
            continue
        before = settled
        found = next((row for row in unnamed if fits(layout, row, known)), None)
        if found is not None:
            unnamed.remove(found)
            settled += move(connection, layout, found[layout.id], id)
        for row in displaced if found is None else ():
            rival = connection.row(f"SELECT * FROM {table} NOT INDEXED WHERE {layout.id} = ?", (row[layout.id],)) or {}
            if fits(layout, row, known) != fits(layout, rival, known):
                displaced.remove(row)
                if fits(layout, rival, known):
                    move(connection, layout, row[layout.id], id)
                    id = row[layout.id]
                settled += insert(connection, layout, row | {layout.id: id})
                break
        if settled == before:
            salvaged.short.add(table)
    return settled


def names_more_rows(salvaged: Salvaged, connection: Connection, table: str) -> bool:
    """Does an index have more entries than its table has rows? A page may have become a valid one with fewer rows."""
    present = connection.value(f"SELECT count(*) FROM {table} NOT INDEXED")
    trees = salvaged.trees
    return any(not trees.gaps[index.name] and count_of(entries(trees, index)) > present for index in indexes_of(table))


def count_of(rows: Iterator[Row]) -> int:
    """The number of rows, of which none is kept."""
    return sum(1 for _ in rows)


def rows_without_entry(connection: Connection, layout: Layout, named: Mapping[Key, int]) -> Iterator[Row]:
    """The rows of a table that no index names."""
    for id in connection.values(f"SELECT {layout.id} FROM {layout.name} NOT INDEXED"):
        if not named[id,]:
            yield connection.row(f"SELECT * FROM {layout.name} NOT INDEXED WHERE {layout.id} = ?", (id,)) or {}


def is_referenced(connection: Connection, table: str, id: int) -> bool:
    """Does a row of another table refer to a row with this ID?"""
    references = connection.rows(
        """SELECT t.name, f."from" AS field FROM pragma_table_list t, pragma_foreign_key_list(t.name) f
        WHERE f."table" = ? AND t.name <> f."table" """,
        (table,),
    )
    return any(
        connection.value(f"SELECT 1 FROM {reference['name']} WHERE {reference['field']} = ? LIMIT 1", (id,))
        for reference in references
    )


def fits(layout: Layout, row: Mapping[str, object], known: Row) -> bool:
    """Does a row have all values that the indexes state for an ID?"""
    return bool(row) and all(row.get(name) == value for name, value in known.items() if name != layout.id)


def move(connection: Connection, layout: Layout, before: object, after: int) -> bool:
    """Change the ID of a row, unless a constraint forbids it."""
    try:
        connection.execute(
            f"UPDATE {layout.name} SET {layout.id} = ? WHERE {layout.id} = ?",
            (after, before),
        )
    except sqlite3.IntegrityError:
        return False
    return True
