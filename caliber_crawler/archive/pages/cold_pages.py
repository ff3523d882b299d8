"""Cold pages: bodies whose bytes are in cold files, each found by file, offset and length, and proven by its digest."""

from __future__ import annotations

import hashlib
import json
import os
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from caliber_crawler.archive.core.connection import Connection
from caliber_crawler.archive.core.times import utc_text
from caliber_crawler.archive.pages.cold_files import ColdFile, ColdFiles, index_of, unavailable
from caliber_crawler.errors import ArchiveError, ColdFileUnavailable, ColdPageRemoved

MAX_HEAD_BYTES = 4 * 1024 * 1024
"""Maximum bytes of a record besides the page."""
MAX_PAGE_BYTES = 1 << 30
"""Maximum bytes of a page: an archive from outside may state any number."""
RECORD_END = b"\r\n\r\n"
REMOVED = b"Caliber-Removed: "
"""In the record that takes the place of a page under takedown."""
COPY_BYTES = 1 << 20
MOVABLE = """b.stored > 0
  AND EXISTS (SELECT 1 FROM captures c WHERE c.body_digest = b.digest AND c.status IS NOT NULL AND c.status <> 304)
  AND NOT EXISTS (SELECT 1 FROM captures c WHERE c.body_digest = b.digest AND c.fetched_at >= :before)"""
"""A condition on a body: it is in the archive, and every capture of it is older than a time."""
PLACED = "EXISTS (SELECT 1 FROM cold_pages p WHERE p.digest = b.digest)"
"""A condition on a body: it is in cold storage. If it was served again, it is in the archive, too."""
DROP_DATA = "UPDATE bodies SET data = x'', dictionary_id = NULL WHERE digest = ?"
BATCH = 500


@dataclass(frozen=True, slots=True)
class Place:
    """The place of a page in a cold file, in bytes."""

    digest: str
    offset: int
    length: int
    """Of the record with the page."""
    extent: int
    """Of all records that concern the page: requests and repeated captures, too."""


class ColdPages:
    """The pages of an archive in cold storage."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.files = ColdFiles(connection)

    def get(self, digest: str) -> bytes:
        """The page, bit for bit.

        Raises ``ColdFileUnavailable``, ``ColdPageRemoved``, or ``ArchiveError`` for damage.
        """
        row = self._connection.row("SELECT * FROM cold_pages WHERE digest = ?", (digest,))
        if row is None:
            raise ArchiveError(f"{self._connection.path} is damaged: body {digest} has neither data nor a cold file.")
        file = self.files.get(row["file_id"])
        path = self.files.require(file)
        if not 0 < row["length"] <= row["size"] + MAX_HEAD_BYTES or row["size"] > MAX_PAGE_BYTES:
            raise ArchiveError(f"{self._connection.path} is damaged: the place of body {digest} is impossible.")
        try:
            data = read_at(path, row["offset"], row["length"])
        except OSError as error:
            raise unavailable(file.name, path.parent) from error
        page = page_in(data, row["size"])
        if page is not None and hashlib.sha256(page).hexdigest() == digest:
            return page
        if is_removal(data):
            raise ColdPageRemoved(
                f"Body {digest} was removed from {path} by a takedown in another archive. Merge that archive into this"
                " one, or run `caliber takedown` with the same article."
            )
        raise ArchiveError(
            f"{path} is damaged: the record at byte {row['offset']:,} is not that of body {digest}."
            " Replace the file by an undamaged copy."
        )

    def has(self, digest: str) -> bool:
        """Is a page in cold storage?"""
        return self._connection.value("SELECT 1 FROM cold_pages WHERE digest = ?", (digest,)) is not None

    def missing_file(self, digest: str) -> ColdFileUnavailable | None:
        """The error that reading a page would raise because its file is not available."""
        id = self._connection.value("SELECT file_id FROM cold_pages WHERE digest = ?", (digest,))
        if id is None or self.files.find(file := self.files.get(id)) is not None:
            return None
        return unavailable(file.name, self.files.folder_of(file))

    # --- moving pages there -------------------------------------------------------------------------------------------

    def movable(self, before: datetime) -> Iterator[str]:
        """The digests of the pages to move: those all of whose captures are older than a time, in order of storage.

        Without those that returned from cold storage, which :meth:`release` removes.
        """
        for digests in self._batches(before, f"NOT {PLACED}"):
            yield from digests

    def release(self, before: datetime) -> int:
        """Remove the data of old pages that returned from cold storage and are still there; return their number."""
        count = 0
        for digests in self._batches(before, PLACED):
            intact = [digest for digest in digests if self._is_in_file(digest)]
            with self._connection.transaction():
                for digest in intact:
                    self._connection.execute(DROP_DATA, (digest,))
            count += len(intact)
        return count

    def _is_in_file(self, digest: str) -> bool:
        try:
            self.get(digest)
        except ArchiveError:
            return False
        return True

    def _batches(self, before: datetime, condition: str) -> Iterator[list[str]]:
        last = 0
        while rows := self._connection.rows(
            f"""SELECT b.rowid AS place, b.digest FROM bodies b WHERE b.rowid > :last AND {MOVABLE} AND {condition}
            ORDER BY b.rowid LIMIT {BATCH}""",
            {"last": last, "before": utc_text(before)},
        ):
            yield [row["digest"] for row in rows]
            last = rows[-1]["place"]

    def count_movable(self, before: datetime) -> tuple[int, int]:
        """The number of these pages, and the bytes that they take in the archive."""
        row = self._connection.row(
            f"SELECT count(*) AS pages, coalesce(sum(b.stored), 0) AS stored FROM bodies b WHERE {MOVABLE}",
            {"before": utc_text(before)},
        )
        assert row is not None
        return row["pages"], row["stored"]

    @property
    def stored_bytes(self) -> int:
        """The bytes that pages and dictionaries take in the archive."""
        size: int = self._connection.value(
            "SELECT stored + (SELECT coalesce(sum(length(data)), 0) FROM dictionaries) FROM totals"
        )
        return size

    def recover(self) -> int:
        """Record the pages of files whose move was killed, and forget files that were not written; return their number.

        Raises ``ColdFileUnavailable`` if their folder is missing.
        """
        count = 0
        for file in self.files.all():
            if file.size is not None:
                continue
            if self.files.find(file) is not None:
                count += self.complete(file)
            elif (folder := self.files.folder_of(file)).is_dir():
                self.files.discard(file)
            else:
                raise ColdFileUnavailable(
                    f"The move of pages into {file.name} was interrupted, and {folder} is missing. Mount the storage"
                    " and run the command again."
                )
        return count

    def complete(self, file: ColdFile) -> int:
        """Record the pages of a complete file, and remove them from the archive; return their number.

        Every record is read back first. Raises ``ColdFileUnavailable``, or ``ArchiveError`` if a record has another
        digest.
        """
        path = self.files.require(file)
        forget_cached(path)
        places = places_in(index_of(path))
        obsolete = {place for place in places if not self._is_intact(path, place)}
        size, sha256 = path.stat().st_size, sha256_of(path)
        with self._connection.transaction():
            self._connection.execute("UPDATE cold_files SET size = ?, sha256 = ? WHERE id = ?", (size, sha256, file.id))
            for place in obsolete:
                self._connection.execute(
                    "INSERT INTO cold_removals (file_id, offset, extent) VALUES (?, ?, ?)",
                    (file.id, place.offset, place.extent),
                )
            moved = [place for place in places if place not in obsolete]
            for place in moved:
                self._move(file, place)
            self._delete_unused_dictionaries()
        return len(moved)

    def _is_intact(self, path: Path, place: Place) -> bool:
        """Does the archive contain this page, and its record too? Raises ``ArchiveError`` if the record differs."""
        size = self._connection.value("SELECT size FROM bodies WHERE digest = ?", (place.digest,))
        if size is None or self.has(place.digest):
            return False
        page = page_in(read_at(path, place.offset, place.length), size)
        if page is not None and hashlib.sha256(page).hexdigest() == place.digest:
            return True
        raise ArchiveError(
            f"{path} does not contain what was written to it, at byte {place.offset:,}; no page left the archive. Check"
            " the storage, delete the file, and run the command again."
        )

    def _move(self, file: ColdFile, place: Place) -> None:
        self._connection.execute(
            """INSERT INTO cold_pages (digest, file_id, offset, length, extent, size)
            SELECT ?, ?, ?, ?, ?, size FROM bodies WHERE digest = ?1""",
            (place.digest, file.id, place.offset, place.length, place.extent),
        )
        self._connection.execute(DROP_DATA, (place.digest,))

    def _delete_unused_dictionaries(self) -> None:
        """Delete dictionaries that no body needs any more, except the newest of each page class."""
        self._connection.execute(
            """DELETE FROM dictionaries WHERE id NOT IN (
              SELECT max(id) FROM dictionaries GROUP BY site, kind, language, media_type)
            AND NOT EXISTS (SELECT 1 FROM bodies WHERE dictionary_id = dictionaries.id)"""
        )

    @property
    def free_bytes(self) -> int:
        """The bytes in the archive file that nothing uses."""
        free: int = self._connection.value("PRAGMA freelist_count") * self._connection.value("PRAGMA page_size")
        return free

    def vacuum(self) -> None:
        """Give free space in the archive file back to the disk. Raises ``ArchiveFull`` without space for a copy."""
        self._connection.execute("VACUUM")
        self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    # --- moving pages back --------------------------------------------------------------------------------------------

    def placed(self) -> Iterator[list[str]]:
        """The digests of all pages in cold storage, in batches, in the order of the files."""
        last = (0, -1)
        while rows := self._connection.rows(
            f"""SELECT file_id, offset, digest FROM cold_pages WHERE (file_id, offset) > (?, ?)
            ORDER BY file_id, offset LIMIT {BATCH}""",
            last,
        ):
            yield [row["digest"] for row in rows]
            last = (rows[-1]["file_id"], rows[-1]["offset"])

    def drop_place(self, digest: str) -> None:
        """Forget where a page is that is in the archive again. Its record stays in the file."""
        self._connection.execute("DELETE FROM cold_pages WHERE digest = ?", (digest,))

    # --- removal and merge --------------------------------------------------------------------------------------------

    def forget(self, digest: str) -> None:
        """Forget where a page is, and note its records for removal. Runs inside the caller's transaction."""
        self._connection.execute(
            """INSERT INTO cold_removals (file_id, offset, extent)
            SELECT file_id, offset, extent FROM cold_pages WHERE digest = ? ON CONFLICT DO NOTHING""",
            (digest,),
        )
        self._connection.execute("DELETE FROM cold_pages WHERE digest = ?", (digest,))

    def import_from(self, there: Connection, digests: Iterable[str]) -> set[str]:
        """Refer to pages that another archive has in cold storage; return those that were unknown here.

        Runs inside the caller's transaction.
        """
        files_there, ids, added = ColdFiles(there), dict[int, int](), set()
        for row in there.rows(
            """SELECT p.* FROM cold_pages p JOIN bodies b ON b.digest = p.digest AND b.stored = 0
            WHERE p.digest IN (SELECT value FROM json_each(?))""",
            (json.dumps(list(digests)),),
        ):
            if self._connection.value("SELECT 1 FROM bodies WHERE digest = ?", (row["digest"],)) is not None:
                continue
            id = row["file_id"]
            if id not in ids:
                ids[id] = self.files.import_from(files_there, files_there.get(id))
            row["file_id"] = ids[id]
            self._connection.execute("INSERT INTO bodies (digest, size, data) VALUES (:digest, :size, x'')", row)
            self._connection.execute(
                """INSERT INTO cold_pages (digest, file_id, offset, length, extent, size)
                VALUES (:digest, :file_id, :offset, :length, :extent, :size)""",
                row,
            )
            added.add(row["digest"])
        return added


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
