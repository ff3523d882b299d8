"""The write-ahead log of an SQLite file: the pages of transactions that are not yet in the file itself.

SQLite ignores a log from its first wrong checksum on, and with it every transaction that was committed after that.
Each frame can be checked by itself, from the checksum that the frame before it states. So the frames after a damaged
one are still used, and the loss is noticed. But frames that were not yet synced when the power failed are not used:
those before them may be missing.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from caliber_crawler.archive.core.checksums import flip_one_bit
from caliber_crawler.archive.core.synced_log import FRAME_HEADER_SIZE, HEADER_SIZE, SALTS, synced_frames

MAGICS = (0x377F0682, 0x377F0683)
MAX_TRIES = 16
"""Damaged frames of which a flipped bit in the number of the page is searched for."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One page in the log."""

    page_number: int
    commits: int
    """The number of pages in the file after the transaction, in its last frame; 0 in the others."""
    at: int
    """The position of the page in the log."""
    is_valid: bool
    number: int
    """The number of frames before it."""


class WriteAheadLog:
    """The committed pages in the log of an archive; without a log, none. Close it after use."""

    def __init__(self, archive: Path, page_size: int) -> None:
        path = Path(f"{archive}-wal")
        self._archive = archive
        self._page_size = page_size
        self._size = path.stat().st_size if path.is_file() else 0
        self._file = path.open("rb") if self._size > HEADER_SIZE else None
        self._positions: dict[int, int] = {}
        self.last_page = 0
        self.lost_commits = 0
        """The number of transactions that SQLite ignores because of a damaged frame before them."""
        self.unsynced_commits = 0
        """The same for a frame that was not yet synced. That is no damage: a power cut leaves such a log."""
        self.missing_frames = 0
        """The number of synced frames that the log does not have any more."""
        if self._file is not None:
            self._header = self._read(0, HEADER_SIZE)
            self._index()
            if self._read(0, HEADER_SIZE) != self._header:
                # A writer began a new log meanwhile, so this one was in order.
                self.lost_commits = self.unsynced_commits = self.missing_frames = 0

    def close(self) -> None:
        """Close the log."""
        if self._file is not None:
            self._file.close()

    def page(self, number: int) -> bytes | None:
        """The newest committed content of a page, if the log has it."""
        at = self._positions.get(number)
        return None if at is None else self._read(at, self._page_size).ljust(self._page_size, b"\0")

    def _read(self, at: int, size: int) -> bytes:
        return b"" if self._file is None else os.pread(self._file.fileno(), size, at)

    def _index(self) -> None:
        pending: dict[int, int] = {}
        is_ignored, is_unsynced = not self._is_header_valid(), False
        synced = synced_frames(self._archive, self._salts())
        self._size = os.fstat(self._file.fileno()).st_size if self._file else 0  # frames that were synced meanwhile
        # Every page that the file does not have yet is in the log.
        last_possible = (self._archive.stat().st_size + self._size) // self._page_size + 1
        next_number = usable = present = 0
        for frame in self._frames():
            # The first frame that SQLite does not read may also have been one of an earlier log.
            if not is_ignored and (not frame.is_valid or frame.number != next_number):
                is_ignored = True
                is_unsynced = synced is not None and next_number >= synced
            next_number += 1
            usable += not is_ignored
            if is_unsynced:
                self.unsynced_commits += bool(frame.commits and frame.is_valid)
                continue
            if not (frame.is_valid or 1 <= frame.page_number <= last_possible):
                continue
            present += synced is not None and frame.number < synced
            pending[frame.page_number] = frame.at
            # A damaged frame may claim to end a transaction. The last one that was synced did end one.
            if (frame.commits and frame.is_valid) or frame.number + 1 == synced:
                self._positions |= pending
                self.last_page = max(self.last_page, frame.commits if frame.is_valid else 0, *pending)
                self.lost_commits += is_ignored
                pending = {}
        if synced is not None:
            self.missing_frames = synced - present
            if usable < synced and not self.lost_commits:  # the end of the log is missing
                self.lost_commits = 1

    def _salts(self) -> bytes:
        """The salts of the log. Its frames repeat those of its header, which may be damaged."""
        return self._header[SALTS] if self._is_header_valid() else self._read(HEADER_SIZE + 8, 8)

    def _is_header_valid(self) -> bool:
        header = self._header
        magic, version, size = struct.unpack(">III", header[:12])
        return (
            magic in MAGICS
            and version == 3_007_000
            and size == self._page_size
            and sums(header[:24], (0, 0), is_big=magic == MAGICS[1]) == struct.unpack(">II", header[24:])
        )

    def _frames(self) -> Iterator[Frame]:
        """The frames of the current log; older frames behind them have other salts."""
        header = self._header
        is_big = int.from_bytes(header[:4]) == MAGICS[1]
        step = FRAME_HEADER_SIZE + self._page_size
        before, salts = struct.unpack(">II", header[24:]), self._salts()
        tries = MAX_TRIES
        for number, at in enumerate(range(HEADER_SIZE, self._size - step + 1, step)):
            frame = self._read(at, step)
            if len(frame) < step:
                return
            start, page = frame[:FRAME_HEADER_SIZE], frame[FRAME_HEADER_SIZE:]
            stated = struct.unpack(">II", start[16:])
            if different_bits(start[8:16], salts) > 1:
                before = stated
                continue

            fits = partial(has_sums, page=page, before=before, stated=stated, is_big=is_big)
            place, is_valid = start[:8], start[8:16] == salts and fits(start[:8])
            if not is_valid and tries:
                tries -= 1
                place = flip_one_bit(place, fits) or place
            before = stated
            page_number, commits = struct.unpack(">II", place)
            yield Frame(page_number, commits, at + FRAME_HEADER_SIZE, is_valid, number)


def different_bits(one: bytes, other: bytes) -> int:
    """The number of bits in which two byte strings of the same length differ."""
    return (int.from_bytes(one) ^ int.from_bytes(other)).bit_count()


def has_sums(place: bytes, *, page: bytes, before: tuple[int, int], stated: tuple[int, int], is_big: bool) -> bool:
    """Does a frame have the checksums that it states? ``place`` is the beginning of its header."""
    return sums(page, sums(place, before, is_big=is_big), is_big=is_big) == stated


def sums(data: bytes, start: tuple[int, int], *, is_big: bool) -> tuple[int, int]:
    """SQLite's checksum over pairs of 32-bit numbers, continued from ``start``."""
    first, second = start
    numbers = struct.unpack(f"{'>' if is_big else '<'}{len(data) // 4}I", data)
    for one, other in zip(numbers[::2], numbers[1::2], strict=True):
        first = (first + one + second) & 0xFFFFFFFF
        second = (second + other + first) & 0xFFFFFFFF
    return first, second
