"""Dictionaries: earlier pages of a site, used to compress its later pages.

Pages of one site share everything but their text, and teasers, authors and phrases recur. The first page of a page
class becomes the dictionary for the next ones. After :data:`FIRST_CHECK_AFTER` pages, and each time their number has
doubled, a new dictionary is built from up to :data:`MAX_PAGES` of the newest pages. Each step adds the page that the
dictionary so far compresses worst, so every layout, language and block is included once. The new dictionary is tried
on other pages; it is adopted if it would have saved more than its own size. Old dictionaries stay, and a body depends
on one dictionary only. `benchmarks/archive.py` compares this method with a single page and with trained dictionaries,
which compress whole pages worse, at three levels.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from heapq import heapify, heappop, heappush
from typing import NamedTuple

import zstandard

from caliber_crawler.archive.core.connection import Connection
from caliber_crawler.archive.core.times import utc_now, utc_text
from caliber_crawler.errors import ArchiveError

LEVEL = 9
# Pages are chosen by comparison, for which a fast level is enough.
CHOOSING_LEVEL = 3
# Shorter pages (errors, empty responses) would make poor dictionaries.
MIN_BYTES = 2_048
MAX_PAGES = 16
MAX_BYTES = 1 << 19
# A dictionary of this size is loaded in 4 ms. A compressor takes eleven times as much memory, a decompressor twice.
COMPRESSORS, DECOMPRESSORS = 8, 32
COMPRESSORS_BESIDE = 2
"""Compressors for another thread: one compressor must not be used by two threads at once."""
FIRST_CHECK_AFTER = 16
# The number of newest pages from which a dictionary is built and on which it is tried.
CANDIDATES = 64
# Sites change: a dictionary is outdated when pages take this many times the space of its first pages.
OUTDATED_FACTOR = 1.3
CHECK_INTERVAL = 64


@dataclass(frozen=True, slots=True)
class PageClass:
    """Pages likely to look alike."""

    site: str
    kind: str
    language: str | None
    media_type: str


@dataclass(frozen=True, slots=True)
class Dictionary:
    """A dictionary: its row ID, and the SHA-256 of its content."""

    id: int
    digest: str


class StoredPage(NamedTuple):
    """A page, and the number of bytes that it takes as it is stored."""

    content: bytes
    stored: int


class Dictionaries:
    """The dictionaries in an archive. Writing methods run inside the caller's transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._plain_compressor = zstandard.ZstdCompressor(level=LEVEL)
        self._plain_decompressor = zstandard.ZstdDecompressor()
        # Cached by digest, never by row ID: SQLite reuses the ID of a dictionary that was rolled back.
        self.compressor = lru_cache(maxsize=COMPRESSORS)(self._load_compressor)
        self.compressor_beside = lru_cache(maxsize=COMPRESSORS_BESIDE)(self._load_compressor)
        self.decompressor = lru_cache(maxsize=DECOMPRESSORS)(self._load_decompressor)
        self._uses: dict[str, int] = {}

    def newest(self, page_class: PageClass) -> Dictionary | None:
        """The dictionary for new pages of a class."""
        row = self._connection.row(
            """SELECT id, digest FROM dictionaries
            WHERE site = ? AND kind = ? AND language IS ? AND media_type = ? ORDER BY id DESC LIMIT 1""",
            (page_class.site, page_class.kind, page_class.language, page_class.media_type),
        )
        return None if row is None else Dictionary(row["id"], row["digest"])

    def add(self, content: bytes, page_class: PageClass) -> Dictionary:
        """Store one or several pages as the dictionary for the next pages of a class."""
        return self._insert(content, self._plain_compressor.compress(content), page_class)

    def is_due(self, dictionary: Dictionary) -> bool:
        """Is it time to build a new dictionary? Call it once for every page: it counts the uses."""
        uses = self._uses.get(dictionary.digest)
        if uses is None:
            uses = self._connection.value("SELECT count(*) FROM bodies WHERE dictionary_id = ?", (dictionary.id,))
        self._uses[dictionary.digest] = uses + 1
        if uses < FIRST_CHECK_AFTER:
            return False
        return has_doubled(uses) or (uses % CHECK_INTERVAL == 0 and self._is_outdated(dictionary))

    def renew(self, current: Dictionary, page_class: PageClass, pages: Sequence[StoredPage]) -> Dictionary:
        """A better dictionary for pages like these, or ``current`` if a new one would not save space.

        The pages are compressed with ``current``, newest last.
        """
        candidates, trial = pages[::2], pages[1::2]
        if not trial:
            return current
        content = choose_pages([page.content for page in candidates])
        data = self._plain_compressor.compress(content)
        # What those of the trial must save, so that all pages so far would have saved the size of the dictionary.
        saved = len(data) * len(trial) / self._uses[current.digest]
        if not takes_less(content, [page.content for page in trial], sum(page.stored for page in trial) - saved):
            return current
        return self._insert(content, data, page_class)

    def replace(self, id: int, pages: Sequence[bytes]) -> Dictionary:
        """Replace a dictionary that will be deleted, with some of the pages that were compressed with it."""
        row = self._connection.row("SELECT site, kind, language, media_type FROM dictionaries WHERE id = ?", (id,))
        assert row is not None
        fitting = [page for page in pages if len(page) <= MAX_BYTES]
        return self.add(choose_pages(fitting or [pages[-1][:MAX_BYTES]]), PageClass(**row))

    def content(self, digest: str) -> bytes:
        """The content of a dictionary. Raises ``ArchiveError`` if it is damaged."""
        data, size = self._connection.execute(
            "SELECT data, size FROM dictionaries WHERE digest = ?", (digest,)
        ).fetchone()
        try:
            if zstandard.frame_content_size(data) == size:
                content: bytes = self._plain_decompressor.decompress(data)
                return content
        except zstandard.ZstdError:
            pass
        raise damaged_body(self._connection, digest)

    def _insert(self, content: bytes, data: bytes, page_class: PageClass) -> Dictionary:
        digest = hashlib.sha256(content).hexdigest()
        known = self._connection.value("SELECT id FROM dictionaries WHERE digest = ?", (digest,))
        if known is not None:
            return Dictionary(known, digest)
        id = self._connection.execute(
            """INSERT INTO dictionaries (digest, site, kind, language, media_type, created_at, size, data)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?)""",
            (
                digest,
                page_class.site,
                page_class.kind,
                page_class.language,
                page_class.media_type,
                utc_text(utc_now()),
                len(content),
                data,
            ),
        ).lastrowid
        assert id is not None
        self._uses[digest] = 0
        return Dictionary(id, digest)

    def _is_outdated(self, dictionary: Dictionary) -> bool:
        first, newest = (
            self._connection.execute(
                f"""SELECT total(stored), total(size) FROM (
                  SELECT length(data) AS stored, size FROM bodies WHERE dictionary_id = ? AND size >= ?
                  ORDER BY rowid {order} LIMIT ?)""",
                (dictionary.id, MIN_BYTES, FIRST_CHECK_AFTER),
            ).fetchone()
            for order in ("ASC", "DESC")
        )
        return bool(newest[0] * first[1] > OUTDATED_FACTOR * first[0] * newest[1])

    def _load_compressor(self, digest: str) -> zstandard.ZstdCompressor:
        return compressor_of(self.content(digest), LEVEL)

    def _load_decompressor(self, digest: str) -> zstandard.ZstdDecompressor:
        return zstandard.ZstdDecompressor(dict_data=raw(self.content(digest)))


def choose_pages(pages: Sequence[bytes], max_bytes: int = MAX_BYTES) -> bytes:
    """Choose from pages, newest last, those that make the best dictionary for similar pages; return them joined."""
    *rest, content = pages
    # A page hardly ever compresses worse with more pages in the dictionary. So a size of an earlier step is an upper
    # bound, and only the pages with the largest bounds are compressed again: (minus the size, place, step).
    bounds = [(-max_bytes, place, 0) for place in range(len(rest))]
    heapify(bounds)
    for step in range(1, MAX_PAGES):
        compressor = compressor_of(content, CHOOSING_LEVEL) if bounds else None
        while bounds:
            _, place, measured = heappop(bounds)
            page = rest[place]
            if len(content) + len(page) > max_bytes:
                continue
            if measured == step:
                content = page + content
                break
            assert compressor is not None
            heappush(bounds, (-len(compressor.compress(page)), place, step))
        else:
            break
    return content


def takes_less(content: bytes, pages: Sequence[bytes], size: float) -> bool:
    """Whether pages take less than ``size`` bytes with a dictionary. Most do not, which the first ones show."""
    if size <= 0:
        return False
    compressor = compressor_of(content, LEVEL)
    for page in pages:
        size -= len(compressor.compress(page))
        if size <= 0:
            return False
    return True


def compressor_of(content: bytes, level: int) -> zstandard.ZstdCompressor:
    dictionary = raw(content)
    dictionary.precompute_compress(level=level)
    return zstandard.ZstdCompressor(dict_data=dictionary, level=level)


def raw(content: bytes) -> zstandard.ZstdCompressionDict:
    return zstandard.ZstdCompressionDict(content, dict_type=zstandard.DICT_TYPE_RAWCONTENT)


def has_doubled(count: int) -> bool:
    """Is a count :data:`FIRST_CHECK_AFTER` times a power of two?"""
    times, rest = divmod(count, FIRST_CHECK_AFTER)
    return rest == 0 and times.bit_count() == 1


def damaged_body(connection: Connection, digest: str) -> ArchiveError:
    return ArchiveError(f"{connection.path} is damaged: the stored bytes of body {digest} do not match its digest.")
