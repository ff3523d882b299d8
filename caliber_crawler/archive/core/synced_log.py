"""How much of an archive's write-ahead log is surely on the disk, as recorded in the lock file of the writer.

Several commits of a crawl are synced together. After a power cut, the disk may contain any of the writes since the last
sync, so the log may have a gap. SQLite ignores what is behind the gap, and so it should: nothing in the log itself
tells such a gap from a damaged page that was synced. This record does.
"""

from __future__ import annotations

import contextlib
import os
import re
from pathlib import Path

HEADER_SIZE, FRAME_HEADER_SIZE = 32, 24
"""Bytes: https://www.sqlite.org/fileformat2.html#the_write_ahead_log."""
SALTS = slice(16, 24)
"""The bytes of the log's header that differ each time the log begins anew; every frame repeats them."""
COMMITS = slice(4, 8)
"""The bytes of a frame's header that are zero unless the frame ends a transaction."""
RECORD = re.compile(rb"synced (?P<salts>[0-9a-f]{16}) (?P<frames>\d{10})\n")
NO_SALTS = bytes(8)


class SyncedLog:
    """Records after each sync how many frames the log has. For the writer of an archive."""

    def __init__(self, archive: Path) -> None:
        self._log, self._lock = Path(f"{archive}-wal"), Path(f"{archive}.lock")
        self._salts, self._frames, self._step = NO_SALTS, 0, 0
        self._ignored: bytes | None = None
        """The salts of a log that may have the end of a commit that failed, as after a full disk."""
        self._write(sync=True)  # so that the file has its size after a power cut, whatever it then says
        # An earlier writer left this log, and it could not be written into the file.
        self.ignore()

    def ignore(self) -> None:
        """Record nothing more of the current log. Call it after a commit that failed.

        Its last frame, which ends a transaction, may be in the log without its page. Until the log begins anew, nothing
        tells it from a commit that succeeded.
        """
        with contextlib.suppress(OSError), self._log.open("rb", buffering=0) as log:
            header = log.read(HEADER_SIZE)
            self._ignored = header[SALTS] if len(header) == HEADER_SIZE else None

    def record(self) -> None:
        """Record that the log is synced. Call it after a commit that was synced."""
        with contextlib.suppress(OSError), self._log.open("rb", buffering=0) as log:
            header = log.read(HEADER_SIZE)
            if len(header) < HEADER_SIZE or header[SALTS] == self._ignored:
                return
            if header[SALTS] != self._salts:
                self._salts, self._frames = header[SALTS], 0
                self._step = FRAME_HEADER_SIZE + int.from_bytes(header[8:12])
            number = self._frames
            while True:
                frame = os.pread(log.fileno(), FRAME_HEADER_SIZE, HEADER_SIZE + number * self._step)
                if frame[8:16] != self._salts:  # of an earlier log, or the end of the file
                    break
                number += 1
                # Behind the last commit may be frames of a transaction that failed, for example on a full disk.
                if any(frame[COMMITS]):
                    self._frames = number
            self._write()

    def _write(self, *, sync: bool = False) -> None:
        # Not SQLite's files: closing one of those here would release SQLite's locks on it.
        with contextlib.suppress(OSError), self._lock.open("r+b", buffering=0) as file:
            file.write(f"synced {self._salts.hex()} {self._frames:010}\n".encode())
            if sync:
                os.fsync(file.fileno())


def synced_frames(archive: Path, salts: bytes) -> int | None:
    """The number of frames at the start of a log that were synced; ``None`` if that is unknown.

    ``salts`` are those of the log. If the record is about an earlier log, nothing of this one was synced.
    """
    try:
        found = RECORD.fullmatch(Path(f"{archive}.lock").read_bytes())
    except OSError:
        return None
    if found is None:
        return None
    return int(found["frames"]) if found["salts"] == salts.hex().encode() else 0
