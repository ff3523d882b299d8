"""Increments of a shard: the pages of an SQLite file that changed, so that a job publishes only what it did.

An increment is compressed with zstd. Inside are a line that names the format, a line of JSON with the page size and the
new number of pages, and for each changed page its number in four bytes (big-endian, counted from 1) and its content.

If the highest bit of the number is set, the former content is known: its digest follows, and the exclusive or of both
contents. A visit changes some bytes on each of a dozen pages, so that most of this is zeros.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Collection, Iterator, Mapping
from hashlib import blake2b
from pathlib import Path
from typing import IO

import zstandard

from caliber_crawler.archive.core.format import sqlite3
from caliber_crawler.archive.core.sqlite_errors import SQLiteErrors
from caliber_crawler.errors import ClusterError, ShardUnusable

FORMAT = b"caliber pages 2\n"
DIGEST_SIZE = 8
"""Bytes. The digests detect changes by a crawl, not by an adversary."""
DIFFERENCE = 1 << 31
"""The bit of a page's number that says that its difference from the former content follows."""
MAX_FORMER = 32 * 1024 * 1024
"""Bytes of former pages in memory. Of larger changes, the other pages are published as they are."""
LEVEL = 3
MAX_HEADER = 200
"""Bytes of the line of JSON."""
PAGE_SIZES = tuple(2**exponent for exponent in range(9, 17))


def page_digests(path: Path) -> bytes:
    """The digests of all pages of an SQLite file, one after the other."""
    return b"".join(blake2b(page, digest_size=DIGEST_SIZE).digest() for page in _pages_of(path))


def former_pages(path: Path, written: Collection[int]) -> dict[int, bytes]:
    """The content of pages in an SQLite file, without its log, by number; those behind its end are left out."""
    size = _page_size(path)
    with path.open("rb") as file:
        numbers = sorted(written)[: MAX_FORMER // size]
        found = {number: os.pread(file.fileno(), size, (number - 1) * size) for number in numbers}
    return {number: page for number, page in found.items() if len(page) == size}


def write_increment(
    path: Path,
    before: bytes,
    target: Path,
    written: Collection[int] | None = None,
    former: Mapping[int, bytes] | None = None,
) -> bytes | None:
    """Write the pages that changed since their digests were ``before``; return the digests now.

    ``written`` are the pages that may have changed, if that is known, and ``former`` contents of pages. ``None`` is
    returned and nothing is written if no page changed.
    """
    size = _page_size(path)
    now = page_digests(path) if written is None else _updated(before, path, size, written)
    count = len(now) // DIGEST_SIZE
    numbers = range(count) if written is None else sorted(_candidates(before, count, written))
    changed = [] if now == before else [n for n in numbers if _digest(now, n) != _digest(before, n)]
    if not changed and len(now) == len(before):
        return None
    header = {"page_size": size, "pages": count}
    compressor = zstandard.ZstdCompressor(level=LEVEL)
    with path.open("rb") as source, target.open("xb") as file, compressor.stream_writer(file) as increment:
        increment.write(FORMAT + json.dumps(header).encode() + b"\n")
        for number in changed:
            page = os.pread(source.fileno(), size, number * size)
            known = (former or {}).get(number + 1, b"")
            digest = blake2b(known, digest_size=DIGEST_SIZE).digest()
            if known and digest == _digest(before, number):
                increment.write((number + 1 | DIFFERENCE).to_bytes(4) + digest + _difference(page, known))
            else:
                increment.write((number + 1).to_bytes(4) + page)
    return now


def updated_digests(before: bytes, path: Path, written: Collection[int]) -> bytes:
    """The digests of all pages, if they were ``before`` and only pages with these numbers were written since."""
    return _updated(before, path, _page_size(path), written)


def apply_increment(increment: Path, path: Path) -> set[int]:
    """Change a file into the one that an increment was written for; return the numbers of the pages that it contains.

    Raises :class:`ShardUnusable` for a damaged increment.
    """
    try:
        decompressor = zstandard.ZstdDecompressor()
        with increment.open("rb") as file, path.open("r+b") as target, decompressor.stream_reader(file) as pages:
            return _apply(pages, target, _page_size(path))
    except (zstandard.ZstdError, ValueError, KeyError, TypeError) as error:
        raise ShardUnusable(f"The increment {increment.name} is damaged: {error}.") from None


def _apply(increment: IO[bytes], target: IO[bytes], page_size: int) -> set[int]:
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
    written: set[int] = set()
    while head := increment.read(4):
        number = int.from_bytes(head)
        digest = increment.read(DIGEST_SIZE) if number & DIFFERENCE else None
        place = ((number & ~DIFFERENCE) - 1) * size
        page = increment.read(size)
        if len(head) < 4 or len(page) < size or not 0 <= place < count * size:
            raise ValueError("a page is incomplete")
        if digest is not None:
            target.seek(place)
            page = _later_page(target.read(size), page, digest)
        target.seek(place)
        target.write(page)
        written.add(place // size + 1)
    target.truncate(count * size)
    return written


def _later_page(known: bytes, difference: bytes, digest: bytes) -> bytes:
    """The page after a change. It is known already if an earlier attempt to apply the increment was interrupted."""
    if len(known) < len(difference):
        raise ValueError("it changes a page that the archive lacks")
    other = _difference(known, difference)
    if blake2b(known, digest_size=DIGEST_SIZE).digest() == digest:
        return other
    if blake2b(other, digest_size=DIGEST_SIZE).digest() == digest:
        return known
    raise ValueError("it changes another page than that of the archive")


def _difference(one: bytes, other: bytes) -> bytes:
    """The exclusive or of two pages."""
    return (int.from_bytes(one) ^ int.from_bytes(other)).to_bytes(len(one))


def empty_log(path: Path) -> None:
    """Move what is in the write-ahead log of an archive to its file. Raises :class:`ClusterError` if it is in use.

    Raises :class:`ArchiveFull` if the disk is full.
    """
    log = Path(f"{path}-wal")
    if not log.exists() or not log.stat().st_size:
        return
    with SQLiteErrors(path), contextlib.closing(sqlite3.connect(path)) as connection:
        busy = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
    if busy:
        raise ClusterError(f"The write-ahead log of {path.name} is still in use.")


def _digest(digests: bytes, number: int) -> bytes:
    return digests[number * DIGEST_SIZE : (number + 1) * DIGEST_SIZE]


def _candidates(before: bytes, count: int, written: Collection[int]) -> set[int]:
    """The pages that were written and those behind the former last one, counted from 0."""
    return {number - 1 for number in written if number <= count} | {*range(len(before) // DIGEST_SIZE, count)}


def _updated(before: bytes, path: Path, size: int, written: Collection[int]) -> bytes:
    """The digests of all pages, of which only these and those behind the former last one are read."""
    count = path.stat().st_size // size
    now = bytearray(before[: count * DIGEST_SIZE].ljust(count * DIGEST_SIZE, b"\0"))
    with path.open("rb") as file:
        for number in _candidates(before, count, written):
            page = os.pread(file.fileno(), size, number * size)
            place = number * DIGEST_SIZE
            now[place : place + DIGEST_SIZE] = blake2b(page, digest_size=DIGEST_SIZE).digest()
    return bytes(now)


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
