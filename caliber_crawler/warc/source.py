"""Sources of WARC records: a WARC file with any compression, or the WARC files in a WACZ."""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from io import SEEK_CUR, SEEK_END, SEEK_SET, RawIOBase
from pathlib import Path
from typing import IO, Any, cast
from zipfile import ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from caliber_crawler.errors import NotAPage
from caliber_crawler.warc.unpacking import FAULTS

ZIP, GZIP = b"PK\x03\x04", b"\x1f\x8b"

INDEX_LINE = re.compile(rb" ?CDX [A-Za-z]|!meta |\S+ \d{14} (?:\{|https?://)")
MAX_KEY_BYTES = 16 * 1024
ENCRYPTED = 1
"""A flag of entries of a ZIP."""
LOCAL_HEADER = 30
"""Bytes of a ZIP's local file header before the file name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WarcSource:
    """One WARC file; ``open_file`` opens it at its first byte, seekable. ``size`` is in bytes."""

    name: str
    open_file: Callable[[], IO[bytes]]
    size: int
    is_seekable: bool = True
    """Whether any offset is reached at no cost."""


def is_index(path: Path) -> bool:
    """Return whether a file is an index of web archives (CDX, CDXJ), compressed or not. It contains no pages."""
    try:
        with path.open("rb") as file:
            packed = file.read(2) == GZIP
        with gzip.open(path) if packed else path.open("rb") as file:
            return INDEX_LINE.match(file.read(MAX_KEY_BYTES)) is not None
    except (OSError, EOFError, zlib.error):
        return False


@contextmanager
def warcs_in(path: Path) -> Iterator[list[WarcSource]]:
    """Return the WARC files at a path. Raises ``NotAPage`` for a ZIP without any."""
    with path.open("rb") as file:
        is_zip = file.read(4) == ZIP
    if not is_zip:
        yield [WarcSource(name=str(path), open_file=lambda: path.open("rb"), size=path.stat().st_size)]
        return
    try:
        with ZipFile(path) as zipped:
            entries = zipped.infolist()
    except FAULTS as error:
        raise NotAPage(f"{path} is not a WACZ: {error}.") from error
    warcs = [
        WarcSource(
            name=f"{path}/{entry.filename}",
            open_file=partial(open_entry, path, entry),
            size=entry.file_size,
            is_seekable=entry.compress_type == ZIP_STORED,
        )
        for entry in entries
        if entry.filename.startswith("archive/") and re.search(r"\.w?arc", entry.filename)
    ]
    if not warcs:
        raise NotAPage(f"{path} is not a WACZ: its archive/ contains no WARC; extract it and ingest the pages in it.")
    if any(entry.flag_bits & ENCRYPTED for entry in entries):
        raise NotAPage(f"{path} is encrypted; decrypt it and ingest the result.")
    yield warcs


def open_entry(path: Path, entry: ZipInfo) -> IO[bytes]:
    """Open a file in a ZIP. An uncompressed one is seekable at no cost, as revisit records need."""
    if entry.compress_type != ZIP_STORED:
        with ZipFile(path) as zipped:
            return zipped.open(entry)
    with path.open("rb") as file:
        file.seek(entry.header_offset)
        header = file.read(LOCAL_HEADER)
    if not header.startswith(ZIP):
        raise BadZipFile("its header in the ZIP is damaged")
    names = int.from_bytes(header[26:28], "little") + int.from_bytes(header[28:30], "little")
    begin = entry.header_offset + LOCAL_HEADER + names
    return cast("IO[bytes]", Window(path.open("rb"), begin, entry.file_size))


class Window(RawIOBase):
    """A part of a file, as a file."""

    def __init__(self, file: IO[bytes], begin: int, size: int) -> None:
        super().__init__()
        self._file = file
        self._begin = begin
        self._size = size
        file.seek(begin)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        view = memoryview(buffer)
        content = self._file.read(max(0, min(len(view), self._size - self.tell())))
        view[: len(content)] = content
        return len(content)

    def seek(self, offset: int, whence: int = SEEK_SET, /) -> int:
        start = {SEEK_SET: 0, SEEK_CUR: self.tell(), SEEK_END: self._size}[whence]
        return self._file.seek(self._begin + start + offset) - self._begin

    def tell(self) -> int:
        return self._file.tell() - self._begin

    def close(self) -> None:
        self._file.close()
        super().close()
