"""What is on a disk, and what would be left of it after a power cut.

Linux says of every page of a file whether it was written out (``cachestat``, since 6.5). A page that was is on the
disk; of any other the disk may have what it had before, what was written since, or some sectors of each.
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
    """Is a page of a file not yet on the disk? ``OSError`` where the system cannot tell."""
    counts = (ctypes.c_uint64 * 5)()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.syscall(CACHESTAT, descriptor, (ctypes.c_uint64 * 2)(offset, PAGE), counts, 0) != 0:
        raise OSError(ctypes.get_errno(), "cachestat")
    _, dirty, writeback, *_ = counts
    return dirty + writeback > 0


def tells(folder: Path) -> bool:
    """Can it be told in this folder what is on the disk? Not on old systems, and not where files are in memory."""
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
    """The disk under an archive, which is on it at first. Look after every commit: what comes between is not seen.

    Its files stay open: to close one would give up the locks that SQLite, in this process, has on it.
    """

    def __init__(self, archive: Path) -> None:
        self._paths = {"": archive, "-wal": Path(f"{archive}-wal")}
        self._descriptors = {name: os.open(path, os.O_RDONLY) for name, path in self._paths.items()}
        for descriptor in self._descriptors.values():
            os.fsync(descriptor)
        self._written = dict.fromkeys(self._paths, b"")
        self._seen = dict.fromkeys(self._paths, b"")
        self._before = b""

    def look(self) -> None:
        """See what is written, and what of it is on the disk."""
        self._before = self._seen[""]
        for name, descriptor in self._descriptors.items():
            content = os.pread(descriptor, os.fstat(descriptor).st_size, 0)
            written = bytearray(self._written[name])
            for offset in range(0, len(content), PAGE):
                if not unwritten(descriptor, offset):
                    written[offset : offset + PAGE] = content[offset : offset + PAGE].ljust(PAGE, b"\0")
            if name == "-wal":
                # SQLite syncs the header of a log it begins anew before it writes on: https://sqlite.org/src/info/ff5be73dee
                written[:LOG_HEADER] = content[:LOG_HEADER]
            del written[len(content) :]
            self._seen[name], self._written[name] = content, bytes(written)

    def everything_is_written(self) -> bool:
        """Would a power cut take nothing?"""
        return self._seen == self._written

    def after_a_power_cut(self, folder: Path, dice: random.Random) -> Path:
        """The archive as a power cut now might leave it."""
        for name in self._paths:
            (folder / f"cut.db{name}").write_bytes(some_sectors(self._written[name], self._seen[name], dice))
        return folder / "cut.db"

    def after_a_power_cut_in_the_checkpoint(self, folder: Path, dice: random.Random) -> Path | None:
        """The same, had power gone while the last commit put the log into the file; ``None`` when it did not."""
        if self._before == self._seen[""]:
            return None
        (folder / "cut.db").write_bytes(some_sectors(self._before, self._seen[""], dice))
        (folder / "cut.db-wal").write_bytes(self._seen["-wal"])
        return folder / "cut.db"

    def close(self) -> None:
        for descriptor in self._descriptors.values():
            os.close(descriptor)


def some_sectors(old: bytes, new: bytes, dice: random.Random) -> bytes:
    """A file on its way from old to new content: some sectors are new, and it may have grown without being filled."""
    likelihood = dice.choice((0.0, 0.1, 0.5, 0.9, 1.0))
    length = dice.choice((len(old), len(new), max(len(old), dice.randrange(len(new) + 1))))
    return b"".join(
        (new if dice.random() < likelihood else old)[offset : offset + SECTOR].ljust(SECTOR, b"\0")
        for offset in range(0, length, SECTOR)
    )[:length]
