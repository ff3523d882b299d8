"""One connection to one archive file: how it is recognised, opened, locked, written to and closed."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from time import monotonic
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, TypeVar, cast

from filelock import FileLock, Timeout

from caliber_crawler.archive.core.format import APPLICATION_ID, VERSION, sqlite3
from caliber_crawler.errors import (
    ArchiveError,
    ArchiveFull,
    ArchiveLocked,
    ForeignDatabase,
    NewerArchive,
    NoArchive,
)

if TYPE_CHECKING:
    from sqlite_utils import Database

Mode = Literal["read", "write"]
Parameters = Sequence[Any] | Mapping[str, Any]
Row = TypeVar("Row")

BUSY_TIMEOUT_S = 30
JOURNAL_SIZE_LIMIT = 64 * 1024 * 1024
# Each time the log has grown by so many pages (32 MiB) it is put into the file, which waits twice for the disk.
CHECKPOINT_PAGES = 4_000
# A reader may hold the log open; closing waits this long for it and leaves the rest to the next writer.
CLOSING_BUSY_MS = 2_000


class Connection:
    """An open archive file. SQL goes through :meth:`execute`, :meth:`rows`, :meth:`row` and :meth:`value`."""

    def __init__(self, path: Path, mode: Mode, connection: sqlite3.Connection, lock: FileLock | None) -> None:
        self.path = path
        self.mode = mode
        self.raw = connection
        self._connection = connection
        self._lock = lock
        self._errors = SQLiteErrors(path)
        self._closed = False
        self._synced_at = 0.0
        self.migrated_from: int | None = None
        """The schema this connection found, if it was an earlier one."""

    @cached_property
    def db(self) -> Database:
        """The same connection for sqlite-utils."""
        from sqlite_utils import Database

        return Database(self._connection, execute_plugins=False)

    @classmethod
    def open(cls, path: Path, mode: Mode) -> Connection:
        """Open an archive to read, or to write: then it is created if missing, brought up to date and locked.

        Raises the errors of :class:`~caliber_crawler.errors.ArchiveError`. A file that is not ours is not touched.
        """
        is_new = not require_archive(path)
        if mode == "read":
            if is_new:
                raise NoArchive(f"There is no archive at {path}.")
            return cls._open_to_read(path)
        lock = take_lock(path)
        try:
            return cls._open_to_write(path, lock, is_new=not require_archive(path))
        except BaseException:
            lock.release()
            raise

    @classmethod
    def _open_to_read(cls, path: Path) -> Connection:
        with SQLiteErrors(path):
            connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=BUSY_TIMEOUT_S)
            try:
                version = schema_version(connection, path)
            except BaseException:
                connection.close()
                raise
        if version < VERSION:
            connection.close()
            raise ArchiveError(f"{path} is of an earlier version; `caliber migrate` brings it up to date.")
        return cls(path, "read", connection, None)

    @classmethod
    def _open_to_write(cls, path: Path, lock: FileLock, *, is_new: bool) -> Connection:
        with SQLiteErrors(path):
            connection = sqlite3.connect(path, timeout=BUSY_TIMEOUT_S, isolation_level=None)
            try:
                if is_new:
                    # Before the write-ahead log: so the file itself says whose it is, from its first byte on.
                    connection.execute("PRAGMA page_size = 8192")
                    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
                version = schema_version(connection, path)
                connection.execute("PRAGMA journal_mode = WAL")
                connection.execute("PRAGMA synchronous = FULL")
                connection.execute("PRAGMA foreign_keys = ON")
                connection.execute(f"PRAGMA journal_size_limit = {JOURNAL_SIZE_LIMIT}")
                connection.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")
                connection.execute("PRAGMA cache_size = -16000")
                connection.execute("PRAGMA temp_store = MEMORY")
                opened = cls(path, "write", connection, lock)
                if 0 < version < VERSION:
                    copy_into(opened, backup_path(path, version))
                    opened.migrated_from = version
                if version < VERSION:
                    from caliber_crawler.archive.core.migrations import migrations

                    migrations.apply(opened.db)
            except BaseException:
                connection.close()
                raise
        return opened

    @contextlib.contextmanager
    def transaction(self, *, synced_every: float = 0.0) -> Iterator[None]:
        """Everything inside is kept, or nothing. One inside another joins it, and can fail alone.

        It outlives the process, and a power cut unless the last sync is less than ``synced_every`` seconds ago: then it
        reaches the disk together with a later one.
        Never yield to other code in here: its statements would join too. Raises ``ArchiveFull`` when the disk is full
        or the file cannot be written.
        """
        synced = monotonic() - self._synced_at >= synced_every
        with self._errors, self._savepoint() if self._connection.in_transaction else self._immediate(synced):
            yield

    @contextlib.contextmanager
    def _savepoint(self) -> Iterator[None]:
        # One name for all, so that its statements are prepared once; the innermost is meant.
        self._connection.execute("SAVEPOINT inner")
        try:
            yield
        except BaseException:
            # A full disk has rolled everything back already.
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK TO inner")
                self._connection.execute("RELEASE inner")
            raise
        self._connection.execute("RELEASE inner")

    @contextlib.contextmanager
    def _immediate(self, synced: bool) -> Iterator[None]:
        if not synced:
            self._connection.execute("PRAGMA synchronous = NORMAL")
        # Not deferred: one that begins by reading fails at once when another program wrote meanwhile, timeout or not.
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._connection.execute("COMMIT")
            self._synced_at = monotonic() if synced else self._synced_at
        except BaseException:
            # A full disk has rolled it back already.
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise
        finally:
            if not synced:
                self._connection.execute("PRAGMA synchronous = FULL")

    def execute(self, sql: str, parameters: Parameters = ()) -> sqlite3.Cursor:
        """Run one statement; the cursor's rows answer to column names."""
        with self._errors:
            cursor = self._connection.cursor()
            cursor.row_factory = sqlite3.Row
            return cursor.execute(sql, parameters)

    def rows(self, sql: str, parameters: Parameters = ()) -> list[dict[str, Any]]:
        """Every row, as column name to value."""
        with self._errors:
            return [dict(row) for row in self.execute(sql, parameters)]

    def row(self, sql: str, parameters: Parameters = ()) -> dict[str, Any] | None:
        """The first row, if any."""
        with self._errors:
            row = self.execute(sql, parameters).fetchone()
        return None if row is None else dict(row)

    def rows_of(self, kind: type[Row], sql: str, parameters: Parameters = ()) -> list[Row]:
        """Every row as a typed dictionary of that kind. The statement must give its columns; only tests check it."""
        return cast(list[Row], self.rows(sql, parameters))

    def row_of(self, kind: type[Row], sql: str, parameters: Parameters = ()) -> Row | None:
        """The first row as a typed dictionary of that kind, if there is a row."""
        return cast(Row | None, self.row(sql, parameters))

    def value(self, sql: str, parameters: Parameters = ()) -> Any:
        """The first column of the first row, or ``None``."""
        with self._errors:
            row = self.execute(sql, parameters).fetchone()
        return None if row is None else row[0]

    def values(self, sql: str, parameters: Parameters = ()) -> list[Any]:
        """The first column of every row."""
        with self._errors:
            return [row[0] for row in self.execute(sql, parameters)]

    def close(self) -> None:
        """Put the write-ahead log away, and let the next writer in. Closing twice is once."""
        if self._closed:
            return
        self._closed = True
        try:
            if self.mode == "write":
                # Tidying: on a full disk the archive is whole without it.
                with contextlib.suppress(sqlite3.OperationalError):
                    self._connection.execute(f"PRAGMA busy_timeout = {CLOSING_BUSY_MS}")
                    self._connection.execute("PRAGMA analysis_limit = 400")
                    self._connection.execute("PRAGMA optimize")
                    self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            self._connection.close()
        finally:
            if self._lock is not None:
                self._lock.release()


def require_archive(path: Path) -> bool:
    """Is there one of our archives (``True``) or nothing yet (``False``)? Anything else raises, untouched.

    Only the first hundred bytes are read: opening a stranger's database could leave files beside it.
    See https://www.sqlite.org/fileformat.html#the_database_header.
    """
    if not path.exists():
        return False
    if not path.is_file():
        raise ForeignDatabase(f"{path} is not a file.")
    try:
        with path.open("rb") as file:
            header = file.read(100)
    except OSError as error:
        raise ArchiveError(f"{path} cannot be read: {error.strerror}.") from error
    if not header:
        return False
    if not header.startswith(b"SQLite format 3\0"):
        raise ForeignDatabase(f"{path} is not an archive of this program, nor any SQLite database.")
    if int.from_bytes(header[68:72]) != APPLICATION_ID:
        raise ForeignDatabase(f"{path} is an SQLite database of another program.")
    require_supported_version(path, int.from_bytes(header[60:64]))
    return True


def require_supported_version(path: Path, version: int) -> None:
    """Raise ``NewerArchive`` for a schema this program does not know yet."""
    if version > VERSION:
        raise NewerArchive(
            f"{path} was written by a later version of this program (schema {version}, known here: {VERSION})."
        )


def schema_version(connection: sqlite3.Connection, path: Path) -> int:
    """The schema's number, the write-ahead log included; a newer one raises."""
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    require_supported_version(path, version)
    return version


def backup_path(path: Path, version: int) -> Path:
    """Where an archive is kept as it was before it was brought up to date."""
    return path.with_name(f"{path.name}.schema-{version}")


def copy_into(connection: Connection, path: Path) -> None:
    """Copy an archive as it stands at one moment into a new file, whole or not at all, and have it on the disk."""
    part = path.with_name(f"{path.name}.copying")
    part.unlink(missing_ok=True)
    try:
        # All pages in one step: so it need not begin again for somebody who writes meanwhile. VACUUM INTO would not do:
        # over a read-only connection, SQLite 3.40 fails on a table with a generated column.
        with SQLiteErrors(path), contextlib.closing(sqlite3.connect(part)) as copy:
            connection.raw.backup(copy)
        with part.open("rb+") as file:
            os.fsync(file.fileno())
        part.rename(path)
    except OSError as error:
        raise ArchiveFull(f"{path} cannot be written: {error.strerror}.") from error
    finally:
        part.unlink(missing_ok=True)


def take_lock(path: Path) -> FileLock:
    """The right to write, for one process at a time; another holder raises ``ArchiveLocked``."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(f"{path}.lock", timeout=0)
        lock.acquire()
    except Timeout:
        raise ArchiveLocked(f"Another command is writing to {path}.") from None
    except OSError as error:
        raise ArchiveFull(f"{path} cannot be written: {error.strerror}.") from error
    return lock


class SQLiteErrors:
    """Turns what SQLite says about the disk and the file into errors of ours; errors in our own SQL pass.

    A class, not a generator: it stands around every statement.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if isinstance(error, sqlite3.DatabaseError) and (ours := self._ours(error)) is not None:
            raise ours from error

    def _ours(self, error: sqlite3.DatabaseError) -> ArchiveError | None:
        # The low byte is the family: SQLITE_IOERR_WRITE and SQLITE_IOERR_FSYNC are both SQLITE_IOERR.
        code = (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF
        if code == sqlite3.SQLITE_FULL:
            return ArchiveFull(f"The disk is full: {self._path} cannot grow.")
        if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM):
            return ArchiveFull(f"{self._path} cannot be written: {error}.")
        if code == sqlite3.SQLITE_BUSY:
            return ArchiveLocked(f"Another program is writing to {self._path}: {error}.")
        # The second is Python's own: a text that is no text, and so was never written by us.
        if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB) or "Could not decode to UTF-8" in str(error):
            return ArchiveError(f"{self._path} is damaged: {error}.")
        return None
