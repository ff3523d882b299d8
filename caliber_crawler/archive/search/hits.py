"""Hits: the articles found by a search, each with its matching passage."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypedDict

from caliber_crawler.archive.core.connection import Connection
from caliber_crawler.archive.search.tokens import FOLDING

# SQLite puts these markers around a match and where it cuts the text. No extracted text contains them.
OPENING, CLOSING, CUT = MARKERS = ("\x02", "\x03", "\x04")
SNIPPET_TOKENS = 32
SNIPPET_LETTERS = 600
LATIN_MARKS = re.compile("[\u0300-\u036f]")

TEXTS = """
SELECT v.id AS version_id, a.id AS article_id, a.url, a.headline, a.published_at, a.language, a.section, a.views,
  v.subtitle, v.body, a.published_local, a.site, a.version_count, coalesce(s.label, a.section) AS section_label
FROM json_each(?) j
CROSS JOIN versions v ON v.id = j.value
CROSS JOIN articles a ON a.current_version_id = v.id AND a.duplicate_of IS NULL
LEFT JOIN sections s ON s.site = a.site AND s.language = a.language AND s.section = a.section
ORDER BY j.key"""

SNIPPET = """
SELECT snippet(versions_fts, -1, :opening, :closing, :cut, :tokens) FROM versions_fts
WHERE versions_fts MATCH :match AND rowid = :version"""


class HitRow(TypedDict):
    """A row of :data:`TEXTS`."""

    version_id: int
    article_id: int
    url: str
    headline: str
    published_at: str | None
    language: str
    section: str | None
    views: int | None
    subtitle: str | None
    body: str
    published_local: str | None
    site: str
    version_count: int
    section_label: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """An article that matches a search, in its current version."""

    article_id: int
    url: str
    headline: str
    published_at: str | None
    """ISO 8601 in UTC (``2026-01-06T15:13:00Z``); ``None`` if the page has no date."""
    language: str
    """BCP 47: ``en``, ``ru``, ``hy``."""
    section: str | None
    views: int | None
    """The newest view count; ``None`` if the site shows none."""
    snippet: str
    """The passage that matches the query: one line of plain text, with ``…`` where the article is cut."""
    matches: tuple[tuple[int, int], ...]
    """The matches in ``snippet``, in order: start and end of each slice, in characters."""
    published_local: str | None
    """The same time as ``published_at``, with the offset that the site prints."""
    site: str
    version_count: int
    section_label: str | None
    """The section's name on the site."""

    def parts(self) -> Iterator[tuple[str, bool]]:
        """The snippet split at its matches: each part, and whether it is a match."""
        position = 0
        for start, end in self.matches:
            if position < start:
                yield self.snippet[position:start], False
            yield self.snippet[start:end], True
            position = end
        if position < len(self.snippet):
            yield self.snippet[position:], False

    def marked(self, opening: str, closing: str) -> str:
        """The snippet with a marker before and after each match: ``hit.marked("<mark>", "</mark>")``."""
        return "".join(f"{opening}{text}{closing}" if is_match else text for text, is_match in self.parts())


def hits(connection: Connection, passages: Sequence[str], versions: Sequence[int]) -> list[Hit]:
    """The articles of some versions, in that order, with the passages that were found in them.

    ``passages`` are full-text phrases. Without one in the text, the text's beginning is shown.
    """
    return [hit_of(connection, passages, row) for row in connection.rows_of(HitRow, TEXTS, (json.dumps(versions),))]


def hit_of(connection: Connection, passages: Sequence[str], row: HitRow) -> Hit:
    text = "\n".join((row["headline"], row["subtitle"] or "", row["body"]))
    parameters = {"opening": OPENING, "closing": CLOSING, "cut": CUT, "tokens": SNIPPET_TOKENS}
    parameters |= {"match": " OR ".join(passages_in(text, passages)), "version": row["version_id"]}
    found = connection.value(SNIPPET, parameters) if passages else None
    snippet, matches = without_markers(with_original_letters(found or beginning_of(row["body"]), text))
    return Hit(
        article_id=row["article_id"],
        url=row["url"],
        headline=row["headline"],
        published_at=row["published_at"],
        language=row["language"],
        section=row["section"],
        views=row["views"],
        snippet=snippet,
        matches=matches,
        published_local=row["published_local"],
        site=row["site"],
        version_count=row["version_count"],
        section_label=row["section_label"],
    )


def without_markers(snippet: str) -> tuple[str, tuple[tuple[int, int], ...]]:
    """A snippet as one line of plain text without control characters, and the slices of its matches."""
    letters: list[str] = []
    matches: list[tuple[int, int]] = []
    start: int | None = None
    for letter in " ".join(snippet.replace(CUT, "…").split()):
        if letter == OPENING:
            start = len(letters)
        elif letter == CLOSING and start is not None:
            matches.append((start, len(letters)))
            start = None
        elif unicodedata.category(letter) != "Cc":
            letters.append(letter)
    return "".join(letters), tuple(matches)


def beginning_of(body: str) -> str:
    words = body[:SNIPPET_LETTERS].split()
    return " ".join(words[:SNIPPET_TOKENS]) + (CUT if len(words) > SNIPPET_TOKENS else "")


def passages_in(text: str, passages: Sequence[str]) -> Sequence[str]:
    """The passages whose words occur in a text; searching the index for those that do not would cost as much."""
    lower = text.lower()
    plain = text.translate(FOLDING).lower()
    # The index removes diacritics from Latin letters only.
    letters = lower + plain + LATIN_MARKS.sub("", unicodedata.normalize("NFD", plain))
    found = [passage for passage in passages if all(word in letters for word in passage.strip('" *').split())]
    return found or passages


def with_original_letters(snippet: str, original: str) -> str:
    """A snippet with the article's original letters, where the index took it from the folded text."""
    text = "".join(letter for letter in snippet if letter not in MARKERS)
    if text in original:
        return snippet
    start = original.translate(FOLDING).find(text)
    if start < 0:
        return snippet
    letters = iter(original[start : start + len(text)])
    return "".join(letter if letter in MARKERS else next(letters) for letter in snippet)
