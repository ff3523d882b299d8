"""New files that are there whole or not at all."""

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
"""An article as exported: column to text, number or ``None``."""


class NewFiles:
    """Files in the making: each takes its name at once, and only when it is whole."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._count = 0

    def begin(self) -> Path:
        """A path to write one more file to."""
        self._count += 1
        return self._folder / f"{self._count}"

    def finish(self, unfinished: Path, path: Path) -> None:
        """Give a file its name, in the place of any that has it."""
        sync(unfinished)
        unfinished.replace(path)
        sync(path.parent)


@contextmanager
def new_files(path: Path) -> Iterator[NewFiles]:
    """Files to be written beside ``path``; what has no name at the end is gone, and so is what a killed one left.

    Raises ``ArchiveFull`` when one of them cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        sweep(path)
        with tempfile.TemporaryDirectory(prefix=f".{path.name}.", dir=path.parent) as folder, held(Path(folder)):
            yield NewFiles(Path(folder))
    except OSError as error:
        raise ArchiveFull(f"{path} cannot be written: {error.strerror or error}.") from error


@contextmanager
def new_path(path: Path) -> Iterator[Path]:
    """A path beside ``path`` to write a file to, which then takes its name: at once, and only if all went well.

    An earlier file of that name stays as it is until then. Raises ``ArchiveFull`` when the file cannot be written.
    """
    with new_files(path) as files:
        unfinished = files.begin()
        yield unfinished
        files.finish(unfinished, path)


@contextmanager
def new_file(path: Path) -> Iterator[IO[bytes]]:
    """The same, as a file that is open to be written."""
    with new_path(path) as unfinished, unfinished.open("xb") as file:
        yield file


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Hold a folder, so that nobody takes it for left behind. Whoever is killed lets go of it."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(descriptor)


def sweep(path: Path) -> None:
    """Remove what was begun for ``path`` and left behind when its writer was killed."""
    for left in path.parent.glob(f".{glob.escape(path.name)}.????????"):
        with suppress(OSError), held(left):
            shutil.rmtree(left)


def sync(path: Path) -> None:
    """Have the disk hold what was written to a file, or to the list of a folder's files."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
