"""Dictionaries: earlier pages of a site, against which its later ones are compressed.

Pages of one site share everything but their text, and teasers, authors and phrases come again. The first page of a
lane serves from the second on. After :data:`FIRST_CHECK_AFTER` pages, and each time they have doubled, up to
:data:`MAX_PAGES` of the newest are put together so that each is the page which those before it serve worst: so every
layout, language and block is there once. Such a set is tried on other pages, and taken when it would have saved more
than it takes itself. Old ones stay, and a page needs nothing but its own. `benchmarks/archive.py` compares it with
one page and with trained dictionaries, which serve whole pages worse, at three levels.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import zstandard

from caliber_crawler.archive.core.connection import Connection
from caliber_crawler.archive.core.times import utc_now, utc_text
from caliber_crawler.errors import ArchiveError

LEVEL = 9
# Choosing compares, so it need not pack well.
CHOOSING_LEVEL = 3
# Shorter pages (errors, empty answers) would make poor dictionaries.
FROM_BYTES = 2_048
MAX_PAGES = 16
MAX_BYTES = 1 << 19
# A dictionary of so many bytes is read in 4 ms. Ready to pack with, it takes eleven times as much memory; to unpack
# with, twice.
COMPRESSORS, DECOMPRESSORS = 8, 32
FIRST_CHECK_AFTER = 16
# The newest pages that a dictionary is chosen from and tried on.
CANDIDATES = 64
# Sites change: a dictionary has aged when pages take this many times the space its first ones took, asked as often.
AGED = 1.3
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
    """Which one: its row, and the SHA-256 of its content."""

    id: int
    digest: str


class Dictionaries:
    """The dictionaries in an archive. Writing runs inside the caller's transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._plain_compressor = zstandard.ZstdCompressor(level=LEVEL)
        self._plain_decompressor = zstandard.ZstdDecompressor()
        # By digest, never by row id: a rolled-back dictionary's id is given out again.
        self.compressor = lru_cache(maxsize=COMPRESSORS)(self._load_compressor)
        self.decompressor = lru_cache(maxsize=DECOMPRESSORS)(self._load_decompressor)
        self._made: dict[str, int] = {}

    def newest(self, page_class: PageClass) -> Dictionary | None:
        """The one that the pages of a lane are compressed with now."""
        row = self._connection.row(
            """SELECT id, digest FROM dictionaries
            WHERE site = ? AND kind = ? AND language IS ? AND media_type = ? ORDER BY id DESC LIMIT 1""",
            (page_class.site, page_class.kind, page_class.language, page_class.media_type),
        )
        return None if row is None else Dictionary(row["id"], row["digest"])

    def add(self, content: bytes, page_class: PageClass) -> Dictionary:
        """Keep a page, or several, as the dictionary that the next pages of a lane are compressed with."""
        return self._insert(content, self._plain_compressor.compress(content), page_class)

    def is_due(self, dictionary: Dictionary) -> bool:
        """Is it time to look for a better one? Asked once for every page."""
        made = self._made.get(dictionary.digest)
        if made is None:
            made = self._connection.value("SELECT count(*) FROM bodies WHERE dictionary_id = ?", (dictionary.id,))
        self._made[dictionary.digest] = made + 1
        if made < FIRST_CHECK_AFTER:
            return False
        return is_power_of_two(made) or (made % CHECK_INTERVAL == 0 and self._has_aged(dictionary))

    def renew(self, current: Dictionary, page_class: PageClass, pages: Sequence[bytes]) -> Dictionary:
        """A better dictionary for pages like these, or ``current`` when there is none that would pay."""
        trained, tried = pages[::2], pages[1::2]
        if not tried:
            return current
        content = choose_pages(trained)
        data = self._plain_compressor.compress(content)
        takes = compressed_size(compressor_of(content, LEVEL), tried) / len(tried)
        took = compressed_size(self.compressor(current.digest), tried) / len(tried)
        if (took - takes) * self._made[current.digest] <= len(data):
            return current
        return self._insert(content, data, page_class)

    def succeed(self, id: int, pages: Sequence[bytes]) -> Dictionary:
        """Another dictionary in the lane of one that is to go, made of some of the pages that were made with it."""
        row = self._connection.row("SELECT site, kind, language, media_type FROM dictionaries WHERE id = ?", (id,))
        assert row is not None
        fitting = [page for page in pages if len(page) <= MAX_BYTES]
        return self.add(choose_pages(fitting or [pages[-1][:MAX_BYTES]]), PageClass(**row))

    def content(self, digest: str) -> bytes:
        """The pages a dictionary is made of; ``ArchiveError`` when it does not read back as it was stored."""
        data, size = self._connection.execute(
            "SELECT data, size FROM dictionaries WHERE digest = ?", (digest,)
        ).fetchone()
        try:
            if zstandard.frame_content_size(data) == size:
                content: bytes = self._plain_decompressor.decompress(data)
                return content
        except zstandard.ZstdError:
            pass
        raise damaged(self._connection, digest)

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
        self._made[digest] = 0
        return Dictionary(id, digest)

    def _has_aged(self, dictionary: Dictionary) -> bool:
        first, newest = (
            self._connection.execute(
                f"""SELECT sum(stored), sum(size) FROM (
                  SELECT length(data) AS stored, size FROM bodies WHERE dictionary_id = ? AND size >= ?
                  ORDER BY rowid {order} LIMIT ?)""",
                (dictionary.id, FROM_BYTES, FIRST_CHECK_AFTER),
            ).fetchone()
            for order in ("ASC", "DESC")
        )
        return bool(newest[0] * first[1] > AGED * first[0] * newest[1])

    def _load_compressor(self, digest: str) -> zstandard.ZstdCompressor:
        return compressor_of(self.content(digest), LEVEL)

    def _load_decompressor(self, digest: str) -> zstandard.ZstdDecompressor:
        return zstandard.ZstdDecompressor(dict_data=raw(self.content(digest)))


def choose_pages(pages: Sequence[bytes], most_bytes: int = MAX_BYTES) -> bytes:
    """Those of some pages, the newest last, that are the best dictionary for pages like them."""
    *rest, content = pages
    for _ in range(MAX_PAGES - 1):
        compressor = compressor_of(content, CHOOSING_LEVEL)
        fitting = [page for page in rest if len(content) + len(page) <= most_bytes]
        if not fitting:
            break
        worst = max(fitting, key=lambda page: len(compressor.compress(page)))
        rest.remove(worst)
        content = worst + content
    return content


def compressed_size(compressor: zstandard.ZstdCompressor, pages: Sequence[bytes]) -> int:
    return sum(len(compressor.compress(page)) for page in pages)


def compressor_of(content: bytes, level: int) -> zstandard.ZstdCompressor:
    dictionary = raw(content)
    dictionary.precompute_compress(level=level)
    return zstandard.ZstdCompressor(dict_data=dictionary, level=level)


def raw(content: bytes) -> zstandard.ZstdCompressionDict:
    return zstandard.ZstdCompressionDict(content, dict_type=zstandard.DICT_TYPE_RAWCONTENT)


def is_power_of_two(count: int) -> bool:
    """Is it :data:`FIRST_CHECK_AFTER`, twice as many, four times as many, and so on?"""
    times, rest = divmod(count, FIRST_CHECK_AFTER)
    return rest == 0 and times.bit_count() == 1


def damaged(connection: Connection, digest: str) -> ArchiveError:
    return ArchiveError(f"{connection.path} is damaged: body {digest} does not read back as it was stored.")
