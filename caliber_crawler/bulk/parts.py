"""Parts: what one process is given to read at once, and the name of the shard that comes of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from caliber_crawler.archive import Archive
from caliber_crawler.bulk.inputs import is_database

PART_BYTES = 128 * 1024 * 1024
"""Of a larger gzipped WARC, what one part holds: a minute or two of reading."""
PART_PAGES = 5_000
"""Of an archive, how many pages one part holds."""
GZIP = b"\x1f\x8b"
MAX_NAME_LENGTH = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A file, or a range of it: bytes of a WARC, ids of an archive's captures."""

    path: Path
    number: int | None
    """Which of several; ``None`` when it is the whole file."""
    begin: int
    end: int | None
    size: int
    """Bytes, to judge progress by."""
    is_archive: bool
    identity: str
    """A digest that changes with the input."""

    @property
    def name(self) -> str:
        """The beginning of its shard's name: the same as long as the input is."""
        stem = re.sub(r"[^\w.-]+", "_", self.path.name)[:MAX_NAME_LENGTH]
        place = "" if self.number is None else f"-{self.number:05}"
        return f"{stem}{place}-{self.identity[:12]}"


def parts_of(path: Path, part_bytes: int = PART_BYTES, part_pages: int = PART_PAGES) -> Iterator[Part]:
    """The parts of a web archive or an archive. Raises ``ArchiveError`` for a database that is none of ours."""
    if is_database(path):
        yield from ranges_of_archive(path, part_pages)
        return
    size = path.stat().st_size
    # Only in a gzipped WARC can a record's beginning be told for sure from anywhere in the file.
    count = -(-size // part_bytes) if starts_with(path, GZIP) else 1
    for number in range(count):
        begin, end = number * part_bytes, (number + 1) * part_bytes
        yield Part(
            path=path,
            number=number if count > 1 else None,
            begin=begin,
            end=end if number + 1 < count else None,
            size=min(end, size) - begin if count > 1 else size,
            is_archive=False,
            identity=identity_of(path, size, path.stat().st_mtime_ns, begin, end),
        )


def ranges_of_archive(path: Path, part_pages: int) -> Iterator[Part]:
    # Not by the time of the file: a crawl that only adds pages leaves earlier ranges as they are.
    with Archive.open(path) as archive:
        for number, found in enumerate(archive.capture_ranges(part_pages)):
            yield Part(
                path=path,
                number=number,
                begin=found.first,
                end=found.last + 1,
                size=found.size,
                is_archive=True,
                identity=identity_of(path, found.first, found.last, found.digest),
            )


def identity_of(*facts: object) -> str:
    return sha256("\n".join(map(str, facts)).encode()).hexdigest()


def starts_with(path: Path, magic: bytes) -> bool:
    with path.open("rb") as file:
        return file.read(len(magic)) == magic
