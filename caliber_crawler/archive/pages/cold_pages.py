"""Cold pages: bodies whose bytes are in cold files, each found by file, offset and length, and proven by its digest."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path

from caliber_crawler.archive.core.connection import Connection
from caliber_crawler.archive.core.times import utc_text
from caliber_crawler.archive.pages.cold_files import ColdFile, ColdFiles, index_of, unavailable
from caliber_crawler.archive.pages.cold_records import (
    MAX_HEAD_BYTES,
    Place,
    forget_cached,
    is_removal,
    page_in,
    places_in,
    read_at,
    sha256_of,
)
from caliber_crawler.errors import ArchiveError, ColdFileUnavailable, ColdPageRemoved

MAX_PAGE_BYTES = 1 << 30
"""Maximum bytes of a page: an archive from outside may state any number."""
MOVABLE = """b.stored > 0
  AND EXISTS (SELECT 1 FROM captures c WHERE c.body_digest = b.digest AND c.status IS NOT NULL AND c.status <> 304)
  AND NOT EXISTS (SELECT 1 FROM captures c WHERE c.body_digest = b.digest AND c.fetched_at >= :before)"""
"""A condition on a body: it is in the archive, and every capture of it is older than a time."""
PLACED = "EXISTS (SELECT 1 FROM cold_pages p WHERE p.digest = b.digest)"
"""A condition on a body: it is in cold storage. If it was served again, it is in the archive, too."""
DROP_DATA = "UPDATE bodies SET data = x'', dictionary_id = NULL WHERE digest = ?"
NEW_PLACE = """SELECT 1 FROM bodies WHERE digest = :digest AND size = :size
AND NOT EXISTS (SELECT 1 FROM cold_pages WHERE digest = :digest AND file_id IS :file_id)"""
"""Whether a place in a file is that of a page here, and not known."""
BATCH = 500


class ColdPages:
    """The pages of an archive in cold storage."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.files = ColdFiles(connection)

    def get(self, digest: str) -> bytes:
        """The page, bit for bit, from the first file in which it is as it was.

        Raises ``ColdFileUnavailable``, ``ColdPageRemoved``, or ``ArchiveError`` for damage.
        """
        errors: list[ArchiveError] = []
        for file_id in self._files_with(digest):
            try:
                return self.get_from(digest, file_id)
            except ArchiveError as error:
                errors.append(error)
        if not errors:
            raise ArchiveError(f"{self._connection.path} is damaged: body {digest} has neither data nor a cold file.")
        # A file that is not available may have the page.
        raise next((error for error in errors if isinstance(error, ColdFileUnavailable)), errors[0])

    def get_from(self, digest: str, file_id: int) -> bytes:
        """The page from one of its files. Raises as :meth:`get` does."""
        row = self._connection.row("SELECT * FROM cold_pages WHERE digest = ? AND file_id = ?", (digest, file_id))
        assert row is not None
        file = self.files.get(file_id)
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
        """The error that reading a page would raise because no file with it is available."""
        files = list(map(self.files.get, self._files_with(digest)))
        if not files or any(self.files.find(file) is not None for file in files):
            return None
        return unavailable(files[0].name, self.files.folder_of(files[0]))

    def _files_with(self, digest: str) -> list[int]:
        return self._connection.values("SELECT file_id FROM cold_pages WHERE digest = ? ORDER BY file_id", (digest,))

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
        """The digests of all pages in cold storage, each once, in batches, in the order of the files."""
        last = (0, -1)
        while rows := self._connection.rows(
            f"""SELECT file_id, offset, digest FROM cold_pages p WHERE (file_id, offset) > (?, ?)
            AND NOT EXISTS (SELECT 1 FROM cold_pages q WHERE q.digest = p.digest AND q.file_id < p.file_id)
            ORDER BY file_id, offset LIMIT {BATCH}""",
            last,
        ):
            yield [row["digest"] for row in rows]
            last = (rows[-1]["file_id"], rows[-1]["offset"])

    def drop_place(self, digest: str) -> None:
        """Forget where a page is that is in the archive again. Its records stay in the files."""
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
        files_there, added = ColdFiles(there), set()
        for row in there.rows(
            """SELECT p.* FROM cold_pages p JOIN bodies b ON b.digest = p.digest AND b.stored = 0
            WHERE p.digest IN (SELECT value FROM json_each(?))""",
            (json.dumps(list(digests)),),
        ):
            if row["digest"] not in added:
                if self._connection.value("SELECT 1 FROM bodies WHERE digest = ?", (row["digest"],)) is not None:
                    continue
                self._connection.execute("INSERT INTO bodies (digest, size, data) VALUES (:digest, :size, x'')", row)
                added.add(row["digest"])
            row["file_id"] = self.files.import_from(files_there, files_there.get(row["file_id"]))
            self._add_place(row)
        return added

    def import_places(self, there: Connection) -> int:
        """Refer to all files in which another archive has pages of this one; return the number of new references.

        A takedown must reach them, and a page can be read while another file with it is missing. Files whose pages are
        known are not looked at. Runs inside the caller's transaction.
        """
        files_there, count = ColdFiles(there), 0
        for file in files_there.all():
            known = self.files.named(file.name)
            if known is not None and self.files.count_pages(known) >= files_there.count_pages(file):
                continue
            id, last = None if known is None else known.id, -1
            while rows := there.rows(
                f"""SELECT digest, offset, length, extent, size FROM cold_pages WHERE file_id = ? AND offset > ?
                ORDER BY offset LIMIT {BATCH}""",
                (file.id, last),
            ):
                last = rows[-1]["offset"]
                for row in rows:
                    if self._connection.value(NEW_PLACE, {**row, "file_id": id}) is None:
                        continue
                    if id is None:
                        id = self.files.import_from(files_there, file)
                    self._add_place({**row, "file_id": id})
                    count += 1
        return count

    def _add_place(self, row: Mapping[str, object]) -> None:
        self._connection.execute(
            """INSERT INTO cold_pages (digest, file_id, offset, length, extent, size)
            VALUES (:digest, :file_id, :offset, :length, :extent, :size)""",
            row,
        )
