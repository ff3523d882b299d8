"""Checks of the file as a whole: SQLite's own, the schema, the write-ahead log."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from functools import cache, partial
from pathlib import Path

from caliber_crawler.archive.core.connection import Connection
from caliber_crawler.archive.core.format import APPLICATION_ID, VERSION, sqlite3
from caliber_crawler.archive.core.schema_creation import create_schema
from caliber_crawler.archive.upkeep.finding import Finding, Kind, printable
from caliber_crawler.archive.upkeep.page_cache import enlarge_cache
from caliber_crawler.archive.upkeep.sqlite_pages import HEADER_SIZE, MAGIC, SQLiteFile
from caliber_crawler.quantity import quantity

MAX_FILE_FINDINGS = 100
INTEGRITY = f"PRAGMA integrity_check({MAX_FILE_FINDINGS})"
BASE_SECONDS, BYTES_PER_SECOND = 120.0, 250_000
"""A verification may take this CPU time, and more for a large file. An archive from outside could take any time."""
HEADER = {
    0: MAGIC,
    20: bytes([0, 64, 32, 32]),
    44: (4).to_bytes(4),  # the format of the schema
    48: bytes(8),  # the default size of the cache, incremental vacuum
    56: (1).to_bytes(4),  # UTF-8
    60: VERSION.to_bytes(4),
    64: bytes(4),
    68: APPLICATION_ID.to_bytes(4),
    72: bytes(20),
}
"""Fields of the header by position; https://www.sqlite.org/fileformat.html#the_database_header."""
STEPS = 100_000
"""Steps of SQLite between two looks at the clock."""


def check_file(connection: Connection, *, mapped: bool = False) -> Iterator[Finding]:
    """SQLite's check of every page, index and constraint.

    SQLite ignores CHECK constraints when a file is open read-only, so the connection is writable, but does not write.
    ``mapped`` is that of :func:`~caliber_crawler.archive.upkeep.page_cache.enlarge_cache`.
    """
    lines: list[str] | None = None
    try:
        with contextlib.closing(open_writable(connection, mapped=mapped)) as writer:
            limit_time(writer, connection.path)
            leave_folded_out(writer)
            writer.execute("PRAGMA query_only = ON")
            lines = [row[0] for row in writer.execute(INTEGRITY)]
    except sqlite3.OperationalError as error:
        if not is_unwritable(error):
            raise
    for line in connection.values(INTEGRITY) if lines is None else lines:
        if line != "ok":
            # A violated constraint is damage of a row, not of a page: the row is repaired in its place.
            kind: Kind = "constraint" if line.startswith("CHECK ") else "file"
            yield Finding(kind=kind, message=f"SQLite: {printable(line).strip()}.")


def leave_folded_out(connection: sqlite3.Connection) -> None:
    """Let ``versions.folded`` be NULL on a connection, without reading a text for it.

    SQLite's check computes the column for each row, only to see that it is a text or NULL, and that is half of the time
    for this table. It folds texts that ``char(10)`` joins, which occurs nowhere else in the schema.
    """
    connection.execute("PRAGMA trusted_schema = ON")  # it was compared with that of this program
    connection.create_function("char", 1, lambda code: None, deterministic=True)


def open_writable(connection: Connection, *, mapped: bool) -> sqlite3.Connection:
    """A second, writable connection. Close it before the first one, so that it does not write the log into the file."""
    uri = f"{connection.path.absolute().as_uri()}?mode=rw"
    writer = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=30)
    # Messages of SQLite contain names from the file, which may be damaged.
    writer.text_factory = lambda data: data.decode("utf-8", "replace")
    enlarge_cache(writer, mapped=mapped)
    return writer


def check_raw_file(connection: Connection, notes: list[str]) -> Iterator[Finding]:
    """What SQLite does not check: the header, and transactions in the write-ahead log that SQLite ignores.

    The fields of the header are the same in every archive; some are only used when the file is written.
    """
    with SQLiteFile(connection.path) as file:
        header, lost, unsynced = file.bytes_of(1)[:HEADER_SIZE], file.log.lost_commits, file.log.unsynced_commits
    is_known_journal = header[18:20] in (b"\1\1", b"\2\2")
    if not is_known_journal or any(header[at : at + len(data)] != data for at, data in HEADER.items()):
        yield Finding(kind="file", message=f"The header of {connection.path} is damaged.")
    if lost:
        yield Finding(kind="file", message=log_damage(connection.path, lost))
    if unsynced:
        notes.append(
            f"{quantity(unsynced, 'transaction was', 'transactions were')} not yet on the disk when the machine"
            f" stopped, so {connection.path}-wal contains only a part. It is ignored; a crawl fetches the pages again."
        )


def log_damage(path: Path, lost: int) -> str:
    """The damage of a write-ahead log from which SQLite ignores committed transactions, as a sentence."""
    return f"{path}-wal is damaged: {quantity(lost, 'transaction in it is', 'transactions in it are')} ignored."


def lost_commits(path: Path) -> int:
    """The number of committed transactions that SQLite ignores because of damage in the write-ahead log."""
    log = Path(f"{path}-wal")
    if not (path.is_file() and log.is_file() and log.stat().st_size):
        return 0
    with SQLiteFile(path) as file:
        return file.log.lost_commits


def is_unwritable(error: sqlite3.DatabaseError) -> bool:
    """Does an error mean that a file cannot be opened for writing now?"""
    code = (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF
    return code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_PERM)


def check_references(connection: Connection) -> Iterator[Finding]:
    """Does every reference lead to a row?"""
    for table, rowid, parent, _ in connection.execute("PRAGMA foreign_key_check"):
        yield Finding(
            kind="reference",
            key=(table, rowid, parent),
            message=f"A row of {table} ({rowid}) references a missing row of {parent}.",
        )


def check_schema(connection: Connection) -> Iterator[Finding]:
    """Is the schema that of this program, and is it recorded as such?"""
    found = schema_of(connection)
    for name, sql in shipped_schema().items():
        if found.get(name) != sql:
            yield Finding(kind="schema", key=(name,), message=f"{name} differs from the schema of this program.")
    if recorded_migrations(connection) != shipped_migrations():
        yield Finding(kind="file", message="The record of the archive's migrations is damaged.")


def foreign_tables(connection: Connection) -> list[str]:
    """Tables whose schema is not that of this program: reading them could run any code that the file contains."""
    found = schema_of(connection)
    return [
        name
        for name, sql in shipped_schema().items()
        if sql.startswith(("CREATE TABLE", "CREATE VIRTUAL")) and found.get(name) != sql
    ]


def limit_time(connection: sqlite3.Connection, path: Path) -> None:
    """Interrupt every statement of a connection that still runs after the CPU time allowed for a file of this size."""
    size = path.stat().st_size if path.exists() else 0
    end = time.process_time() + BASE_SECONDS + size / BYTES_PER_SECOND
    connection.set_progress_handler(lambda: time.process_time() > end, STEPS)


@contextlib.contextmanager
def lenient_text(connection: Connection) -> Iterator[None]:
    """Read one snapshot, and decode invalid UTF-8 with surrogate escapes, inside a ``with`` block."""
    raw = connection.raw
    raw.text_factory = partial(str, encoding="utf-8", errors="surrogateescape")  # called for every text of the file
    if connection.mode == "read":
        raw.execute("BEGIN")
    try:
        yield
    finally:
        raw.text_factory = str
        if connection.mode == "read" and raw.in_transaction:
            raw.execute("ROLLBACK")


def schema_of(connection: Connection) -> dict[str, str]:
    """The SQL of every table, index, view and trigger of an archive, by name."""
    return {
        row["name"]: row["sql"]
        for row in connection.rows("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY rowid")
    }


def recorded_migrations(connection: Connection) -> list[str]:
    """The names of the migrations that were applied to an archive."""
    return connection.values("SELECT name FROM _sqlite_migrations ORDER BY name")


def shipped_schema() -> dict[str, str]:
    """The schema of a new archive."""
    return shipped()[0]


def shipped_migrations() -> list[str]:
    """The names of all migrations."""
    return shipped()[1]


@cache
def shipped() -> tuple[dict[str, str], list[str]]:
    with contextlib.closing(sqlite3.connect(":memory:", isolation_level=None)) as memory:
        connection = Connection(Path(":memory:"), "write", memory, None)
        create_schema(memory)
        return schema_of(connection), recorded_migrations(connection)
