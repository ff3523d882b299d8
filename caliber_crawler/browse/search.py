"""Search for the reader's pages: narrowed, counted, in pages, and newest first where that is wanted."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

from caliber_crawler.archive.connection import Connection
from caliber_crawler.archive.hits import MARKS
from caliber_crawler.archive.query import MOST_WORDS, parse, words_in
from caliber_crawler.archive.search import find

LONGEST_QUERY = 1_000


@dataclass(frozen=True, slots=True)
class Answer:
    """What was found: so many in all, and those of the page that was asked for."""

    total: int = 0
    hits: list[dict[str, Any]] = field(default_factory=list)
    message: str | None = None
    """What to tell the reader of the query itself, in one or two sentences."""


def search(
    connection: Connection,
    query: str,
    filters: Mapping[str, str],
    *,
    order: str = "best",
    limit: int = 20,
    offset: int = 0,
) -> Answer:
    """Articles whose current version answers the query. Each hit has the fields of ``Hit``.

    ``filters``, ``order``, ``limit`` and ``offset`` are those of :func:`caliber_crawler.archive.search.find`.
    """
    message = objection(query, filters)
    if message and not message.startswith("Only"):
        return Answer(message=message)
    found = find(connection, query[:LONGEST_QUERY], filters, order=order, limit=limit, offset=offset)
    return Answer(total=found.total, hits=[asdict(hit) for hit in found.hits], message=message)


def objection(query: str, filters: Mapping[str, str]) -> str | None:
    """What is wrong with a query, for the reader; ``None`` when nothing is."""
    for name in ("from", "to"):
        if filters.get(name) and not is_day(filters[name]):
            return f"“{filters[name]}” is no day: write it as 2026-01-31."
    if not query:
        return None
    groups = parse(query[:LONGEST_QUERY])
    if not groups:
        return f"“{query}” has no word to look for: only letters and digits are."
    if all(group[0].unwanted for group in groups):
        return "Every word of this is to be left out. Name one that is to be there."
    if len(query) > LONGEST_QUERY or len(words_in(query)) > MOST_WORDS:
        return f"Only the first {MOST_WORDS} words were looked for."
    return None


def is_day(text: str) -> bool:
    """``2026-01-31`` and nothing else."""
    try:
        return bool(re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII)) and bool(date.fromisoformat(text))
    except ValueError:
        return False


def snippet_parts(snippet: str) -> list[tuple[str, bool]]:
    """A snippet as runs of text, each with whether it was looked for."""
    runs = re.split(f"({MARKS[0]}[^{MARKS[1]}]*{MARKS[1]})", snippet)
    return [(run.strip("".join(MARKS)), run.startswith(MARKS[0])) for run in runs if run]
