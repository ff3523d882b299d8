"""Side files that are SQLite databases: what an analysis computed from the texts, article by article.

One that another method of analysis wrote is replaced, a file of another program never.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from caliber_crawler.archive.core.format import sqlite3
from caliber_crawler.archive.core.side_files import delete_side_file
from caliber_crawler.archive.core.sqlite_errors import SQLiteErrors
from caliber_crawler.errors import ForeignDatabase

APPLICATION_ID = 0x43414C43
"""``CALC``: marks a side file as ours."""
PRAGMAS = (
    *("page_size = 8192", "journal_mode = WAL", "synchronous = NORMAL", "secure_delete = ON", "cache_size = -64000"),
    "temp_store = MEMORY",
)


class SideFile:
    """A side file that is open for writing. Close it.

    Raises ``ForeignDatabase`` if another program wrote a file of that name. SQLite's errors pass unchanged; ``errors``
    converts them.
    """

    def __init__(self, path: Path, method: str, schema: str) -> None:
        self.path = path
        self.errors = SQLiteErrors(path)
        with self.errors:
            self._db = connect(path)
            if not self._is_written_by(method):
                self._db.close()
                delete_side_file(path)
                self._db = connect(path)
                self._db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
                self._db.executescript(f"BEGIN; CREATE TABLE method (name TEXT NOT NULL) STRICT; {schema} COMMIT;")
                self._db.execute("INSERT INTO method VALUES (?)", (method,))

    def begin(self) -> None:
        self._db.execute("BEGIN IMMEDIATE")

    def commit(self) -> None:
        self._db.execute("COMMIT")

    def close(self) -> None:
        self._db.close()

    def _is_written_by(self, method: str) -> bool:
        try:
            row = self._db.execute("SELECT name FROM method").fetchone()
        except sqlite3.OperationalError:  # an empty file
            return False
        return row is not None and row[0] == method

    def _values(self, sql: str, *parameters: Any) -> list[Any]:
        return [row[0] for row in self._db.execute(sql, parameters)]

    def _delete(self, ids: Sequence[int], tables: Iterable[str]) -> None:
        """Delete the rows of articles; a table without an index by article is read once."""
        if ids:
            self._db.execute("CREATE TEMP TABLE IF NOT EXISTS gone (article_id INTEGER PRIMARY KEY)")
            self._db.executemany("INSERT OR IGNORE INTO gone VALUES (?)", [(id,) for id in ids])
            for table in tables:
                self._db.execute(f"DELETE FROM {table} WHERE article_id IN (SELECT article_id FROM temp.gone)")
            self._db.execute("DELETE FROM temp.gone")


def connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        owner = connection.execute("PRAGMA application_id").fetchone()[0]
        if owner != APPLICATION_ID and connection.execute("SELECT 1 FROM sqlite_schema").fetchone() is not None:
            raise ForeignDatabase(f"{path} was written by another program; move it away.")
        for pragma in PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")
    except BaseException:
        connection.close()
        raise
    return connection
