"""The pages and rows of an SQLite file, read without SQLite: a damaged page costs its own rows and no others.

SQLite stops at the first malformed page of a table. This reader follows the file format
(https://www.sqlite.org/fileformat.html) and never trusts a number in the file. Each page is read a limited number of
times, and a row is never larger than the file, so time and memory grow with the size of the file only.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from caliber_crawler.archive.upkeep.write_ahead_log import WriteAheadLog

MAGIC = b"SQLite format 3\0"
HEADER_SIZE = 100
PAGE_SIZE = 8192
"""The page size of every archive that this program creates."""
PAGE_SIZES = (512, 1024, 2048, 4096, 8192, 16384, 32768, 65536)
MAX_ROW_BYTES = 1 << 27
"""A row contains at most a page of 32 MiB; a larger size is damage."""
MAX_COLUMNS = 2_000
OVERFLOW_READS = 4
"""Overflow pages read at most, as a multiple of the pages in the file: rows of a hostile file may share them."""

Value = None | int | float | str | bytes
PageKind = Literal["index", "table", "index_leaf", "table_leaf"]
KINDS: dict[int, PageKind] = {2: "index", 5: "table", 10: "index_leaf", 13: "table_leaf"}
INTEGER_SIZES = (0, 1, 2, 3, 4, 6, 8)


class DamagedPage(Exception):
    """A page or cell cannot be read."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a page: a row, an index entry, or a pointer to a child page."""

    key: int | None
    """The row ID, in a table."""
    values: tuple[Value, ...] | None
    """``None`` in an inner page of a table."""
    child: int | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a B-tree."""

    number: int
    kind: PageKind
    cells: tuple[Cell, ...]
    right: int | None
    """The last child of an inner page."""
    damaged_cells: int
    """The number of cells that cannot be read."""

    @property
    def children(self) -> list[int]:
        """Its child pages, in order."""
        children = [cell.child for cell in self.cells if cell.child is not None]
        return children if self.right is None else [*children, self.right]


class SQLiteFile:
    """A possibly damaged SQLite file, with the committed pages of its write-ahead log. Close it after use."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb")
        size = path.stat().st_size
        self.header = self._read(0, HEADER_SIZE)
        self.page_size = self._page_size()
        # Archives reserve no bytes at the end of pages; another number in the header is damage.
        self._usable = self.page_size
        self.log = WriteAheadLog(path, self.page_size)
        self.page_count = max(-(-size // self.page_size), self.log.last_page)
        self._overflow_reads = OVERFLOW_READS * self.page_count + 1_000

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        self.log.close()

    def __enter__(self) -> SQLiteFile:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def bytes_of(self, number: int) -> bytes:
        """The content of a page; the missing part of a truncated page is zeros. Raises ``DamagedPage``."""
        if not 1 <= number <= self.page_count:
            raise DamagedPage(f"there is no page {number}")
        logged = self.log.page(number)
        if logged is not None:
            return logged
        return self._read((number - 1) * self.page_size, self.page_size)

    def page(self, number: int, leaf: PageKind | None = None) -> Page:
        """A page of a B-tree. Raises ``DamagedPage``.

        ``leaf`` is the kind that a page with an invalid kind is read as.
        """
        data = self.bytes_of(number)
        start = HEADER_SIZE if number == 1 else 0
        kind = KINDS.get(data[start], leaf)
        if kind is None:
            raise DamagedPage(f"page {number} is not a page of a table or index")
        is_inner = kind in ("table", "index")
        first = start + (12 if is_inner else 8)
        count = int.from_bytes(data[start + 3 : start + 5])
        right = int.from_bytes(data[start + 8 : start + 12]) if is_inner else None
        pointers = [
            int.from_bytes(data[at : at + 2]) for at in range(first, min(first + 2 * count, self._usable - 1), 2)
        ]
        cells, damaged = [], count - len(pointers)
        for pointer in pointers:
            try:
                cells.append(self._cell(data, pointer, kind))
            except (DamagedPage, IndexError):
                damaged += 1
        return Page(number, kind, tuple(cells), right, damaged)

    def has_kind(self, number: int) -> bool:
        """Does a page say that it is part of a B-tree?"""
        return self.bytes_of(number)[HEADER_SIZE if number == 1 else 0] in KINDS

    def free_pages(self) -> tuple[set[int], bool]:
        """The pages on the list of free pages, and whether that list is complete."""
        header = self.bytes_of(1)[:HEADER_SIZE] if self.page_count else self.header
        trunk, expected = int.from_bytes(header[32:36]), int.from_bytes(header[36:40])
        found: set[int] = set()
        while trunk and trunk not in found and 1 < trunk <= self.page_count:
            found.add(trunk)
            data = self.bytes_of(trunk)
            count = int.from_bytes(data[4:8])
            if count > self._usable // 4 - 2:
                return found, False
            numbers = (int.from_bytes(data[at : at + 4]) for at in range(8, 8 + 4 * count, 4))
            found.update(number for number in numbers if 1 < number <= self.page_count)
            trunk = int.from_bytes(data[:4])
        return found, trunk == 0 and len(found) == expected

    # --- cells --------------------------------------------------------------------------------------------------------

    def _cell(self, data: bytes, at: int, kind: PageKind) -> Cell:
        child = None
        if kind in ("table", "index"):
            child = int.from_bytes(data[at : at + 4])
            at += 4
        if kind == "table":
            return Cell(signed(varint(data, at)[0]), None, child)
        size, at = varint(data, at)
        key = None
        if kind == "table_leaf":
            key, at = varint(data, at)
            key = signed(key)
        return Cell(key, record(self._payload(data, at, size, is_table=kind == "table_leaf")), child)

    def _payload(self, data: bytes, at: int, size: int, *, is_table: bool) -> bytes:
        usable = self._usable
        if size > min(MAX_ROW_BYTES, self.page_count * self.page_size):
            raise DamagedPage("a row is larger than the file")
        local, least = usable - 35 if is_table else (usable - 12) * 64 // 255 - 23, (usable - 12) * 32 // 255 - 23
        if size <= local:
            if at + size > usable:
                raise DamagedPage("a row goes beyond its page")
            return data[at : at + size]
        stored = least + (size - least) % (usable - 4)
        stored = stored if stored <= local else least
        if at + stored + 4 > usable:
            raise DamagedPage("a row goes beyond its page")
        parts, rest = [data[at : at + stored]], size - stored
        number = int.from_bytes(data[at + stored : at + stored + 4])
        while rest > 0:
            self._overflow_reads -= 1
            if self._overflow_reads < 0:
                raise DamagedPage("too many rows share overflow pages")
            page = self.bytes_of(number)
            parts.append(page[4 : 4 + min(rest, usable - 4)])
            rest -= usable - 4
            number = int.from_bytes(page[:4])
        return b"".join(parts)

    def _read(self, at: int, size: int) -> bytes:
        # Not mapped into memory: reading a mapped file that shrinks would end the process.
        return os.pread(self._file.fileno(), size, at).ljust(size, b"\0")

    def _page_size(self) -> int:
        stated = int.from_bytes(self.header[16:18])
        stated = 65536 if stated == 1 else stated
        return stated if stated in PAGE_SIZES and self.header.startswith(MAGIC) else PAGE_SIZE


def varint(data: bytes, at: int) -> tuple[int, int]:
    """A number of variable length, unsigned, and the position after it."""
    value = 0
    for place in range(at, at + 8):
        byte = data[place]
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, place + 1
    return value << 8 | data[at + 8], at + 9


def signed(value: int) -> int:
    return value - (1 << 64) if value >> 63 else value


def record(payload: bytes) -> tuple[Value, ...]:
    """The values of a row. Raises ``DamagedPage``. Text that is not UTF-8 has surrogate escapes."""
    return tuple(values_of(payload))


def values_of(payload: bytes) -> Iterator[Value]:
    end, at = varint(payload, 0)
    place = end
    if end > len(payload) or end > MAX_COLUMNS * 9:
        raise DamagedPage("the header of a row is larger than the row")
    while at < end:
        code, at = varint(payload, at)
        if code == 0:
            yield None
        elif code in (8, 9):
            yield code - 8
        elif code in (10, 11):
            raise DamagedPage("a value has an unknown type")
        else:
            size = INTEGER_SIZES[code] if code < 7 else 8 if code == 7 else (code - 12) // 2
            data = payload[place : place + size]
            if len(data) < size:
                raise DamagedPage("a value goes beyond its row")
            place += size
            yield value_of(code, data)
    if place != len(payload):
        raise DamagedPage("a row is longer than its values")


def value_of(code: int, data: bytes) -> Value:
    if code < 7:
        return int.from_bytes(data, signed=True)
    if code == 7:
        return float(struct.unpack(">d", data)[0])
    return data.decode("utf-8", "surrogateescape") if code % 2 else data
