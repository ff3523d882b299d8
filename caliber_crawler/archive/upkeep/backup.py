"""Backups: a verified copy of an archive that may be in use; the copy gets its name only after verification."""

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
"""The end of a backup's file name: when it was made."""


def backup(connection: Connection, destination: Path, *, keep: int | None = None) -> Path:
    """Copy a consistent snapshot of an archive while others may read and write it; return the copy's path.

    ``destination`` is a folder or a new file. In a folder, the copy is named after its time, and only the newest
    ``keep`` backups are kept. Every byte of the copy is verified; an invalid copy is deleted and raises
    ``ArchiveError``.
    """
    is_file = destination.suffix == ".db"
    path = destination if is_file else destination / f"{connection.path.stem}-{utc_now():%Y%m%dT%H%M%SZ}.db"
    if path.exists():
        raise ArchiveError(f"{path} exists already; a backup never overwrites a file. Choose another name.")
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
    for leftover in ("-wal", "-shm"):
        Path(f"{path}{leftover}").unlink(missing_ok=True)
    if wrong is not None:
        raise ArchiveError(
            f"The archive is damaged, so no backup was made: {wrong.message} Run `caliber verify` for details."
        )


def sync(folder: Path) -> None:
    """Flush a folder, so that a new file name survives a power cut."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
