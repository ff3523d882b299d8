"""The file format: the SQLite library, the application ID and the current schema version."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3
else:
    # The same choice as in sqlite-utils. That is imported only on demand, because it loads pandas if installed.
    try:
        sqlite3 = importlib.import_module("pysqlite3")
    except ImportError:
        import sqlite3

__all__ = ["APPLICATION_ID", "ROWS_SINCE", "VERSION", "sqlite3"]

APPLICATION_ID = 0x43414C49
"""``CALI``: the application ID that marks an SQLite file as an archive."""

VERSION = 26
"""``user_version`` of an archive with every migration applied; each migration's script sets its own number."""

ROWS_SINCE = 17
"""The last version whose migration changed rows: later ones only add tables, columns, indexes, triggers and views.

A migration that changes what rows contain must raise it to its own number; a test compares all rows.
"""
