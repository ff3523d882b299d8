"""Transactions of a connection, and what nested ones are: savepoints, or parts of a batch."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING

from caliber_crawler.archive.core.format import sqlite3
from caliber_crawler.archive.core.sqlite_errors import SQLiteErrors

if TYPE_CHECKING:
    from caliber_crawler.archive.core.connection import Connection


class Transaction:
    """An outermost transaction. A class and not a generator, like :class:`Savepoint`, for speed."""

    __slots__ = ("_archive", "_connection", "_errors", "_synced")

    def __init__(self, archive: Connection, errors: SQLiteErrors, *, synced: bool) -> None:
        self._archive, self._connection, self._errors = archive, archive.raw, errors
        self._synced = synced

    def __enter__(self) -> None:
        with self._errors:
            if not self._synced:
                self._connection.execute("PRAGMA synchronous = NORMAL")
            try:
                # Not deferred: after a read, it would fail if another program wrote meanwhile, despite the timeout.
                self._connection.execute("BEGIN IMMEDIATE")
            except sqlite3.DatabaseError:
                self._connection.execute("PRAGMA synchronous = FULL")
                raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        with self._errors:
            try:
                if error is None:
                    try:
                        self._connection.execute("COMMIT")
                    except sqlite3.DatabaseError:
                        self._archive.mark_failed_commit()
                        raise
                    if self._synced:
                        self._archive.mark_synced()
            finally:
                # After a full disk, SQLite has already rolled it back.
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                if not self._synced:
                    self._connection.execute("PRAGMA synchronous = FULL")
        self._errors.convert(error)


class Savepoint:
    """A nested transaction. It shares the savepoint around it if nothing has changed since that began."""

    __slots__ = ("_archive", "_connection", "_errors", "_outer", "_shares")

    def __init__(self, archive: Connection, errors: SQLiteErrors) -> None:
        self._archive, self._connection, self._errors = archive, archive.raw, errors

    def __enter__(self) -> None:
        changes = self._connection.total_changes
        self._outer = self._archive.changes_before_savepoint
        self._shares = self._outer == changes
        if not self._shares:
            # The same name for all, so that each statement is prepared once; a name refers to the innermost savepoint.
            with self._errors:
                self._connection.execute("SAVEPOINT inner")
            self._archive.changes_before_savepoint = changes

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._archive.changes_before_savepoint = self._outer
        with self._errors:
            # After a full disk, SQLite has already rolled everything back.
            if error is not None and self._connection.in_transaction:
                self._connection.execute("ROLLBACK TO inner")
            if not self._shares and self._connection.in_transaction:
                self._connection.execute("RELEASE inner")
        self._errors.convert(error)


class BatchUndone(BaseException):
    """A part of a batch failed after it had changed something, so the whole batch is rolled back.

    Not an ``Exception``: nothing between the part and the batch may handle it.
    """


class BatchPart:
    """A nested transaction inside a batch, without a savepoint: the full-text index is written at each of these.

    A failure before the first change needs none. Any other failure ends the batch.
    """

    __slots__ = ("_changes", "_connection", "_errors")

    def __init__(self, connection: sqlite3.Connection, errors: SQLiteErrors) -> None:
        self._connection, self._errors = connection, errors

    def __enter__(self) -> None:
        self._changes = self._connection.total_changes

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._errors.convert(error)
        if isinstance(error, Exception) and self._connection.total_changes != self._changes:
            raise BatchUndone from error
