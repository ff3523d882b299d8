"""Ranking: the order of search results, with a bounded cost however many articles match.

Articles with the words as typed come before articles with other inflections only. BM25 costs microseconds per text, and
a common word occurs in most texts. So if more than :data:`MAX_RANKED` articles match, not all are ranked. First come
the newest :data:`MAX_RANKED_HEADLINES` that match in headline or subtitle, ranked among themselves; then the newest
:data:`MAX_RANKED` of all, ranked among themselves; then the others, newest first. No match is left out. Without a text
that every match contains (``author:Smith``), the newest come first.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Literal

from caliber_crawler.archive.core.connection import Connection
from caliber_crawler.archive.search.matching import EVERYTHING, Match, matching
from caliber_crawler.archive.search.selection import MAX_ROWS, Selection, condition

MAX_RANKED = 5_000
MAX_RANKED_HEADLINES = 1_000

Order = Literal["best", "newest"]

# The index `articles_current_version` covers every column of an article that filters use.
IN_TEXT = "FROM versions_fts f CROSS JOIN articles a ON a.current_version_id = f.rowid"
IN_ARTICLES = "FROM articles a"

BY_DATE = "a.published_at DESC, a.id DESC"
# A headline counts ten times the body.
RANK = "bm25(versions_fts, 10.0, 4.0, 1.0, 1.0)"
# Version IDs ascend in order of insertion. The index of texts yields them in this order: nothing is sorted.
BY_AGE = "f.rowid DESC"
NOT_FOUND = "NOT IN (SELECT value FROM json_each(:without))"


def source_of(connection: Connection, selection: Selection) -> tuple[str, dict[str, str]]:
    """``FROM … WHERE …`` for the articles ``a`` of a selection, with its parameters. Raises ``QueryError``.

    With a query, the articles come from the full-text index: a list of all that match would take half of the time.
    """
    match = EVERYTHING if selection.search is None else matching(connection, selection.search)
    where, values = condition(connection, replace(selection, search=None), match)
    where, values = " AND ".join([where, *match.conditions]), values | match.values
    if not match.text:
        return f"{IN_ARTICLES} WHERE {where}", values
    return f"{IN_TEXT} WHERE versions_fts MATCH :match AND {where}", values | {"match": match.text}


@dataclass(frozen=True, slots=True)
class Search:
    """A query with filters, order, limit and offset; see docs/reference/search.md for the language of queries."""

    query: str
    where: Selection = field(default_factory=Selection)
    order: Order = "best"
    limit: int = 20
    offset: int = 0


class Ranking:
    """The results of a search; ``match`` is its query as full-text expressions."""

    def __init__(self, connection: Connection, search: Search, match: Match) -> None:
        self._connection = connection
        self._search = search
        self._offset, self._limit = min(search.offset, MAX_ROWS), min(search.limit, MAX_ROWS)
        self.match = match
        filters, self._values = condition(connection, search.where, match)
        self._where = " AND ".join([filters, *match.conditions])
        self._values |= match.values

    def total(self) -> int:
        """The number of matching articles."""
        total: int = self._connection.value(f"SELECT count(*) {self._found(self.match.text)}", self._parameters())
        return total

    def versions(self) -> list[int]:
        """The IDs of the matching versions, in the requested order, within limit and offset."""
        if self._search.order == "newest" or not self.match.text:
            return self._in_order(self.match.text, BY_DATE, self._limit, self._offset)
        wanted = self._offset + self._limit
        found: dict[int, None] = {}
        for part in self._parts(wanted, found):
            found |= dict.fromkeys(part)
            if len(found) >= wanted:
                break
        return list(found)[self._offset : wanted]

    def _parts(self, wanted: int, found: dict[int, None]) -> Iterator[list[int]]:
        """Parts of the results, best first; ``found`` contains the parts before, which are not repeated."""
        if self.match.exact != self.match.text:
            yield from self._parts_of(self.match.exact, self.match.exact_in_headline, wanted, found)
        yield from self._parts_of(self.match.text, self.match.in_headline, wanted, found)

    def _parts_of(self, text: str, in_headline: str, wanted: int, found: dict[int, None]) -> Iterator[list[int]]:
        if not self._in_order(text, BY_AGE, 1, MAX_RANKED - 1):
            yield self._ranked(text, MAX_RANKED, wanted, without=found)
            return
        yield self._ranked(in_headline, MAX_RANKED_HEADLINES, wanted, without=found)
        yield self._ranked(text, MAX_RANKED, wanted, without=found)
        yield self._in_order(text, BY_AGE, wanted, without=found)

    def _ranked(self, text: str, newest: int, limit: int, *, without: dict[int, None]) -> list[int]:
        """The best of the newest matching versions, which are found and ranked in one pass."""
        sql = f"""SELECT version_id FROM (
            SELECT a.current_version_id AS version_id, a.published_at, a.id, {RANK} AS rank {self._found(text)}
            ORDER BY {BY_AGE} LIMIT :newest) a
          {f"WHERE version_id {NOT_FOUND}" if without else ""} ORDER BY rank, {BY_DATE} LIMIT :limit"""
        values = self._parameters(match=text, newest=newest, limit=limit, without=json.dumps(list(without)))
        return self._connection.values(sql, values)

    def _in_order(
        self, text: str, order: str, limit: int, offset: int = 0, *, without: dict[int, None] | None = None
    ) -> list[int]:
        sql = f"SELECT a.current_version_id {self._found(text)}"
        if without:
            sql += f" AND a.current_version_id {NOT_FOUND}"
        values = self._parameters(match=text, limit=limit, offset=offset, without=json.dumps(list(without or ())))
        return self._connection.values(f"{sql} ORDER BY {order} LIMIT :limit OFFSET :offset", values)

    def _found(self, text: str) -> str:
        return (
            f"{IN_TEXT} WHERE versions_fts MATCH :match AND {self._where}"
            if text
            else f"{IN_ARTICLES} WHERE {self._where}"
        )

    def _parameters(self, **more: str | int) -> dict[str, str | int]:
        return {**self._values, "match": self.match.text, **more}
