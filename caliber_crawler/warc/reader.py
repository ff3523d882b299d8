"""Captures from third-party WARC and ARC files: crawlers, browsers, Common Crawl, text dumps.

Files of any size are read as a stream. A damaged or unwanted record does not affect the others: it is returned as
:class:`Skipped` with the reason, and reading continues after it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import IO

from caliber_crawler.items import Capture
from caliber_crawler.warc.dictionary import BadDictionary, read_dictionary
from caliber_crawler.warc.fields import FETCH_ERROR
from caliber_crawler.warc.originals import Originals
from caliber_crawler.warc.raw_record import RawRecord
from caliber_crawler.warc.record import (
    MAX_HEADER_BYTES,
    Exchange,
    Skipped,
    UnusableRecord,
    capture_of,
    exchange_of,
    fields_of,
)
from caliber_crawler.warc.record_stream import Damage, RecordStream
from caliber_crawler.warc.responses import ResolveURL, Responses, resolve
from caliber_crawler.warc.unpacking import FAULTS, Place

PAGE_RECORDS = ("response", "revisit", "resource", "conversion")
"""The types of records that contain a page or refer to one."""
OTHER_RECORDS = ("request", "warcinfo", "metadata", "continuation")
"""The types of records that describe others. ``continuation`` is the rest of a page whose first part is ``truncated``.
"""


class WarcReader:
    """Reads the captures in one WARC or ARC file. ``open_file`` opens it again, at its first byte, seekable.

    Only records that begin between the offsets ``begin`` and ``end`` (exclusive) are read; a record must begin at each
    of them. With shared ``originals``, revisit records may refer to pages in files that were read before.
    ``is_seekable`` states whether any offset of the file can be reached at no cost.
    """

    def __init__(
        self,
        open_file: Callable[[], IO[bytes]],
        resolve_url: ResolveURL,
        begin: int = 0,
        end: int | None = None,
        originals: Originals | None = None,
        *,
        is_seekable: bool = True,
    ) -> None:
        self._open = open_file
        self._resolve_url = resolve_url
        self._begin = begin
        self._end = end
        self._is_seekable = is_seekable
        self._originals = originals or Originals()
        self._file = self._originals.begin(self._exchange_at)
        self._responses = Responses(resolve_url)
        self._stream: RecordStream | None = None
        self._knows_earlier = begin == 0
        self.offset = begin
        """Current position in the file, in bytes."""
        self.records = 0
        """Number of records parsed so far, wanted or not."""
        self.described = 0
        """Number of those that only describe another record in JSON, as in a WAT file."""
        self.others: Counter[str] = Counter()
        """Records that contain no page by type: requests, information about the file."""

    def __iter__(self) -> Iterator[Capture | Skipped]:
        try:
            self._stream = stream = self._open_stream(self._begin)
        except BadDictionary as bad:
            yield Skipped(reason="damaged", offset=0, message=str(bad))
            return
        except FAULTS as error:  # a WACZ whose index is damaged
            yield Skipped(reason="damaged", offset=0, message=f"it cannot be read ({error})")
            return
        try:
            yield from self._read(stream)
        finally:
            stream.close()
        yield from self._responses.left()

    def _open_stream(self, begin: int) -> RecordStream:
        with self._open() as file:
            dictionary = read_dictionary(file)
            first = max(begin, file.tell())
        return RecordStream(self._open, first, dictionary, is_seekable=self._is_seekable)

    def _read(self, stream: RecordStream) -> Iterator[Capture | Skipped]:
        records = -1
        while True:
            try:
                record = stream.next()
                if record is None or (self._end is not None and record.place.member >= self._end):
                    return
                self.offset = record.place.member
                self.records += 1
                found = self._take(record)
                stream.finish(record)
            except Damage as damage:
                # If no record was parsed since the last damage, it is the same damage.
                if self.records > records:
                    yield Skipped(reason="damaged", offset=self.offset, message=str(damage))
                records = self.records
                if not stream.recover():
                    return
                continue
            if found is not None:
                yield found
            yield from self._responses.unanswered()

    def _take(self, record: RawRecord) -> Capture | Skipped | None:
        """The result for a record; ``None`` if it contains no page."""
        address = (record.get("WARC-Target-URI") or "").strip().removeprefix("<").removesuffix(">")
        try:
            if record.type not in PAGE_RECORDS and not (record.type == "metadata" and is_failure(record)):
                self.others[record.type if record.type in OTHER_RECORDS else "unknown"] += 1
                is_json = (record.get("Content-Type") or "").startswith("application/json")
                self.described += record.type == "metadata" and is_json
                return None
            resolved = resolve(address, self._resolve_url)
            capture = capture_of(record, address, resolved, self._original)
            found = self._responses.add(capture, self.offset)
            if found is not None and record.type == "response":
                self._originals.remember(record, address, self._file)
        except UnusableRecord as unusable:
            message = str(unusable)
            return Skipped(reason=unusable.reason, offset=self.offset, message=message, url=address or None)
        except Damage:
            raise
        except Exception as error:  # noqa: BLE001 - one record must not stop the others
            message = f"internal error, {type(error).__name__}: {error}"
            return Skipped(reason="internal_error", offset=self.offset, message=message, url=address or None)
        return found

    def _exchange_at(self, place: Place) -> Exchange | None:
        if self._stream is None:
            self._stream = self._open_stream(0)
        record = self._stream.record_at(place)
        return exchange_of(record) if record is not None else None

    def _original(self, revisit: RawRecord) -> Exchange | None:
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


def is_failure(record: RawRecord) -> bool:
    """Return whether a metadata record represents a failed fetch."""
    if record.length is None or record.length > MAX_HEADER_BYTES:
        return False
    return FETCH_ERROR in fields_of(record.read())
