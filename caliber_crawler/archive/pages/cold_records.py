"""Records of cold files: where an index says that pages are, and the page in the bytes of a record."""

from __future__ import annotations

import hashlib
import json
import os
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from caliber_crawler.errors import ArchiveError

MAX_HEAD_BYTES = 4 * 1024 * 1024
"""Maximum bytes of a record besides the page."""
RECORD_END = b"\r\n\r\n"
REMOVED = b"Caliber-Removed: "
"""In the record that takes the place of a page under takedown."""
COPY_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Place:
    """The place of a page in a cold file, in bytes."""

    digest: str
    offset: int
    length: int
    """Of the record with the page."""
    extent: int
    """Of all records that concern the page: requests and repeated captures, too."""


def places_in(index: Path) -> Sequence[Place]:
    """The places of the pages that an index beside a cold file states. Raises ``ArchiveError`` if it is damaged."""
    found = []
    try:
        for line in index.read_text("utf-8").splitlines():
            fields = json.loads(line[line.index("{") :])
            if "body" in fields:
                numbers = (int(fields[name]) for name in ("offset", "length", "extent"))
                found.append(Place(str(fields["body"]), *numbers))
    except OSError as error:
        raise ArchiveError(f"{index} cannot be read: {error.strerror or error}.") from error
    except (ValueError, KeyError, TypeError) as error:
        raise ArchiveError(f"{index} is damaged: {error}.") from error
    return sorted(found, key=lambda place: place.offset)


def read_at(path: Path, offset: int, length: int) -> bytes:
    """Bytes of a file; fewer if it ends before."""
    with path.open("rb", buffering=0) as file:
        file.seek(offset)
        data = b""
        while len(data) < length and (more := file.read(length - len(data))):
            data += more
        return data


def page_in(member: bytes, size: int) -> bytes | None:
    """The page of this size at the end of a record, from its gzip member; ``None`` if there is none."""
    record = content_of(member, size + MAX_HEAD_BYTES)
    if record is None or not record.endswith(RECORD_END) or len(record) < size + len(RECORD_END):
        return None
    return record[-size - len(RECORD_END) : -len(RECORD_END)]


def content_of(member: bytes, limit: int) -> bytes | None:
    """The content of one complete gzip member, if it has at most ``limit`` bytes."""
    decompressor = zlib.decompressobj(zlib.MAX_WBITS | 16)
    try:
        content = decompressor.decompress(member, limit)
    except zlib.error:
        return None
    return content if decompressor.eof else None


def is_removal(member: bytes) -> bool:
    """Do these bytes begin the record that takes the place of a page under takedown?"""
    try:
        return REMOVED in zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(member, 1024)
    except zlib.error:
        return False


def forget_cached(path: Path) -> None:
    """Have a file that is on the disk read from there, and not from memory. macOS does not know the request."""
    if not hasattr(os, "posix_fadvise"):
        return
    with path.open("rb") as file:
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
