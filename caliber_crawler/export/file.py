"""Atomic creation of files: a file gets its name only when it is complete."""

from __future__ import annotations

import fcntl
import glob
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from caliber_crawler.errors import ArchiveFull

Row = Mapping[str, Any]
"""An exported article: column name to text, number or ``None``."""


class NewFiles:
    """Unfinished files in a temporary folder; each gets its name atomically when it is complete."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._count = 0

    def begin(self) -> Path:
        """Return the temporary path of another file."""
        self._count += 1
        return self._folder / f"{self._count}"

    def finish(self, unfinished: Path, path: Path) -> None:
        """Move a complete file to its path, replacing any existing file."""
        sync(unfinished)
        unfinished.replace(path)
        sync(path.parent)


@contextmanager
def new_files(path: Path) -> Iterator[NewFiles]:
    """Provide a temporary folder beside ``path``; unfinished files are deleted, also those of killed processes.

    Raises ``ArchiveFull`` if a file cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        remove_unfinished(path)
        with tempfile.TemporaryDirectory(prefix=f".{path.name}.", dir=path.parent) as folder, lock_folder(Path(folder)):
            yield NewFiles(Path(folder))
    except OSError as error:
        raise ArchiveFull(f"{path} cannot be written: {error.strerror or error}.") from error


@contextmanager
def new_path(path: Path) -> Iterator[Path]:
    """Provide a temporary path beside ``path``; the file written there replaces ``path`` atomically on success.

    An existing file remains unchanged until then. Raises ``ArchiveFull`` if the file cannot be written.
    """
    with new_files(path) as files:
        unfinished = files.begin()
        yield unfinished
        files.finish(unfinished, path)


@contextmanager
def new_file(path: Path) -> Iterator[IO[bytes]]:
    """Provide the file of :func:`new_path`, open for writing."""
    with new_path(path) as unfinished, unfinished.open("xb") as file:
        yield file


@contextmanager
def lock_folder(folder: Path) -> Iterator[None]:
    """Lock a folder, so that no other process deletes it. The lock ends with the process, even if it is killed."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(descriptor)


def remove_unfinished(path: Path) -> None:
    """Remove unfinished files for ``path`` that killed processes left behind."""
    for left in path.parent.glob(f".{glob.escape(path.name)}.????????"):
        with suppress(OSError), lock_folder(left):
            shutil.rmtree(left)


def sync(path: Path) -> None:
    """Flush a file, or the entries of a folder, to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
