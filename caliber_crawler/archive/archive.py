"""The archive: one SQLite file that holds the frontier, the raw pages, every version of every article, every view.

This package is the only code that touches SQLite. Anything that opens SQLite files can read one while it is written.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import Any

from sqlite_utils import Database

from caliber_crawler.archive.articles import Articles
from caliber_crawler.archive.captures import Captures
from caliber_crawler.archive.connection import Connection, Mode
from caliber_crawler.archive.frontier import Frontier
from caliber_crawler.archive.runs import Runs
from caliber_crawler.archive.search import Hit, search
from caliber_crawler.archive.sites import Sites
from caliber_crawler.archive.status import status


class Archive:
    """An open archive. Close it, or use it in a ``with`` statement."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.captures = Captures(connection)
        self.articles = Articles(connection)
        self.frontier = Frontier(connection)
        self.runs = Runs(connection)
        self.sites = Sites(connection)

    @classmethod
    def open(cls, path: str | Path, mode: Mode = "read") -> Archive:
        """Open the archive at ``path``: to ``read`` it must exist; to ``write`` it is created if missing.

        There is one writer at a time, by a lock file beside the archive; there may be any number of readers meanwhile.
        Runs that a dead process left behind are marked as interrupted. Raises ``NoArchive``, ``ForeignDatabase``,
        ``NewerArchive``, ``ArchiveLocked`` or ``ArchiveFull``.
        """
        archive = cls(Connection.open(Path(path), mode))
        if mode == "write":
            try:
                archive.runs.interrupt_dead()
            except BaseException:
                archive.close()
                raise
        return archive

    @property
    def path(self) -> Path:
        """Where the file is."""
        return self._connection.path

    @property
    def db(self) -> Database:
        """The same connection for sqlite-utils."""
        return self._connection.db

    def transaction(self) -> AbstractContextManager[None]:
        """Everything done inside is kept, or nothing; see :meth:`Connection.transaction`."""
        return self._connection.transaction()

    def search(
        self,
        query: str,
        *,
        limit: int = 20,
        language: str | None = None,
        section: str | None = None,
        site: str | None = None,
    ) -> list[Hit]:
        """Articles whose current version answers the query, best first; see :mod:`caliber_crawler.archive.search`."""
        return search(self._connection, query, limit=limit, language=language, section=section, site=site)

    def status(self) -> dict[str, Any]:
        """What the archive holds, in numbers."""
        return status(self._connection)

    def close(self) -> None:
        """Tidy up after writing and let go of the file. Closing twice is once."""
        self._connection.close()

    def __enter__(self) -> Archive:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()
