"""Inflections: the forms of a word that occur in the archive.

Words with the same stem are looked up in the index's vocabulary. So the index needs no custom tokenizer and any SQLite
can open it, and ``министров`` still finds ``министр``. A stemmer joins more than the forms of one word:
``negotiations`` and ``negotiators`` have one stem. So two words of one stem must also differ in inflectional endings
only.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from functools import cache
from itertools import product, takewhile
from typing import Any

from caliber_crawler.archive.core.connection import Connection

# With a shorter prefix, half of the vocabulary would be compared.
STEM_LETTERS = 3
# By the script of a word. A Latin word is stemmed as English.
STEMMERS = {"CYRILLIC": "russian", "ARMENIAN": "armenian", "LATIN": "english"}
# Snowball cuts Armenian words of one root at different places (-ություն, -ության): a long stem is used as a prefix.
OPEN_STEM_LETTERS = {"ARMENIAN": 4}
ENGLISH_ENDINGS = frozenset(("", "s", "es", "e", "d", "ed", "ing", "y", "ies", "ied", "ying", "ie"))
# A suffix that makes another word: важный, важность; նախարար (minister), նախարարություն (ministry).
DERIVATIONS = {"CYRILLIC": ("ост",), "ARMENIAN": ("ությ", "ութե")}
SPELLINGS = {"е": "её", "e": "eə", "i": "iı"}
"""What a letter of a query may be in a text: the opposite of ``FOLDING``."""
MAX_UNCHECKED_SPELLINGS = 8
PLACES = 100
"""The number of places of words to read before the next word is looked up, which takes as long."""


def inflections_of(connection: Connection, word: str, limit: int) -> list[str]:
    """The word itself and its inflections that occur in the archive; at most ``limit`` + 1."""
    script = script_of(word)
    if script not in STEMMERS:
        return [word]
    stemmer = stemmer_of(script)
    stem: str = stemmer.stemWord(word)
    prefix = word[: common_letters(word, stem)]
    if len(prefix) < STEM_LETTERS:
        return [word]
    # One letter less: the stem of `community` ends in `i`, which the word does not contain.
    prefix = prefix[: max(STEM_LETTERS, len(prefix) - 1)]
    is_open = len(stem) >= OPEN_STEM_LETTERS.get(script, len(word) + len(stem))
    found = [
        term
        for term in terms_in(connection, *range_of(prefix))
        if (stemmer.stemWord(term) == stem or (is_open and term.startswith(stem)))
        and have_one_lemma(script, word, term)
    ]
    return list(dict.fromkeys([word, *found]))[: limit + 1]


def have_one_lemma(script: str, word: str, other: str) -> bool:
    """Whether two words of one stem differ in inflectional endings only."""
    common = common_letters(word, other)
    endings = word[common:], other[common:]
    if script != "LATIN":
        return not any((mark in word) != (mark in other) for mark in DERIVATIONS.get(script, ()))
    last = word[common - 1 : common]
    # stop, stopped: the last letter may be doubled.
    return all(ending in ENGLISH_ENDINGS or (ending[:1] == last and ending[1:] in ("ed", "ing")) for ending in endings)


def common_letters(word: str, other: str) -> int:
    """The number of letters at the beginning of both words."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(word, other, strict=False)))


def script_of(word: str) -> str:
    return unicodedata.name(word[0], "").partition(" ")[0]


@cache
def stemmer_of(script: str) -> Any:
    # Imported here: it loads the stemmers of all languages, and most commands do not search.
    import snowballstemmer

    return snowballstemmer.stemmer(STEMMERS[script])


def spellings_of(connection: Connection, word: str, *, prefix: bool = False) -> list[str]:
    """The words of the archive that are spelled as ``word`` without special letters; at least the word itself.

    With ``prefix``, the beginnings of words.
    """
    options = [SPELLINGS.get(letter, letter) for letter in word]
    if all(len(option) == 1 for option in options):
        return [word]
    found = [""]
    for option in options:
        found = [beginning + letter for beginning, letter in product(found, option)]
        if len(found) > MAX_UNCHECKED_SPELLINGS:
            found = [beginning for beginning in found if occurs(connection, beginning, prefix=True)]
    return [spelling for spelling in found if occurs(connection, spelling, prefix=prefix)] or [word]


def occurs(connection: Connection, word: str, *, prefix: bool) -> bool:
    """Whether the index has this word, or one that begins with it."""
    first, behind = range_of(word)
    return next(terms_in(connection, first, behind if prefix else f"{first}\0"), None) is not None


def terms_in(connection: Connection, first: str, behind: str) -> Iterator[str]:
    """The words of the index from ``first`` on and before ``behind``, in order, in a time that depends on their number.

    A word is a row for each place where it occurs. After some of these, the next word is looked up, not read up to.
    """
    sql = "SELECT term FROM versions_tokens WHERE term >= ? AND term < ? LIMIT ?"
    while places := connection.values(sql, (first, behind, PLACES)):
        yield from dict.fromkeys(places)
        if len(places) < PLACES:
            return
        first = f"{places[-1]}\0"


def range_of(prefix: str) -> tuple[str, str]:
    """The first and the last term that begin with a prefix; the second is not included."""
    return prefix, prefix + "\U0010ffff"
