"""The state of the disk under an archive, and what a power cut would leave of it.

Linux reports for every page of a file whether it was written back (``cachestat``, since 6.5). Such a page is on the
disk. For any other page, the disk may have the old content, the new content, or some sectors of each.
"""

from __future__ import annotations

import ctypes
import os
import random
from pathlib import Path

CACHESTAT = 451
"""The number of the system call, the same on every architecture."""
PAGE, SECTOR = 4_096, 512
LOG_HEADER = 32
"""Bytes: https://www.sqlite.org/fileformat2.html#the_write_ahead_log."""


def unwritten(descriptor: int, offset: int) -> bool:
    """Is a page of a file not yet on the disk? Raises ``OSError`` if the system does not support the call."""
    counts = (ctypes.c_uint64 * 5)()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.syscall(CACHESTAT, descriptor, (ctypes.c_uint64 * 2)(offset, PAGE), counts, 0) != 0:
        raise OSError(ctypes.get_errno(), "cachestat")
    _, dirty, writeback, *_ = counts
    return dirty + writeback > 0


def can_observe_writes(folder: Path) -> bool:
    """Can the tests observe write-back in this folder? Not on old systems, and not on in-memory file systems."""
    probe = folder / "probe"
    with probe.open("wb", buffering=0) as file:
        file.write(b"x" * PAGE)
        try:
            before = unwritten(file.fileno(), 0)
            os.fsync(file.fileno())
            return before and not unwritten(file.fileno(), 0)
        except OSError:
            return False


class Disk:
    """The disk under an archive. Initially everything is synced. Call :meth:`look` after every commit.

    The files stay open: closing one would release the locks that SQLite has on it in this process.
    """

    def __init__(self, archive: Path) -> None:
        self._paths = {"": archive, "-wal": Path(f"{archive}-wal")}
        self._descriptors = {name: os.open(path, os.O_RDONLY) for name, path in self._paths.items()}
        for descriptor in self._descriptors.values():
            os.fsync(descriptor)
        self._written = dict.fromkeys(self._paths, b"")
        self._content = dict.fromkeys(self._paths, b"")
        self._before = b""
        self._lock = Path(f"{archive}.lock")
        self._records: list[bytes] = []

    def look(self) -> None:
        """Record the content of the files, and which part of it is on the disk."""
        self._before = self._content[""]
        self._records.append(self._lock.read_bytes())
        for name, descriptor in self._descriptors.items():
            content = os.pread(descriptor, os.fstat(descriptor).st_size, 0)
            written = bytearray(self._written[name])
            for offset in range(0, len(content), PAGE):
                if not unwritten(descriptor, offset):
                    written[offset : offset + PAGE] = content[offset : offset + PAGE].ljust(PAGE, b"\0")
            if name == "-wal":
                # SQLite syncs the header of a restarted log before it continues: https://sqlite.org/src/info/ff5be73dee
                written[:LOG_HEADER] = content[:LOG_HEADER]
            del written[len(content) :]
            self._content[name], self._written[name] = content, bytes(written)

    def everything_is_written(self) -> bool:
        """Would a power cut lose nothing?"""
        return self._content == self._written

    def after_a_power_cut(self, folder: Path, rng: random.Random) -> Path:
        """The archive as a power cut at this point might leave it."""
        for name in self._paths:
            (folder / f"cut.db{name}").write_bytes(some_sectors(self._written[name], self._content[name], rng))
        # The record of what is synced: overwritten in place, and perhaps an older one is on the disk.
        (folder / "cut.db.lock").write_bytes(rng.choice(self._records))
        return folder / "cut.db"

    def after_a_power_cut_in_the_checkpoint(self, folder: Path, rng: random.Random) -> Path | None:
        """The archive after a power cut during the last commit's checkpoint; ``None`` if that made no checkpoint."""
        if self._before == self._content[""]:
            return None
        (folder / "cut.db").write_bytes(some_sectors(self._before, self._content[""], rng))
        (folder / "cut.db-wal").write_bytes(self._content["-wal"])
        return folder / "cut.db"

    def close(self) -> None:
        for descriptor in self._descriptors.values():
            os.close(descriptor)


def some_sectors(old: bytes, new: bytes, rng: random.Random) -> bytes:
    """A file between its old and new content: some sectors are new, and it may have grown without being filled."""
    likelihood = rng.choice((0.0, 0.1, 0.5, 0.9, 1.0))
    length = rng.choice((len(old), len(new), max(len(old), rng.randrange(len(new) + 1))))
    return b"".join(
        (new if rng.random() < likelihood else old)[offset : offset + SECTOR].ljust(SECTOR, b"\0")
        for offset in range(0, length, SECTOR)
    )[:length]
