"""Results: run a search and return the matching articles."""

from __future__ import annotations

from dataclasses import dataclass, replace

from caliber_crawler.archive.core.connection import Connection
from caliber_crawler.archive.search.hits import Hit, hits
from caliber_crawler.archive.search.matching import EVERYTHING, matching
from caliber_crawler.archive.search.ranking import Ranking, Search


@dataclass(frozen=True, slots=True)
class SearchResults:
    """One page of the matching articles, in order, and the total number of matches."""

    total: int = 0
    hits: tuple[Hit, ...] = ()


def find(connection: Connection, search: Search) -> list[Hit]:
    """Articles whose current version matches a search, in the order of :mod:`~caliber_crawler.archive.search.ranking`.

    An empty query matches nothing. Raises ``QueryError`` for a query that cannot be understood.
    """
    return _hits(connection, Ranking(connection, search, matching(connection, search.query)))


def find_and_count(connection: Connection, search: Search, total: int | None = None) -> SearchResults:
    """Like :func:`find`, with the number of matches; for a common word, counting them takes longer than finding.

    ``total`` is that number, if it is known.
    """
    return _results(connection, Ranking(connection, search, matching(connection, search.query)), total)


def list_and_count(connection: Connection, search: Search, total: int | None = None) -> SearchResults:
    """All articles that the filters of a search select, newest first, whatever its query; and their number."""
    return _results(connection, Ranking(connection, replace(search, order="newest"), EVERYTHING), total)


def _results(connection: Connection, ranking: Ranking, total: int | None) -> SearchResults:
    return SearchResults(ranking.total() if total is None else total, tuple(_hits(connection, ranking)))


def _hits(connection: Connection, ranking: Ranking) -> list[Hit]:
    return hits(connection, ranking.match.passages, ranking.versions())
