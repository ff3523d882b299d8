"""Locations of the pages that revisit records refer to, in one file or in several that were written together."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import blake2b

from fastwarc.warc import WarcRecord

from caliber_crawler.warc.record import Exchange

REMEMBERED = 1_000_000
"""Maximum number of pages indexed by URL and time or by digest; beyond it the oldest are dropped. About 100 MB."""
PLACES_IN_FILE = 1 << 48

Look = Callable[[int], Exchange]
"""Reads the record at an offset of a file."""


class Originals:
    """Index of the pages read so far. The first of several identical pages counts."""

    def __init__(self) -> None:
        self._places: dict[int, int] = {}
        self._files: list[Look] = []

    def begin(self, look: Look) -> int:
        """Start indexing the pages of another file; return its number."""
        self._files.append(look)
        return len(self._files) - 1

    def remember(self, record: WarcRecord, address: str, file: int, offset: int) -> None:
        """Index a page's location by URL and time, and by digest."""
        place = file * PLACES_IN_FILE + offset
        self._places.setdefault(key(address, record.headers.get("WARC-Date")), place)
        if digest := record.headers.get("WARC-Payload-Digest"):
            self._places.setdefault(key(digest), place)
        while len(self._places) > REMEMBERED:
            del self._places[next(iter(self._places))]

    def put_before(self, earlier: Originals) -> None:
        """Treat the pages of another index as earlier than these."""
        files = [self.begin(look) for look in earlier._files]
        before = {
            known: files[place // PLACES_IN_FILE] * PLACES_IN_FILE + place % PLACES_IN_FILE
            for known, place in earlier._places.items()
        }
        self._places = before | {known: place for known, place in self._places.items() if known not in before}

    def find(self, revisit: WarcRecord) -> Exchange | None:
        """Return the page of a revisit record, by URL and time, else by the digest of its body."""
        headers = revisit.headers
        address = (headers.get("WARC-Refers-To-Target-URI") or "").strip("<>")
        place = self._places.get(key(address, headers.get("WARC-Refers-To-Date")))
        if place is None:
            place = self._places.get(key(headers.get("WARC-Payload-Digest")))
        return None if place is None else self._files[place // PLACES_IN_FILE](place % PLACES_IN_FILE)


def key(*names: str | None) -> int:
    return int.from_bytes(blake2b("\n".join(name or "" for name in names).encode(), digest_size=12).digest())
