"""Backups: a copy of a living archive that is whole, checked, and put under its name only then."""

from __future__ import annotations

import contextlib
import os
import re
from pathlib import Path

from caliber_crawler.archive.core.connection import Connection, copy_into
from caliber_crawler.archive.core.times import utc_now
from caliber_crawler.archive.upkeep.verification import Verification
from caliber_crawler.errors import ArchiveError, ArchiveFull

NAME = re.compile(r"-\d{8}T\d{6}Z\.db$")
"""What the name of a backup in a folder ends in: when it was made."""


def backup(connection: Connection, destination: Path, *, keep: int | None = None) -> Path:
    """Copy an archive, as it stands at one moment, while others may read and write it; gives the copy's path.

    ``destination`` is a folder, where the copy gets a name with its time and only the newest ``keep`` are left, or a
    file that is not there yet. The copy is verified to the last byte; one that is not sound is not kept, and raises
    ``ArchiveError``.
    """
    is_file = destination.suffix == ".db"
    path = destination if is_file else destination / f"{connection.path.stem}-{utc_now():%Y%m%dT%H%M%SZ}.db"
    if path.exists():
        raise ArchiveError(f"{path} is there already; a backup never overwrites anything.")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ArchiveFull(f"{path.parent} cannot be written: {error.strerror}.") from error
    part = path.with_name(f".{path.name}.part")
    try:
        copy_into(connection, part)
        require_valid(part)
        part.rename(path)
        sync(path.parent)
    finally:
        part.unlink(missing_ok=True)
    if keep is not None and not is_file:
        rotate(destination, connection.path.stem, keep)
    return path


def rotate(folder: Path, stem: str, keep: int) -> None:
    """Leave the newest backups of an archive in a folder. What does not bear such a name is nobody's to remove."""
    copies = sorted(path for path in folder.glob(f"{stem}-*.db") if NAME.fullmatch(path.name[len(stem) :]))
    for path in copies[: max(len(copies) - keep, 0)]:
        path.unlink()


def require_valid(path: Path) -> None:
    """Raise ``ArchiveError`` unless every check of a copy passes."""
    copy = Connection.open(path, "read")
    try:
        wrong = next((finding for finding in Verification(copy) if finding is not None), None)
    finally:
        copy.close()
    for leftover in ("-wal", "-shm"):
        Path(f"{path}{leftover}").unlink(missing_ok=True)
    if wrong is not None:
        raise ArchiveError(
            f"The archive is not sound, so no backup was made: {wrong.message} `caliber verify` says more."
        )


def sync(folder: Path) -> None:
    """Have a new name in a folder survive a power cut."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
