"""Search: full text over the current versions, finding a word in every form the archive holds.

The index's own vocabulary is asked for words with the same stem. So the index stays one that any SQLite can open, and
``министров`` still finds ``министр``.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

import snowballstemmer

from caliber_crawler.archive.connection import Connection
from caliber_crawler.archive.query import FOLDING, Part, parse

MARKS = ("\x02", "\x03")
"""Around every word found in a snippet. Neither can stand in an article."""

CUT = "\x04"
SNIPPET_TOKENS = 32
# A shorter beginning would have half the vocabulary compared.
STEM_LETTERS = 3
MOST_FORMS = 48
# By the script of a word. A Latin word is taken for English until an edition says otherwise.
STEMMERS = {"CYRILLIC": "russian", "ARMENIAN": "armenian", "LATIN": "english"}
# Snowball cuts Armenian words of one root at different places (-ություն, -ության): a long stem is taken as a beginning.
OPEN_STEM_LETTERS = {"ARMENIAN": 4}

ORDERS = {"best": "f.rank, a.published_at DESC, a.id DESC", "newest": "a.published_at DESC, a.id DESC"}
FILTERS = ("language", "section", "site", "from", "to")

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


@dataclass(frozen=True, slots=True)
class Found:
    """Some of the articles found, in order, and how many there are in all."""

    total: int = 0
    hits: tuple[Hit, ...] = ()


def search(
    connection: Connection,
    query: str,
    *,
    limit: int = 20,
    language: str | None = None,
    section: str | None = None,
    site: str | None = None,
) -> list[Hit]:
    """Articles whose current version answers the query, best first (BM25; a headline counts ten times the body).

    Every word must be there, in any form. ``OR`` between two words asks for one of them, ``"…"`` for words in a row as
    they stand, a minus before either for its absence. A query that asks for nothing finds nothing.
    """
    filters = {"language": language or "", "section": section or "", "site": site or ""}
    return list(find(connection, match_expression(connection, query), filters, limit=limit).hits)


def find(
    connection: Connection,
    match: str,
    filters: Mapping[str, str],
    *,
    order: str = "best",
    limit: int = 20,
    offset: int = 0,
) -> Found:
    """Articles whose current version answers a :func:`match_expression`; an empty one finds nothing.

    ``filters`` are :data:`FILTERS`, empty where nothing is asked; ``from`` and ``to`` are days in the site's own time.
    ``order`` is one of :data:`ORDERS`.
    """
    if not match:
        return Found()
    wanted = {"match": match} | {name: filters.get(name, "") for name in FILTERS}
    ranked = connection.rows(RANKED.format(order=ORDERS[order]), wanted | {"limit": limit, "offset": offset})
    versions = json.dumps([row["version_id"] for row in ranked])
    marks = {"opening": MARKS[0], "closing": MARKS[1], "cut": CUT, "tokens": SNIPPET_TOKENS}
    cut = connection.rows(SNIPPETS, {"match": match, "versions": versions} | marks)
    found = {row["article_id"]: row for row in cut}
    hits = tuple(hit_of(found[row["id"]]) for row in ranked if row["id"] in found)
    return Found(ranked[0]["total"] if ranked else 0, hits)


def match_expression(connection: Connection, query: str) -> str:
    """The query as an expression for ``versions_fts MATCH``; empty when it asks for nothing."""
    groups = parse(query)
    wanted = [group for group in groups if not group[0].unwanted]
    unwanted = [part for group in groups if group[0].unwanted for part in group]
    if not wanted:
        return ""
    expression = " AND ".join(any_of(connection, group) for group in wanted)
    return f"({expression}) NOT {any_of(connection, unwanted)}" if unwanted else expression


def any_of(connection: Connection, parts: list[Part]) -> str:
    alternatives = dict.fromkeys(form for part in parts for form in forms_of(connection, part))
    return "(" + " OR ".join(f'"{form}"' for form in alternatives) + ")"


def forms_of(connection: Connection, part: Part) -> list[str]:
    """What to look for: the part itself and, of a single word, every form of it that some article holds."""
    if part.exact or len(part.words) > 1:
        return [" ".join(part.words)]
    word = part.words[0]
    script = unicodedata.name(word[0], "").partition(" ")[0]
    if script not in STEMMERS:
        return [word]
    stemmer = snowballstemmer.stemmer(STEMMERS[script])
    stem: str = stemmer.stemWord(word)
    beginning = shared_beginning(word, stem)
    if len(beginning) < STEM_LETTERS:
        return [word]
    # One letter less: of community and communities, one ends its stem in a letter the other does not have.
    beginning = beginning[: max(STEM_LETTERS, len(beginning) - 1)]
    terms = connection.values(
        "SELECT term FROM versions_vocab WHERE term >= ? AND term < ? ORDER BY doc DESC",
        (beginning, beginning + "\U0010ffff"),
    )
    is_open = len(stem) >= OPEN_STEM_LETTERS.get(script, len(word) + len(stem))
    forms = [term for term in terms if stemmer.stemWord(term) == stem or (is_open and term.startswith(stem))]
    return list(dict.fromkeys([word, *forms[:MOST_FORMS]]))


def shared_beginning(word: str, stem: str) -> str:
    same = takewhile(lambda pair: pair[0] == pair[1], zip(word, stem, strict=False))
    return "".join(letter for letter, _ in same)


def hit_of(row: dict[str, Any]) -> Hit:
    original = "\n".join((row["headline"], row.pop("subtitle") or "", row.pop("body")))
    snippet = in_print(row.pop("snippet"), original)
    return Hit(**row, snippet=" ".join(snippet.replace(CUT, "…").split()))


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
