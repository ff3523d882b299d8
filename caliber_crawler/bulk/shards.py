"""Shards: what bulk reading leaves, a folder for each part. It is there whole or not at all.

SHARD/archive.db          an archive, for `caliber merge`
SHARD/articles.parquet    a row for each article in it, for DuckDB, pandas and the like
SHARD/summary.json        what was read, and what came of it
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from filelock import FileLock, Timeout

from caliber_crawler.errors import ArchiveFull, ArchiveLocked
from caliber_crawler.export.file import sync

ARCHIVE, PARQUET, SUMMARY = "archive.db", "articles.parquet", "summary.json"
FILES = (ARCHIVE, PARQUET, SUMMARY)
UNFINISHED = ".part"


class Shards:
    """The shards in a folder, which may lie on storage that several machines share."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @contextmanager
    def reserved(self) -> Iterator[None]:
        """The right to fill the folder, for one command at a time; another holder raises ``ArchiveLocked``."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            lock = FileLock(self.folder / ".lock", timeout=0)
            lock.acquire()
        except Timeout:
            raise ArchiveLocked(f"Another command is writing to {self.folder}.") from None
        except OSError as error:
            raise ArchiveFull(f"{self.folder} cannot be written: {error.strerror}.") from error
        try:
            yield
        finally:
            lock.release()

    def sweep(self) -> int:
        """Delete what killed commands left unfinished; how many shards that was."""
        left = list(self.folder.glob(f".*{UNFINISHED}"))
        for folder in left:
            shutil.rmtree(folder, ignore_errors=True)
        return len(left)

    def has(self, name: str) -> bool:
        """Is there a finished shard of this name?"""
        return (self.folder / name / SUMMARY).is_file()

    def publish(self, built: Path, name: str) -> None:
        """Have a shard that was built elsewhere stand here under its name, on the disk. Raises ``ArchiveFull``.

        Where another process was faster with the same shard, its shard stays.
        """
        unfinished = self.folder / f".{name}.{uuid4().hex}{UNFINISHED}"
        try:
            unfinished.mkdir(parents=True)
            for file in FILES:
                shutil.copyfile(built / file, unfinished / file)
                sync(unfinished / file)
            sync(unfinished)
            # A folder does not take the place of another that is not empty.
            if not self.has(name):
                unfinished.rename(self.folder / name)
                sync(self.folder)
        except OSError as error:
            if not self.has(name):
                raise ArchiveFull(f"{self.folder / name} cannot be written: {error.strerror or error}.") from error
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)

    def replace_earlier(self, part: str, name: str) -> None:
        """Delete the shards that earlier code made of the same part of the same input."""
        for earlier in self.folder.glob(f"{part}-*"):
            if earlier.name != name:
                gone = self.folder / f".{earlier.name}{UNFINISHED}"
                earlier.rename(gone)
                shutil.rmtree(gone, ignore_errors=True)
