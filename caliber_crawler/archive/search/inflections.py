"""Inflections: a query as full-text expressions, with every inflection of its words that occurs in the archive.

Words with the same stem are looked up in the index's vocabulary. So the index needs no custom tokenizer and any SQLite
can open it, and ``министров`` still finds ``министр``.
"""

from __future__ import annotations

import unicodedata
from itertools import takewhile

import snowballstemmer

from caliber_crawler.archive.core.connection import Connection
from caliber_crawler.archive.search.hits import any_of
from caliber_crawler.archive.search.query import Part, parse
from caliber_crawler.archive.search.ranking import Match

# With a shorter prefix, half of the vocabulary would be compared.
STEM_LETTERS = 3
MAX_INFLECTIONS = 48
# By the script of a word. A Latin word is stemmed as English.
STEMMERS = {"CYRILLIC": "russian", "ARMENIAN": "armenian", "LATIN": "english"}
# Snowball cuts Armenian words of one root at different places (-ություն, -ության): a long stem is used as a prefix.
OPEN_STEM_LETTERS = {"ARMENIAN": 4}


def match_expression(connection: Connection, query: str) -> str:
    """The query as an expression for ``versions_fts MATCH``; empty if the query has no words to find."""
    return matching(connection, query).anywhere


def matching(connection: Connection, query: str) -> Match:
    """The query as full-text expressions, with every inflection of its words that occurs in the archive."""
    groups = parse(query)
    wanted = [group for group in groups if not group[0].excluded]
    excluded = [part for group in groups if group[0].excluded for part in group]
    if not wanted:
        return Match()
    inflections = [inflections_of_any(connection, group) for group in wanted]
    expression = " AND ".join(map(any_of, inflections))
    exclusion = f" NOT {any_of(inflections_of_any(connection, excluded))}" if excluded else ""
    return Match(
        anywhere=f"({expression}){exclusion}",
        in_headline=f"({{headline subtitle}} : ({expression})){exclusion}",
        inflections=tuple(dict.fromkeys(inflection for group in inflections for inflection in group)),
    )


def inflections_of_any(connection: Connection, parts: list[Part]) -> list[str]:
    return list(dict.fromkeys(inflection for part in parts for inflection in inflections_of(connection, part)))


def inflections_of(connection: Connection, part: Part) -> list[str]:
    """The part itself and, for a single word, its inflections that occur in the archive, most frequent first."""
    if part.exact or len(part.words) > 1:
        return [" ".join(part.words)]
    word = part.words[0]
    script = unicodedata.name(word[0], "").partition(" ")[0]
    if script not in STEMMERS:
        return [word]
    stemmer = snowballstemmer.stemmer(STEMMERS[script])
    stem: str = stemmer.stemWord(word)
    prefix = common_prefix(word, stem)
    if len(prefix) < STEM_LETTERS:
        return [word]
    # One letter less: the stem of `community` ends in `i`, which the word does not contain.
    prefix = prefix[: max(STEM_LETTERS, len(prefix) - 1)]
    terms = connection.values(
        "SELECT term FROM versions_vocab WHERE term >= ? AND term < ? ORDER BY doc DESC",
        (prefix, prefix + "\U0010ffff"),
    )
    is_open = len(stem) >= OPEN_STEM_LETTERS.get(script, len(word) + len(stem))
    inflections = [term for term in terms if stemmer.stemWord(term) == stem or (is_open and term.startswith(stem))]
    return list(dict.fromkeys([word, *inflections[:MAX_INFLECTIONS]]))


def common_prefix(word: str, stem: str) -> str:
    same = takewhile(lambda pair: pair[0] == pair[1], zip(word, stem, strict=False))
    return "".join(letter for letter, _ in same)
