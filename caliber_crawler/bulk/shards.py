"""Shards: the output of bulk extraction, one folder per part. A shard appears complete or not at all.

SHARD/archive.db          an archive, for `caliber merge`
SHARD/articles.parquet    one row per article, for DuckDB, pandas and similar tools
SHARD/summary.json        the input and the outcome
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from filelock import FileLock, Timeout

from caliber_crawler.errors import ArchiveFull, ArchiveLocked
from caliber_crawler.output_files import sync

ARCHIVE, PARQUET, SUMMARY = "archive.db", "articles.parquet", "summary.json"
FILES = (ARCHIVE, PARQUET, SUMMARY)
UNFINISHED = ".part"


class Shards:
    """The shards in a folder, which may be on storage that several machines share."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Lock the folder for one command. Raises ``ArchiveLocked`` when another command has locked it."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            lock = FileLock(self.folder / ".lock", timeout=0)
            lock.acquire()
        except Timeout:
            raise ArchiveLocked(f"Another command is writing to {self.folder}.") from None
        except OSError as error:
            raise ArchiveFull(f"Cannot write to {self.folder}: {error.strerror}.") from error
        try:
            yield
        finally:
            lock.release()

    def sweep(self) -> int:
        """Delete the unfinished shards of killed commands and return their number."""
        left = list(self.folder.glob(f".*{UNFINISHED}"))
        for folder in left:
            shutil.rmtree(folder, ignore_errors=True)
        return len(left)

    def has(self, name: str) -> bool:
        """Whether there is a finished shard of this name."""
        return (self.folder / name / SUMMARY).is_file()

    def publish(self, built: Path, name: str) -> None:
        """Copy a shard that was built elsewhere to its place and sync it to disk. Raises ``ArchiveFull``.

        If another process has published the same shard already, that shard stays.
        """
        unfinished = self.folder / f".{name}.{uuid4().hex}{UNFINISHED}"
        try:
            unfinished.mkdir(parents=True)
            for file in FILES:
                shutil.copyfile(built / file, unfinished / file)
                sync(unfinished / file)
            sync(unfinished)
            # A rename cannot replace a folder that is not empty.
            if not self.has(name):
                unfinished.rename(self.folder / name)
                sync(self.folder)
        except OSError as error:
            if not self.has(name):
                raise ArchiveFull(f"Cannot write {self.folder / name}: {error.strerror or error}.") from error
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)

    def replace_earlier(self, part: str, name: str) -> None:
        """Delete the shards that earlier code built from the same part of the same input."""
        for earlier in self.folder.glob(f"{part}-*"):
            if earlier.name != name:
                gone = self.folder / f".{earlier.name}{UNFINISHED}"
                earlier.rename(gone)
                shutil.rmtree(gone, ignore_errors=True)
