"""Search for the reader's pages: narrowed, counted, in pages, and newest first where that is wanted."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

from caliber_crawler.archive.connection import Connection
from caliber_crawler.archive.search import Hit, Search, find_and_count
from caliber_crawler.archive.search.query import MOST_WORDS, parse, words_in

if TYPE_CHECKING:
    from caliber_crawler.browse.pages import Asked

LONGEST_QUERY = 1_000

NARROWING = ("language", "section", "site", "from", "to")
"""The parameters of an address that narrow a search."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What was found: so many in all, and those of the page that was asked for."""

    total: int = 0
    hits: tuple[Hit, ...] = ()
    message: str | None = None
    """What to tell the reader of the query itself, in one or two sentences."""


def asked_for(asked: Asked) -> Search:
    """What the address of a page of ours looks for."""
    language, section, site, first_day, last_day = (asked.argument(name) or None for name in NARROWING)
    return Search(
        asked.argument("q"),
        language=language,
        section=section,
        site=site,
        first_day=first_day,
        last_day=last_day,
        order="newest" if asked.argument("order") == "newest" else "best",
    )


def answer(connection: Connection, search: Search) -> Answer:
    """Articles whose current version answers the search."""
    message = objection(search)
    if message and not message.startswith("Only"):
        return Answer(message=message)
    found = find_and_count(connection, replace(search, query=search.query[:LONGEST_QUERY]))
    return Answer(total=found.total, hits=found.hits, message=message)


def objection(search: Search) -> str | None:
    """What is wrong with a search, for the reader; ``None`` when nothing is."""
    for day in (search.first_day, search.last_day):
        if day and not is_day(day):
            return f"“{day}” is no day: write it as 2026-01-31."
    if not search.query:
        return None
    groups = parse(search.query[:LONGEST_QUERY])
    if not groups:
        return f"“{search.query}” has no word to look for: only letters and digits are."
    if all(group[0].unwanted for group in groups):
        return "Every word of this is to be left out. Name one that is to be there."
    if len(search.query) > LONGEST_QUERY or len(words_in(search.query)) > MOST_WORDS:
        return f"Only the first {MOST_WORDS} words were looked for."
    return None


def is_day(text: str) -> bool:
    """``2026-01-31`` and nothing else."""
    try:
        return bool(re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII)) and bool(date.fromisoformat(text))
    except ValueError:
        return False
