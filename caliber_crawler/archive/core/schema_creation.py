"""The current schema in an empty database, as all migrations together make it, in a fraction of the time.

Without sqlite-utils, which loads pandas if that is installed: 70 MB in a crawl that creates its archive.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from sqlite3 import complete_statement
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3

MIGRATION_SET = "caliber"
RECORD = "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES (?, ?, ?)"


def create_schema(connection: sqlite3.Connection) -> None:
    """Create the current schema, and record every migration as applied, in one transaction."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        for script in ("record", "current"):
            for statement in statements(script):
                connection.execute(statement)
        for name in migration_names():
            connection.execute(RECORD, (MIGRATION_SET, name, str(datetime.now(UTC))))
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:  # after a full disk, SQLite has already rolled it back
            connection.execute("ROLLBACK")
        raise


def migration_names() -> list[str]:
    """The names of all migrations: each has a script."""
    scripts = (script.name for script in files(__package__).joinpath("schema").iterdir())
    return sorted(name.removesuffix(".sql") for name in scripts if name[:1] == "m" and name[1:5].isdecimal())


@cache
def statements(script: str) -> tuple[str, ...]:
    """The statements of a script."""
    return tuple(_split(files(__package__).joinpath("schema", f"{script}.sql").read_text("utf-8")))


def _split(script: str) -> Iterator[str]:
    """The statements of a script; each must end at the end of a line."""
    lines: list[str] = []
    for line in script.splitlines(keepends=True):
        lines.append(line)
        if line.endswith(";\n") and complete_statement("".join(lines)):
            yield "".join(lines)
            lines.clear()
    assert not "".join(lines).strip(), "the last statement is not complete"
