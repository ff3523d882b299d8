"""Search: full text over the current versions, finding a word in every form the archive holds.

The index's own vocabulary is asked for words with the same stem. So the index stays one that any SQLite can open, and
``министров`` still finds ``министр``.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import takewhile

import snowballstemmer

from caliber_crawler.archive.connection import Connection
from caliber_crawler.archive.hits import Hit, any_of, hits
from caliber_crawler.archive.query import Part, parse
from caliber_crawler.archive.ranking import Match, Ranking

# A shorter beginning would have half the vocabulary compared.
STEM_LETTERS = 3
MOST_FORMS = 48
# By the script of a word. A Latin word is taken for English until an edition says otherwise.
STEMMERS = {"CYRILLIC": "russian", "ARMENIAN": "armenian", "LATIN": "english"}
# Snowball cuts Armenian words of one root at different places (-ություն, -ության): a long stem is taken as a beginning.
OPEN_STEM_LETTERS = {"ARMENIAN": 4}

ORDERS = ("best", "newest")
FILTERS = ("language", "section", "site", "from", "to")


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
    """Articles whose current version answers the query, best first (see :mod:`~caliber_crawler.archive.ranking`).

    Every word must be there, in any form. ``OR`` between two words asks for one of them, ``"…"`` for words in a row as
    they stand, a minus before either for its absence. A query that asks for nothing finds nothing.
    """
    filters = {"language": language or "", "section": section or "", "site": site or ""}
    ranking = Ranking(connection, matching(connection, query), all_of(filters))
    return hits(connection, ranking.match.forms, ranking.best(limit, 0)) if ranking.match else []


def find(
    connection: Connection,
    query: str,
    filters: Mapping[str, str],
    *,
    order: str = "best",
    limit: int = 20,
    offset: int = 0,
) -> Found:
    """Some of the articles whose current version answers a query, and how many do.

    ``filters`` are :data:`FILTERS`, empty where nothing is asked; ``from`` and ``to`` are days in the site's own time.
    ``order`` is one of :data:`ORDERS`.
    """
    ranking = Ranking(connection, matching(connection, query), all_of(filters))
    if not ranking.match:
        return Found()
    versions = ranking.best(limit, offset) if order == "best" else ranking.newest(limit, offset)
    return Found(ranking.total(), tuple(hits(connection, ranking.match.forms, versions)))


def all_of(filters: Mapping[str, str]) -> dict[str, str]:
    return {name: filters.get(name, "") for name in FILTERS}


def match_expression(connection: Connection, query: str) -> str:
    """The query as an expression for ``versions_fts MATCH``; empty when it asks for nothing."""
    return matching(connection, query).anywhere


def matching(connection: Connection, query: str) -> Match:
    """The query as full-text expressions, each word in every form of it that the archive holds."""
    groups = parse(query)
    wanted = [group for group in groups if not group[0].unwanted]
    unwanted = [part for group in groups if group[0].unwanted for part in group]
    if not wanted:
        return Match()
    forms = [forms_of_any(connection, group) for group in wanted]
    expression = " AND ".join(map(any_of, forms))
    but = f" NOT {any_of(forms_of_any(connection, unwanted))}" if unwanted else ""
    return Match(
        anywhere=f"({expression}){but}",
        in_headline=f"({{headline subtitle}} : ({expression})){but}",
        forms=tuple(dict.fromkeys(form for group in forms for form in group)),
    )


def forms_of_any(connection: Connection, parts: list[Part]) -> list[str]:
    return list(dict.fromkeys(form for part in parts for form in forms_of(connection, part)))


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
