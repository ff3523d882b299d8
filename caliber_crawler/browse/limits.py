"""Limits of every query on an archive, in any mode: size of values and results, length of SQL, SQLite's memory.

The time of a query is limited by Datasette (``sql_time_limit_ms``).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar
from weakref import ref

if TYPE_CHECKING:
    from datasette.database import Database

Result = TypeVar("Result")

MAX_VALUE_BYTES = 16 * 1024 * 1024
"""Maximum size of one value in bytes: a query can compute arbitrarily large ones."""
MAX_RESULT_BYTES = 32 * 1024 * 1024
"""Maximum size of all texts and binary values in the result of a query."""
MAX_HEAP_BYTES = 256 * 1024 * 1024
"""Maximum memory of SQLite in this process, for all connections together: one row can have thousands of values."""
MAX_SQL_BYTES = 20_000
MAX_COLUMNS = 200
MAX_OPERATIONS = 5_000
"""Maximum number of instructions in a compiled statement."""

LIMITS = {0: MAX_VALUE_BYTES, 1: MAX_SQL_BYTES, 2: MAX_COLUMNS, 5: MAX_OPERATIONS}
"""By the number of the limit in SQLite: https://www.sqlite.org/c3ref/c_limit_attached.html."""


def set_limits(connection: sqlite3.Connection) -> None:
    """Set the limits of a connection and the limit of the process's memory, which can only be lowered."""
    if hasattr(connection, "setlimit"):
        for number, limit in LIMITS.items():
            connection.setlimit(number, limit)
    connection.execute(f"PRAGMA hard_heap_limit = {MAX_HEAP_BYTES}")
    connection.row_factory = RowFactory()


class LimitExceeded(sqlite3.OperationalError):
    """A query exceeded a limit. Datasette reports it like an error in the SQL."""


class RowFactory:
    """Makes the rows of a connection. Raises :class:`LimitExceeded` beyond the maximum size of a result."""

    def __init__(self) -> None:
        self._cursor: Callable[[], sqlite3.Cursor | None] = lambda: None
        self._bytes = 0

    def __call__(self, cursor: sqlite3.Cursor, values: tuple[Any, ...]) -> sqlite3.Row:
        if self._cursor() is not cursor:
            self._cursor, self._bytes = ref(cursor), 0
        self._bytes += sum(len(value) for value in values if isinstance(value, str | bytes))
        if self._bytes > MAX_RESULT_BYTES:
            raise LimitExceeded(f"The result is larger than {MAX_RESULT_BYTES >> 20} MB; select fewer rows or columns.")
        return sqlite3.Row(cursor, values)


def report_memory(database: Database) -> None:
    """Make a query that needs too much memory an error of the query; Datasette would report an internal error."""
    execute_fn = database.execute_fn

    async def limited(work: Callable[[sqlite3.Connection], Result]) -> Result:
        try:
            result: Result = await execute_fn(work)
        except MemoryError:
            # SQLite reports too many instructions as a lack of memory.
            limits = f"{MAX_HEAP_BYTES >> 20} MB of memory or {MAX_OPERATIONS:,} instructions"
            raise LimitExceeded(f"The query needs more than {limits}; narrow it.") from None
        return result

    database.execute_fn = limited
