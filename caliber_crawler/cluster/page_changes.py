"""Increments of a shard: the pages of an SQLite file that changed, so that a job publishes only what it did.

An increment is compressed with zstd. Inside are a line that names the format, a line of JSON with the page size and the
new number of pages, and for each changed page its number in four bytes (big-endian, counted from 1) and its content.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path
from typing import IO

import zstandard

from caliber_crawler.archive.core.format import sqlite3
from caliber_crawler.errors import ClusterError

FORMAT = b"caliber pages 1\n"
DIGEST_SIZE = 8
"""Bytes. The digests detect changes by a crawl, not by an adversary."""
LEVEL = 3
MAX_HEADER = 200
"""Bytes of the line of JSON."""
PAGE_SIZES = tuple(2**exponent for exponent in range(9, 17))


def page_digests(path: Path) -> bytes:
    """The digests of all pages of an SQLite file, one after the other."""
    return b"".join(blake2b(page, digest_size=DIGEST_SIZE).digest() for page in _pages_of(path))


def write_increment(path: Path, before: bytes, target: Path) -> bytes | None:
    """Write the pages that changed since their digests were ``before``; return the digests now.

    ``None`` is returned and nothing is written if no page changed.
    """
    size = _page_size(path)
    now = page_digests(path)
    places = range(0, len(now), DIGEST_SIZE)
    changed = [place // DIGEST_SIZE for place in places if now[place:][:DIGEST_SIZE] != before[place:][:DIGEST_SIZE]]
    if not changed and len(now) == len(before):
        return None
    header = {"page_size": size, "pages": len(now) // DIGEST_SIZE}
    compressor = zstandard.ZstdCompressor(level=LEVEL)
    with path.open("rb") as source, target.open("xb") as file, compressor.stream_writer(file) as increment:
        increment.write(FORMAT + json.dumps(header).encode() + b"\n")
        for number in changed:
            increment.write((number + 1).to_bytes(4) + os.pread(source.fileno(), size, number * size))
    return now


def apply_increment(increment: Path, path: Path) -> None:
    """Change a file into the one that an increment was written for. Raises :class:`ClusterError` for a damaged one."""
    try:
        decompressor = zstandard.ZstdDecompressor()
        with increment.open("rb") as file, path.open("r+b") as target, decompressor.stream_reader(file) as pages:
            _apply(pages, target, _page_size(path))
    except (zstandard.ZstdError, ValueError, KeyError, TypeError) as error:
        raise ClusterError(f"The increment {increment.name} is damaged: {error}.") from None


def _apply(increment: IO[bytes], target: IO[bytes], page_size: int) -> None:
    if increment.read(len(FORMAT)) != FORMAT:
        raise ValueError("it is of another format")
    line = bytearray()
    while not line.endswith(b"\n"):
        letter = increment.read(1)
        if not letter or len(line) > MAX_HEADER:
            raise ValueError("it has no header")
        line += letter
    header = json.loads(line)
    size, count = header["page_size"], header["pages"]
    if size != page_size:
        raise ValueError(f"its pages have {size} bytes, those of the archive {page_size}")
    while number := increment.read(4):
        page = increment.read(size)
        if len(number) < 4 or len(page) < size or not 1 <= int.from_bytes(number) <= count:
            raise ValueError("a page is incomplete")
        target.seek((int.from_bytes(number) - 1) * size)
        target.write(page)
    target.truncate(count * size)


def empty_log(path: Path) -> None:
    """Move what is in the write-ahead log of an archive to its file. Raises :class:`ClusterError` if that fails."""
    log = Path(f"{path}-wal")
    if not log.exists() or not log.stat().st_size:
        return
    with contextlib.closing(sqlite3.connect(path)) as connection:
        busy = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
    if busy:
        raise ClusterError(f"The write-ahead log of {path.name} is still in use.")


def _page_size(path: Path) -> int:
    """The page size that the header of an SQLite file states."""
    with path.open("rb") as file:
        size = int.from_bytes(file.read(18)[16:18])
    size = 65_536 if size == 1 else size
    # What is no SQLite file is refused when it is opened.
    return size if size in PAGE_SIZES else PAGE_SIZES[0]


def _pages_of(path: Path) -> Iterator[bytes]:
    size = _page_size(path)
    with path.open("rb") as file:
        while page := file.read(size):
            yield page
