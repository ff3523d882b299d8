"""WARC files of limited size: one, or several numbered as other crawlers number theirs."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Protocol

from caliber_crawler.items import Capture
from caliber_crawler.warc.writer import WarcFile

MAX_FILE_BYTES = 1_000_000_000
"""Maximum bytes of a WARC file before the next one begins, as in other crawlers."""

ENDING = re.compile(r"(?:\.warc)?(?:\.gz)?$", re.IGNORECASE)


class NewFiles(Protocol):
    """Creates files under temporary names and renames them when they are complete."""

    def begin(self) -> Path:
        """Return a path for another file."""
        ...

    def finish(self, unfinished: Path, path: Path) -> None:
        """Rename a complete file to its final name."""
        ...


def write_warcs(
    captures: Iterable[Capture], files: NewFiles, path: Path, *, max_size: int = MAX_FILE_BYTES, rights: str = ""
) -> tuple[int, list[Path]]:
    """Write captures as WARC files; return the number of captures and the paths.

    One file is named ``path``; several are named ``NAME-00000.warc.gz`` and so on. A new file begins when one has
    reached ``max_size`` bytes; 0 disables the limit. Each gets its name when it is complete, and is readable without
    the others.
    """
    rotation = Rotation(files, path, max_size, rights)
    count = 0
    try:
        for capture in captures:
            rotation.add(capture)
            count += 1
        rotation.finish()
    finally:
        rotation.close()
    return count, rotation.written


class Rotation:
    """Writes WARC files one after the other."""

    def __init__(self, files: NewFiles, path: Path, max_size: int, rights: str) -> None:
        self._files = files
        self._path = path
        self._max_size = max_size
        self._rights = rights
        self._open(path)
        self.written: list[Path] = []
        """The complete files under their final names."""

    def add(self, capture: Capture) -> None:
        """Write a capture, to a new file if the current one is full."""
        if self._max_size and self._captures and self._file.tell() >= self._max_size:
            if not self.written:
                self._number_first()
            self._finish(self._numbered(len(self.written)))
            self._open(self._numbered(len(self.written)))
        self._warc.add(capture)
        self._captures += 1

    def finish(self) -> None:
        """Finish the last file."""
        self._finish(self._numbered(len(self.written)) if self.written else self._path)

    def close(self) -> None:
        """Close an incomplete file."""
        self._file.close()

    def _open(self, path: Path) -> None:
        self._unfinished = self._files.begin()
        self._file: IO[bytes] = self._unfinished.open("xb")
        self._warc = WarcFile(self._file, path.name, self._rights)
        self._captures = 0

    def _finish(self, path: Path) -> None:
        self._file.close()
        self._files.finish(self._unfinished, path)
        self.written.append(path)

    def _number_first(self) -> None:
        """Number the first file too: write a new header, which contains its name, and copy the rest."""
        records_at, first = self._warc.records_at, self._unfinished
        self._file.close()
        self._open(self._numbered(0))
        with first.open("rb") as file:
            file.seek(records_at)
            shutil.copyfileobj(file, self._file)
        first.unlink()

    def _numbered(self, number: int) -> Path:
        return numbered_path(self._path, number)


def numbered_path(path: Path, number: int) -> Path:
    """Return the name of one of several files."""
    ending = ENDING.search(path.name)
    assert ending is not None
    return path.with_name(f"{path.name[: ending.start()]}-{number:05}{ending[0]}")
