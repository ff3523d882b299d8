"""Locations of the pages that revisit records refer to, in one file or in several that were written together."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import blake2b

from caliber_crawler.warc.raw_record import RawRecord
from caliber_crawler.warc.record import Exchange
from caliber_crawler.warc.unpacking import Place

REMEMBERED = 1_000_000
"""Maximum number of pages indexed by URL and time or by digest; beyond it the oldest are dropped. About 100 MB."""
OFFSET_BITS = 48
"""Bits of an offset in the index. Places are packed into integers, because there may be many."""

Look = Callable[[Place], Exchange | None]
"""Reads the record at a place in a file."""


class Originals:
    """Index of the pages read so far. The first of several identical pages counts."""

    def __init__(self) -> None:
        self._places: dict[int, int] = {}
        self._files: list[Look] = []

    def begin(self, look: Look) -> int:
        """Start indexing the pages of another file; return its number."""
        self._files.append(look)
        return len(self._files) - 1

    def remember(self, record: RawRecord, address: str, file: int) -> None:
        """Index a page's location by URL and time, and by digest."""
        place = packed(file, record.place)
        self._places.setdefault(key(address, record.get("WARC-Date")), place)
        if digest := record.get("WARC-Payload-Digest"):
            self._places.setdefault(key(digest), place)
        while len(self._places) > REMEMBERED:
            del self._places[next(iter(self._places))]

    def put_before(self, earlier: Originals) -> None:
        """Treat the pages of another index as earlier than these."""
        files = [self.begin(look) for look in earlier._files]
        before = {
            known: packed(files[file], at)
            for known, (file, at) in ((known, unpacked(place)) for known, place in earlier._places.items())
        }
        self._places = before | {known: place for known, place in self._places.items() if known not in before}

    def find(self, revisit: RawRecord) -> Exchange | None:
        """Return the page of a revisit record, by URL and time, else by the digest of its body."""
        address = (revisit.get("WARC-Refers-To-Target-URI") or "").strip("<>")
        place = self._places.get(key(address, revisit.get("WARC-Refers-To-Date")))
        if place is None:
            place = self._places.get(key(revisit.get("WARC-Payload-Digest")))
        if place is None:
            return None
        file, at = unpacked(place)
        return self._files[file](at)


def key(*names: str | None) -> int:
    return int.from_bytes(blake2b("\n".join(name or "" for name in names).encode(), digest_size=12).digest())


def packed(file: int, place: Place) -> int:
    return (file << 2 * OFFSET_BITS) | (place.inner << OFFSET_BITS) | place.member


def unpacked(place: int) -> tuple[int, Place]:
    below = (1 << OFFSET_BITS) - 1
    return place >> 2 * OFFSET_BITS, Place(place & below, place >> OFFSET_BITS & below)
