"""Which of the databases that Datasette serves are archives of ours, and what it is to show of their tables."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from importlib.resources import files
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from caliber_crawler.archive.format import APPLICATION_ID, VERSION

if TYPE_CHECKING:
    import sqlite3

    from datasette.app import Datasette

Tables = dict[str, dict[str, Any]]
"""Table or view to what Datasette's metadata says of it."""

COLUMNS = """
SELECT m.name, c.name FROM sqlite_master m JOIN pragma_table_xinfo(m.name) c
WHERE m.type IN ('table', 'view') AND m.name NOT LIKE 'versions_%' ORDER BY m.rowid, c.cid"""

_archives: WeakKeyDictionary[Datasette, dict[str, Tables]] = WeakKeyDictionary()


def recognise(datasette: Datasette, database: str, connection: sqlite3.Connection) -> bool:
    """Is this connection to an archive of ours, of the schema this program knows? Remembered from then on.

    The name of the file says nothing. An archive of another schema is left to Datasette alone: nothing here would fit.
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
    """Every archive served, with what is to be shown of its tables."""
    yield from list(_archives.get(datasette, {}).items())


def tables_of(datasette: Datasette, database: str) -> Tables:
    """What is to be shown of an archive's tables, in the order in which people will want to meet them."""
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
