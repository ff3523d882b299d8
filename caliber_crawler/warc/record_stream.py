"""The records of a WARC or ARC file, one after the other, in every form that other programs write.

Line ends are CRLF or LF, header names in any case, headers may be folded, and blank lines or a byte order mark may
precede a record. Damage affects one record: :meth:`RecordStream.recover` finds the next one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import IO

from caliber_crawler.quantity import quantity
from caliber_crawler.warc.arc import MAX_LINE_BYTES, arc_head, find_arc_line, parse_arc_line
from caliber_crawler.warc.data_stream import DataStream
from caliber_crawler.warc.raw_record import (
    END_OF_HEAD,
    HEAD_BYTES,
    MAX_HEAD_BYTES,
    MAX_VERSION_BYTES,
    VERSION_LINE,
    BadHead,
    RawRecord,
    warc_head,
)
from caliber_crawler.warc.unpacking import CHUNK_BYTES, FAULTS, DamagedData, Dictionary, Place

MEMBER_START = re.compile(
    rb"\x1f\x8b\x08[\x00-\x1f]|\x28\xb5\x2f\xfd|\x04\x22\x4d\x18|" + VERSION_LINE.pattern, re.IGNORECASE
)
"""The possible start of a record in a file: a gzip member, a zstd or lz4 frame, or the plain record."""
NEXT_RECORD = re.compile(rb"\r?\n\r?\n(?=" + VERSION_LINE.pattern + rb")", re.IGNORECASE)
MAX_FALSE_STARTS = 1_000
"""Number of places without a record, one after the other, after which the search for records ends. By chance, there is
one in a hundred megabytes."""
MAX_REREAD_BYTES = 4 * 1024**3
"""Bytes of a file that may be read again to return to records. After that, reading only goes on."""


class Damage(Exception):
    """A record that cannot be read. The message is one clause."""


class RecordStream:
    """Reads the records from an offset on, at which a record begins.

    ``is_seekable`` states whether any offset of the file can be reached at no cost.
    """

    def __init__(
        self,
        open_file: Callable[[], IO[bytes]],
        offset: int,
        dictionary: Dictionary = None,
        *,
        is_seekable: bool = True,
    ) -> None:
        self._open = open_file
        self._dictionary = dictionary
        self._is_seekable = is_seekable
        self._rereads_left = MAX_REREAD_BYTES
        self._false_starts = 0
        self._damaged_at: int | None = None
        self._is_candidate = False
        """Whether the place was found by its first bytes only, which occur in compressed data by chance."""
        self._is_arc = False
        self._missing = 0
        """Bytes of the last record that are in the file and were not read, because its length is impossible."""
        self.place = Place(offset, 0)
        """The place of the last record, or where the next one is searched for."""
        self._is_packed: bool | None = None
        """Whether that is in a compressed member; ``None`` while nothing was read there."""
        self._data = DataStream(open_file, self.place, dictionary)

    def close(self) -> None:
        """Close the file."""
        self._data.close()

    def next(self) -> RawRecord | None:
        """The next record; ``None`` at the end. Raises :class:`Damage`."""
        self._damaged_at = None
        self._missing = 0
        try:
            self._data.skip_blanks()
            self._data.unpack_again()
            if not self._data.peek(1):
                return None
            place, is_packed = self._data.place, self._data.is_packed
            if self._is_packed is None:
                self._is_packed = is_packed
            head = self._head()
        except BadHead as bad:
            raise Damage(str(bad)) from bad
        except DamagedData as damaged:
            raise self._damage_of(damaged) from damaged
        self.place, self._is_packed = place, is_packed
        self._false_starts = 0
        self._is_candidate = False
        return RawRecord(head, place, self._read)

    def finish(self, record: RawRecord) -> None:
        """Skip the rest of a record and check that it is complete. Raises :class:`Damage`."""
        record.skip()
        self._check_member()
        if record.length is not None and record.size < record.length:
            self._rereads_left -= record.size
            raise Damage(f"it ends after {record.size + self._missing:,} of {quantity(record.length, 'byte')}")

    def recover(self) -> bool:
        """Move to the next place after the last record where another may begin; return whether there is one."""
        self._false_starts += 1
        if self._false_starts > MAX_FALSE_STARTS:
            return False
        offset = self.place.member
        if self._damaged_at is None and not self._is_candidate:
            try:
                if self._search_data():
                    return True
            except DamagedData as damaged:
                offset = max(damaged.offset, offset)
        else:
            offset = max(self._damaged_at or 0, offset)
        start = self._member_start(offset + 1)
        if start is not None:
            self._move(Place(start, 0))
            self._is_candidate = True
        return start is not None

    def record_at(self, place: Place) -> RawRecord | None:
        """The record at a place, with its content; ``None`` if it is damaged or going there takes too long."""
        if not self._pay(place):
            return None
        other = RecordStream(self._open, place.member, self._dictionary)
        try:
            other._data.skip(place.inner)
            record = other.next()
            if record is not None:
                record.read()
        except (Damage, DamagedData):
            return None
        finally:
            other.close()
        return record

    def _head(self) -> dict[str, str]:
        if VERSION_LINE.match(self._data.peek(MAX_VERSION_BYTES)):
            return warc_head(self._head_block())
        if line := parse_arc_line(self._data.peek(MAX_LINE_BYTES)):
            self._is_arc = True
            self._data.line(MAX_LINE_BYTES)
            return arc_head(line, self._data.peek(MAX_VERSION_BYTES))
        raise BadHead("it does not begin like a record")

    def _head_block(self) -> bytes:
        size = HEAD_BYTES
        while size <= MAX_HEAD_BYTES:
            window = self._data.peek(size)
            if end := END_OF_HEAD.search(window):
                self._data.skip(end.end())
                return window[: end.end()]
            if len(window) < size:
                self._data.skip(len(window))
                self._data.peek(1)  # raises the damage there, if it is not the end
                raise BadHead("it ends within its head")
            size *= 4
        raise BadHead(f"its head is larger than {MAX_HEAD_BYTES // 1024} KiB")

    def _read(self, length: int | None) -> Iterator[bytes]:
        """The content of the record whose head was read last, of this length if it is known. Raises :class:`Damage`."""
        try:
            yield from self._read_open_ended() if length is None else self._read_bytes(length)
        except DamagedData as damaged:
            raise self._damage_of(damaged) from damaged

    def _read_bytes(self, length: int) -> Iterator[bytes]:
        if not self._is_packed and self._is_seekable and length > CHUNK_BYTES:
            self._missing = self._bytes_left()
            if length > self._missing:
                return
            self._missing = 0
        member = self.place.member
        while length > 0 and not self._ends_at_member(member):
            member = self._data.place.member
            data = self._data.take(min(length, CHUNK_BYTES))
            if not data:
                return
            length -= len(data)
            yield data

    def _read_open_ended(self) -> Iterator[bytes]:
        """A content of unknown length: it ends before the blank line and the head of the next record."""
        member = self.place.member
        while not self._ends_at_member(member) and (window := self._data.peek(CHUNK_BYTES)):
            member = self._data.place.member
            if match := NEXT_RECORD.search(window):
                yield window[: match.start()]
                self._data.skip(match.end())
                return
            kept = MAX_VERSION_BYTES if len(window) == CHUNK_BYTES else 0
            yield self._data.take(len(window) - kept)

    def _ends_at_member(self, member: int) -> bool:
        """Whether another member begins here, and with it another record."""
        return self._data.is_beyond(member) and self._begins_record()

    def _begins_record(self) -> bool:
        if VERSION_LINE.match(self._data.peek(MAX_VERSION_BYTES)):
            return True
        return self._is_arc and parse_arc_line(self._data.peek(MAX_LINE_BYTES)) is not None

    def _check_member(self) -> None:
        """Read on to the checksum of a compressed member, which is after its last byte."""
        try:
            self._data.skip_blanks()
        except DamagedData as damaged:
            # Damage of the member after it is that of the next record.
            if damaged.offset == self._data.last_place.member:
                raise self._damage_of(damaged) from damaged

    def _bytes_left(self) -> int:
        """The number of bytes from here to the end of a file that is not compressed."""
        file = self._open()
        try:
            return file.seek(0, 2) - self._data.place.member
        finally:
            file.close()

    def _search_data(self) -> bool:
        """Move to the next record in the decompressed data after the first byte of the last one."""
        member, inner = self.place
        after = Place(member, inner + 1) if self._is_packed else Place(member + 1, 0)
        if self._pay(after):
            self._move(after, is_plain=not self._is_packed)
        find, size = (find_arc_line, MAX_LINE_BYTES) if self._is_arc else (find_version_line, MAX_VERSION_BYTES)
        if not self._data.seek(find, size):
            return False
        self.place, self._is_packed = self._data.place, self._data.is_packed
        return True

    def _move(self, place: Place, *, is_plain: bool = False) -> None:
        self._data.close()
        self._data = DataStream(self._open, Place(place.member, 0), self._dictionary, is_plain=is_plain)
        self.place, self._is_packed = place, None
        self._data.skip(place.inner)

    def _pay(self, place: Place) -> bool:
        """Whether it is worth the time to go to a place. The time is limited for each file."""
        self._rereads_left -= place.inner + (0 if self._is_seekable else place.member)
        return self._rereads_left >= 0

    def _member_start(self, offset: int) -> int | None:
        """The offset of the possible start of a compressed member or a plain record, at this offset or after it."""
        if not self._pay(Place(offset, 0)):
            return None
        file = self._open()
        try:
            file.seek(offset)
            tail = b""
            while block := file.read(CHUNK_BYTES):
                if match := MEMBER_START.search(tail + block):
                    return offset - len(tail) + match.start()
                offset += len(block)
                tail = (tail + block)[-MAX_VERSION_BYTES:]
        except FAULTS:
            # The file cannot be read any further; the damage there was reported.
            return None
        finally:
            file.close()
        return None

    def _damage_of(self, damaged: DamagedData) -> Damage:
        self._damaged_at = damaged.offset
        return Damage(str(damaged))


def find_version_line(window: bytes) -> int:
    match = VERSION_LINE.search(window)
    return match.start() if match else -1


def begins_record(open_file: Callable[[], IO[bytes]], offset: int) -> bool:
    """Whether a record with a readable head begins at an offset."""
    stream = RecordStream(open_file, offset)
    try:
        record = stream.next()
    except Damage:
        return False
    finally:
        stream.close()
    return record is not None and record.place == Place(offset, 0)
