"""The tokens of a query: words, phrases, parentheses, operators and fields."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from caliber_crawler.archive.search.tree import NAME_FIELDS, TEXT_FIELDS
from caliber_crawler.errors import QueryError

# The letters that the column `folded` replaces in the schema, one for one.
FOLDING = str.maketrans({"ё": "е", "Ё": "Е", "ə": "e", "Ə": "E", "ı": "i", "İ": "I"})

FIELDS = (*TEXT_FIELDS, *NAME_FIELDS)
SYNONYMS = {"title": "headline"}
"""What other search engines call a field."""

TOKEN = re.compile(
    r"""\s+
    | (?P<phrase> "(?P<a>[^"]*)" | [“”„](?P<b>[^“”„]*)[“”] | «(?P<c>[^«»]*)» ) (?P<distance>~[^\s()|"]*)?
    | (?P<quote> ["“”„«»] )
    | (?P<open> \( )
    | (?P<close> \) )
    | (?P<or> \|{1,2} )
    | (?P<minus> - )
    | (?P<field> [^\W\d_]\w* ) :
    | (?P<word> [^\s"“”„«»()|]+ )""",
    re.VERBOSE,
)
# Operators of other search engines: ignored, they would give wrong results without a message.
UNSUPPORTED = re.compile(r"[?~^+!&{}\[\]\\=<>]")
NEAR = re.compile(r"near/(\d{1,4})", re.IGNORECASE)
OTHER_NEAR = re.compile(r"(?:near|w|n|adj|pre|onear)/\d*|near\d+|adj\d+|near/.*", re.IGNORECASE)
MAX_DISTANCE = 100


@dataclass(frozen=True, slots=True)
class Token:
    """A token and its place in the query, in characters."""

    kind: str
    text: str
    start: int
    end: int
    words: tuple[str, ...] = ()
    """The words of a word or phrase, as in the index."""
    prefix: bool = False
    number: int = -1
    """The distance of NEAR or of a phrase; -1 without one."""


def tokens_of(query: str) -> Iterator[Token]:
    """The tokens of a query, and one of kind ``end``. Raises ``QueryError``."""
    position = 0
    while position < len(query):
        match = TOKEN.match(query, position)
        assert match, "every character begins a token"
        position = match.end()
        if match.lastgroup is None:
            continue
        yield from _tokens(query, match)
    yield Token("end", "", len(query), len(query))


def _tokens(query: str, match: re.Match[str]) -> Iterator[Token]:
    start, end = match.span()
    if match["phrase"] is not None:
        yield _phrase(query, match)
    elif match["quote"]:
        raise QueryError(query, start, end, "These quotes are not closed.")
    elif match["field"]:
        yield _field(query, match)
    elif match["word"]:
        if token := _word(query, match["word"], start):
            yield token
    else:
        kind = str(match.lastgroup)
        if kind == "minus":
            _require_place_of_minus(query, start)
        yield Token(kind, match[kind], start, end)


def _require_place_of_minus(query: str, start: int) -> None:
    before, after = query[start - 1 : start], query[start + 1 : start + 2]
    if not after.strip():
        raise QueryError(query, start, start + 1, "A minus needs a word directly after it, which it excludes.")
    if before.strip() and before not in "(-|":
        raise QueryError(query, start, start + 1, "A minus needs a space before it.")


def _phrase(query: str, match: re.Match[str]) -> Token:
    start, end = match.span()
    text = next(text for text in match.group("a", "b", "c") if text is not None)
    words = tuple(words_in(text))
    if not words:
        raise QueryError(query, start, end, "There is no word between these quotes.")
    star = text.find("*")
    if star >= 0 and (text.rstrip()[star + 1 :] or not (star and is_word_character(text[star - 1]))):
        place = start + 1 + star
        raise QueryError(query, place, place + 1, "In quotes, * can only be at the end of the last word.")
    number = -1
    if match["distance"] is not None:
        digits = match["distance"][1:].rstrip(",.;")
        number = _distance(query, digits, match.start("distance"), end)
    return Token("phrase", text, start, end, words, prefix=star >= 0, number=number)


def _distance(query: str, digits: str, start: int, end: int) -> int:
    if not re.fullmatch(r"\d{1,4}", digits, re.ASCII) or int(digits) > MAX_DISTANCE:
        raise QueryError(query, start, end, f"A distance is a number of words from 0 to {MAX_DISTANCE}.")
    return int(digits)


def _field(query: str, match: re.Match[str]) -> Token:
    start, end = match.span()
    name = match["field"].lower()
    name = SYNONYMS.get(name, name)
    if name not in FIELDS:
        known = ", ".join(f"{field}:" for field in FIELDS)
        problem = f"There is no field {match['field']}:. Fields are {known}. To search for the text, put it in quotes."
        raise QueryError(query, start, end, problem)
    return Token("field", name, start, end)


def _word(query: str, text: str, start: int) -> Token | None:
    """The token of a text without spaces, quotes and parentheses; ``None`` if it has no letters and digits."""
    end = start + len(text)
    if text.lower() in ("and", "or", "not"):
        return Token(text.lower(), text, start, end)
    if near := NEAR.fullmatch(text):
        return Token("near", text, start, end, number=_distance(query, near[1], start, end))
    if text == "NEAR" or OTHER_NEAR.fullmatch(text):
        problem = f"Write {text} as NEAR/5, between two words; to search for the text, put it in quotes."
        raise QueryError(query, start, end, problem)
    if wrong := UNSUPPORTED.search(text):
        place = start + wrong.start()
        problem = f"{wrong[0]} has no meaning in a query. To search for the text, put it in quotes."
        if wrong[0] == "?":
            problem = "? is not supported; write * at the end of a word for any ending, or put the text in quotes."
        elif wrong[0] == "~":
            problem = '~ is supported after quotes only: "two words"~5 finds them at most 5 words apart.'
        raise QueryError(query, place, place + 1, problem)
    star = text.find("*")
    if star >= 0 and not _ends_word(text, star):
        place = start + star
        raise QueryError(query, place, place + 1, "* can only be at the end of a word, for any ending.")
    words = tuple(words_in(text))
    return Token("word", text, start, end, words, prefix=star >= 0) if words else None


def _ends_word(text: str, star: int) -> bool:
    return (
        star > 0
        and is_word_character(text[star - 1])
        and not any(c == "*" or is_word_character(c) for c in text[star + 1 :])
    )


def words_in(text: str) -> list[str]:
    """Split a text as the index does: words consist of letters and digits, everything else separates them."""
    composed = unicodedata.normalize("NFC", text)
    return fold("".join(c if is_word_character(c) else "" if c in ACCENTS else " " for c in composed)).split()


ACCENTS = frozenset(map(chr, range(0x300, 0x332)))
"""Combining marks that the index drops inside a word, such as the stress mark of a Russian word."""


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
