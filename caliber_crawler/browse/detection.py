"""Detection of archives among the databases that Datasette serves, and the metadata of their tables."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from importlib.resources import files
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from caliber_crawler.archive.core.format import APPLICATION_ID, VERSION

if TYPE_CHECKING:
    import sqlite3

    from datasette.app import Datasette

Tables = dict[str, dict[str, Any]]
"""Datasette metadata by table or view."""

COLUMNS = """
SELECT m.name, c.name FROM sqlite_master m JOIN pragma_table_xinfo(m.name) c
WHERE m.type IN ('table', 'view') AND m.name NOT LIKE 'versions_%' ORDER BY m.rowid, c.cid"""

_archives: WeakKeyDictionary[Datasette, dict[str, Tables]] = WeakKeyDictionary()


def detect_archive(datasette: Datasette, database: str, connection: sqlite3.Connection) -> bool:
    """Return whether a connection is to an archive with the schema of this program version; remember archives.

    The file name does not matter. The plugin ignores an archive with another schema, because its queries would fail.
    """
    if _number(connection, "application_id") != APPLICATION_ID or _number(connection, "user_version") != VERSION:
        return False
    known = _archives.setdefault(datasette, {})
    if database not in known:
        known[database] = _described(connection)
    return True


def is_archive(datasette: Datasette, database: str | None) -> bool:
    return database in _archives.get(datasette, {})


def archives(datasette: Datasette) -> Iterator[tuple[str, Tables]]:
    """Yield the name and table metadata of every served archive."""
    yield from list(_archives.get(datasette, {}).items())


def tables_of(datasette: Datasette, database: str) -> Tables:
    """Return the table metadata of an archive, in display order."""
    return _archives.get(datasette, {}).get(database, {})


def _number(connection: sqlite3.Connection, pragma: str) -> int:
    return int(connection.execute(f"PRAGMA {pragma}").fetchone()[0])


def _described(connection: sqlite3.Connection) -> Tables:
    shown = tomllib.loads(files(__package__).joinpath("tables.toml").read_text("utf-8"))
    everywhere = shown.pop("everywhere")
    columns: dict[str, list[str]] = {}
    for table, column in connection.execute(COLUMNS):
        columns.setdefault(table, []).append(column)
    return {
        table: {
            **of_table,
            "columns": {
                column: meaning
                for column in columns[table]
                if (meaning := of_table.get("columns", {}).get(column) or everywhere.get(column))
            },
        }
        for table, of_table in shown.items()
        if table in columns
    }
