"""Removal of pages under takedown from cold files.

The records of a page are replaced by one record of the same length, in a copy that takes the place of the file: all
other records keep their places, which other archives and indexes may refer to. What is to be removed is recorded in the
transaction that deletes the page, so that a removal that was killed is done again, with the same result.
"""

from __future__ import annotations

import hashlib
import json
import os
import struct
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import IO
from uuid import NAMESPACE_URL, uuid5

from caliber_crawler.archive.core.connection import Connection
from caliber_crawler.archive.pages.cold_files import ColdFile, ColdFiles, index_of
from caliber_crawler.archive.pages.cold_pages import ColdPages
from caliber_crawler.archive.pages.cold_records import COPY_BYTES, REMOVED, read_at
from caliber_crawler.errors import ArchiveError, ColdFileUnavailable
from caliber_crawler.output_files import new_file
from caliber_crawler.quantity import quantity

Hole = tuple[int, int]
"""The offset and length of what is removed."""
NEEDED = """SELECT DISTINCT p.file_id FROM captures c JOIN cold_pages p ON p.digest = c.body_digest
WHERE c.site = :site AND (c.kind <> 'article' OR c.id IN (SELECT value FROM json_each(:captures)))"""
MEMBER_START = b"\x1f\x8b\x08"
MAX_BLOCK = 65_535
"""Maximum bytes of a block that is stored without compression (RFC 1951)."""
BLOCK_HEAD = 5
ENDS_BYTES = 8 + 12
"""The ends of the head and of the record, and the digits of the length."""
MEMBER_BYTES = 18
"""Bytes of a gzip member besides its blocks and its comment (RFC 1952)."""


class ColdRemovals:
    """Removes pages from the cold files of an archive that is open for writing."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._files = ColdFiles(connection)

    def require_files(self, site: str, captures: Sequence[int]) -> None:
        """Raise ``ColdFileUnavailable`` unless the files with these captures and the site's lists can be changed."""
        ColdPages(self._connection).recover()
        wanted = {"site": site, "captures": json.dumps(list(captures))}
        files = [self._files.get(id) for id in self._connection.values(NEEDED, wanted)]
        if missing := [file for file in files if not self._is_changeable(file)]:
            places = ", ".join(f"{self._files.folder_of(file) / file.name}" for file in missing)
            raise ColdFileUnavailable(
                f"Nothing was deleted: the article may be on pages in cold storage, in"
                f" {quantity(len(missing), 'file')} that cannot be changed now: {places}. Mount the storage for"
                " writing; if the files have been moved, run `caliber cold locate FOLDER`. Then run the command again."
            )

    def _is_changeable(self, file: ColdFile) -> bool:
        path = self._files.find(file)
        return path is not None and os.access(path, os.R_OK) and os.access(path.parent, os.W_OK)

    def carry_out(self) -> None:
        """Remove what is recorded. Raises ``ColdFileUnavailable`` if a file is not available."""
        for id in self._connection.values("SELECT DISTINCT file_id FROM cold_removals ORDER BY file_id"):
            file = self._files.get(id)
            path = self._files.require(file)
            holes = [
                (row["offset"], row["extent"])
                for row in self._connection.rows(
                    "SELECT offset, extent FROM cold_removals WHERE file_id = ? ORDER BY offset", (id,)
                )
            ]
            require_cold_file(path)
            require_records(path, holes)
            shorten_index(index_of(path), holes)
            sha256 = replace_records(path, file, holes)
            with self._connection.transaction():
                self._connection.execute("UPDATE cold_files SET sha256 = ? WHERE id = ?", (sha256, id))
                self._connection.execute("DELETE FROM cold_removals WHERE file_id = ?", (id,))


def pending_removals(connection: Connection) -> int:
    """The number of pages under takedown that are still in cold files."""
    count: int = connection.value("SELECT count(*) FROM cold_removals")
    return count


def require_cold_file(path: Path) -> None:
    """Raise ``ArchiveError`` unless a file says that it is the cold file of this name.

    An archive from outside may state any file, place and removal.
    """
    try:
        with path.open("rb") as file:
            head = zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(file.read(MAX_BLOCK), MAX_BLOCK)
    except zlib.error:
        head = b""
    if not all(field in head for field in (b"WARC-Type: warcinfo", b"software: caliber_crawler/", filename(path.name))):
        raise ArchiveError(
            f"{path} was not changed: it is not a cold file of this name. Replace it by an undamaged copy and run the"
            " command again."
        )


def filename(name: str) -> bytes:
    """The name of a WARC file in its first record."""
    return f"WARC-Filename: {name}\r\n".encode()


def require_records(path: Path, holes: Sequence[Hole]) -> None:
    """Raise ``ArchiveError`` unless what is removed are whole gzip members: never part of another file."""
    size = path.stat().st_size
    for start, extent in holes:
        end = start + extent
        is_whole = end <= size and all(
            place == size or read_at(path, place, len(MEMBER_START)) == MEMBER_START for place in (start, end)
        )
        if not is_whole:
            raise ArchiveError(
                f"{path} was not changed: there is no record to remove at bytes {start:,} to {end:,}. Replace the file"
                " by an undamaged copy and run the command again."
            )


def shorten_index(index: Path, holes: Sequence[Hole]) -> None:
    """Remove the lines of removed records from an index, if it is there."""
    if not index.exists():
        return
    with index.open("rb") as lines, new_file(index) as out:
        for line in lines:
            offset = int(json.loads(line[line.index(b"{") :])["offset"])
            if not any(start <= offset < start + extent for start, extent in holes):
                out.write(line)


def replace_records(path: Path, file: ColdFile, holes: Sequence[Hole]) -> str:
    """Replace records in a file by others that state their removal; return the file's SHA-256."""
    digest = hashlib.sha256()
    with path.open("rb") as source, new_file(path) as out:
        at = 0
        for start, extent in holes:
            copy(source, out, start - at, digest)
            filler = removal_record(file, start, extent)
            digest.update(filler)
            out.write(filler)
            at = source.seek(start + extent)
        copy(source, out, None, digest)
    return digest.hexdigest()


def copy(source: IO[bytes], out: IO[bytes], count: int | None, digest: hashlib._Hash) -> None:
    """Copy bytes, up to the end without a ``count``."""
    while count is None or count > 0:
        data = source.read(COPY_BYTES if count is None else min(count, COPY_BYTES))
        if not data:
            return
        count = None if count is None else count - len(data)
        digest.update(data)
        out.write(data)


def removal_record(file: ColdFile, offset: int, extent: int) -> bytes:
    """A WARC record that states a removal, as one gzip member of exactly ``extent`` bytes."""
    head = (
        "WARC/1.1\r\nWARC-Type: metadata\r\n"
        f"WARC-Record-ID: <urn:uuid:{uuid5(NAMESPACE_URL, f'{file.name}/{offset}')}>\r\n"
        f"WARC-Date: {file.started_at}\r\nContent-Length: "
    )
    blocks = extent // MAX_BLOCK + 1
    length = extent - MEMBER_BYTES - blocks * BLOCK_HEAD - len(head) - ENDS_BYTES
    statement = f"{REMOVED.decode()}takedown\r\n".ljust(length)
    return gzip_member(f"{head}{length}\r\n\r\n{statement}\r\n\r\n".encode(), extent)


def gzip_member(content: bytes, size: int) -> bytes:
    """A gzip member of ``size`` bytes with uncompressed content; a comment fills it up."""
    blocks = b"".join(
        struct.pack("<BHH", start + MAX_BLOCK >= len(content), len(block), len(block) ^ 0xFFFF) + block
        for start in range(0, len(content), MAX_BLOCK)
        if (block := content[start : start + MAX_BLOCK])
    )
    end = struct.pack("<II", zlib.crc32(content), len(content) & 0xFFFFFFFF)
    missing = size - len(blocks) - MEMBER_BYTES
    comment = b"" if missing == 0 else b" " * (missing - 1) + b"\0"
    flags = 0x10 if comment else 0
    return struct.pack("<2sBBIBB", b"\x1f\x8b", 8, flags, 0, 0, 255) + comment + blocks + end
