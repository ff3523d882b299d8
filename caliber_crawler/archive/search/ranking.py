"""Ranking: the order of search results, with a bounded cost however many articles match.

BM25 costs microseconds per text, and a common word occurs in most texts. So if more than :data:`MAX_RANKED` articles
match, not all are ranked. First come the newest :data:`MAX_RANKED_HEADLINES` that match in headline or subtitle, ranked
among themselves; then the newest :data:`MAX_RANKED` of all, ranked among themselves; then the others, newest first.
No match is left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass

from caliber_crawler.archive.core.connection import Connection
from caliber_crawler.archive.search.query import Search

MAX_RANKED = 5_000
MAX_RANKED_HEADLINES = 1_000

FILTERS = """a.duplicate_of IS NULL
  AND (:language IS NULL OR a.language = :language) AND (:section IS NULL OR a.section = :section)
  AND (:site IS NULL OR a.site = :site)
  AND (:first_day IS NULL OR a.published_date >= :first_day) AND (:last_day IS NULL OR a.published_date <= :last_day)"""
"""The condition for rows of ``articles a`` that pass the filters; its parameters are the fields of a ``Search``."""

# The index `articles_current_version` covers every column of an article used here.
FOUND = f"""FROM versions_fts f
CROSS JOIN articles a ON a.current_version_id = f.rowid
WHERE versions_fts MATCH :match AND {FILTERS}"""

TOTAL = f"SELECT count(*) {FOUND}"
# Version IDs ascend in order of insertion.
OLDEST_OF = f"SELECT f.rowid {FOUND} ORDER BY f.rowid DESC LIMIT 1 OFFSET :offset"
# A headline counts ten times the body.
BEST = f"""SELECT f.rowid {FOUND} AND f.rowid >= :oldest
ORDER BY bm25(versions_fts, 10.0, 4.0, 1.0, 1.0), a.published_at DESC, a.id DESC LIMIT :limit OFFSET :offset"""
REST = f"SELECT f.rowid {FOUND} AND f.rowid < :oldest ORDER BY f.rowid DESC LIMIT :limit"
NEWEST = f"SELECT f.rowid {FOUND} ORDER BY a.published_at DESC, a.id DESC LIMIT :limit OFFSET :offset"


@dataclass(frozen=True, slots=True)
class Match:
    """A query as expressions for ``versions_fts MATCH``; both are empty if the query has no words to find."""

    anywhere: str = ""
    in_headline: str = ""
    """The same, restricted to headline and subtitle."""
    inflections: tuple[str, ...] = ()
    """Every word or phrase of the query, in all inflections."""

    def __bool__(self) -> bool:
        return bool(self.anywhere)


class Ranking:
    """The results of a search; ``match`` is its query as full-text expressions."""

    def __init__(self, connection: Connection, search: Search, match: Match) -> None:
        self._connection = connection
        self._search = search
        self.match = match

    def total(self) -> int:
        """The number of matching articles."""
        return self._connection.value(TOTAL, self._parameters(self.match.anywhere)) if self.match else 0

    def versions(self) -> list[int]:
        """The IDs of the matching versions, in the requested order, within limit and offset."""
        if not self.match:
            return []
        if self._search.order == "newest":
            return self._connection.values(NEWEST, self._parameters(self.match.anywhere))
        return self._best(self._search.limit, self._search.offset)

    def _best(self, limit: int, offset: int) -> list[int]:
        oldest = self._oldest_of(MAX_RANKED, self.match.anywhere)
        if oldest is None:
            return self._ranked(self.match.anywhere, 0, limit, offset)
        found: dict[int, None] = {}
        for part in self._parts(oldest, offset + limit):
            found |= dict.fromkeys(part)
            if len(found) >= offset + limit:
                break
        return list(found)[offset : offset + limit]

    def _parts(self, oldest: int, wanted: int) -> Iterator[list[int]]:
        """Three parts of the results, best first; each is long enough even if it repeats results of earlier parts."""
        in_headline = self.match.in_headline
        yield self._ranked(in_headline, self._oldest_of(MAX_RANKED_HEADLINES, in_headline) or 0, wanted)
        yield self._ranked(self.match.anywhere, oldest, 2 * wanted)
        yield self._connection.values(REST, self._parameters(self.match.anywhere, oldest=oldest, limit=3 * wanted))

    def _oldest_of(self, count: int, match: str) -> int | None:
        """The ID of the oldest among the ``count`` newest matching versions; ``None`` if there are fewer."""
        oldest: int | None = self._connection.value(OLDEST_OF, self._parameters(match, offset=count - 1))
        return oldest

    def _ranked(self, match: str, oldest: int, limit: int, offset: int = 0) -> list[int]:
        return self._connection.values(BEST, self._parameters(match, oldest=oldest, limit=limit, offset=offset))

    def _parameters(self, match: str, **numbers: int) -> dict[str, str | int | None]:
        return {**asdict(self._search), "match": match, **numbers}
