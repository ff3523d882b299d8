"""What a search asks; and queries, what people type into its box, taken apart: any text is one, none is an error."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

# The letters `folded` replaces in the schema, one for one.
FOLDING = str.maketrans({"ё": "е", "Ё": "Е", "ə": "e", "Ə": "E", "ı": "i", "İ": "I"})
PART = re.compile(r'(?P<minus>-?)(?:"(?P<phrase>[^"]*)"?|(?P<word>[^\s"]+))')
# FTS5 limits the depth of an expression, and no article has this many words of a query in common.
MAX_WORDS = 24

Order = Literal["best", "newest"]


@dataclass(frozen=True, slots=True)
class Search:
    """What is looked for, among which articles, and which part of the answer is wanted. ``None`` narrows nothing.

    Every word of the query must be there, in any form. ``OR`` between two words asks for one of them, ``"…"`` for words
    in a row as they stand, a minus before either for its absence.
    """

    query: str
    language: str | None = None
    section: str | None = None
    site: str | None = None
    first_day: str | None = None
    """The first and the last day of publication (``2026-01-31``), in the site's own time."""
    last_day: str | None = None
    order: Order = "best"
    limit: int = 20
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Part:
    """One thing asked for: words in a row, each as the index spells it."""

    words: tuple[str, ...]
    exact: bool = False
    """Quoted: these words as they stand and no other form of them."""
    excluded: bool = False


def parse(query: str) -> list[list[Part]]:
    """The parts of a query. All of the outer list are asked for, any one of each inner list will do.

    ``OR`` joins the part before it to the one after; ``"…"`` is one exact part; a minus makes its part unwanted. Words
    past the first :data:`MAX_WORDS` are left out.
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
    """Cut a text as the index does: letters and digits make words, all else parts them."""
    composed = unicodedata.normalize("NFC", text)
    return fold("".join(c if is_word_character(c) else " " for c in composed)).split()


def is_word_character(character: str) -> bool:
    # The classes of `unicode61`: https://www.sqlite.org/fts5.html#unicode61_tokenizer
    category = unicodedata.category(character)
    return category[0] in "LN" or category == "Co"


def fold(text: str) -> str:
    """Lower case, Latin letters without marks, and the letters people leave out when they type replaced."""
    return "".join(without_diacritics(letter) for letter in text.translate(FOLDING).lower())


@lru_cache(maxsize=4096)
def without_diacritics(letter: str) -> str:
    # As `remove_diacritics` has it: only Latin letters lose their marks, so й stays й.
    if not unicodedata.name(letter, "").startswith("LATIN"):
        return letter
    return "".join(c for c in unicodedata.normalize("NFD", letter) if not unicodedata.combining(c))
