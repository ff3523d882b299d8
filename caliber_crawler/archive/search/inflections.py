"""Forms: a query as full-text expressions, each of its words in every form that the archive holds.

The index's own vocabulary is asked for words with the same stem. So the index stays one that any SQLite can open, and
``министров`` still finds ``министр``.
"""

from __future__ import annotations

import unicodedata
from itertools import takewhile

import snowballstemmer

from caliber_crawler.archive.core.connection import Connection
from caliber_crawler.archive.search.hits import any_of
from caliber_crawler.archive.search.query import Part, parse
from caliber_crawler.archive.search.ranking import Match

# A shorter beginning would have half the vocabulary compared.
STEM_LETTERS = 3
MAX_INFLECTIONS = 48
# By the script of a word. A Latin word is taken for English until an edition says otherwise.
STEMMERS = {"CYRILLIC": "russian", "ARMENIAN": "armenian", "LATIN": "english"}
# Snowball cuts Armenian words of one root at different places (-ություն, -ության): a long stem is taken as a beginning.
OPEN_STEM_LETTERS = {"ARMENIAN": 4}


def match_expression(connection: Connection, query: str) -> str:
    """The query as an expression for ``versions_fts MATCH``; empty when it asks for nothing."""
    return matching(connection, query).anywhere


def matching(connection: Connection, query: str) -> Match:
    """The query as full-text expressions, each word in every form of it that the archive holds."""
    groups = parse(query)
    wanted = [group for group in groups if not group[0].excluded]
    excluded = [part for group in groups if group[0].excluded for part in group]
    if not wanted:
        return Match()
    inflections = [inflections_of_any(connection, group) for group in wanted]
    expression = " AND ".join(map(any_of, inflections))
    but = f" NOT {any_of(inflections_of_any(connection, excluded))}" if excluded else ""
    return Match(
        anywhere=f"({expression}){but}",
        in_headline=f"({{headline subtitle}} : ({expression})){but}",
        inflections=tuple(dict.fromkeys(form for group in inflections for form in group)),
    )


def inflections_of_any(connection: Connection, parts: list[Part]) -> list[str]:
    return list(dict.fromkeys(form for part in parts for form in inflections_of(connection, part)))


def inflections_of(connection: Connection, part: Part) -> list[str]:
    """What to look for: the part itself and, of a single word, every form of it that some article holds."""
    if part.exact or len(part.words) > 1:
        return [" ".join(part.words)]
    word = part.words[0]
    script = unicodedata.name(word[0], "").partition(" ")[0]
    if script not in STEMMERS:
        return [word]
    stemmer = snowballstemmer.stemmer(STEMMERS[script])
    stem: str = stemmer.stemWord(word)
    beginning = common_prefix(word, stem)
    if len(beginning) < STEM_LETTERS:
        return [word]
    # One letter less: of community and communities, one ends its stem in a letter the other does not have.
    beginning = beginning[: max(STEM_LETTERS, len(beginning) - 1)]
    terms = connection.values(
        "SELECT term FROM versions_vocab WHERE term >= ? AND term < ? ORDER BY doc DESC",
        (beginning, beginning + "\U0010ffff"),
    )
    is_open = len(stem) >= OPEN_STEM_LETTERS.get(script, len(word) + len(stem))
    inflections = [term for term in terms if stemmer.stemWord(term) == stem or (is_open and term.startswith(stem))]
    return list(dict.fromkeys([word, *inflections[:MAX_INFLECTIONS]]))


def common_prefix(word: str, stem: str) -> str:
    same = takewhile(lambda pair: pair[0] == pair[1], zip(word, stem, strict=False))
    return "".join(letter for letter, _ in same)
