"""Ranking: which of the articles that answer a query come first, at the same price however many answer it.

BM25 costs microseconds for each text, and a common word stands in most of them. So of more than
:data:`RANKED_TOGETHER` answers not all are compared: first come those that answer in headline or subtitle, of these
the newest :data:`HEADLINES_TOGETHER`, then the newest of all, each ranked among themselves, then the others, the newest
first. None is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from caliber_crawler.archive.connection import Connection

RANKED_TOGETHER = 5_000
HEADLINES_TOGETHER = 1_000

# All that is asked of an article here stands in the index `articles_current_version`.
FOUND = """FROM versions_fts f
CROSS JOIN articles a ON a.current_version_id = f.rowid AND a.duplicate_of IS NULL
WHERE versions_fts MATCH :match
  AND (:language = '' OR a.language = :language) AND (:section = '' OR a.section = :section)
  AND (:site = '' OR a.site = :site)
  AND (:from = '' OR a.published_date >= :from) AND (:to = '' OR a.published_date <= :to)"""

TOTAL = f"SELECT count(*) {FOUND}"
# Versions are numbered as they come.
OLDEST_OF = f"SELECT f.rowid {FOUND} ORDER BY f.rowid DESC LIMIT 1 OFFSET :offset"
# A headline counts ten times the body.
BEST = f"""SELECT f.rowid {FOUND} AND f.rowid >= :oldest
ORDER BY bm25(versions_fts, 10.0, 4.0, 1.0, 1.0), a.published_at DESC, a.id DESC LIMIT :limit OFFSET :offset"""
REST = f"SELECT f.rowid {FOUND} AND f.rowid < :oldest ORDER BY f.rowid DESC LIMIT :limit"
NEWEST = f"SELECT f.rowid {FOUND} ORDER BY a.published_at DESC, a.id DESC LIMIT :limit OFFSET :offset"


@dataclass(frozen=True, slots=True)
class Match:
    """A query as expressions for ``versions_fts MATCH``; both empty when it asks for nothing."""

    anywhere: str = ""
    in_headline: str = ""
    """The same, what is asked for being in the headline or the subtitle."""
    forms: tuple[str, ...] = ()
    """Every word or row of words that is asked for, in all its forms."""

    def __bool__(self) -> bool:
        return bool(self.anywhere)


class Ranking:
    """The answers to one query. ``filters`` are those of :func:`caliber_crawler.archive.search.find`."""

    def __init__(self, connection: Connection, match: Match, filters: Mapping[str, str]) -> None:
        self._connection = connection
        self.match = match
        self._filters = filters

    def total(self) -> int:
        """How many articles answer."""
        total: int = self._connection.value(TOTAL, self._asked(self.match.anywhere))
        return total

    def newest(self, limit: int, offset: int) -> list[int]:
        """The versions that answer, the newest article first."""
        return self._connection.values(NEWEST, self._asked(self.match.anywhere, limit=limit, offset=offset))

    def best(self, limit: int, offset: int) -> list[int]:
        """The versions that answer, the best first."""
        oldest = self._oldest_of(RANKED_TOGETHER, self.match.anywhere)
        if oldest is None:
            return self._ranked(self.match.anywhere, 0, limit, offset)
        found: dict[int, None] = {}
        for part in self._parts(oldest, offset + limit):
            found |= dict.fromkeys(part)
            if len(found) >= offset + limit:
                break
        return list(found)[offset : offset + limit]

    def _parts(self, oldest: int, wanted: int) -> Iterator[list[int]]:
        """Three parts of the answers, best first, each long enough though it may repeat what came in those before."""
        in_headline = self.match.in_headline
        yield self._ranked(in_headline, self._oldest_of(HEADLINES_TOGETHER, in_headline) or 0, wanted)
        yield self._ranked(self.match.anywhere, oldest, 2 * wanted)
        yield self._connection.values(REST, self._asked(self.match.anywhere, oldest=oldest, limit=3 * wanted))

    def _oldest_of(self, count: int, match: str) -> int | None:
        """The last of the newest so many versions that answer; ``None`` when there are fewer."""
        oldest: int | None = self._connection.value(OLDEST_OF, self._asked(match, offset=count - 1))
        return oldest

    def _ranked(self, match: str, oldest: int, limit: int, offset: int = 0) -> list[int]:
        return self._connection.values(BEST, self._asked(match, oldest=oldest, limit=limit, offset=offset))

    def _asked(self, match: str, **numbers: int) -> dict[str, Any]:
        return {**self._filters, "match": match, **numbers}
