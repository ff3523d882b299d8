"""Search for the plugin's pages: filters of query parameters, counts, pagination and order."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

from caliber_crawler.archive.core.connection import Connection
from caliber_crawler.archive.search import Hit, Order, Search, find_and_count, list_and_count, parse
from caliber_crawler.archive.search.selection import Selection
from caliber_crawler.errors import QueryError

if TYPE_CHECKING:
    from caliber_crawler.browse.pages import PageRequest

NARROWING = ("language", "section", "site", "from", "to", "code", "unique")
"""Query parameters that filter articles."""
MAX_EXPORTED = 1_000
"""Maximum number of hits in a file (CSV, JSON, citations); use `caliber export` for more."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The total number of hits and the hits of one page."""

    total: int = 0
    hits: tuple[Hit, ...] = ()
    message: str | None = None
    """What is wrong with the search, in one or two sentences."""
    error: QueryError | None = None
    """The place in the query that cannot be understood."""
    reading: str | None = None
    """How the query is understood, if it mixes operators."""

    @property
    def status(self) -> int:
        """The HTTP status of the page."""
        return 400 if self.message else 200


def filters_of(page_request: PageRequest) -> Selection:
    """Return the selection of a page's query parameters: ``q`` and :data:`NARROWING`.

    Use :func:`wrong_day` to check the days. A query that cannot be understood raises ``QueryError`` when it is used.
    """
    language, section, site, first_day, last_day, code, unique = (
        page_request.argument(name) or None for name in NARROWING
    )
    return Selection(
        languages=(language,) if language else (),
        sections=(section,) if section else (),
        sites=(site,) if site else (),
        first_day=first_day,
        last_day=last_day,
        codes=(code,) if code else (),
        search=page_request.argument("q") or None,
        unique=unique == "1",
    )


def asked_for(page_request: PageRequest) -> Search:
    """Return the search of a page's query parameters."""
    where = filters_of(page_request)
    order: Order = "newest" if page_request.argument("order") == "newest" else "best"
    return Search(where.search or "", replace(where, search=None), order=order)


def answer(connection: Connection, search: Search, total: int | None = None) -> Answer:
    """Return the articles whose current version matches the search, or what is wrong with it.

    Without a query these are all articles that the filters select, newest first. ``total`` is their number, if it is
    known.
    """
    try:
        if message := wrong_day(search.where):
            return Answer(message=message)
        found = (find_and_count if search.query else list_and_count)(connection, search, total)
    except QueryError as error:
        return Answer(message=error.problem, error=error)
    return Answer(total=found.total, hits=found.hits, reading=reading_of(search.query))


def reading_of(query: str) -> str | None:
    """Return how a query is understood, if it has operators that a person may have meant otherwise."""
    tree = parse(query)
    if tree is None or not re.search(r"(?i)\b(?:and|or|not)\b|\|", query):
        return None
    return str(tree)


def wrong_day(where: Selection) -> str | None:
    """Return a message about an invalid day of a selection; ``None`` if there is none."""
    for day in (where.first_day, where.last_day):
        if day and not is_day(day):
            return f"“{day}” is not a date: write it as 2026-01-31."
    return None


def is_day(text: str) -> bool:
    """Return whether a text is a date of the form ``2026-01-31``."""
    try:
        return bool(re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII)) and bool(date.fromisoformat(text))
    except ValueError:
        return False
