"""Bodies: every distinct page once, compressed against an earlier page of the same kind.

Pages of one site share everything but their text. With one earlier page as a raw-content dictionary, pages of 82 to
252 KB took 2.7 to 4.6 KB each, against 16 to 46 KB with zstd alone. On such pages a trained dictionary takes 1.4 to 5
times as much, and level 19 saves up to 8 % at a tenth of the speed (`benchmarks/archive.py`). Sites change, so a
dictionary that no longer helps is followed by a new one; old ones stay, and a body needs nothing but its own.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache

import zstandard

from caliber_crawler.archive.connection import Connection
from caliber_crawler.archive.times import utc_now, utc_text
from caliber_crawler.errors import ArchiveError

LEVEL = 9
# Shorter ones (error pages, empty answers) would make poor dictionaries.
DICTIONARY_FROM_BYTES = 2_048
# A dictionary is judged by this many pages, and again after as many.
JUDGED_BY = 50
# ... and has aged when they take this many times the space the first of its pages took.
AGED = 1.5
# It never was any good when pages take more than this part of what they take without one.
USELESS = 0.5


@dataclass(frozen=True, slots=True)
class Lane:
    """Pages likely to look alike."""

    site: str
    kind: str
    language: str | None
    media_type: str


@dataclass(frozen=True, slots=True)
class Compressed:
    """A body as stored."""

    dictionary_id: int | None
    data: bytes


class Bodies:
    """The distinct bodies in an archive, by the SHA-256 of their bytes."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._stored_since_judged: Counter[Lane] = Counter()
        self._plain_compressor = zstandard.ZstdCompressor(level=LEVEL)
        self._plain_decompressor = zstandard.ZstdDecompressor()
        # By digest, never by row id: a rolled-back dictionary's id is given out again.
        self._compressor = lru_cache(maxsize=16)(self._load_compressor)
        self._decompressor = lru_cache(maxsize=64)(self._load_decompressor)

    def put(self, body: bytes, lane: Lane, *, exemplary: bool) -> str:
        """Store a body unless it is known, and return its digest. Only an ``exemplary`` one may become a dictionary."""
        digest = hashlib.sha256(body).hexdigest()
        if self._connection.value("SELECT 1 FROM bodies WHERE digest = ?", (digest,)) is None:
            compressed = self._compress(body, lane, exemplary=exemplary)
            self._connection.execute(
                "INSERT INTO bodies (digest, dictionary_id, size, data) VALUES (?, ?, ?, ?)",
                (digest, compressed.dictionary_id, len(body), compressed.data),
            )
        return digest

    def get(self, digest: str) -> bytes:
        """The body, bit for bit; ``ArchiveError`` when the stored bytes do not give it back."""
        row = self._connection.row(
            """SELECT b.size, b.data, d.digest AS dictionary FROM bodies b
            LEFT JOIN dictionaries d ON d.id = b.dictionary_id WHERE b.digest = ?""",
            (digest,),
        )
        if row is None:
            raise ArchiveError(f"{self._connection.path} holds no body {digest}.")
        body = self._unpacked(row["data"], row["size"], row["dictionary"])
        if body is None or hashlib.sha256(body).hexdigest() != digest:
            raise self._damaged(digest)
        return body

    def dictionary_is_sound(self, digest: str) -> bool:
        """Does a dictionary read back as it was stored?"""
        data, size = self._connection.execute(
            "SELECT data, size FROM dictionaries WHERE digest = ?", (digest,)
        ).fetchone()
        return self.fits(data, digest, size)

    def fits(self, data: bytes, digest: str, size: int, dictionary: str | None = None) -> bool:
        """Do stored bytes give the body of a digest?"""
        body = self._unpacked(data, size, dictionary)
        return body is not None and hashlib.sha256(body).hexdigest() == digest

    def _unpacked(self, data: bytes, size: int, dictionary: str | None) -> bytes | None:
        try:
            decompressor = self._decompressor(dictionary) if dictionary else self._plain_decompressor
            # A damaged frame may claim any size, and that much memory would be taken for it.
            if zstandard.frame_content_size(data) != size:
                return None
            return decompressor.decompress(data)
        except zstandard.ZstdError:
            return None

    def drop_dictionary(self, digest: str) -> None:
        """Delete a dictionary, if there is one of that digest; the bodies made with it are packed anew."""
        row = self._connection.row("SELECT * FROM dictionaries WHERE digest = ?", (digest,))
        if row is None:
            return
        lane = Lane(row["site"], row["kind"], row["language"], row["media_type"])
        bodies = self._connection.values(
            "SELECT digest FROM bodies WHERE dictionary_id = ? ORDER BY rowid", (row["id"],)
        )
        # Its successor in the lane, or the first page that was made with it.
        successor = self._connection.row(
            """SELECT id, digest FROM dictionaries WHERE site = ? AND kind = ? AND language IS ? AND media_type = ?
            AND id <> ? ORDER BY id DESC LIMIT 1""",
            (*row_of(lane), row["id"]),
        )
        if successor is None and bodies:
            successor = self._add_dictionary(self.get(bodies[0]), lane)
        for body in bodies:
            assert successor is not None
            page = self.get(body)
            data = self._compressor(str(successor["digest"])).compress(page)
            self._connection.execute("DELETE FROM bodies WHERE digest = ?", (body,))
            self._connection.execute(
                "INSERT INTO bodies (digest, dictionary_id, size, data) VALUES (?, ?, ?, ?)",
                (body, successor["id"], len(page), data),
            )
        self._connection.execute("DELETE FROM dictionaries WHERE id = ?", (row["id"],))

    def _damaged(self, digest: str) -> ArchiveError:
        return ArchiveError(f"{self._connection.path} is damaged: body {digest} does not read back as it was stored.")

    def _compress(self, body: bytes, lane: Lane, *, exemplary: bool) -> Compressed:
        exemplary = exemplary and len(body) >= DICTIONARY_FROM_BYTES
        current = self._connection.row(
            """SELECT id, digest FROM dictionaries
            WHERE site = ? AND kind = ? AND language IS ? AND media_type = ? ORDER BY id DESC LIMIT 1""",
            (lane.site, lane.kind, lane.language, lane.media_type),
        )
        if exemplary and (current is None or self._has_aged(current["id"], body, lane)):
            current = self._add_dictionary(body, lane)
        if current is None:
            return Compressed(None, self._plain_compressor.compress(body))
        return Compressed(current["id"], self._compressor(current["digest"]).compress(body))

    def _has_aged(self, dictionary_id: int, body: bytes, lane: Lane) -> bool:
        """Would a new dictionary serve better? Asked in earnest once in ``JUDGED_BY`` pages."""
        self._stored_since_judged[lane] += 1
        if self._stored_since_judged[lane] < JUDGED_BY:
            return False
        self._stored_since_judged[lane] = 0
        # The first body of a dictionary is the dictionary's own page, which takes next to nothing.
        stored = self._connection.execute(
            """SELECT length(data), size FROM bodies WHERE dictionary_id = ? AND size >= ? ORDER BY rowid""",
            (dictionary_id, DICTIONARY_FROM_BYTES),
        ).fetchall()[1:]
        if len(stored) < JUDGED_BY:
            return False
        start, recent = packing(stored[:JUDGED_BY]), packing(stored[-JUDGED_BY:])
        plain = len(self._plain_compressor.compress(body)) / len(body)
        return recent > AGED * start or recent > USELESS * plain

    def _add_dictionary(self, body: bytes, lane: Lane) -> dict[str, object]:
        digest = hashlib.sha256(body).hexdigest()
        cursor = self._connection.execute(
            """INSERT INTO dictionaries (digest, site, kind, language, media_type, created_at, size, data)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?)""",
            (
                digest,
                lane.site,
                lane.kind,
                lane.language,
                lane.media_type,
                utc_text(utc_now()),
                len(body),
                self._plain_compressor.compress(body),
            ),
        )
        return {"id": cursor.lastrowid, "digest": digest}

    def _dictionary(self, digest: str) -> zstandard.ZstdCompressionDict:
        data = self._connection.value("SELECT data FROM dictionaries WHERE digest = ?", (digest,))
        try:
            page = self._plain_decompressor.decompress(data)
        except zstandard.ZstdError as error:
            raise self._damaged(digest) from error
        return zstandard.ZstdCompressionDict(page, dict_type=zstandard.DICT_TYPE_RAWCONTENT)

    def _load_compressor(self, digest: str) -> zstandard.ZstdCompressor:
        dictionary = self._dictionary(digest)
        dictionary.precompute_compress(level=LEVEL)
        return zstandard.ZstdCompressor(dict_data=dictionary, level=LEVEL)

    def _load_decompressor(self, digest: str) -> zstandard.ZstdDecompressor:
        return zstandard.ZstdDecompressor(dict_data=self._dictionary(digest))


def row_of(lane: Lane) -> tuple[str | None, ...]:
    return (lane.site, lane.kind, lane.language, lane.media_type)


def packing(stored: list[tuple[int, int]]) -> float:
    """Bytes stored for each byte of page."""
    return sum(row[0] for row in stored) / sum(row[1] for row in stored)
