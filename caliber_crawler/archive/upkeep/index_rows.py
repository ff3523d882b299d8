"""What indexes repeat of their table: restores lost rows, and shows damage in tables without checksums."""

from __future__ import annotations

import contextlib
from collections import Counter, defaultdict
from collections.abc import Iterator

from caliber_crawler.archive.core.connection import Connection
from caliber_crawler.archive.core.format import sqlite3
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
    key_columns = (layout.id,) if layout.id is not None else layout.primary_key
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


def settle_disputes(trees: TreeMap, connection: Connection, table: str) -> int:
    """Correct values of a table without checksums that its indexes contradict; return the number of corrected rows.

    A value that two or more indexes agree on is right, and so is a URL that other tables confirm. Otherwise the table
    is right.
    """
    indexes = indexes_of(table)
    covering = Counter(column for index in indexes for column in index.columns)
    votes: defaultdict[tuple[int, str], list[Value]] = defaultdict(list)
    for index in indexes:
        columns = [name for name in index.columns if name != "id"]
        sql = f"SELECT {', '.join(columns)} FROM {table} WHERE id = ?"
        for entry in entries(trees, index):
            id = entry["id"]
            row = connection.row(sql, (id,)) if isinstance(id, int) else None
            if row is None or not isinstance(id, int):
                continue
            for name in columns:
                if row[name] != entry[name] and len(votes) < MAX_ROWS:
                    votes[id, name].append(entry[name])
    settled = set()
    for (id, name), values in votes.items():
        is_agreed = len(values) == covering[name] > 1 and len(set(values)) == 1
        known = connection.value(f"SELECT {name} FROM {table} WHERE id = ?", (id,))
        if is_agreed or (name == "url" and is_confirmed(connection, values[0]) and not is_confirmed(connection, known)):
            with contextlib.suppress(sqlite3.IntegrityError, UnicodeEncodeError):
                connection.execute(f"UPDATE {table} SET {name} = ? WHERE id = ?", (values[0], id))
                settled.add(id)
    return len(settled)


def is_confirmed(connection: Connection, url: Value) -> bool:
    """Was a URL fetched, or does it belong to an article?"""
    with contextlib.suppress(UnicodeEncodeError):
        return any(
            connection.value(f"SELECT 1 FROM {table} WHERE url = ?", (url,)) is not None
            for table in ("captures", "article_urls")
        )
    return False


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
