"""What indexes repeat of their table: restores lost rows."""

from __future__ import annotations

from collections.abc import Iterator

from caliber_crawler.archive.core.connection import Connection
from caliber_crawler.archive.upkeep.row_layout import Layout, Row, has_urls, layouts
from caliber_crawler.archive.upkeep.sqlite_pages import Value
from caliber_crawler.archive.upkeep.tree_map import TreeMap

MAX_ROWS = 200_000
"""Lost rows of one table that are restored at most: a hostile file may name any number."""

Key = tuple[Value, ...]


def rows_from_indexes(trees: TreeMap, connection: Connection, table: str) -> dict[Key, Row]:
    """Rows of a table that its indexes name and that the archive does not contain: the indexed columns, by key."""
    found: dict[Key, Row] = {}
    layout = layouts()[table]
    key_columns = key_columns_of(layout)
    where = " AND ".join(f"{name} = ?" for name in key_columns)
    known: set[Key] = set()
    for index in indexes_of(table):
        for entry in entries(trees, index):
            key = tuple(entry[name] for name in key_columns)
            if key in known or any(value is None for value in key):
                continue
            if key not in found and (len(found) >= MAX_ROWS or is_known(connection, table, where, key)):
                if len(known) < MAX_ROWS:
                    known.add(key)
                continue
            row = found.setdefault(key, {})
            row |= {name: value for name, value in entry.items() if value is not None}
    return found


def key_columns_of(layout: Layout) -> tuple[str, ...]:
    """The columns of a table by which its indexes name a row."""
    return (layout.id,) if layout.id is not None else layout.primary_key


def indexes_of(table: str) -> list[Layout]:
    """The indexes of a table."""
    return [layout for layout in layouts().values() if layout.is_index and layout.table == table]


def entries(trees: TreeMap, index: Layout) -> Iterator[Row]:
    """The readable entries of an index."""
    for stored in trees.rows(index.name):
        if stored.in_tree and has_urls(stored.row):
            yield stored.row


def is_known(connection: Connection, table: str, where: str, key: Key) -> bool:
    """Does the archive contain the row with this key? A damaged key counts as known: it cannot be stored."""
    try:
        return connection.value(f"SELECT 1 FROM {table} WHERE {where}", key) is not None
    except (UnicodeEncodeError, OverflowError):
        return True
