"""The layout of stored rows: which values a row of each table and an entry of each index consists of.

It comes from the schema of this program, never from a damaged file, whose schema may be damaged or hostile.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from caliber_crawler.archive.core.checksums import PRIMARY_KEYS, checksum
from caliber_crawler.archive.core.connection import Connection
from caliber_crawler.archive.core.format import sqlite3
from caliber_crawler.archive.core.schema_creation import create_schema
from caliber_crawler.archive.upkeep.sqlite_pages import Value

Row = dict[str, Value]

TYPES: dict[str, tuple[type, ...]] = {
    "INTEGER": (int,),
    "INT": (int,),
    "TEXT": (str,),
    "BLOB": (bytes,),
    "REAL": (float, int),
}
MAX_ADDED = 4
"""Maximum number of columns that were added to a table since its first rows."""
URL_SCHEMES = ("http://", "https://", "urn:")
ROWID = "rowid"
"""The name of the row ID in a row of a table without an ID column of its own, and in the entries of its indexes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """The columns of a table or index, in the order in which they are stored."""

    name: str
    table: str
    """The table; for a table its own name."""
    columns: tuple[str, ...]
    types: tuple[str, ...]
    required: frozenset[str]
    """Columns that are not NULL."""
    id: str | None
    """The column that is the row ID and is stored as NULL in the row; ``rowid`` for a table without such a column;
    ``None`` for an index and for a table that is stored as one."""
    primary_key: tuple[str, ...]

    @property
    def is_index(self) -> bool:
        """Is it an index of a table, and not a table?"""
        return self.name != self.table

    def row_of(self, key: int | None, values: Sequence[Value]) -> Row | None:
        """Stored values as a row; ``None`` if they cannot be a row of this table or index."""
        if (
            not len(self.columns) - MAX_ADDED <= len(values) <= len(self.columns)
            or not values
            or (key is None) != (self.id is None)
        ):
            return None
        # Columns that were added to a table are missing in older rows.
        row: Row = dict(zip(self.columns, [*values, *[None] * (len(self.columns) - len(values))], strict=True))
        if self.id is not None:
            if row.get(self.id) is not None:
                return None
            row[self.id] = key
        for name, type in zip(self.columns, self.types, strict=True):
            value = row[name] = as_type(row[name], type)
            if value is None:
                if name in self.required:
                    return None
            elif not isinstance(value, TYPES.get(type, (int, float, str, bytes))):
                return None
            elif type == "REAL":
                row[name] = float(value)
        return row

    def key_of(self, row: Row) -> tuple[Value, ...]:
        """The primary key of a row."""
        return tuple(row[name] for name in self.primary_key)


def as_type(value: Value, type: str) -> Value:
    """A text that is stored as a BLOB, or the reverse, as its column has it: a single bit makes the difference."""
    if type == "TEXT" and isinstance(value, bytes):
        return value.decode("utf-8", "surrogateescape")
    if type == "BLOB" and isinstance(value, str):
        return value.encode("utf-8", "surrogateescape")
    return value


def is_row_sound(layout: Layout, row: Row) -> bool | None:
    """Does a row match its checksum? ``None`` for a table without checksums."""
    if layout.name not in PRIMARY_KEYS:
        return None
    try:
        return checksum(layout.name, {name: value for name, value in row.items() if name != ROWID}) == row["checksum"]
    except (TypeError, ValueError):  # bytes where the schema has text
        return False


def has_urls(row: Row) -> bool:
    """Do the columns for URLs contain URLs, as far as there are any?"""
    url = row.get("url")
    return url is None or (isinstance(url, str) and url.startswith(URL_SCHEMES))


@cache
def layouts() -> dict[str, Layout]:
    """The layout of every table and index of a new archive, by name."""
    with contextlib.closing(sqlite3.connect(":memory:", isolation_level=None)) as memory:
        connection = Connection(Path(":memory:"), "write", memory, None)
        create_schema(memory)
        trees = connection.rows("SELECT type, name, tbl_name FROM sqlite_schema WHERE rootpage > 0")
        tables = {tree["name"]: table_layout(connection, tree["name"]) for tree in trees if tree["type"] == "table"}
        indexes = {
            tree["name"]: index_layout(connection, tree["name"], tables[tree["tbl_name"]])
            for tree in trees
            if tree["type"] == "index"
        }
    return tables | indexes


def table_layout(connection: Connection, name: str) -> Layout:
    has_rowid = not connection.value("SELECT wr FROM pragma_table_list WHERE name = ?", (name,))
    # Generated columns are hidden; they are not stored.
    columns = connection.rows('SELECT name, type, "notnull", pk FROM pragma_table_xinfo(?) WHERE hidden = 0', (name,))
    key = [column for column in sorted(columns, key=lambda column: column["pk"]) if column["pk"]]
    id = None
    if has_rowid:
        is_alias = len(key) == 1 and key[0]["type"] == "INTEGER"
        id = key[0]["name"] if is_alias else ROWID
    else:
        columns = [*key, *(column for column in columns if not column["pk"])]
    required = {column["name"] for column in columns if column["notnull"] or (column["pk"] and not has_rowid)}
    return Layout(
        name=name,
        table=name,
        columns=tuple(column["name"] for column in columns),
        types=tuple(column["type"] for column in columns),
        required=frozenset(required - {id}),
        id=id,
        primary_key=tuple(column["name"] for column in key) or (ROWID,),
    )


def index_layout(connection: Connection, name: str, table: Layout) -> Layout:
    types = dict(zip(table.columns, table.types, strict=True))
    # The last column of an entry is the row ID, which has no name there.
    columns = tuple(
        column or table.id or ROWID for column in connection.values("SELECT name FROM pragma_index_xinfo(?)", (name,))
    )
    return Layout(
        name=name,
        table=table.name,
        columns=columns,
        types=tuple(types.get(column, "INTEGER") for column in columns),
        required=frozenset(),
        id=None,
        primary_key=table.primary_key if table.id is None else (table.id,),
    )
