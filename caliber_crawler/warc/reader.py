"""Captures from third-party WARC files: crawlers, browsers, Common Crawl, text dumps.

Files of any size are read as a stream. A damaged or unwanted record does not affect the others: it is returned as
:class:`Skipped` with the reason, and reading continues after it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from typing import IO, cast
from urllib.parse import urljoin

from fastwarc.warc import ArchiveIterator, WarcRecord, WarcRecordType

from caliber_crawler.items import Capture
from caliber_crawler.warc.dictionary import BadDictionary, ConcatenatedFile, read_dictionary
from caliber_crawler.warc.originals import Originals
from caliber_crawler.warc.record import (
    MAX_HEADER_BYTES,
    Exchange,
    Reason,
    ResolvedURL,
    UnusableRecord,
    capture_of,
    exchange_of,
    fields_of,
    is_redirect,
)
from caliber_crawler.warc.redirects import Redirect, Redirects
from caliber_crawler.warc.writer import FETCH_ERROR

WANTED = (
    WarcRecordType.response
    | WarcRecordType.revisit
    | WarcRecordType.resource
    | WarcRecordType.conversion
    | WarcRecordType.metadata
)
STARTS = re.compile(rb"\x1f\x8b\x08|\x28\xb5\x2f\xfd|WARC/[01]\.[0-9]\r?\n")
"""The start of a record: a gzip member, a zstd frame, or the plain record."""
MAX_START_BYTES = 10
SEARCH_BLOCK_BYTES = 1024 * 1024

ResolveURL = Callable[[str], ResolvedURL | None]
"""Returns the known site's page at a URL; ``None`` for unknown sites."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """A record without a usable capture."""

    reason: Reason
    offset: int
    message: str
    """One clause."""
    url: str | None = None


class WarcReader:
    """Reads the captures in one WARC file. ``open_file`` opens it again, at its first byte, seekable.

    Only records that begin between the offsets ``begin`` and ``end`` (exclusive) are read; a record must begin at each
    of them. With shared ``originals``, revisit records may refer to pages in files that were read before.
    """

    def __init__(
        self,
        open_file: Callable[[], IO[bytes]],
        resolve_url: ResolveURL,
        begin: int = 0,
        end: int | None = None,
        originals: Originals | None = None,
    ) -> None:
        self._open = open_file
        self._resolve_url = resolve_url
        self._begin = begin
        self._end = end
        self._originals = originals or Originals()
        self._file = self._originals.begin(self._exchange_at)
        self._redirects = Redirects()
        self._unanswered: list[Skipped] = []
        self._dictionary = b""
        self._knows_earlier = begin == 0
        self.offset = begin
        """Current position in the file, in bytes."""
        self.records = 0
        """Number of records parsed so far, wanted or not."""
        self.described = 0
        """Number of those that only describe another record in JSON, as in a WAT file."""

    def __iter__(self) -> Iterator[Capture | Skipped]:
        try:
            with self._open() as file:
                self._dictionary = read_dictionary(file)
                first = max(self._begin, file.tell())
        except BadDictionary as bad:
            yield Skipped(reason="damaged", offset=0, message=str(bad))
            return
        begin: int | None = first
        while begin is not None:
            records = self.records
            damage = yield from self._read_from(begin)
            if damage is None:
                break
            # If no record was parsed since the last damage, it is the same damage.
            if self.records > records or begin == first:
                yield Skipped(reason="damaged", offset=self.offset, message=damage)
            begin = self._next_start(self.offset + 1)
        yield from map(unanswered, self._redirects.left())

    def _read_from(self, begin: int) -> Generator[Capture | Skipped, None, str | None]:
        """Read to the end or to a damaged part; in that case return a clause with the cause."""
        with self._open() as file:
            records, shift = self._records(file, begin)
            self.offset = begin
            while True:
                try:
                    record = next(records, None)
                    if record is None or (self._end is not None and record.stream_pos + shift >= self._end):
                        return None
                    self.offset = record.stream_pos + shift
                    self.records += 1
                    found = self._take(record)
                    record.reader.consume()
                except OSError as error:
                    return str(error)
                length, there = record.content_length, record.reader.tell()
                if there < length:
                    # Truncated, or the length is wrong and includes the records after it.
                    return f"it ends after {there:,} of {length:,} bytes"
                if found is not None:
                    yield found
                yield from self._unanswered
                self._unanswered.clear()

    def _records(self, file: IO[bytes], begin: int) -> tuple[Iterator[WarcRecord], int]:
        """The records of a file from an offset on, and the difference between their positions and their offsets."""
        file.seek(begin)
        stream: IO[bytes] = cast("IO[bytes]", ConcatenatedFile(self._dictionary, file)) if self._dictionary else file
        records = iter(ArchiveIterator(stream, record_types=WANTED, parse_http=False))
        return records, begin - len(self._dictionary) if self._dictionary else 0

    def _next_start(self, offset: int) -> int | None:
        """The possible start of the next record, at this offset or after it."""
        with self._open() as file:
            file.seek(offset)
            tail = b""
            while block := file.read(SEARCH_BLOCK_BYTES):
                if match := STARTS.search(tail + block):
                    return offset - len(tail) + match.start()
                offset += len(block)
                tail = (tail + block)[-MAX_START_BYTES:]
        return None

    def _take(self, record: WarcRecord) -> Capture | Skipped | None:
        """The result for a record; ``None`` if it only describes another record."""
        address = (record.headers.get("WARC-Target-URI") or "").strip("<>")
        resolved = self._resolve_url(address) if address else None
        if record.record_type == WarcRecordType.metadata and not (resolved and is_failure(record)):
            self.described += (record.headers.get("Content-Type") or "").startswith("application/json")
            return None
        try:
            if resolved is None:
                raise UnusableRecord("other_site", "it does not belong to a known site")
            capture = capture_of(record, address, resolved, self._original)
            if is_redirect(capture):
                return self._led_on(capture)
        except UnusableRecord as unusable:
            message = str(unusable)
            return Skipped(reason=unusable.reason, offset=self.offset, message=message, url=address or None)
        if record.record_type == WarcRecordType.response:
            self._originals.remember(record, address, self._file, self.offset)
        return self._redirects.follow(capture)

    def _led_on(self, capture: Capture) -> Capture | None:
        """Return a redirect that leads to the front page; keep any other until its target page is read."""
        target = urljoin(capture.effective_url, capture.header("location") or "")
        led_to = self._resolve_url(target)
        if led_to is None or led_to.site != capture.site or led_to.url == capture.url:
            raise UnusableRecord("redirect", f"it redirects to another URL ({capture.status})")
        if led_to.is_front_page:
            return capture
        if not led_to.is_article:
            raise UnusableRecord(
                "redirect", f"it redirects to {led_to.url}, which is not an article ({capture.status})"
            )
        self._unanswered += map(unanswered, self._redirects.lead(capture, led_to.url, self.offset))
        return None

    def _exchange_at(self, offset: int) -> Exchange:
        with self._open() as file:
            records, _ = self._records(file, offset)
            return exchange_of(next(records))

    def _original(self, revisit: WarcRecord) -> Exchange | None:
        """The exchange that a revisit record refers to."""
        found = self._originals.find(revisit)
        if found is None and not self._knows_earlier:
            self._look_before()
            found = self._originals.find(revisit)
        return found

    def _look_before(self) -> None:
        """Index the records before the part that is read here, so that the first occurrence in the file counts."""
        earlier = Originals()
        for _ in WarcReader(self._open, self._resolve_url, end=self._begin, originals=earlier):
            pass
        self._originals.put_before(earlier)
        self._knows_earlier = True


def unanswered(redirect: Redirect) -> Skipped:
    message = "it redirects to another URL, and the target page does not follow in this file"
    return Skipped(reason="redirect", offset=redirect.offset, message=message, url=redirect.urls[0])


def is_failure(record: WarcRecord) -> bool:
    """Return whether a metadata record represents a failed fetch."""
    if record.content_length > MAX_HEADER_BYTES:
        return False
    record.freeze()
    said = fields_of(record.reader.read())
    record.reader.seek(0)
    return FETCH_ERROR in said
