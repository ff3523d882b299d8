"""The decompressed bytes of a web archive, with the place of each."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from itertools import islice
from typing import IO

from caliber_crawler.warc.unpacking import CHUNK_BYTES, Chunk, DamagedData, Dictionary, Place, is_packed, unpack

BLANKS = b" \t\r\n\0"
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
BLANK_BYTES = 8
"""Bytes in which the blank lines after a record and the first byte of the next one are usually found."""


class DataStream:
    """Reads a file from a place on; with ``is_plain``, the place is within plain records.

    Every method raises ``DamagedData`` where no byte can be decompressed any more.
    """

    def __init__(
        self,
        open_file: Callable[[], IO[bytes]],
        place: Place,
        dictionary: Dictionary = None,
        *,
        is_plain: bool = False,
    ) -> None:
        self._file = open_file()
        self._dictionary = dictionary
        self._chunks: deque[Chunk] = deque()
        self._used = 0
        """Bytes of the first chunk that were read."""
        self._held = 0
        """Bytes of the chunks that were not."""
        self._source: Iterator[Chunk] = unpack(self._file, place.member, dictionary, is_plain=is_plain)
        self._damage: DamagedData | None = None
        self.last_place = place
        """The place after the last byte that was read."""
        self.skip(place.inner)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    @property
    def place(self) -> Place:
        """The place of the next byte; at the end of the file, the place after the last."""
        return self._chunks[0].place_of(self._used) if self._is_ready() else self.last_place

    @property
    def is_packed(self) -> bool:
        """Whether the next byte is in a compressed member."""
        return self._is_ready() and self._chunks[0].is_packed

    def peek(self, size: int) -> bytes:
        """The next bytes without reading them; fewer at the end of the file or before damage."""
        if not self._is_ready():
            return b""
        while self._held < size and self._fill():
            pass
        first, wanted = self._chunks[0].data, self._used + size
        if len(first) >= wanted or len(self._chunks) == 1:
            return first[self._used : wanted]
        parts = [first[self._used :]]
        left = size - len(parts[0])
        for chunk in islice(self._chunks, 1, None):
            if left <= 0:
                break
            parts.append(chunk.data[:left])
            left -= len(parts[-1])
        return b"".join(parts)

    def take(self, size: int) -> bytes:
        """Read the next bytes, as many as are ready, at most ``size``; empty at the end of the file."""
        if not self._is_ready():
            return b""
        chunk = self._chunks[0]
        data = chunk.data[self._used : self._used + size]
        self._used += len(data)
        self._held -= len(data)
        self.last_place = chunk.place_of(self._used)
        if self._used == len(chunk.data):
            self._chunks.popleft()
            self._used = 0
        return data

    def skip(self, size: int) -> None:
        """Skip bytes."""
        while size > 0 and (data := self.take(size)):
            size -= len(data)

    def skip_blanks(self) -> None:
        """Skip blank lines, padding and byte order marks."""
        size = BLANK_BYTES
        while data := self.peek(size):
            blanks = len(data) - len(data.lstrip(BLANKS))
            if data.startswith(BYTE_ORDER_MARK):
                blanks = len(BYTE_ORDER_MARK)
            if not blanks:
                break
            self.skip(blanks)
            # Padding may be long.
            size = CHUNK_BYTES if blanks == size else BLANK_BYTES

    def unpack_again(self) -> None:
        """Start decompressing where a compressed member follows a plain record."""
        if not self.is_packed and is_packed(self.peek(4)):
            offset = self.place.member
            self._chunks.clear()
            self._used = self._held = 0
            self._source = unpack(self._file, offset, self._dictionary)

    def line(self, max_size: int) -> bytes:
        """Read a line with its end; at least ``max_size`` bytes of a line that is longer."""
        parts: list[bytes] = []
        size = 0
        while size < max_size and self._is_ready():
            end = self._chunks[0].data.find(b"\n", self._used) + 1
            parts.append(self.take(end - self._used if end else CHUNK_BYTES))
            size += len(parts[-1])
            if end:
                break
        return b"".join(parts)

    def seek(self, find: Callable[[bytes], int], max_size: int) -> bool:
        """Skip to the next place that ``find`` finds by at most ``max_size`` bytes; to the end if there is none."""
        while window := self.peek(CHUNK_BYTES + max_size):
            if (found := find(window)) >= 0:
                self.skip(found)
                return True
            self.skip(CHUNK_BYTES if len(window) > CHUNK_BYTES else len(window))
        return False

    def is_beyond(self, member: int) -> bool:
        """Whether the next byte is in another compressed member than this one."""
        return self.is_packed and self._chunks[0].place.member != member

    def _is_ready(self) -> bool:
        """Whether there is a next byte. Raises ``DamagedData`` if it cannot be decompressed."""
        if self._chunks or self._fill():
            return True
        if self._damage is not None:
            raise self._damage
        return False

    def _fill(self) -> bool:
        try:
            chunk = next(self._source, None)
        except DamagedData as damage:
            self._damage = damage
            return False
        if chunk is not None:
            self._chunks.append(chunk)
            self._held += len(chunk.data)
        return chunk is not None
