"""Words, punctuation and sentences of a text: the one definition for counts, concordances and corpora.

Words follow the default rules of Unicode (UAX #29, word boundaries): letters, digits and low lines form words; an
apostrophe or a full stop joins letters (``don't``, ``caliber.az``), a full stop or comma joins digits (``1,234.5``); a
hyphen separates. One difference: the narrow no-break space separates words instead of joining them. Sentences follow
the rules for sentence boundaries, and do not end after an initial (``I. Aliyev``).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import regex

RULES = 1
"""The number of this definition. Whatever stores words stores it, and is made anew after a change."""

_EXTEND = r"\p{WB=Extend}\p{WB=Format}\p{WB=ZWJ}"
_LETTERS = r"\p{WB=ALetter}\p{WB=Hebrew_Letter}"
_LETTER = rf"[{_LETTERS}]"
_CONNECTOR = r"[\p{WB=ExtendNumLet}--\u202f]"
_RUN = rf"[[{_LETTERS}\p{{WB=Numeric}}]||{_CONNECTOR}]"
_REST = rf"[[{_LETTERS}\p{{WB=Numeric}}{_EXTEND}]||{_CONNECTOR}]*+"
_ALPHANUMERIC = r"[\p{Alphabetic}\p{N}]"
_MARK = rf"[{_RUN}--{_ALPHANUMERIC}]"
"""A low line, or a sign that Armenian writes inside words: alone, it is not a word."""
_MARKS = rf"{_MARK}(?:{_MARK}|[{_EXTEND}])*+"
_WORD = rf"""
(?:{_MARKS})?+ [{_RUN}&&{_ALPHANUMERIC}] {_REST}
(?:(?:
    (?<={_LETTER}[{_EXTEND}]*+) [\p{{WB=MidLetter}}\p{{WB=MidNumLet}}'] [{_EXTEND}]*+ (?={_LETTER})
  | (?<=\p{{WB=Numeric}}[{_EXTEND}]*+) [\p{{WB=MidNum}}\p{{WB=MidNumLet}}'] [{_EXTEND}]*+ (?=\p{{WB=Numeric}})
) {_REST})*+
| \p{{WB=Katakana}}[\p{{WB=Katakana}}{_EXTEND}]*+
| [\p{{L}}\p{{N}}][{_EXTEND}]*+
"""
_FLAGS = regex.V1 | regex.VERBOSE
_ONLY_MARKS = rf"{_MARKS}(?![{_RUN}&&{_ALPHANUMERIC}])"
_WORDS = regex.compile(rf"{_ONLY_MARKS}(*SKIP)(*FAIL)|(?:{_WORD})", _FLAGS)
_TOKENS = regex.compile(rf"{_ONLY_MARKS}|(?P<word>{_WORD})|(?P<sign>[^\s\p{{Cc}}])(?P=sign)*+[{_EXTEND}]*+", _FLAGS)

_ENDS = r"\p{SB=STerm}\p{SB=ATerm}"
_SENTENCE_END = regex.compile(
    rf"(?<![{_ENDS}])(?P<marks>[{_ENDS}]++)[\p{{SB=Close}}--\p{{SB=Sp}}]*+\p{{SB=Sp}}++", _FLAGS
)
_FULL_STOPS = regex.compile(r"\p{SB=ATerm}+", _FLAGS)
_INITIAL = regex.compile(r"(?<![\p{L}\p{N}])\p{Lu}", _FLAGS)
_GOES_ON = regex.compile(rf"[^\p{{SB=OLetter}}\p{{SB=Upper}}\p{{SB=Lower}}{_ENDS}]{{0,40}}+\p{{SB=Lower}}", _FLAGS)

_TURKIC = frozenset({"az", "crh", "gag", "tr"})
"""Languages in which the capital of ``ı`` is ``I``, and that of ``i`` is ``İ``."""
_UNDONE = {
    ord("’"): "'",
    ord("ʼ"): "'",
    ord("‘"): "'",
    # Armenian writes these marks of the sentence inside a word: ինչո՞ւ.
    0x55B: None,
    0x55C: None,
    0x55E: None,
    # A stress mark on a letter that has no composed form: за́мок.
    0x301: None,
}


@dataclass(frozen=True, slots=True)
class Token:
    """A word or punctuation mark, with its place in the text."""

    text: str
    start: int
    end: int
    is_word: bool = True


def word_texts(text: str) -> list[str]:
    """The words of a text as written."""
    found: list[str] = _WORDS.findall(text)
    return found


def words_of(text: str) -> Iterator[Token]:
    """The words of a text as written, with their places: the same as :func:`word_texts`."""
    for match in _WORDS.finditer(text):
        yield Token(match[0], match.start(), match.end())


def tokens_of(text: str) -> Iterator[Token]:
    """The words and the punctuation marks of a text. A repeated mark (``...``) is one token."""
    for match in _TOKENS.finditer(text):
        yield Token(match[0], match.start(), match.end(), is_word=match["word"] is not None)


def sentences_of(paragraph: str) -> Iterator[tuple[int, int]]:
    """The start and end of each sentence of a paragraph; the space between two belongs to the first."""
    start = 0
    for match in _SENTENCE_END.finditer(paragraph):
        if _FULL_STOPS.fullmatch(match["marks"]) and _GOES_ON.match(paragraph, match.end()):
            continue
        if match["marks"] == "." and _INITIAL.fullmatch(paragraph, max(0, match.start() - 1), match.start()):
            continue
        yield start, match.end()
        start = match.end()
    if start < len(paragraph):
        yield start, len(paragraph)


def paragraphs_of(text: str) -> list[str]:
    """The paragraphs of a text, which are separated by blank lines."""
    return [paragraph for each in text.split("\n\n") if (paragraph := each.strip())]


def normal_form(word: str, language: str) -> str:
    """A word as it is counted: composed, in lower case by the rules of the language, without invisible characters.

    All apostrophes are one; Armenian marks inside a word and stress marks are left out; in Russian, ``ё`` is ``е``.
    """
    base = base_language(language)
    composed = unicodedata.normalize("NFC", word).replace("İ", "i")
    if base in _TURKIC:
        composed = composed.replace("I", "ı")
    lower = composed.lower().translate(_UNDONE)
    if not lower.isalnum():
        lower = "".join(letter for letter in lower if unicodedata.category(letter) != "Cf").replace("i\u0307", "i")
    return lower.replace("ё", "е") if base == "ru" else lower


@cache
def base_language(tag: str) -> str:
    """The language of a BCP 47 tag without its region: ``en`` for ``en-GB``."""
    return tag.partition("-")[0].lower()
