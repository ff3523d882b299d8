"""Checksums of rows as SQLite stores them: for verification, which computes one for every row of an archive.

They are those of :func:`caliber_crawler.archive.core.checksums.checksum`, in a fifth of the time: texts stay UTF-8, one
format for each combination of types takes all values of a row, and characters are escaped in many rows at once.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from hashlib import blake2b
from operator import eq, itemgetter
from typing import Any, NamedTuple

from caliber_crawler.archive.core.checksums import EARLIER_COLUMN, EXCLUDED_COLUMNS, HASHED_AS

RARE = bytes(byte for byte in range(0x20) if byte != ord("\n"))
"""The bytes that JSON escapes and that are rare in texts."""
SEPARATOR, QUOTE = b"\0", b"\1"
"""Stand for the end of a row and for a quotation mark around a text, while those within texts are escaped."""
TEXT, NUMBER = '"%b"', "%d"
MAX_FORMATS = 500
"""Combinations of types that are kept: a hostile file may have any number."""

Value = bytearray | int | float | bytes | None
"""A value as read with ``bytearray`` as text factory. Bytes are a BLOB, not a text."""
Types = tuple[type, ...]


class Format(NamedTuple):
    """How the values of a row become JSON, for one combination of types."""

    texts: frozenset[int]
    """The positions of texts in a row."""
    values: Any
    """Takes the values in order of their names."""
    template: bytes
    quotes: int
    """The number of quotation marks in the template."""


class RowContent:
    """Computes checksums of one table. ``columns`` are those of its rows, in order."""

    def __init__(self, table: str, columns: Sequence[str]) -> None:
        excluded = EXCLUDED_COLUMNS[table] | {"checksum", EARLIER_COLUMN}
        self._names = sorted(
            (HASHED_AS.get(name, name), position) for position, name in enumerate(columns) if name not in excluded
        )
        self._place = columns.index("checksum")
        self._formats: dict[Types, Format | None] = {}

    def examine(self, rows: Sequence[Sequence[Value]]) -> tuple[list[bool], int]:
        """For each row, whether it matches its checksum; and the number of bytes of all."""
        types = [tuple(map(type, row)) for row in rows]
        if types.count(types[0]) == len(types):
            return self._examine_alike(types[0], rows)
        right, size = [False] * len(rows), 0
        places: dict[Types, list[int]] = {}
        for place, key in enumerate(types):
            places.setdefault(key, []).append(place)
        for key, group in places.items():
            found, length = self._examine_alike(key, [rows[place] for place in group])
            size += length
            for place, is_right in zip(group, found, strict=True):
                right[place] = is_right
        return right, size

    def contents(self, types: Types, rows: Sequence[Sequence[Value]]) -> list[bytes] | None:
        """What the checksums of rows of the same types are computed over; ``None`` for types that rows do not have."""
        try:
            format = self._formats[types]
        except KeyError:
            if len(self._formats) >= MAX_FORMATS:
                self._formats.clear()
            format = self._formats[types] = self._format_of(types)
        if format is None:
            return None
        template, values = format.template, format.values
        joined = SEPARATOR.join([template % values(row) for row in rows])
        own = len(rows) * (format.quotes + 1) - 1
        if len(joined) - len(joined.translate(None, RARE)) != own:
            return [template.replace(QUOTE, b'"') % values(escaped(row, format.texts)) for row in rows]
        joined = joined.replace(b"\\", b"\\\\").replace(b'"', b'\\"').replace(b"\n", b"\\n")
        return joined.replace(QUOTE, b'"').split(SEPARATOR)

    def _examine_alike(self, types: Types, rows: Sequence[Sequence[Value]]) -> tuple[list[bool], int]:
        contents = self.contents(types, rows)
        if contents is None:
            return [False] * len(rows), sum(map(size_of, rows))
        size = sum(map(len, contents))
        found = [blake2b(content, digest_size=8).digest() for content in contents]
        if types[self._place] is not int:
            return [False] * len(rows), size
        expected = [struct.pack(">q", row[self._place]) for row in rows]
        return list(map(eq, found, expected)), size

    def _format_of(self, types: Types) -> Format | None:
        included = [(name, position) for name, position in self._names if types[position] is not type(None)]
        texts = frozenset(position for _, position in included if types[position] is bytearray)
        numbers = [position for _, position in included if types[position] is int]
        if len(texts) + len(numbers) < len(included) or len(included) < 2 or not texts:
            return None
        items = ", ".join(f"{json.dumps(name)}: {TEXT if place in texts else NUMBER}" for name, place in included)
        template = f"{{{items}}}".encode().replace(b'"', QUOTE)
        return Format(texts, itemgetter(*(place for _, place in included)), template, template.count(QUOTE))


def escaped(row: Sequence[Value], texts: frozenset[int]) -> list[Any]:
    """A row whose texts are JSON strings without quotation marks."""
    return [json_text(value) if place in texts else value for place, value in enumerate(row)]


def json_text(text: Any) -> bytes:
    """A text as a JSON string without quotation marks."""
    string = json.dumps(text.decode("utf-8", "surrogateescape"), ensure_ascii=False)
    return string[1:-1].encode("utf-8", "surrogateescape")


def size_of(row: Sequence[Value]) -> int:
    """The number of bytes of texts and BLOBs."""
    return sum(len(value) for value in row if isinstance(value, (bytearray, bytes)))
