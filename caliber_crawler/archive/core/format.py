"""The file itself: which SQLite opens it, what tells it from every other database, which schema is today's."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3
else:
    # As sqlite-utils chooses, which is asked for only by those who need it: it loads pandas where that is installed.
    try:
        sqlite3 = importlib.import_module("pysqlite3")
    except ImportError:
        import sqlite3

__all__ = ["APPLICATION_ID", "VERSION", "sqlite3"]

APPLICATION_ID = 0x43414C49
"""``CALI``: what tells our files from every other SQLite database."""

VERSION = 4
"""``user_version`` of an archive with every migration applied; each one's script sets its own number."""
