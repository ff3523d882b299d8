"""Several files as one export: in a folder, or in a ZIP file."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from hashlib import sha256
from pathlib import Path
from typing import IO, Any, Protocol

EARLIEST = (1980, 1, 1, 0, 0, 0)
"""The date of every file in a ZIP file, so that equal exports are equal files."""


class FileSet(Protocol):
    """Where the files of an export go."""

    def open(self, name: str) -> AbstractContextManager[IO[bytes]]:
        """A new file; the next one can be opened when it is closed."""


class Folder:
    """A folder that exists."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @contextmanager
    def open(self, name: str) -> Iterator[IO[bytes]]:
        with (self._path / name).open("xb") as file:
            yield file


class ZipFolder:
    """A folder of the same name as the ZIP file, inside it."""

    def __init__(self, file: IO[bytes], folder: str) -> None:
        self._zip = zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED)
        self._folder = folder

    @contextmanager
    def open(self, name: str) -> Iterator[IO[bytes]]:
        info = zipfile.ZipInfo(f"{self._folder}/{name}", EARLIEST)
        info.compress_type = zipfile.ZIP_DEFLATED
        info.external_attr = 0o644 << 16
        with self._zip.open(info, "w", force_zip64=True) as file:
            yield file

    def close(self) -> None:
        """Write the directory of the ZIP file."""
        self._zip.close()


class Hashed(io.RawIOBase):
    """A stream that counts and hashes what is written to a file."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._hash = sha256()
        self.bytes = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._hash.update(data)
        self.bytes += len(data)
        return self._file.write(data)

    @property
    def digest(self) -> str:
        return self._hash.hexdigest()
