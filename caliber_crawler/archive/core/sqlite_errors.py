"""SQLite's errors about the disk and the file, as errors of the archive."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType

from caliber_crawler.archive.core.format import sqlite3
from caliber_crawler.errors import ArchiveError, ArchiveFull, ArchiveLocked


class SQLiteErrors:
    """Converts SQLite's errors about the disk and the file to subclasses of ``ArchiveError``; others pass unchanged.

    A class and not a generator, for speed: it wraps every statement.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.convert(error)

    def convert(self, error: BaseException | None) -> None:
        """Raise the archive's error for an error of SQLite's; do nothing for any other."""
        if isinstance(error, sqlite3.DatabaseError) and (converted := self._converted(error)) is not None:
            raise converted from error

    def _converted(self, error: sqlite3.DatabaseError) -> ArchiveError | None:
        # The low byte is the primary code: SQLITE_IOERR_WRITE and SQLITE_IOERR_FSYNC are both SQLITE_IOERR.
        code = (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF
        if code == sqlite3.SQLITE_FULL:
            return ArchiveFull(f"The disk is full: {self._path} cannot grow.")
        if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM):
            return ArchiveFull(f"{self._path} cannot be written: {error}.")
        if code == sqlite3.SQLITE_BUSY:
            return ArchiveLocked(f"Another program is writing to {self._path}: {error}.")
        # The text check is for an error of Python's: invalid UTF-8 in a text column, which this program never writes.
        if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB) or "Could not decode to UTF-8" in str(error):
            return ArchiveError(f"{self._path} is damaged: {error}.")
        return None
