"""Cold files: WARC files outside the archive that contain pages of it. See docs/guides/retention.md."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from caliber_crawler.archive.core.connection import Connection
from caliber_crawler.archive.core.times import utc_now, utc_text
from caliber_crawler.errors import ArchiveError, ColdFileUnavailable
from caliber_crawler.quantity import quantity

FOLDER_VARIABLE = "CALIBER_COLD_FOLDER"
"""The environment variable with a folder that is searched before the recorded one."""
ENDING = ".warc.gz"
INDEX_ENDING = ".cdxj"
FILES = "SELECT id, name, folder, started_at, size, sha256 FROM cold_files"


@dataclass(frozen=True, slots=True)
class ColdFile:
    """A file in cold storage."""

    id: int
    name: str
    folder: str
    """Where it was last; relative to the archive's folder if it is below that."""
    started_at: str
    size: int | None
    """Bytes; ``None`` until its pages are recorded."""
    sha256: str | None


class ColdFiles:
    """The cold files of an archive: their names, and where they are."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @property
    def path(self) -> Path:
        """The path of the archive."""
        return self._connection.path

    def all(self) -> list[ColdFile]:
        """Every file, oldest first; also one whose move was killed, which has no size."""
        return [ColdFile(**row) for row in self._connection.rows(f"{FILES} ORDER BY id")]

    def count_pages(self, file: ColdFile) -> int:
        """The number of this archive's pages in a file."""
        count: int = self._connection.value("SELECT count(*) FROM cold_pages WHERE file_id = ?", (file.id,))
        return count

    def get(self, id: int) -> ColdFile:
        """A file by its ID. Raises ``ArchiveError`` if the archive has none with this ID."""
        row = self._connection.row(f"{FILES} WHERE id = ?", (id,))
        if row is None:
            raise ArchiveError(f"{self._connection.path} is damaged: cold file {id} is not recorded.")
        return ColdFile(**row)

    def named(self, name: str) -> ColdFile | None:
        """A file by its name, which identifies it in all archives; ``None`` if it is unknown."""
        row = self._connection.row(f"{FILES} WHERE name = ?", (name,))
        return None if row is None else ColdFile(**row)

    def begin(self, folder: Path) -> ColdFile:
        """Record a file that is about to be written; its name is new."""
        now = utc_now()
        name = f"{self._connection.path.stem}-{now:%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}{ENDING}"
        with self._connection.transaction():
            id = self._connection.execute(
                "INSERT INTO cold_files (name, folder, started_at) VALUES (?, ?, ?)",
                (name, self._recorded(folder), utc_text(now)),
            ).lastrowid
        assert id is not None
        return self.get(id)

    def discard(self, file: ColdFile) -> None:
        """Forget a file that was not written to the end."""
        index_of(self.folder_of(file) / file.name).unlink(missing_ok=True)
        with self._connection.transaction():
            self._connection.execute("DELETE FROM cold_files WHERE id = ?", (file.id,))

    def discard_unused(self) -> list[Path]:
        """Forget complete files without pages of this archive; return their paths. The files stay."""
        unused = [
            file
            for file in self.all()
            if file.size is not None
            and not self._connection.value(
                "SELECT EXISTS (SELECT 1 FROM cold_pages WHERE file_id = ?1) OR EXISTS (SELECT 1 FROM cold_removals"
                " WHERE file_id = ?1)",
                (file.id,),
            )
        ]
        with self._connection.transaction():
            for file in unused:
                self._connection.execute("DELETE FROM cold_files WHERE id = ?", (file.id,))
        return [self.find(file) or self.folder_of(file) / file.name for file in unused]

    @property
    def last_folder(self) -> Path | None:
        """The folder of the newest file."""
        folder = self._connection.value("SELECT folder FROM cold_files ORDER BY id DESC LIMIT 1")
        return None if folder is None else self._absolute(folder)

    def folder_of(self, file: ColdFile) -> Path:
        """The folder where a file was last, as an absolute path."""
        return self._absolute(file.folder)

    def find(self, file: ColdFile) -> Path | None:
        """The path of a file; ``None`` if it is not available."""
        if not is_name(file.name):
            return None
        for folder in self._folders(file):
            try:
                if (path := folder / file.name).is_file():
                    return path
            except (OSError, ValueError):  # a network drive that does not answer, or no path
                continue
        return None

    def require(self, file: ColdFile) -> Path:
        """The path of a file. Raises ``ColdFileUnavailable``."""
        path = self.find(file)
        if path is None:
            raise unavailable(file.name, self.folder_of(file))
        return path

    def locate(self, folder: Path) -> list[ColdFile]:
        """Record a folder for those files that are in it with their size; return them."""
        found = []
        for file in self.all():
            path = folder / file.name
            if path.is_file() and (file.size is None or path.stat().st_size == file.size):
                found.append(file)
        with self._connection.transaction():
            for file in found:
                self._connection.execute(
                    "UPDATE cold_files SET folder = ? WHERE id = ?", (self._recorded(folder), file.id)
                )
        return found

    def note(self) -> str | None:
        """A sentence that names the files that belong to the archive; ``None`` without any."""
        files = [file for file in self.all() if file.size is not None]
        if not files:
            return None
        folders = ", ".join(dict.fromkeys(str(self.folder_of(file)) for file in files))
        count, size = sum(map(self.count_pages, files)), sum(file.size or 0 for file in files)
        return (
            f"{quantity(count, 'page')} of the archive {'is' if count == 1 else 'are'} in cold storage:"
            f" {quantity(len(files), 'file')}, {size / 1e6:,.1f} MB, in {folders}."
        )

    def import_from(self, there: ColdFiles, file: ColdFile) -> int:
        """The ID here of a file of another archive; it is recorded if it is unknown. Its name identifies it."""
        if (known := self.named(file.name)) is not None:
            return known.id
        if not is_name(file.name):
            raise ArchiveError(f"{there.path} is damaged: {file.name[:100]!r} is not the name of a cold file.")
        id = self._connection.execute(
            "INSERT INTO cold_files (name, folder, started_at, size, sha256) VALUES (?, ?, ?, ?, ?)",
            (file.name, self._recorded(there.folder_of(file)), file.started_at, file.size, file.sha256),
        ).lastrowid
        assert id is not None
        return id

    def _folders(self, file: ColdFile) -> Iterator[Path]:
        if first := os.environ.get(FOLDER_VARIABLE):
            yield Path(first)
        yield self.folder_of(file)

    def _recorded(self, folder: Path) -> str:
        """A folder as it is recorded: relative to the archive's folder if it is below that."""
        home, absolute = self._connection.path.absolute().parent, folder.absolute()
        return str(absolute.relative_to(home) if absolute.is_relative_to(home) else absolute)

    def _absolute(self, folder: str) -> Path:
        return self._connection.path.absolute().parent / folder


def is_name(name: str) -> bool:
    """Whether this may be the name of a cold file: an archive from outside must not name other files."""
    return name.endswith(ENDING) and "/" not in name and "\0" not in name


def index_of(path: Path) -> Path:
    """The path of the index beside a file."""
    return path.with_name(path.name.removesuffix(ENDING) + INDEX_ENDING)


def unavailable(name: str, folder: Path) -> ColdFileUnavailable:
    return ColdFileUnavailable(
        f"This page is in cold storage, in {name}, which is not available in {folder}. Mount the storage; if the file"
        f" has been moved, run `caliber cold locate FOLDER` or set {FOLDER_VARIABLE}."
    )
