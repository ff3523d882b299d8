"""The lines of keys in a TOML text: Python's parser returns values without their place."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from typing import NamedTuple

Path = tuple[str | int, ...]
"""The keys, and the positions in arrays, that lead to a value: ``("editions", 0, "name")``."""
_TOKEN = re.compile(
    r"""
    (?P<string>
        \"{3}(?:[^\"\\]|\\.|\"(?!\"\"))*\"{3,5} | '{3}(?:[^']|'(?!''))*'{3,5}
        | \"(?:[^\"\\]|\\.)*\" | '[^']*'
    )
    | (?P<skipped>\#[^\n]* | [^\S\n]+)
    | (?P<sign>[][{}=,.\n])
    | (?P<word>[^][{}=,.\s\"'\#]+)
    """,
    re.VERBOSE | re.DOTALL,
)


class _Token(NamedTuple):
    text: str
    line: int
    is_sign: bool


def key_lines(text: str) -> dict[Path, int]:
    """The line, counted from 1, of each key and each element of an array, for a text that is valid TOML."""
    return _Scan(text).lines


def key_depth(text: str) -> int:
    """The largest number of parts of a dotted key. Python's parser takes quadratic time for it."""
    depth = parts = 1
    for token in _tokens_of(text):
        if token.is_sign:
            parts = parts + 1 if token.text == "." else 1
            depth = max(depth, parts)
    return depth


def line_of(path: Path, lines: dict[Path, int]) -> int:
    """The line of a value or, if the text does not contain it, of the nearest table around it."""
    while path and path not in lines:
        path = path[:-1]
    return lines.get(path, 1)


class _Scan:
    """One pass over the tokens of a text."""

    def __init__(self, text: str) -> None:
        self.lines: dict[Path, int] = {}
        self._lengths: dict[Path, int] = {}
        """Lengths of the arrays of tables so far."""
        self._tokens = [*_tokens_of(text), _Token("\n", 0, is_sign=True)]
        self._place = 0
        table: Path = ()
        while self._place < len(self._tokens):
            if self._take("\n"):
                continue
            if self._take("["):
                table = self._header(is_element=self._take("["))
            else:
                self._pair(table)

    def _take(self, sign: str) -> bool:
        """Pass over a sign if it is the next token."""
        token = self._tokens[self._place] if self._place < len(self._tokens) else None
        found = token is not None and token.is_sign and token.text == sign
        self._place += found
        return found

    def _header(self, *, is_element: bool) -> Path:
        line, keys = self._tokens[self._place].line, self._keys()
        path: Path = ()
        for key in keys[:-1]:
            path = self._last((*path, key), line)
        path = (*path, keys[-1])
        self.lines.setdefault(path, line)
        if is_element:
            self._lengths[path] = self._lengths.get(path, 0) + 1
            path = self._last(path, line)
        while self._take("]"):
            pass
        return path

    def _last(self, path: Path, line: int) -> Path:
        """The path of a table or, for an array of tables, that of its last table."""
        path = (*path, self._lengths[path] - 1) if path in self._lengths else path
        self.lines.setdefault(path, line)
        return path

    def _pair(self, table: Path) -> None:
        line = self._tokens[self._place].line
        for key in self._keys():
            table = (*table, key)
            self.lines.setdefault(table, line)
        self._take("=")
        self._value(table)

    def _keys(self) -> list[str]:
        keys = []
        while True:
            text = self._tokens[self._place].text
            self._place += 1
            keys.append(str(tomllib.loads(f"key = {text}")["key"]) if text[0] in "\"'" else text)
            if not self._take("."):
                return keys

    def _value(self, path: Path) -> None:
        if self._take("["):
            number = 0
            while not self._take("]"):
                if not (self._take("\n") or self._take(",")):
                    self.lines[*path, number] = self._tokens[self._place].line
                    self._value((*path, number))
                    number += 1
        elif self._take("{"):
            while not self._take("}"):
                if not (self._take("\n") or self._take(",")):
                    self._pair(path)
        else:
            while (token := self._tokens[self._place]) and not (token.is_sign and token.text in ",]}\n"):
                self._place += 1


def _tokens_of(text: str) -> Iterator[_Token]:
    place, line = 0, 1
    while match := _TOKEN.match(text, place):
        if match.lastgroup != "skipped":
            yield _Token(match[0], line, match.lastgroup == "sign")
        place, line = match.end(), line + match[0].count("\n")
