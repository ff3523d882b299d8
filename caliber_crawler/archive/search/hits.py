"""Hits: articles that were found, each with the passage that answers."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from caliber_crawler.archive.connection import Connection
from caliber_crawler.archive.search.query import FOLDING

MARKS = ("\x02", "\x03")
"""Around every word found in a snippet. Neither can stand in an article."""

CUT = "\x04"
SNIPPET_TOKENS = 32
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """An article found. In ``snippet`` the words found stand between the two :data:`MARKS`."""

    article_id: int
    url: str
    headline: str
    published_at: str | None
    language: str
    section: str | None
    views: int | None
    snippet: str
    published_local: str | None
    site: str
    version_count: int
    section_label: str | None


def hits(connection: Connection, forms: Sequence[str], versions: Sequence[int]) -> list[Hit]:
    """The articles of some versions, in that order, with what was found in them: any of these forms."""
    return [hit_of(connection, forms, row) for row in connection.rows(TEXTS, (json.dumps(versions),))]


def hit_of(connection: Connection, forms: Sequence[str], row: dict[str, Any]) -> Hit:
    text = "\n".join((row["headline"], row.pop("subtitle") or "", row.pop("body")))
    asked = {"opening": MARKS[0], "closing": MARKS[1], "cut": CUT, "tokens": SNIPPET_TOKENS}
    asked |= {"match": any_of(forms_in(text, forms)), "version": row.pop("version_id")}
    snippet = in_print(connection.value(SNIPPET, asked) or "", text)
    return Hit(**row, snippet=" ".join(snippet.replace(CUT, "…").split()))


def any_of(forms: Iterable[str]) -> str:
    """Forms as an expression for ``versions_fts MATCH``."""
    return "(" + " OR ".join(f'"{form}"' for form in forms) + ")"


def forms_in(text: str, forms: Sequence[str]) -> Sequence[str]:
    """The forms that can be found in a text. To look in the index for one that is not there takes as long."""
    plain = text.translate(FOLDING).lower()
    # As the index has it, where Latin letters have lost their marks and all others kept them.
    letters = plain + LATIN_MARKS.sub("", unicodedata.normalize("NFD", plain))
    found = [form for form in forms if all(word in letters for word in form.split())]
    return found or forms


def in_print(snippet: str, original: str) -> str:
    """A snippet in the letters of the article, where the index cut it from the folded text."""
    signs = (*MARKS, CUT)
    text = "".join(letter for letter in snippet if letter not in signs)
    if text in original:
        return snippet
    start = original.translate(FOLDING).find(text)
    if start < 0:
        return snippet
    letters = iter(original[start : start + len(text)])
    return "".join(letter if letter in signs else next(letters) for letter in snippet)
