"""The shingles of the texts of an archive, for one pass: an original is compared with many others."""

from __future__ import annotations

from caliber_crawler.archive.analysis.copies.shingles import Shingles, ShingleSet
from caliber_crawler.archive.core.connection import Connection

MAX_SHINGLES = 32_000_000
"""Shingles in memory, of eight bytes each: those of 100,000 articles of 300 words."""

BODY = "SELECT v.body FROM articles a JOIN versions v ON v.id = a.current_version_id WHERE a.id = ?"


class ShingleCache:
    """Loads texts, and keeps the sets of the newest ones that were loaded."""

    def __init__(self, connection: Connection, most: int = MAX_SHINGLES) -> None:
        self._connection = connection
        self._most = most
        self._sets: dict[int, ShingleSet] = {}
        self._size = 0

    def shingles_of(self, article_id: int) -> Shingles:
        """The text of an article with its keys."""
        shingles = Shingles(self._connection.value(BODY, (article_id,)) or "")
        if article_id not in self._sets:
            self._sets[article_id] = shingles.all
            self._size += len(shingles.all)
            while self._size > self._most and len(self._sets) > 1:
                self._size -= len(self._sets.pop(next(iter(self._sets))))
        return shingles

    def set_of(self, article_id: int) -> ShingleSet:
        """The shingles of an article's text."""
        known = self._sets.get(article_id)
        return self.shingles_of(article_id).all if known is None else known
