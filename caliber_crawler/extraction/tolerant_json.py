"""JSON as content management systems write it: with comments, trailing commas, raw quotes and other faults.

The parsers that the registries offer either reject raw quotes, or take quadratic time on hostile input. This one reads
every character a bounded number of times.
"""

from __future__ import annotations

import html
import json
import re
from typing import Any

MAX_LENGTH = 1_000_000
"""Characters of a source. Longer ones are ignored."""
MAX_DEPTH = 40
MAX_VALUES = 500
"""Top-level values of one source."""
_OPENINGS = re.compile(r"\s*+(?:<!--|//\s*+<!\[CDATA\[|<!\[CDATA\[)*")
_CLOSINGS = ("-->", "]]>", ";")
_GAP = re.compile(r"(?:\s++|//[^\n]*+|/\*(?:[^*]|\*(?!/))*(?:\*/|\Z)|<!--|-->|<!\[CDATA\[|\]\]>|;)*")
_KEY = re.compile(r"""(?:"([^"\n]{0,100}+)"|'([^'\n]{0,100}+)'|([\w$@-]{1,100}+))\s{0,200}+:""")
_MARK = re.compile(r"\\.|[\"']", re.DOTALL)
_BARE = re.compile(r"[^\s,\[\]{}\"]++")
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))", re.DOTALL)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "", "f": ""}
_WORDS = {"true": True, "false": False, "null": None, "undefined": None}
# A quote ends a text if the rest reads like JSON. Other quotes belong to the text: ("headline": "The "old" road").
_NEXT = r"\s{0,200}+(?://[^\n]{0,200}+\n\s{0,200}+|/\*[^*]{0,200}+\*/\s{0,200}+)?"
_PAIR = r"""(?:"[^"\n:]{0,100}+"|'[^'\n:]{0,100}+')\s{0,200}+:"""
_END_IN_OBJECT = re.compile(
    rf"{_NEXT}(?:[\]}}]|\Z|{_PAIR}|,{_NEXT}(?:{_PAIR}|[\]}},]|\Z|[\w$@]{{1,100}}+\s{{0,200}}+:))"
)
_END_IN_LIST = re.compile(rf"{_NEXT}(?:[\]}}]|\Z|,{_NEXT}(?:[\"'\[\]{{}},]|[-\d]|true|false|null|\Z))")


def parse_json(source: str) -> list[Any]:
    """Return the values in a script: strictly if possible, else with repairs. A script without JSON gives none."""
    if len(source) > MAX_LENGTH:
        return []
    text = _unwrapped(source)
    try:
        return [json.loads(text, strict=False)]
    except (ValueError, RecursionError):
        pass
    if '"' not in text and "&quot;" in text:
        text = html.unescape(text)
    return _Parser(text).values()


def _unwrapped(source: str) -> str:
    """The content of a script without the comment or CDATA marks around it, and without a semicolon at its end."""
    source = source.rstrip()
    start, end = _OPENINGS.match(source).end(), len(source)  # type: ignore[union-attr]  # it matches any text
    while closing := next((mark for mark in _CLOSINGS if source.endswith(mark, start, end)), None):
        end -= len(closing)
        if closing == "]]>":
            before = end
            while before > start and source[before - 1].isspace():
                before -= 1
            if source.endswith("//", start, before):
                end = before - 2
    return source[start:end]


class _Parser:
    """Reads a text from left to right. Every step moves forward, and looks ahead a bounded number of characters."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.open: list[str] = []

    def values(self) -> list[Any]:
        found: list[Any] = []
        while len(found) < MAX_VALUES and (char := self.next_char()):
            if char in "{[":
                found.append(self.value())
            else:
                self.at += 1
        return found

    def next_char(self) -> str:
        """Skip blanks and comments, and return the next character; empty at the end."""
        self.at = _GAP.match(self.text, self.at).end()  # type: ignore[union-attr]  # it matches any text
        return self.text[self.at : self.at + 1]

    def value(self) -> Any:
        char = self.next_char()
        if char in ("{", "["):
            self.at += 1
            if len(self.open) >= MAX_DEPTH:  # deeper values are left out; their brackets are read as noise
                return None
            self.open.append(char)
            container: Any = self.pairs() if char == "{" else self.items()
            self.open.pop()
            return container
        if char in ('"', "'"):
            return self.string(char)
        if match := _BARE.match(self.text, self.at):
            self.at = match.end()
            return _literal(match[0])
        return None

    def pairs(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while (char := self.next_char()) and not self.is_closed(char, "}"):
            if match := _KEY.match(self.text, self.at):
                self.at = match.end()
                found[_decoded(match[1] or match[2] or match[3] or "")] = self.value()
            else:
                self.at += 1
        return found

    def items(self) -> list[Any]:
        found: list[Any] = []
        while (char := self.next_char()) and not self.is_closed(char, "]"):
            if char in ",:}":
                self.at += 1
            else:
                found.append(self.value())
        return found

    def is_closed(self, char: str, closing: str) -> bool:
        """Return whether a container ends here, also where its own bracket is missing before an outer one."""
        if char == closing:
            self.at += 1
            return True
        return char in ("}", "]") and len(self.open) > 1 and self.open[-2] == ("{" if char == "}" else "[")

    def string(self, quote: str) -> str:
        end = _END_IN_OBJECT if self.open and self.open[-1] == "{" else _END_IN_LIST
        start = self.at + 1
        for mark in _MARK.finditer(self.text, start):
            if mark[0] == quote and end.match(self.text, mark.end()):
                self.at = mark.end()
                return _decoded(self.text[start : mark.start()])
        self.at = len(self.text)
        return _decoded(self.text[start:])


def _literal(word: str) -> Any:
    if word in _WORDS:
        return _WORDS[word]
    try:
        return int(word) if len(word) < 20 and word.lstrip("-").isascii() else word
    except ValueError:
        return word


def _decoded(text: str) -> str:
    """Decode escapes; an unknown one is its character, as in JavaScript."""
    if "\\" not in text:
        return text
    decoded = _ESCAPE.sub(lambda match: chr(int(match[1], 16)) if match[1] else _ESCAPES.get(match[2], match[2]), text)
    return decoded.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
