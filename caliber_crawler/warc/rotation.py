"""WARC files of a bounded size: one, or several that are numbered as crawlers number theirs."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Protocol

from caliber_crawler.items import Capture
from caliber_crawler.warc.writer import WarcFile

LARGEST_FILE = 1_000_000_000
"""Bytes after which another WARC file is begun, as in other crawlers."""

ENDING = re.compile(r"(?:\.warc)?(?:\.gz)?$", re.IGNORECASE)


class NewFiles(Protocol):
    """Where files are written before they take their names."""

    def begin(self) -> Path:
        """A path for one more file."""
        ...

    def finish(self, unfinished: Path, path: Path) -> None:
        """Have a file that is whole take its name."""
        ...


def write_warcs(
    captures: Iterable[Capture], files: NewFiles, path: Path, *, max_size: int = LARGEST_FILE, rights: str = ""
) -> tuple[int, list[Path]]:
    """Write captures as WARC files; how many, and where.

    They are in ``path`` if one file is enough, and otherwise in ``NAME-00000.warc.gz`` and so on. A file that has
    reached ``max_size`` bytes is followed by another; 0 is no bound. Each takes its name when it is whole, and can be
    read without the others.
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
    """WARC files in the making, one after the other."""

    def __init__(self, files: NewFiles, path: Path, max_size: int, rights: str) -> None:
        self._files = files
        self._path = path
        self._max_size = max_size
        self._rights = rights
        self._open(path)
        self.written: list[Path] = []
        """The files that are whole, under their names."""

    def add(self, capture: Capture) -> None:
        """Write a capture, to another file if this one is full."""
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
        """Let go of a file that is not whole."""
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
        """The first file says its own name, which was to be another one: copy what follows that."""
        records_at, first = self._warc.records_at, self._unfinished
        self._file.close()
        self._open(self._numbered(0))
        with first.open("rb") as file:
            file.seek(records_at)
            shutil.copyfileobj(file, self._file)
        first.unlink()

    def _numbered(self, number: int) -> Path:
        return numbered(self._path, number)


def numbered(path: Path, number: int) -> Path:
    """The name of one of several files."""
    ending = ENDING.search(path.name)
    assert ending is not None
    return path.with_name(f"{path.name[: ending.start()]}-{number:05}{ending[0]}")
