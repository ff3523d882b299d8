"""Finding: from what a search asks to the articles that answer it."""

from __future__ import annotations

from dataclasses import dataclass

from caliber_crawler.archive.core.connection import Connection
from caliber_crawler.archive.search.hits import Hit, hits
from caliber_crawler.archive.search.inflections import matching
from caliber_crawler.archive.search.query import Search
from caliber_crawler.archive.search.ranking import Ranking


@dataclass(frozen=True, slots=True)
class SearchResults:
    """Some of the articles found, in order, and how many there are in all."""

    total: int = 0
    hits: tuple[Hit, ...] = ()


def find(connection: Connection, search: Search) -> list[Hit]:
    """Articles whose current version answers a search, in the order of :mod:`~caliber_crawler.archive.search.ranking`.

    A query that asks for nothing finds nothing.
    """
    return _hits(connection, Ranking(connection, search, matching(connection, search.query)))


def find_and_count(connection: Connection, search: Search) -> SearchResults:
    """The same, and how many there are in all: of a common word, counting takes longer than finding."""
    ranking = Ranking(connection, search, matching(connection, search.query))
    return SearchResults(ranking.total(), tuple(_hits(connection, ranking)))


def _hits(connection: Connection, ranking: Ranking) -> list[Hit]:
    return hits(connection, ranking.match.inflections, ranking.versions())
