"""Search for the plugin's pages, with filters, counts, pagination and order."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

from caliber_crawler.archive.core.connection import Connection
from caliber_crawler.archive.search import Hit, Search, find_and_count
from caliber_crawler.archive.search.query import MAX_WORDS, parse, words_in

if TYPE_CHECKING:
    from caliber_crawler.browse.pages import PageRequest

MAX_QUERY_LENGTH = 1_000

NARROWING = ("language", "section", "site", "from", "to")
"""Query parameters that filter a search."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The total number of hits and the hits of one page."""

    total: int = 0
    hits: tuple[Hit, ...] = ()
    message: str | None = None
    """A message about the query, in one or two sentences."""


def asked_for(page_request: PageRequest) -> Search:
    """Return the search of a page's query parameters."""
    language, section, site, first_day, last_day = (page_request.argument(name) or None for name in NARROWING)
    return Search(
        page_request.argument("q"),
        language=language,
        section=section,
        site=site,
        first_day=first_day,
        last_day=last_day,
        order="newest" if page_request.argument("order") == "newest" else "best",
    )


def answer(connection: Connection, search: Search) -> Answer:
    """Return the articles whose current version matches the search."""
    message = objection(search)
    if message and not message.startswith("Only"):
        return Answer(message=message)
    found = find_and_count(connection, replace(search, query=search.query[:MAX_QUERY_LENGTH]))
    return Answer(total=found.total, hits=found.hits, message=message)


def objection(search: Search) -> str | None:
    """Return a message about an invalid search; ``None`` if it is valid."""
    for day in (search.first_day, search.last_day):
        if day and not is_day(day):
            return f"“{day}” is not a date: write it as 2026-01-31."
    if not search.query:
        return None
    groups = parse(search.query[:MAX_QUERY_LENGTH])
    if not groups:
        return f"“{search.query}” has no search terms: use letters or digits."
    if all(group[0].excluded for group in groups):
        return "All words are excluded. Add a word to search for."
    if len(search.query) > MAX_QUERY_LENGTH or len(words_in(search.query)) > MAX_WORDS:
        return f"Only the first {MAX_WORDS} words were used."
    return None


def is_day(text: str) -> bool:
    """Return whether a text is a date of the form ``2026-01-31``."""
    try:
        return bool(re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII)) and bool(date.fromisoformat(text))
    except ValueError:
        return False
