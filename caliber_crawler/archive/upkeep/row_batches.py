"""Reading the rows of a table in batches, as far as the file can be read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, NamedTuple

from caliber_crawler.archive.core.connection import Connection
from caliber_crawler.archive.core.format import sqlite3
from caliber_crawler.archive.core.sqlite_errors import SQLiteErrors
from caliber_crawler.archive.upkeep.row_layout import ROWID, layouts
from caliber_crawler.errors import ArchiveError

MAX_ROWS, MAX_BYTES = 320, 4_000_000
"""Rows in a batch at most, and bytes after which it ends."""
ROWS_AT_ONCE = 32
"""Rows that are read and examined at once. Their texts fit into the cache of a processor."""
UNREADABLE = (
    *(ArchiveError, sqlite3.Error, OSError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError),
    *(RecursionError, MemoryError),
)
"""Everything that reading a damaged row may raise. A finding never ends the checks of other rows."""

Stored = Sequence[Any]
"""The values of a row, with each text as a byte array: so a BLOB in its place is recognized."""
Examine = Callable[[Sequence[Stored]], tuple[list[bool], int]]
"""Whether each of some rows is right by itself, and how many bytes they have. It must not use the connection."""


class Batch(NamedTuple):
    """Some rows of a table, and for each of them whether it is right by itself."""

    rows: list[Stored]
    right: list[bool]


class RowBatches:
    """Reads tables. ``conditions`` select rows by table; ``indexed`` are the tables in which an index may find them."""

    def __init__(self, connection: Connection, conditions: Mapping[str, str], indexed: Sequence[str]) -> None:
        self._connection = connection
        self._conditions = conditions
        self._indexed = indexed

    def read(self, table: str, columns: Sequence[str], examine: Examine) -> Iterator[Batch]:
        """Every row of a table. From a page that cannot be read on, the rows are read backwards from the last one."""
        layout = layouts()[table]
        key = layout.primary_key if layout.id is None else (ROWID,)
        last = None
        # Not indexed: SQLite may otherwise take values from an index that repeats them, and sort the rows in memory.
        searched = f"{'' if table in self._indexed else 'NOT INDEXED'} WHERE {self._conditions.get(table, 1)}"
        selected = f"SELECT {', '.join((*columns, *key))} FROM {table} {searched} ORDER BY"
        try:
            for batch in self._batches(f"{selected} {', '.join(key)}", examine):
                last = batch.rows[-1][len(columns) :]
                yield batch
        except UNREADABLE:
            for batch in self._batches(f"{selected} {', '.join(f'{name} DESC' for name in key)}", examine):
                read = [row[len(columns) :] for row in batch.rows]
                if last in read:
                    place = read.index(last)
                    if place:
                        yield Batch(batch.rows[:place], batch.right[:place])
                    break
                yield batch
            raise

    def _batches(self, sql: str, examine: Examine) -> Iterator[Batch]:
        """The rows of a statement. An error is raised after the rows before it."""
        with SQLiteErrors(self._connection.path):
            cursor = self._connection.raw.execute(sql)
        error: BaseException | None = None
        while error is None:
            batch, error = self._fetch(cursor, examine)
            if batch.rows:
                yield batch
            elif error is None:
                return
        raise error

    def _fetch(self, cursor: sqlite3.Cursor, examine: Examine) -> tuple[Batch, BaseException | None]:
        raw = self._connection.raw
        batch, size, text_factory = Batch([], []), 0, raw.text_factory
        # Byte arrays are made without a call of Python for each text. Nothing else may read until it is set back.
        raw.text_factory = bytearray
        try:
            with SQLiteErrors(self._connection.path):
                while len(batch.rows) < MAX_ROWS and size < MAX_BYTES:
                    rows: list[Stored] = []
                    try:
                        rows.extend(islice(cursor, ROWS_AT_ONCE))  # after an error, it has the rows before
                    finally:
                        if rows:
                            right, length = examine(rows)
                            batch.rows.extend(rows)
                            batch.right.extend(right)
                            size += length
                    if len(rows) < ROWS_AT_ONCE:
                        break
        except UNREADABLE as error:
            return batch, error
        finally:
            raw.text_factory = text_factory
        return batch, None


def text(value: Any) -> Any:
    """A value, as a string if it is a text."""
    return value.decode("utf-8", "surrogateescape") if isinstance(value, bytearray) else value
