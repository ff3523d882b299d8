"""Parts: the units of work of bulk extraction. Each part is extracted by one process into one shard."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from caliber_crawler.archive import Archive
from caliber_crawler.bulk.inputs import is_database

PART_BYTES = 128 * 1024 * 1024
"""Size of a part of a larger gzipped WARC: extraction takes a minute or two."""
PART_PAGES = 5_000
"""Number of pages in a part of an archive."""
GZIP = b"\x1f\x8b"
MAX_NAME_LENGTH = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A file or a range of it: bytes of a WARC, or IDs of an archive's captures."""

    path: Path
    number: int | None
    """The part's index within its file; ``None`` when it is the whole file."""
    begin: int
    end: int | None
    size: int
    """Bytes, for the progress display."""
    is_archive: bool
    identity: str
    """A digest that changes with the input."""

    @property
    def name(self) -> str:
        """The beginning of its shard's name. It stays the same while the input does not change."""
        stem = re.sub(r"[^\w.-]+", "_", self.path.name)[:MAX_NAME_LENGTH]
        place = "" if self.number is None else f"-{self.number:05}"
        return f"{stem}{place}-{self.identity[:12]}"


def parts_of(path: Path, part_bytes: int = PART_BYTES, part_pages: int = PART_PAGES) -> Iterator[Part]:
    """The parts of a web archive or an archive. Raises ``ArchiveError`` for any other database."""
    if is_database(path):
        yield from ranges_of_archive(path, part_pages)
        return
    size = path.stat().st_size
    # Only in a gzipped WARC can the beginning of a record be found reliably from any offset.
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
    # The identity leaves out the modification time: a crawl that only adds pages does not change earlier ranges.
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
