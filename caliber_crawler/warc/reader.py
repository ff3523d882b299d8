"""Captures from other people's WARC files: crawlers', browsers', Common Crawl's, text dumps.

Files are read as a stream, whatever their size. A record that is damaged, or is not wanted, costs itself only: it is
given as :class:`Skipped`, with the reason, and reading goes on behind it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from typing import IO

from fastwarc.warc import ArchiveIterator, WarcRecord, WarcRecordType

from caliber_crawler.items import Capture
from caliber_crawler.warc.record import (
    Exchange,
    Reason,
    Recognised,
    Unusable,
    capture_of,
    exchange_of,
    fields_of,
)
from caliber_crawler.warc.writer import FETCH_ERROR

WANTED = (
    WarcRecordType.response
    | WarcRecordType.revisit
    | WarcRecordType.resource
    | WarcRecordType.conversion
    | WarcRecordType.metadata
)
STARTS = re.compile(rb"\x1f\x8b\x08|\x28\xb5\x2f\xfd|WARC/[01]\.[0-9]\r?\n")
"""How a record begins: a gzip member, a zstd frame, or the record itself."""
LONGEST_START = 10
SEARCHED_AT_ONCE = 1024 * 1024

Recognise = Callable[[str], Recognised | None]
"""Whose page is at an address; ``None`` when nobody's we know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """A record that gave no capture."""

    reason: Reason
    offset: int
    message: str
    """One clause."""
    url: str | None = None


class WarcReader:
    """Reads the captures in one WARC file. ``open_file`` gives it anew, from its first byte, seekable."""

    def __init__(self, open_file: Callable[[], IO[bytes]], recognise: Recognise) -> None:
        self._open = open_file
        self._recognise = recognise
        self._originals: dict[str | tuple[str, str], int] = {}
        self.offset = 0
        """How far reading has come, in bytes of the file."""
        self.records = 0
        """Records that could be read so far, wanted or not."""

    def __iter__(self) -> Iterator[Capture | Skipped]:
        begin: int | None = 0
        while begin is not None:
            records = self.records
            damage = yield from self._read_from(begin)
            if damage is None:
                return
            # Where nothing could be read since the last damage, it is still the same.
            if self.records > records or begin == 0:
                yield Skipped(reason="damaged", offset=self.offset, message=damage)
            begin = self._next_start(self.offset + 1)

    def _read_from(self, begin: int) -> Generator[Capture | Skipped, None, str | None]:
        """Read to the end, or to what cannot be read; then it gives a clause that says what is wrong."""
        with self._open() as file:
            file.seek(begin)
            self.offset = begin
            records = iter(ArchiveIterator(file, record_types=WANTED, parse_http=False))
            while True:
                try:
                    record = next(records, None)
                    if record is None:
                        return None
                    self.offset = record.stream_pos
                    self.records += 1
                    found = self._take(record)
                    record.reader.consume()
                except OSError as error:
                    return str(error)
                length, there = record.content_length, record.reader.tell()
                if there < length:
                    # Cut off, or its length is wrong and it swallowed the records behind it.
                    return f"it ends after {there:,} of {length:,} bytes"
                if found is not None:
                    yield found

    def _next_start(self, offset: int) -> int | None:
        """Where the next record may begin, at this offset or after it."""
        with self._open() as file:
            file.seek(offset)
            tail = b""
            while block := file.read(SEARCHED_AT_ONCE):
                if match := STARTS.search(tail + block):
                    return offset - len(tail) + match.start()
                offset += len(block)
                tail = (tail + block)[-LONGEST_START:]
        return None

    def _take(self, record: WarcRecord) -> Capture | Skipped | None:
        """What a record gives; ``None`` when it speaks of another record and holds nothing of its own."""
        address = (record.headers.get("WARC-Target-URI") or "").strip("<>")
        recognised = self._recognise(address) if address else None
        if record.record_type == WarcRecordType.metadata and not (recognised and is_failure(record)):
            return None
        try:
            if recognised is None:
                raise Unusable("other_site", "it is of no site that is known here")
            capture = capture_of(record, address, recognised, self._original)
        except Unusable as unusable:
            message = str(unusable)
            return Skipped(reason=unusable.reason, offset=record.stream_pos, message=message, url=address or None)
        if record.record_type == WarcRecordType.response:
            self._remember(record, address)
        return capture

    def _remember(self, record: WarcRecord, address: str) -> None:
        self._originals.setdefault((address, record.headers.get("WARC-Date") or ""), record.stream_pos)
        if digest := record.headers.get("WARC-Payload-Digest"):
            self._originals.setdefault(digest, record.stream_pos)

    def _original(self, revisit: WarcRecord) -> Exchange | None:
        """The exchange that a revisit record refers to, by address and time, or else by the digest of its body."""
        address = (revisit.headers.get("WARC-Refers-To-Target-URI") or "").strip("<>")
        offset = self._originals.get((address, revisit.headers.get("WARC-Refers-To-Date") or ""))
        if offset is None:
            offset = self._originals.get(revisit.headers.get("WARC-Payload-Digest") or "")
        if offset is None:
            return None
        with self._open() as file:
            file.seek(offset)
            record = next(iter(ArchiveIterator(file, record_types=WANTED, parse_http=False)))
            return exchange_of(record)


def is_failure(record: WarcRecord) -> bool:
    """Does a metadata record stand for a page that could not be had?"""
    record.freeze()
    said = fields_of(record.reader.read())
    record.reader.seek(0)
    return FETCH_ERROR in said
