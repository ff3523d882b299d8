"""The write-ahead log of a shard, held during a job: it names the changed pages, so that not all need to be read.

A reader that began before the log keeps SQLite from checkpointing it. So it contains every change at the end of a job.
See https://www.sqlite.org/fileformat2.html#the_write_ahead_log.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

from caliber_crawler.archive.core.connection import HELD_LOGS
from caliber_crawler.archive.core.format import sqlite3
from caliber_crawler.archive.core.synced_log import COMMITS, FRAME_HEADER_SIZE, HEADER_SIZE, SALTS

CHECKPOINTS = slice(12, 16)
"""The bytes of the header of a log that count its new beginnings."""
MAX_LOG = 256 * 1024 * 1024
"""Bytes. A larger log is no longer held: it takes space, and slows reading down."""


class LogHold:
    """Holds the log of an archive from now on. If that fails, the changed pages are unknown."""

    def __init__(self, path: Path) -> None:
        self._path = path.absolute()
        self._log = Path(f"{path}-wal")
        self._connection: sqlite3.Connection | None = None
        if not path.exists() or (self._log.exists() and self._log.stat().st_size):
            return
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        try:
            is_held = connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
            connection.execute("BEGIN")
            connection.execute("SELECT 1 FROM sqlite_schema LIMIT 1").fetchone()
        except sqlite3.DatabaseError:
            is_held = False
        if not is_held or self._log.stat().st_size:  # another connection may have written meanwhile
            connection.close()
            return
        self._connection = connection
        HELD_LOGS.add(self._path)

    @property
    def is_active(self) -> bool:
        """Whether the log contains every change since the beginning."""
        return self._connection is not None

    def bound(self) -> None:
        """Release a log that has become too large."""
        with contextlib.suppress(FileNotFoundError):
            if self._log.stat().st_size > MAX_LOG:
                self.release()

    def changed_pages(self) -> set[int] | None:
        """The numbers of the pages that committed transactions wrote, counted from 1; ``None`` if they are unknown."""
        if not self.is_active:
            return None
        found: set[int] = set()
        pending: set[int] = set()
        with self._log.open("rb") as log:
            header = log.read(HEADER_SIZE)
            if not header:
                return found
            if len(header) < HEADER_SIZE or any(header[CHECKPOINTS]):
                return None
            page_size = int.from_bytes(header[8:12])
            while True:
                frame = log.read(FRAME_HEADER_SIZE)
                if len(frame) < FRAME_HEADER_SIZE or frame[8:16] != header[SALTS]:
                    return found
                pending.add(int.from_bytes(frame[:4]))
                # Frames behind the last commit are of a transaction that failed.
                if any(frame[COMMITS]):
                    found |= pending
                    pending.clear()
                log.seek(page_size, 1)

    def release(self) -> None:
        """End the hold: the log can be checkpointed. Further calls do nothing."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
            HELD_LOGS.discard(self._path)
