"""New files that are there whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from caliber_crawler.errors import ArchiveFull

Row = Mapping[str, Any]
"""An article as exported: column to text, number or ``None``."""


@contextmanager
def new_path(path: Path) -> Iterator[Path]:
    """A path beside ``path`` to write a file to, which then takes its name: at once, and only if all went well.

    An earlier file of that name stays as it is until then. Raises ``ArchiveFull`` when the file cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{path.name}.", dir=path.parent) as folder:
            unfinished = Path(folder) / path.name
            yield unfinished
            sync(unfinished)
            unfinished.replace(path)
        sync(path.parent)
    except OSError as error:
        raise ArchiveFull(f"{path} cannot be written: {error.strerror or error}.") from error


@contextmanager
def new_file(path: Path) -> Iterator[IO[bytes]]:
    """The same, as a file that is open to be written."""
    with new_path(path) as unfinished, unfinished.open("xb") as file:
        yield file


def sync(path: Path) -> None:
    """Have the disk hold what was written to a file, or to the list of a folder's files."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
