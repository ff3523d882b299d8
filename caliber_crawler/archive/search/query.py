"""Searches and the query parser. Any text is a valid query."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

# The letters that the column `folded` replaces in the schema, one for one.
FOLDING = str.maketrans({"ё": "е", "Ё": "Е", "ə": "e", "Ə": "E", "ı": "i", "İ": "I"})
PART = re.compile(r'(?P<minus>-?)(?:"(?P<phrase>[^"]*)"?|(?P<word>[^\s"]+))')
# FTS5 limits the depth of an expression, and longer queries hardly match any article.
MAX_WORDS = 24

Order = Literal["best", "newest"]


@dataclass(frozen=True, slots=True)
class Search:
    """A query with filters, order, limit and offset. A filter that is ``None`` includes everything.

    Every word of the query must occur, in any inflection. ``OR`` between two words matches either, ``"…"`` matches an
    exact phrase, and a minus excludes the word or phrase after it.
    """

    query: str
    language: str | None = None
    section: str | None = None
    site: str | None = None
    first_day: str | None = None
    """The first and the last day of publication (``2026-01-31``), in the site's time zone."""
    last_day: str | None = None
    order: Order = "best"
    limit: int = 20
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Part:
    """One term of a query: a word or a phrase, spelled as in the index."""

    words: tuple[str, ...]
    exact: bool = False
    """Quoted: no other inflections match."""
    excluded: bool = False


def parse(query: str) -> list[list[Part]]:
    """The parts of a query. An article must match every inner list; one part of an inner list is enough.

    ``OR`` joins the part before it to the one after; ``"…"`` is one exact part; a minus excludes its part. Words after
    the first :data:`MAX_WORDS` are ignored.
    """
    groups: list[list[Part]] = []
    joins = False
    words_left = MAX_WORDS
    for match in PART.finditer(query):
        if match["word"] == "OR":
            joins = bool(groups)
            continue
        part = part_of(match)
        words_left -= len(part.words)
        if words_left < 0:
            break
        if not part.words:
            continue
        if joins and not part.excluded and not groups[-1][-1].excluded:
            groups[-1].append(part)
        else:
            groups.append([part])
        joins = False
    return groups


def part_of(match: re.Match[str]) -> Part:
    exact = match["phrase"] is not None
    words = words_in(match["phrase"] if exact else match["word"])
    return Part(tuple(words), exact=exact, excluded=bool(match["minus"]))


def words_in(text: str) -> list[str]:
    """Split a text as the index does: words consist of letters and digits, everything else separates them."""
    composed = unicodedata.normalize("NFC", text)
    return fold("".join(c if is_word_character(c) else " " for c in composed)).split()


def is_word_character(character: str) -> bool:
    # The classes of `unicode61`: https://www.sqlite.org/fts5.html#unicode61_tokenizer
    category = unicodedata.category(character)
    return category[0] in "LN" or category == "Co"


def fold(text: str) -> str:
    """A text in lower case, without Latin diacritics, and with the letters replaced that people often do not type."""
    return "".join(without_diacritics(letter) for letter in text.translate(FOLDING).lower())


@lru_cache(maxsize=4096)
def without_diacritics(letter: str) -> str:
    # Like `remove_diacritics`: only Latin letters lose their marks, so й stays й.
    if not unicodedata.name(letter, "").startswith("LATIN"):
        return letter
    return "".join(c for c in unicodedata.normalize("NFD", letter) if not unicodedata.combining(c))
