"""Tokens of a body with their offsets: what the rules for names look at. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import regex

Kind = Literal["person", "place", "organization"]

MAX_BODY = 200_000
"""Characters of a body in which names are looked for."""
_TOKEN = regex.compile(
    r"""(?P<word>(?:\p{Lu}\.){2,} | \p{L}\p{M}*+(?:[\p{L}\p{M}]++|[-.’'ʼ](?![sS](?!\p{L}))(?=\p{L}))*+)
    | \p{N}+(?:[.,]\p{N}+)* | [^\s]""",
    regex.VERBOSE,
)
_PARAGRAPH = regex.compile(r"[^\n]+")
_OPENING = frozenset("«“„\"'‘(—–-")
_ENDING = frozenset(".!?…:;")
_ABBREVIATIONS = frozenset(
    [
        "mr",
        "mrs",
        "ms",
        "dr",
        "prof",
        "st",
        "gen",
        "col",
        "lt",
        "maj",
        "capt",
        "sgt",
        "gov",
        "sen",
        "rep",
        "rev",
        "hon",
        "jr",
        "sr",
        "vs",
        "no",
        "г",
        "ул",
        "им",
        "св",
        "проф",
        "акад",
        "ген",
    ]
)


@dataclass(frozen=True, slots=True)
class Token:
    """A word, number or sign of a body."""

    start: int
    end: int
    text: str
    lower: str
    is_word: bool
    is_capital: bool
    """Whether it begins with a capital letter."""
    begins_sentence: bool
    """Whether every word would have a capital here: after a full stop, an opening quotation mark, or in a heading."""

    @property
    def is_acronym(self) -> bool:
        """Whether it consists of two to seven capital letters."""
        return self.is_word and 2 <= len(self.text) <= 7 and self.text.isupper() and self.text.isalpha()

    @property
    def is_initial(self) -> bool:
        return self.is_word and len(self.text) == 1 and self.is_capital


@dataclass(frozen=True, slots=True)
class Mention:
    """A name in a body: ``start`` and ``end`` are offsets of its characters."""

    start: int
    end: int
    kind: Kind
    name: str
    """Normal form."""
    written: str


def paragraphs_of(body: str) -> Iterator[list[Token]]:
    """The tokens of each paragraph. What is behind the first characters of a very long body is left out."""
    for match in _PARAGRAPH.finditer(body, 0, MAX_BODY):
        if tokens := list(_tokens(body, match.start(), match.end())):
            yield tokens


def _tokens(body: str, start: int, end: int) -> Iterator[Token]:
    is_first = True
    before = ""
    for match in _TOKEN.finditer(body, start, end):
        text = match[0]
        is_word = match["word"] is not None
        lower = text.lower()
        yield Token(match.start(), match.end(), text, lower, is_word, is_word and text[0].isupper(), is_first)
        if text == "." and (before in _ABBREVIATIONS or (len(before) == 1 and before.isalpha())):
            is_first = False
        elif text in _ENDING:
            is_first = True
        elif text not in _OPENING:
            is_first = False
        elif text not in "-—–(":
            is_first = True
        before = lower


def is_adjacent(body: str, left: Token, right: Token) -> bool:
    """Whether only one space is between two tokens."""
    return right.start - left.end == 1 and body[left.end] in " \u00a0"
