"""A connection to an archive file: identifying, opening, locking, writing and closing it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import cached_property
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any, Literal, TypeVar, cast

from caliber_crawler.archive.core.format import APPLICATION_ID, VERSION, sqlite3
from caliber_crawler.archive.core.sqlite_errors import SQLiteErrors
from caliber_crawler.archive.core.statistics import update_statistics
from caliber_crawler.archive.core.synced_log import SyncedLog
from caliber_crawler.archive.core.transactions import BatchPart, Savepoint, Transaction
from caliber_crawler.errors import (
    ArchiveError,
    ArchiveFull,
    ArchiveLocked,
    ForeignDatabase,
    NewerArchive,
    NoArchive,
)

if TYPE_CHECKING:
    from filelock import FileLock
    from sqlite_utils import Database

Mode = Literal["read", "write"]
Parameters = Sequence[Any] | Mapping[str, Any]
Row = TypeVar("Row")

BUSY_TIMEOUT_S = 30
JOURNAL_SIZE_LIMIT = 64 * 1024 * 1024
# The write-ahead log is checkpointed each time it has grown by this many pages (32 MiB); that syncs twice.
CHECKPOINT_PAGES = 4_000
# A reader may keep the log in use; closing waits this long for it, then leaves the checkpoint to the next writer.
CLOSING_BUSY_MS = 2_000
HELD_LOGS: set[Path] = set()
"""Absolute paths of archives whose log a reader in this process holds: a checkpoint would wait for it in vain."""


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
        self._is_batch = False
        self._synced_at = 0.0
        self._synced_log = None if lock is None else SyncedLog(path)
        self.changes_before_savepoint: int | None = None
        """The number of changes when the innermost open savepoint began, or ``None`` without one."""
        self.migrated_from: int | None = None
        """The schema version before the migration on opening, or ``None``."""

    @cached_property
    def db(self) -> Database:
        """The connection as a sqlite-utils database."""
        from sqlite_utils import Database

        return Database(self._connection, execute_plugins=False)

    @classmethod
    def open(cls, path: Path, mode: Mode) -> Connection:
        """Open an archive. Mode ``write`` creates it if missing, migrates it and locks it.

        Raises subclasses of :class:`~caliber_crawler.errors.ArchiveError`. Other programs' files are not modified.
        """
        is_new = not require_archive(path)
        if mode == "read":
            if is_new:
                raise NoArchive(
                    f"There is no archive at {path}. Name another with --archive, or create one: `caliber demo` crawls"
                    " a built-in site, `caliber crawl URL` a real one."
                )
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
            if version == 0:
                raise ArchiveError(
                    f"{path} has no tables: its creation was interrupted, or {path}-wal is damaged. Run `caliber"
                    " verify`; if it finds no damage, the next command that writes creates them."
                )
            raise ArchiveError(f"{path} has an earlier schema version; run `caliber migrate` to upgrade it.")
        return cls(path, "read", connection, None)

    @classmethod
    def _open_to_write(cls, path: Path, lock: FileLock, *, is_new: bool) -> Connection:
        with SQLiteErrors(path):
            connection = sqlite3.connect(path, timeout=BUSY_TIMEOUT_S, isolation_level=None)
            try:
                if is_new:
                    # Before the write-ahead log is enabled, so that the application ID is in the file from the start.
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
                truncate_log(connection, path)
                archive = cls(path, "write", connection, lock)
                if 0 < version < VERSION:
                    copy_into(archive, backup_path(path, version))
                    archive.migrated_from = version
                if version < VERSION:
                    if version == 0:
                        from caliber_crawler.archive.core.schema_creation import create_schema

                        create_schema(connection)
                    else:
                        # Imported here: a crawl must not load sqlite-utils.
                        from caliber_crawler.archive.core.migrations import migrations

                        migrations.apply(archive.db)
                    archive.mark_synced()
            except BaseException:
                connection.close()
                raise
        return archive

    def transaction(self, *, synced_every: float = 0.0) -> AbstractContextManager[None]:
        """A transaction: all changes inside are committed, or none. A nested one is a savepoint and can fail alone.

        A commit survives the death of the process. It also survives a power cut, unless the last sync was less than
        ``synced_every`` seconds ago: then a later sync writes it to the disk.
        Never yield to other code inside: its statements would become part of the transaction. Raises ``ArchiveFull``
        if the disk is full or the file cannot be written.
        """
        if self._connection.in_transaction:
            return BatchPart(self._connection, self._errors) if self._is_batch else Savepoint(self, self._errors)
        return Transaction(self, self._errors, synced=monotonic() - self._synced_at >= synced_every)

    @contextlib.contextmanager
    def batch(self, *, synced_every: float = 0.0) -> Iterator[None]:
        """A transaction whose nested ones cannot fail alone: cheaper, for many writes that seldom fail.

        Raises ``BatchUndone`` when one fails after a change. The caller then repeats everything in a
        :meth:`transaction`.
        """
        with self.transaction(synced_every=synced_every):
            self._is_batch = True
            try:
                yield
            finally:
                self._is_batch = False

    def mark_synced(self) -> None:
        """Record that everything committed so far is on the disk."""
        self._synced_at = monotonic()
        if self._synced_log is not None:
            self._synced_log.record()

    def mark_failed_commit(self) -> None:
        """Record nothing more about the current log, which may have the end of a commit that failed."""
        if self._synced_log is not None:
            self._synced_log.ignore()

    def abandon_transaction(self) -> None:
        """Roll back the open transaction, if any, although its ``with`` block does not end."""
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")
        self._connection.execute("PRAGMA synchronous = FULL")
        self.changes_before_savepoint = None

    def execute(self, sql: str, parameters: Parameters = ()) -> sqlite3.Cursor:
        """Execute one statement; the cursor's rows can be indexed by column name."""
        with self._errors:
            cursor = self._connection.cursor()
            cursor.row_factory = sqlite3.Row
            return cursor.execute(sql, parameters)

    def rows(self, sql: str, parameters: Parameters = ()) -> list[dict[str, Any]]:
        """Every row as a dictionary, by column name."""
        with self._errors:
            cursor = self._connection.execute(sql, parameters)
            names = _column_names(cursor)
            return [dict(zip(names, row, strict=True)) for row in cursor]

    def row(self, sql: str, parameters: Parameters = ()) -> dict[str, Any] | None:
        """The first row, if any."""
        with self._errors:
            cursor = self._connection.execute(sql, parameters)
            row = cursor.fetchone()
            return None if row is None else dict(zip(_column_names(cursor), row, strict=True))

    def rows_of(self, kind: type[Row], sql: str, parameters: Parameters = ()) -> list[Row]:
        """Every row as a typed dictionary ``kind``. The statement must select its columns; only tests check that."""
        return cast(list[Row], self.rows(sql, parameters))

    def row_of(self, kind: type[Row], sql: str, parameters: Parameters = ()) -> Row | None:
        """The first row as a typed dictionary ``kind``, if there is a row."""
        return cast(Row | None, self.row(sql, parameters))

    def value(self, sql: str, parameters: Parameters = ()) -> Any:
        """The first column of the first row, or ``None``."""
        with self._errors:
            row = self._connection.execute(sql, parameters).fetchone()
        return None if row is None else row[0]

    def values(self, sql: str, parameters: Parameters = ()) -> list[Any]:
        """The first column of every row."""
        with self._errors:
            return [row[0] for row in self._connection.execute(sql, parameters)]

    def execute_many(self, sql: str, rows: Sequence[Parameters]) -> int:
        """Execute a statement that writes once for each row of parameters; return the number of changed rows."""
        with self._errors:
            return self._connection.executemany(sql, rows).rowcount

    def close(self) -> None:
        """Checkpoint the write-ahead log, close the file and release the lock. Further calls do nothing."""
        if self._closed:
            return
        self._closed = True
        try:
            if self.mode == "write":
                # Optional: on a full disk the archive is complete without it.
                with contextlib.suppress(sqlite3.OperationalError):
                    self._connection.execute(f"PRAGMA busy_timeout = {CLOSING_BUSY_MS}")
                    update_statistics(self._connection)
                    if self.path.absolute() not in HELD_LOGS:
                        self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            self._connection.close()
        finally:
            if self._lock is not None:
                self._lock.release()


def truncate_log(connection: sqlite3.Connection, path: Path) -> None:
    """Checkpoint what a killed writer left in the log, unless a reader or a full disk prevents it.

    Otherwise its last frames, behind a gap that a power cut left, would follow the new ones.
    """
    log = Path(f"{path}-wal")
    if path.absolute() not in HELD_LOGS and log.exists() and log.stat().st_size:
        connection.execute(f"PRAGMA busy_timeout = {CLOSING_BUSY_MS}")
        with contextlib.suppress(sqlite3.OperationalError):
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_S * 1000}")


def _column_names(cursor: sqlite3.Cursor) -> list[str]:
    return [column[0] for column in cursor.description or ()]


def require_archive(path: Path) -> bool:
    """Is there an archive at ``path``? Returns ``False`` for no file or an empty one, and raises for any other file.

    Only the first hundred bytes are read: opening another program's database could create files beside it.
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
        raise ForeignDatabase(f"{path} is not an SQLite database.")
    if int.from_bytes(header[68:72]) != APPLICATION_ID:
        raise ForeignDatabase(f"{path} is an SQLite database of another program.")
    require_supported_version(path, int.from_bytes(header[60:64]))
    return True


def require_supported_version(path: Path, version: int) -> None:
    """Raise ``NewerArchive`` for a schema version later than this program's."""
    if version > VERSION:
        raise NewerArchive(
            f"{path} was written by a later version of this program (schema {version}; supported: {VERSION})."
        )


def schema_version(connection: sqlite3.Connection, path: Path) -> int:
    """The schema version, including changes in the write-ahead log. Raises ``NewerArchive``."""
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    require_supported_version(path, version)
    return version


def backup_path(path: Path, version: int) -> Path:
    """The path of the copy that is made before an archive is migrated."""
    return path.with_name(f"{path.name}.schema-{version}")


def copy_into(connection: Connection, path: Path) -> None:
    """Copy a consistent snapshot of an archive into a new file, completely or not at all, and sync it to the disk."""
    from caliber_crawler.output_files import new_path

    with new_path(path) as part, SQLiteErrors(path), contextlib.closing(sqlite3.connect(part)) as copy:
        # All pages in one step: otherwise the backup restarts whenever another process writes. VACUUM INTO does not
        # work: over a read-only connection, SQLite 3.40 fails on a table with a generated column.
        connection.raw.backup(copy)


def take_lock(path: Path) -> FileLock:
    """Take the writer's lock. Raises ``ArchiveLocked`` if another process has it."""
    from filelock import FileLock, Timeout  # here: a command that only reads starts sooner without it

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(f"{path}.lock", timeout=0)
        lock.acquire()
    except Timeout:
        raise ArchiveLocked(f"Another command is writing to {path}.") from None
    except OSError as error:
        raise ArchiveFull(f"{path} cannot be written: {error.strerror}.") from error
    return lock
