"""Damaged keys of rows that have neither a row ID nor a checksum. The indexes of their table repeat the whole key.

To SQLite, a row whose key is damaged is another row than the one that an index names. So a row that no index names and
an entry without a row are taken for one, and the values that differ are settled like other disputes.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterator, Mapping

from caliber_crawler.archive.core.checksums import PRIMARY_KEYS
from caliber_crawler.archive.core.connection import Connection
from caliber_crawler.archive.core.format import sqlite3
from caliber_crawler.archive.upkeep.disputes import Dispute, decision
from caliber_crawler.archive.upkeep.index_rows import entries, indexes_of, rows_from_indexes
from caliber_crawler.archive.upkeep.row_layout import Layout, Row, layouts
from caliber_crawler.archive.upkeep.sqlite_pages import Value
from caliber_crawler.archive.upkeep.tree_map import TreeMap


def settle_keys(trees: TreeMap, connection: Connection, table: str) -> tuple[int, list[Dispute]]:
    """Correct the damaged keys of a table; return the number of corrected rows, and the undecided disputes."""
    layout = layouts()[table]
    if layout.id is not None or table in PRIMARY_KEYS or not indexes_of(table):
        return 0, []
    lost = rows_from_indexes(trees, connection, table)
    if not lost:
        return 0, []
    named = Counter(tuple(entry[name] for name in layout.primary_key) for entry in all_entries(trees, table))
    unnamed = [row for row in connection.rows(f"SELECT * FROM {table}") if not named[layout.key_of(row)]]
    settled, undecided = 0, list[Dispute]()
    for key, known in lost.items():
        if not unnamed:
            break
        row = max(unnamed, key=lambda row: sum(row[name] == value for name, value in known.items()))
        unnamed.remove(row)
        right, disputes = settled_values(connection, layout, row, known, named[key])
        undecided += disputes
        settled += bool(right) and update(connection, layout, row, right)
    return settled, undecided


def all_entries(trees: TreeMap, table: str) -> Iterator[Row]:
    """The readable entries of all indexes of a table."""
    for index in indexes_of(table):
        yield from entries(trees, index)


def settled_values(
    connection: Connection, layout: Layout, row: Row, known: Row, places: int
) -> tuple[Row, list[Dispute]]:
    """The values of a row that are damaged, as they should be; and those of which that is unknown."""
    right, undecided = dict[str, Value](), list[Dispute]()
    for name, value in known.items():
        if row[name] == value:
            continue
        decided = decision(connection, layout.name, name, Counter({row[name]: 1, value: places}), row)
        if decided is None:
            undecided.append(Dispute(layout.name, layout.key_of(row), name, (row[name], value)))
        elif decided == (value,):
            right[name] = value
    return right, undecided


def update(connection: Connection, layout: Layout, row: Row, right: Mapping[str, Value]) -> bool:
    """Change values of a row, unless a constraint forbids it."""
    assignments = ", ".join(f"{name} = ?" for name in right)
    where = " AND ".join(f"{name} = ?" for name in layout.primary_key)
    with contextlib.suppress(sqlite3.IntegrityError, UnicodeEncodeError):
        sql = f"UPDATE {layout.name} SET {assignments} WHERE {where}"
        return connection.execute(sql, (*right.values(), *layout.key_of(row))).rowcount > 0
    return False
