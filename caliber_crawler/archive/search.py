"""Search: full text over the current versions, finding a word in every form the archive holds.

The index's own vocabulary is asked for words with the same stem. So the index stays one that any SQLite can open, and
``министров`` still finds ``министр``.
"""

from __future__ import annotations

import unicodedata
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

SEARCH = """
SELECT a.id AS article_id, a.url, a.headline, a.published_at, a.language, a.section, a.views, v.subtitle, v.body,
  snippet(versions_fts, -1, :opening, :closing, :cut, :tokens) AS snippet
FROM versions_fts
JOIN articles a ON a.current_version_id = versions_fts.rowid AND a.duplicate_of IS NULL
JOIN versions v ON v.id = versions_fts.rowid
WHERE versions_fts MATCH :match
  AND (:language IS NULL OR a.language = :language)
  AND (:section IS NULL OR a.section = :section)
  AND (:site IS NULL OR a.site = :site)
ORDER BY bm25(versions_fts, 10.0, 4.0, 1.0, 1.0), a.published_at DESC, a.id DESC
LIMIT :limit"""


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
    match = match_expression(connection, query)
    if not match:
        return []
    asked = {"match": match, "limit": limit, "language": language, "section": section, "site": site}
    marks = {"opening": MARKS[0], "closing": MARKS[1], "cut": CUT, "tokens": SNIPPET_TOKENS}
    return [hit_of(row) for row in connection.rows(SEARCH, asked | marks)]


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
