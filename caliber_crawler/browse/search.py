"""Search for the reader's pages: narrowed, counted, in pages, and newest first where that is wanted."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from caliber_crawler.archive.connection import Connection
from caliber_crawler.archive.query import MOST_WORDS, parse, words_in
from caliber_crawler.archive.search import CUT, MARKS, SNIPPET_TOKENS, hit_of, match_expression

ORDERS = {"best": "f.rank, a.published_at DESC, a.id DESC", "newest": "a.published_at DESC, a.id DESC"}
FILTERS = ("language", "section", "site", "from", "to")
LONGEST_QUERY = 1_000

# Ranked first and joined to the texts afterwards, so that only those shown are cut into snippets.
RANKED = """
WITH f AS MATERIALIZED (
  SELECT rowid AS version_id, bm25(versions_fts, 10.0, 4.0, 1.0, 1.0) AS rank
  FROM versions_fts WHERE versions_fts MATCH :match)
SELECT a.id, f.version_id, count(*) OVER () AS total
FROM f JOIN articles a ON a.current_version_id = f.version_id AND a.duplicate_of IS NULL
WHERE (:language = '' OR a.language = :language) AND (:section = '' OR a.section = :section)
  AND (:site = '' OR a.site = :site)
  AND (:from = '' OR a.published_date >= :from) AND (:to = '' OR a.published_date <= :to)
ORDER BY {order} LIMIT :limit OFFSET :offset"""

SNIPPETS = """
SELECT a.id AS article_id, a.url, a.headline, a.published_at, a.language, a.section, a.views, v.subtitle, v.body,
  snippet(versions_fts, -1, :opening, :closing, :cut, :tokens) AS snippet,
  a.published_local, a.site, a.version_count, coalesce(s.label, a.section) AS section_label
FROM versions_fts
CROSS JOIN versions v ON v.id = versions_fts.rowid
CROSS JOIN articles a ON a.current_version_id = v.id AND a.duplicate_of IS NULL
LEFT JOIN sections s ON s.site = a.site AND s.language = a.language AND s.section = a.section
WHERE versions_fts MATCH :match AND versions_fts.rowid IN (SELECT value FROM json_each(:versions))"""
BESIDES = ("published_local", "site", "version_count", "section_label")


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
    """Articles whose current version answers the query. Each hit has the fields of ``Hit`` and a few of the article's.

    ``filters`` are :data:`FILTERS`, empty where nothing is asked; ``from`` and ``to`` are days in the site's own time.
    """
    message = objection(query, filters)
    match = match_expression(connection, query[:LONGEST_QUERY])
    if not match or (message and not message.startswith("Only")):
        return Answer(message=message)
    wanted = {"match": match} | {name: filters.get(name, "") for name in FILTERS}
    ranked = connection.rows(RANKED.format(order=ORDERS[order]), wanted | {"limit": limit, "offset": offset})
    versions = json.dumps([row["version_id"] for row in ranked])
    marks = {"opening": MARKS[0], "closing": MARKS[1], "cut": CUT, "tokens": SNIPPET_TOKENS}
    found = {
        row["article_id"]: row for row in connection.rows(SNIPPETS, {"match": match, "versions": versions} | marks)
    }
    hits = [_hit(found[row["id"]]) for row in ranked if row["id"] in found]
    return Answer(total=ranked[0]["total"] if ranked else 0, hits=hits, message=message)


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


def _hit(row: dict[str, Any]) -> dict[str, Any]:
    besides = {name: row.pop(name) for name in BESIDES}
    hit = hit_of(row)
    return {name: getattr(hit, name) for name in hit.__dataclass_fields__} | besides
