"""Backups: a verified copy of an archive that may be in use; the copy gets its name only after verification."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from caliber_crawler.archive.core.connection import Connection, copy_into
from caliber_crawler.archive.core.side_files import OF_SQLITE, files_of
from caliber_crawler.archive.core.times import utc_now
from caliber_crawler.archive.upkeep.verification import Verification
from caliber_crawler.errors import ArchiveError
from caliber_crawler.output_files import NewFiles, new_files

NAME = re.compile(r"-\d{8}T\d{6}Z\.db$")
"""The end of a backup's file name: when it was made."""
MAX_LATER = 600
"""Maximum number of seconds by which a name is later than the copy, because other backups have the earlier names."""


def backup(connection: Connection, destination: Path, *, keep: int | None = None) -> Path:
    """Copy a consistent snapshot of an archive while others may read and write it; return the copy's path.

    ``destination`` is a folder or a new file. In a folder, the copy is named after its time, and only the newest
    ``keep`` backups are kept. Every byte of the copy is verified; an invalid copy is deleted and raises
    ``ArchiveError``. What killed backups of this archive left in the folder is deleted.
    """
    is_file = destination.suffix == ".db"
    folder, stem = (destination.parent, destination.stem) if is_file else (destination, connection.path.stem)
    if is_file and destination.absolute() in files_of(connection.path.absolute()):
        raise ArchiveError(f"{destination} is the name of a file of the archive. Choose another name for the backup.")
    if is_file and os.path.lexists(destination):
        raise exists(destination)
    if is_file and (journal := next(filter(Path.exists, database_files(destination)), None)):
        # SQLite would apply the journal of a former database to the copy.
        raise ArchiveError(f"{journal} is left from another database; delete it or choose another name for the backup.")
    with new_files(folder / f"{stem}.db") as files:
        part = files.begin()
        copy_into(connection, part)
        require_valid(part)
        try:
            path = finish(files, part, [destination] if is_file else backup_paths(folder, stem))
        except FileExistsError:
            raise exists(destination) from None
    if keep is not None and not is_file:
        rotate(destination, connection.path.stem, keep)
    return path


def backup_paths(folder: Path, stem: str) -> Iterator[Path]:
    """Names for a backup in a folder: the current second, and the following ones if another backup has that name."""
    now = utc_now()
    return (folder / f"{stem}-{now + timedelta(seconds=later):%Y%m%dT%H%M%SZ}.db" for later in range(MAX_LATER))


def finish(files: NewFiles, part: Path, paths: Iterable[Path]) -> Path:
    """Move a complete copy to the first path that does not exist. Raises ``FileExistsError`` if all exist."""
    for path in paths:
        with suppress(FileExistsError):
            files.finish_new(part, path)
            return path
    raise FileExistsError


def exists(path: Path) -> ArchiveError:
    return ArchiveError(f"{path} exists already; a backup never overwrites a file. Choose another name.")


def database_files(path: Path) -> list[Path]:
    """The files that SQLite keeps beside a database."""
    return [Path(f"{path}{ending}") for ending in OF_SQLITE]


def rotate(folder: Path, stem: str, keep: int) -> None:
    """Delete all but the newest ``keep`` backups of an archive in a folder; other files are not touched."""
    copies = sorted(path for path in folder.glob(f"{stem}-*.db") if NAME.fullmatch(path.name[len(stem) :]))
    for path in copies[: max(len(copies) - keep, 0)]:
        path.unlink()


def require_valid(path: Path) -> None:
    """Raise ``ArchiveError`` unless a copy passes every check."""
    copy = Connection.open(path, "read")
    try:
        wrong = next((finding for finding in Verification(copy) if finding is not None), None)
    finally:
        copy.close()
    for leftover in database_files(path):
        leftover.unlink(missing_ok=True)
    if wrong is not None:
        raise ArchiveError(
            f"The archive is damaged, so no backup was made: {wrong.message} Run `caliber verify` for details."
        )
