"""The content of a file, compressed or not, in chunks with their places: gzip, zstd and lz4, in one member or in many.

Other readers of compressed files hide where a member begins, and take a truncated member for a complete one. A web
archive needs both: a record is found again by the place of its member, and damage must not pass for the end.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from importlib import import_module
from lzma import LZMAError
from typing import IO, Any, NamedTuple, Protocol
from zipfile import BadZipFile

import zstandard

from caliber_crawler.errors import MissingExtra

GZIP, ZSTD, LZ4 = b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"\x04\x22\x4d\x18"
"""Magic numbers of compressed members."""
SKIPPABLE = re.compile(rb"[\x50-\x5f]\x2a\x4d\x18")
"""The magic numbers of frames without data, in zstd and lz4."""
CHUNK_BYTES = 64 * 1024
ZSTD_INPUT_BYTES = 2 * 1024
"""Bytes passed to zstd at once. Its output has no limit, and these give at most 64 MiB."""
MAX_WINDOW_BYTES = 128 * 1024 * 1024
"""Maximum window of a zstd frame, as in the command ``zstd``."""
BOMB_BYTES = 1024 * 1024 * 1024
MAX_EXPANSION = 250
"""A member of more than ``BOMB_BYTES`` that expands by more than this factor is refused. Pages expand by 5 to 20."""
PLAIN_START = re.compile(rb"(?:[\s\0]|\xef\xbb\xbf)*(?:WARC/|filedesc:|https?:)", re.IGNORECASE)
"""The beginning of a record that is not compressed, after blank lines or a byte order mark."""
FAULTS = (zlib.error, zstandard.ZstdError, LZMAError, BadZipFile, EOFError, OSError, RuntimeError)
"""Errors of the libraries for damaged data; lz4 and ZIP raise ``RuntimeError``, or ``NotImplementedError``."""

Dictionary = zstandard.ZstdCompressionDict | None


class Place(NamedTuple):
    """The place of a byte: the offset of its compressed member in the file, and its offset in the member's content.

    For a byte that is not compressed: its offset in the file, and 0.
    """

    member: int
    inner: int


class Chunk(NamedTuple):
    """Bytes that follow each other in one member, or outside of any."""

    place: Place
    data: bytes
    is_packed: bool

    def place_of(self, index: int) -> Place:
        """The place of one of its bytes."""
        member, inner = self.place
        return Place(member, inner + index) if self.is_packed else Place(member + index, 0)


class DamagedData(Exception):
    """Data that cannot be decompressed. The message is one clause; ``offset`` is that of the damaged member."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.offset = offset


class Member(Protocol):
    """A compressed member that is being decompressed."""

    eof: bool
    unused: bytes
    """The bytes after its end."""

    def unpack(self, block: bytes) -> Iterator[bytes]:
        """Decompress a block of it, in parts."""
        ...


class GzipMember:
    """A member of a gzip file."""

    def __init__(self) -> None:
        self._member = zlib.decompressobj(zlib.MAX_WBITS | 16)
        self.eof = False
        self.unused = b""

    def unpack(self, block: bytes) -> Iterator[bytes]:
        """Decompress a block of it, in parts."""
        while True:
            data = self._member.decompress(block, CHUNK_BYTES)
            block = self._member.unconsumed_tail
            yield data
            if self._member.eof or (not block and len(data) < CHUNK_BYTES):
                break
        self.eof, self.unused = self._member.eof, self._member.unused_data


class ZstdMember:
    """A frame of zstd."""

    def __init__(self, dictionary: Dictionary) -> None:
        decompressor = zstandard.ZstdDecompressor(dict_data=dictionary, max_window_size=MAX_WINDOW_BYTES)
        self._frame = decompressor.decompressobj()
        self.eof = False
        self.unused = b""

    def unpack(self, block: bytes) -> Iterator[bytes]:
        """Decompress a block of it, in parts."""
        for begin in range(0, len(block), ZSTD_INPUT_BYTES):
            yield self._frame.decompress(block[begin : begin + ZSTD_INPUT_BYTES])
            if self._frame.eof:
                self.eof, self.unused = True, self._frame.unused_data + block[begin + ZSTD_INPUT_BYTES :]
                break


class Lz4Member:
    """A frame of lz4."""

    def __init__(self) -> None:
        try:
            lz4: Any = import_module("lz4.frame")
        except ImportError:
            raise MissingExtra("lz4") from None
        self._frame = lz4.LZ4FrameDecompressor()
        self.eof = False
        self.unused = b""

    def unpack(self, block: bytes) -> Iterator[bytes]:
        """Decompress a block of it, in parts."""
        while True:
            data = self._frame.decompress(block, max_length=CHUNK_BYTES)
            block = b""
            yield data
            if self._frame.eof or self._frame.needs_input:
                break
        self.eof, self.unused = self._frame.eof, self._frame.unused_data or b""


class RawInput:
    """The bytes of a file from an offset on."""

    def __init__(self, file: IO[bytes], offset: int) -> None:
        self._file = file
        self._held = b""
        self.offset = offset
        """The offset of the next byte."""
        try:
            file.seek(offset)
        except FAULTS as error:
            raise DamagedData(f"it cannot be read ({error})", offset) from error

    def peek(self, size: int) -> bytes:
        """The next bytes; fewer at the end of the file."""
        while len(self._held) < size and (block := self._read()):
            self._held += block
        return self._held[:size]

    def take(self) -> bytes:
        """The next block; empty at the end of the file."""
        block, self._held = self._held or self._read(), b""
        self.offset += len(block)
        return block

    def put_back(self, data: bytes) -> None:
        """Return the last bytes that were taken."""
        self._held = data + self._held
        self.offset -= len(data)

    def skip(self, size: int) -> None:
        """Skip bytes."""
        while size > 0 and (block := self.take()):
            self.put_back(block[size:])
            size -= len(block)

    def _read(self) -> bytes:
        try:
            return self._file.read(CHUNK_BYTES)
        except FAULTS as error:
            raise DamagedData(f"it cannot be read ({error})", self.offset) from error


def unpack(file: IO[bytes], offset: int, dictionary: Dictionary = None, *, is_plain: bool = False) -> Iterator[Chunk]:
    """The content of a file from an offset on, at which a member or a plain record begins.

    Plain records extend to the end of the file; with ``is_plain``, the offset is within one. Raises
    :class:`DamagedData`.
    """
    raw = RawInput(file, offset)
    if is_plain:
        yield from plain_chunks(raw)
    while head := raw.peek(8):
        if SKIPPABLE.match(head):
            raw.skip(8 + int.from_bytes(head[4:8], "little"))
        elif (member := member_of(head, dictionary)) is not None:
            yield from unpack_member(raw, member)
        elif raw.offset == 0 or PLAIN_START.match(raw.peek(1024)):
            yield from plain_chunks(raw)
        elif not is_padding(raw):
            raise DamagedData("it is neither a record nor compressed", raw.offset)


def member_of(head: bytes, dictionary: Dictionary) -> Member | None:
    """The compressed member that begins with these bytes; ``None`` if they are not compressed."""
    if head.startswith(GZIP):
        return GzipMember()
    if head.startswith(ZSTD):
        return ZstdMember(dictionary)
    return Lz4Member() if head.startswith(LZ4) else None


def is_packed(head: bytes) -> bool:
    """Whether a compressed member begins with these bytes."""
    return head.startswith((GZIP, ZSTD, LZ4)) or SKIPPABLE.match(head) is not None


def unpack_member(raw: RawInput, member: Member) -> Iterator[Chunk]:
    start, inner = raw.offset, 0
    while not member.eof:
        block = raw.take()
        if not block:
            raise DamagedData("its compressed data are truncated", start)
        try:
            for data in member.unpack(block):
                if data:
                    yield Chunk(Place(start, inner), data, is_packed=True)
                inner += len(data)
                if inner > BOMB_BYTES and inner > MAX_EXPANSION * (raw.offset - start):
                    raise DamagedData(f"its data expand to more than {MAX_EXPANSION} times their size", start)
        except FAULTS as error:
            raise DamagedData(f"its compressed data are damaged ({error})", start) from error
    raw.put_back(member.unused)


def plain_chunks(raw: RawInput) -> Iterator[Chunk]:
    offset = raw.offset
    while block := raw.take():
        yield Chunk(Place(offset, 0), block, is_packed=False)
        offset = raw.offset


def is_padding(raw: RawInput) -> bool:
    """Whether only zero bytes or line ends follow, which are skipped then."""
    while block := raw.take():
        if rest := block.lstrip(b"\0\r\n"):
            raw.put_back(rest)
            return False
    return True
