"""How SQLite holds the pages of a large file during verification, which looks up rows in every tree."""

from __future__ import annotations

import contextlib

from caliber_crawler.archive.core.format import sqlite3

CACHE_KIB = 32_000
"""The cache of a connection. SQLite's default of 2 MB is 250 pages, fewer than one large index has inner pages."""
MAX_MAPPED_BYTES = 1 << 40
"""The part of a file to map into memory at most; SQLite maps no more than its own limit, mostly 2 GB."""


def enlarge_cache(connection: sqlite3.Connection, *, mapped: bool) -> None:
    """Hold more pages in memory than SQLite does by itself.

    ``mapped`` reads pages without copying them, at two thirds of the CPU time of look-ups. A disk that fails, or a file
    that another program shortens, then ends the process: only for a worker.
    """
    # Both read the schema, which may be damaged, and the message about it invalid UTF-8: the checks report that.
    with contextlib.suppress(sqlite3.Error, UnicodeDecodeError):
        connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
        if mapped:
            connection.execute(f"PRAGMA mmap_size = {MAX_MAPPED_BYTES}")
