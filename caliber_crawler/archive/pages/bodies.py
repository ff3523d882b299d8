"""Bodies: every distinct page stored once, compressed with a dictionary of earlier pages of the same class.

With such a :mod:`dictionary <caliber_crawler.archive.pages.dictionaries>`, pages of 82 to 252 KB took 2.7 to 4.6 KB
each, against 16 to 46 KB with zstd alone. Level 19 saves up to 8 % more at a tenth of the speed
(`benchmarks/archive.py`).
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from threading import Lock

import zstandard

from caliber_crawler.archive.core.connection import Connection
from caliber_crawler.archive.pages.cold_pages import ColdPages
from caliber_crawler.archive.pages.dictionaries import (
    CANDIDATES,
    LEVEL,
    MAX_BYTES,
    MIN_BYTES,
    Dictionaries,
    Dictionary,
    PageClass,
    StoredPage,
    damaged_body,
)
from caliber_crawler.errors import ArchiveError

MIN_BESIDE = 32_768
"""Number of bytes of a body from which on compressing takes longer than passing it to another thread."""
# Error pages are excluded: they are stored, but would make poor dictionaries.
NEWEST_PAGES = """SELECT digest, length(data) AS stored FROM bodies b
WHERE dictionary_id = ? AND size BETWEEN ? AND ? AND EXISTS (
  SELECT 1 FROM captures WHERE body_digest = b.digest AND status = 200) ORDER BY rowid DESC LIMIT ?"""


@dataclass(frozen=True, slots=True)
class Compressed:
    """A body as stored."""

    dictionary_id: int | None
    data: bytes


@dataclass(frozen=True, slots=True)
class CompressedBody:
    """A body compressed ahead of its insertion, without write access. ``dictionary`` is the dictionary's digest."""

    digest: str
    dictionary: str | None
    data: bytes


class Bodies:
    """The distinct bodies in an archive, by the SHA-256 of their bytes."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._dictionaries = Dictionaries(connection)
        self._cold = ColdPages(connection)
        self._plain_compressor = zstandard.ZstdCompressor(level=LEVEL)
        self._plain_decompressor = zstandard.ZstdDecompressor()
        self._beside = Lock()

    def put(
        self,
        body: bytes,
        page_class: PageClass,
        *,
        usable_as_dictionary: bool,
        compressed: CompressedBody | None = None,
    ) -> tuple[str, bool]:
        """Store a body unless it is already stored; return its digest, and whether it is new.

        A body in cold storage returns to the archive: it has a new capture.

        Only a body that is ``usable_as_dictionary`` may become a dictionary. ``compressed`` saves compressing the body
        again, if it was made with the newest dictionary.
        """
        digest = compressed.digest if compressed else hashlib.sha256(body).hexdigest()
        known = self._connection.value("SELECT stored FROM bodies WHERE digest = ?", (digest,))
        if known:
            return digest, False
        stored = self._compress(body, page_class, usable_as_dictionary=usable_as_dictionary, compressed=compressed)
        if known is None:
            self._insert(digest, len(body), stored)
        elif self._cold.has(digest):
            self._restore(digest, stored)
        return digest, known is None

    def compress(self, body: bytes, page_class: PageClass) -> CompressedBody:
        """Compress a body as it would be stored now if it does not become a dictionary."""
        current = self._dictionaries.newest(page_class)
        compressor = self._dictionaries.compressor(current.digest) if current else self._plain_compressor
        digest = hashlib.sha256(body).hexdigest()
        return CompressedBody(digest, current.digest if current else None, compressor.compress(body))

    def compression(self, body: bytes, page_class: PageClass) -> Callable[[], CompressedBody] | None:
        """A function that compresses a body like :meth:`compress` and may be called in another thread.

        ``None`` if that saves nothing: the body is short, or it is stored already.
        """
        if len(body) < MIN_BESIDE or (current := self._dictionaries.newest(page_class)) is None:
            return None
        digest = hashlib.sha256(body).hexdigest()
        if self._connection.value("SELECT 1 FROM bodies WHERE digest = ?", (digest,)) is not None:
            return None
        compressor = self._dictionaries.compressor_beside(current.digest)
        return partial(self._compress_beside, compressor, digest, current.digest, body)

    def _compress_beside(
        self, compressor: zstandard.ZstdCompressor, digest: str, dictionary: str, body: bytes
    ) -> CompressedBody:
        with self._beside:
            return CompressedBody(digest, dictionary, compressor.compress(body))

    def get(self, digest: str) -> bytes:
        """The body, bit for bit, also from cold storage.

        Raises ``ArchiveError`` if it is missing or damaged, ``ColdFileUnavailable`` if its cold file is not available.
        """
        body = self.get_stored(digest)
        return self._cold.get(digest) if body is None else body

    def get_stored(self, digest: str) -> bytes | None:
        """The body; ``None`` if it is in cold storage. Raises ``ArchiveError`` if it is missing or damaged."""
        row = self._connection.row(
            """SELECT b.size, b.data, d.digest AS dictionary FROM bodies b
            LEFT JOIN dictionaries d ON d.id = b.dictionary_id WHERE b.digest = ?""",
            (digest,),
        )
        if row is None:
            raise ArchiveError(f"{self._connection.path} contains no body {digest}.")
        if row["data"] == b"" and self._cold.has(digest):
            return None
        body = self._decompress(row["data"], row["size"], row["dictionary"])
        if body is None or hashlib.sha256(body).hexdigest() != digest:
            raise damaged_body(self._connection, digest)
        return body

    def is_dictionary_valid(self, digest: str) -> bool:
        """Does the stored content of a dictionary match its digest?"""
        data, size = self._connection.execute(
            "SELECT data, size FROM dictionaries WHERE digest = ?", (digest,)
        ).fetchone()
        return self.fits(data, digest, size)

    def fits(self, data: bytes, digest: str, size: int, dictionary: str | None = None) -> bool:
        """Do stored bytes decompress to the body with this digest?"""
        body = self._decompress(data, size, dictionary)
        return body is not None and hashlib.sha256(body).hexdigest() == digest

    def delete(self, digests: Iterable[str]) -> None:
        """Delete bodies and every dictionary that contains one of them; bodies that need one are recompressed.

        Records in cold files are noted for removal.
        """
        dictionaries: set[int] = set()
        for digest in digests:
            dictionaries |= self._dictionaries_with(digest)
            self._cold.forget(digest)
            self._connection.execute("DELETE FROM bodies WHERE digest = ?", (digest,))
        for id in sorted(dictionaries):
            self._delete_dictionary(id)

    def put_back(self, digest: str, page_class: PageClass, *, usable_as_dictionary: bool) -> None:
        """Store a body in the archive if it is only in cold storage. Raises ``ArchiveError`` if it cannot be read."""
        if self.get_stored(digest) is None:
            body = self._cold.get(digest)
            self._restore(
                digest, self._compress(body, page_class, usable_as_dictionary=usable_as_dictionary, compressed=None)
            )

    def bring_back(self, digest: str) -> None:
        """Store a body in the archive if it is only in cold storage, and note its records there for removal."""
        if not self._cold.has(digest):
            return
        if self.get_stored(digest) is None:
            self._restore(digest, Compressed(None, self._plain_compressor.compress(self._cold.get(digest))))
        self._cold.forget(digest)

    def _dictionaries_with(self, digest: str) -> set[int]:
        """The dictionaries that contain a body."""
        try:
            page = self.get(digest)
        except ArchiveError:
            # A damaged body cannot be searched for. A dictionary of this body alone has the same digest.
            return set(self._connection.values("SELECT id FROM dictionaries WHERE digest = ?", (digest,)))
        if len(page) < MIN_BYTES:
            return set()
        known = self._connection.rows("SELECT id, digest FROM dictionaries WHERE size >= ?", (len(page),))
        return {row["id"] for row in known if page in self._dictionaries.content(row["digest"])}

    def _delete_dictionary(self, id: int) -> None:
        bodies = self._connection.values("SELECT digest FROM bodies WHERE dictionary_id = ? ORDER BY rowid", (id,))
        if bodies:
            successor = self._dictionaries.replace(id, [self.get(digest) for digest in bodies[-CANDIDATES:]])
        for digest in bodies:
            page = self.get(digest)
            self._connection.execute("DELETE FROM bodies WHERE digest = ?", (digest,))
            self._insert(digest, len(page), self._compress_with(page, successor))
        self._connection.execute("DELETE FROM dictionaries WHERE id = ?", (id,))

    def _restore(self, digest: str, compressed: Compressed) -> None:
        self._connection.execute(
            "UPDATE bodies SET data = ?, dictionary_id = ? WHERE digest = ?",
            (compressed.data, compressed.dictionary_id, digest),
        )

    def _insert(self, digest: str, size: int, compressed: Compressed) -> None:
        self._connection.execute(
            "INSERT INTO bodies (digest, dictionary_id, size, data) VALUES (?, ?, ?, ?)",
            (digest, compressed.dictionary_id, size, compressed.data),
        )

    def _decompress(self, data: bytes, size: int, dictionary: str | None) -> bytes | None:
        try:
            decompressor = self._dictionaries.decompressor(dictionary) if dictionary else self._plain_decompressor
            # A damaged frame may claim any size, and zstd would allocate that much memory.
            if zstandard.frame_content_size(data) != size:
                return None
            return decompressor.decompress(data)
        except zstandard.ZstdError:
            return None

    def _compress(
        self, body: bytes, page_class: PageClass, *, usable_as_dictionary: bool, compressed: CompressedBody | None
    ) -> Compressed:
        usable_as_dictionary = usable_as_dictionary and MIN_BYTES <= len(body) <= MAX_BYTES
        current = self._dictionaries.newest(page_class)
        if current is None and usable_as_dictionary:
            current = self._dictionaries.add(body, page_class)
        elif current is not None and usable_as_dictionary and self._dictionaries.is_due(current):
            current = self._dictionaries.renew(current, page_class, self._newest_pages(current))
        if compressed is not None and compressed.dictionary == (current.digest if current else None):
            return Compressed(current.id if current else None, compressed.data)
        if current is None:
            return Compressed(None, self._plain_compressor.compress(body))
        return self._compress_with(body, current)

    def _newest_pages(self, dictionary: Dictionary) -> list[StoredPage]:
        """The newest pages compressed with a dictionary, newest last."""
        pages = []
        for row in self._connection.rows(NEWEST_PAGES, (dictionary.id, MIN_BYTES, MAX_BYTES, CANDIDATES)):
            # `verify` reports damaged pages; the crawl continues without them.
            with contextlib.suppress(ArchiveError):
                pages.append(StoredPage(self.get(row["digest"]), row["stored"]))
        return pages[::-1]

    def _compress_with(self, body: bytes, dictionary: Dictionary) -> Compressed:
        return Compressed(dictionary.id, self._dictionaries.compressor(dictionary.digest).compress(body))
