"""The check of the full-text index, which holds no writer off.

FTS5's own check is an INSERT. In the archive, it would hold the write lock until it ends: half a minute with 600,000
captures, and a crawl waits no longer than that. So it checks a copy of the index in SQLite's temporary database, from
which a view leads to the texts of the archive. The rows of the index are copied as they are, so it finds the same.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from caliber_crawler.archive.core.connection import Connection
from caliber_crawler.archive.core.format import sqlite3
from caliber_crawler.archive.upkeep.file_checks import is_unwritable, limit_time, shipped_schema
from caliber_crawler.archive.upkeep.finding import Finding
from caliber_crawler.archive.upkeep.page_cache import CACHE_KIB, enlarge_cache

INDEX = "versions_fts"
SETTINGS = f"{INDEX}_config"
COPIED = (f"{INDEX}_data", f"{INDEX}_idx", f"{INDEX}_docsize")
"""The tables in which FTS5 stores an index, besides its settings."""


def check_full_text(connection: Connection, notes: list[str], *, mapped: bool = False) -> Iterator[Finding]:
    """Compare the full-text index with the texts of all versions.

    ``mapped`` is that of :func:`~caliber_crawler.archive.upkeep.page_cache.enlarge_cache`.
    """
    uri = f"{connection.path.absolute().as_uri()}?mode=ro"
    try:
        with contextlib.closing(sqlite3.connect(uri, uri=True, isolation_level=None, timeout=30)) as reader:
            limit_time(reader, connection.path)
            enlarge_cache(reader, mapped=mapped)
            if has_other_settings(reader):
                yield Finding(kind="file", message="The settings of the full-text index are damaged.")
                return
            copy_index(reader)
            reader.execute(f"INSERT INTO temp.{INDEX} ({INDEX}, rank) VALUES ('integrity-check', 1)")
    except sqlite3.DatabaseError as error:
        if is_unwritable(error) or getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL:
            notes.append(
                f"The full-text index was not checked: a copy of it in the folder for temporary files failed ({error})."
                " Set SQLITE_TMPDIR to a folder with more space."
            )
        else:
            yield Finding(kind="index", message=f"The full-text index does not match the versions: {error}.")


def has_other_settings(reader: sqlite3.Connection) -> bool:
    """Create an empty index in the temporary database; does that of the archive have other settings?

    FTS5 reads them once, when a connection first uses an index, so they are compared instead of copied.
    """
    reader.execute("PRAGMA temp_store = FILE")
    reader.execute(f"PRAGMA temp.cache_size = -{CACHE_KIB}")
    reader.execute("BEGIN")
    # The index reads its texts from what has the name of their table in its own database.
    reader.execute("CREATE TEMP VIEW versions AS SELECT * FROM main.versions")
    reader.execute(shipped_schema()[INDEX].replace(INDEX, f"temp.{INDEX}", 1))
    own, found = (
        reader.execute(f"SELECT k, v FROM {schema}.{SETTINGS} ORDER BY k").fetchall() for schema in ("temp", "main")
    )
    return bool(own != found)


def copy_index(reader: sqlite3.Connection) -> None:
    """Copy the index of the archive into the temporary database."""
    for table in COPIED:
        reader.execute(f"DELETE FROM temp.{table}")
        reader.execute(f"INSERT INTO temp.{table} SELECT * FROM main.{table}")
