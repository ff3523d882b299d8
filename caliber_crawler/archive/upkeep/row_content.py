"""Checksums of rows as SQLite stores them: for verification, which computes one for every row of an archive.

They are those of :func:`caliber_crawler.archive.core.checksums.checksum`, in a third of the time: texts stay UTF-8, and
one format for each combination of types takes all values of a row.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from hashlib import blake2b
from operator import itemgetter
from typing import Any, NamedTuple

from caliber_crawler.archive.core.checksums import EARLIER_COLUMN, EXCLUDED_COLUMNS, HASHED_AS

RARE = bytes(byte for byte in range(0x20) if byte != ord("\n"))
"""The bytes that JSON escapes and that are rare in texts."""
SEPARATOR = b"\0"
TEXT, NUMBER = '"%b"', "%d"
MAX_FORMATS = 500
"""Combinations of types that are kept: a hostile file may have any number."""

Value = bytearray | int | float | bytes | None
"""A value as read with ``bytearray`` as text factory. Bytes are a BLOB, not a text."""


class Format(NamedTuple):
    """How the values of a row become JSON, for one combination of types."""

    texts: Sequence[int]
    """The positions of texts in a row."""
    numbers: Sequence[int]
    order: Any
    """Takes the values in order of their names, from texts followed by numbers."""
    template: bytes


class RowContent:
    """Computes checksums of one table. ``columns`` are those of its rows, in order."""

    def __init__(self, table: str, columns: Sequence[str]) -> None:
        excluded = EXCLUDED_COLUMNS[table] | {"checksum", EARLIER_COLUMN}
        self._names = sorted(
            (HASHED_AS.get(name, name), position) for position, name in enumerate(columns) if name not in excluded
        )
        self._checksum = columns.index("checksum")
        self._formats: dict[tuple[type, ...], Format | None] = {}

    def examine(self, row: Sequence[Value]) -> tuple[bool, int]:
        """Does a row match its checksum? And the number of bytes over which it was computed."""
        content = self.json_of(row)
        if content is None:
            return False, sum(len(value) for value in row if isinstance(value, (bytearray, bytes)))
        found = int.from_bytes(blake2b(content, digest_size=8).digest(), "big", signed=True)
        return found == row[self._checksum], len(content)

    def json_of(self, row: Sequence[Value]) -> bytes | None:
        """What a checksum is computed over; ``None`` for types that rows do not have."""
        types = tuple(map(type, row))
        try:
            format = self._formats[types]
        except KeyError:
            if len(self._formats) >= MAX_FORMATS:
                self._formats.clear()
            format = self._formats[types] = self._format_of(types)
        if format is None:
            return None
        texts = escaped_texts([row[position] for position in format.texts])
        content: bytes = format.template % format.order([*texts, *(row[position] for position in format.numbers)])
        return content

    def _format_of(self, types: Sequence[type]) -> Format | None:
        included = [(name, position) for name, position in self._names if types[position] is not type(None)]
        texts = [position for _, position in included if types[position] is bytearray]
        numbers = [position for _, position in included if types[position] is int]
        if len(texts) + len(numbers) < len(included) or len(included) < 2 or not texts:
            return None
        places = {position: place for place, position in enumerate([*texts, *numbers])}
        template = ", ".join(
            f"{json.dumps(name)}: {TEXT if position in texts else NUMBER}" for name, position in included
        )
        order = itemgetter(*(places[position] for _, position in included))
        return Format(texts, numbers, order, f"{{{template}}}".encode())


def escaped_texts(texts: Sequence[Any]) -> list[bytes]:
    """Texts as JSON strings without quotation marks."""
    joined = SEPARATOR.join(texts)
    if len(joined.translate(None, RARE)) != len(joined) - len(texts) + 1:
        return [escaped(text) for text in texts]
    return joined.replace(b"\\", b"\\\\").replace(b'"', b'\\"').replace(b"\n", b"\\n").split(SEPARATOR)


def escaped(text: bytearray) -> bytes:
    string = json.dumps(text.decode("utf-8", "surrogateescape"), ensure_ascii=False)
    return string[1:-1].encode("utf-8", "surrogateescape")
