"""The storage that the workers of a cluster share: a folder, or a bucket of an object store."""

from __future__ import annotations

import errno
import hashlib
import os
import re
import secrets
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import fsspec
from fsspec.implementations.local import LocalFileSystem

from caliber_crawler.cluster.page_changes import apply_increment
from caliber_crawler.cluster.shards import Part, Shard, current_shards
from caliber_crawler.disk_space import DiskSpace
from caliber_crawler.errors import ArchiveFull, CaliberError, ClusterError, ShardUnusable, StorageUnavailable
from caliber_crawler.output_files import sync

PART = ".part"
PART_NAME = re.compile(r"\d{8}-[0-9a-f]{8}\.part")
PART_AGE = 86_400.0
"""Seconds since the last change after which an incomplete copy is no longer being written."""
MARK = ".caliber-cluster"
"""The file at the root of a storage that names its cluster. A missing mount has none; another bucket has another."""
MODIFIED = ("mtime", "LastModified", "created")
"""What drivers call the time of a file's last change."""
DISK_FULL = (errno.ENOSPC, errno.EDQUOT)


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file on the storage. ``modified_at`` is in seconds since 1970."""

    path: str
    size: int
    modified_at: float


class Storage:
    """A shared folder, a bucket of an object store, or any other storage whose URL `fsspec` can open."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.cluster: str | None = None
        """The name that the file :data:`MARK` must contain; ``None`` if it is not known."""
        self.on_stored: Callable[[], None] | None = None
        """Called when a shard was stored."""
        try:
            self._files, self._root = fsspec.core.url_to_fs(url)
        except (ImportError, ValueError) as error:
            raise ClusterError(f"Cannot open the storage {url} for shards: {error}.") from None
        self._is_local = isinstance(self._files, LocalFileSystem)

    @contextmanager
    def _faults(self, action: str) -> Iterator[None]:
        """Raise :class:`StorageUnavailable` for an error of the storage."""
        try:
            yield
        except FileNotFoundError:
            raise
        except OSError as error:
            raise StorageUnavailable(f"{action}: {str(error).rstrip('.')}.") from None
        except Exception as error:
            if self._is_local or isinstance(error, CaliberError):
                raise
            # The drivers of object stores have errors of their own, without a common class.
            raise StorageUnavailable(f"{action}: {type(error).__name__}: {str(error).rstrip('.')}.") from None

    def mark(self, cluster: str) -> None:
        """Make the storage that of a cluster. Raises :class:`StorageUnavailable`."""
        if (found := self.read_mark()) not in (None, cluster):
            raise StorageUnavailable(f"The storage {self.url} is that of another cluster ({found}); name another one.")
        with self._faults(f"Cannot write to the storage {self.url}"):
            self._files.makedirs(self._root, exist_ok=True)
            self._files.pipe_file(self._at(MARK), cluster.encode())
        self.cluster = cluster

    def read_mark(self) -> str | None:
        """The name of the cluster whose storage this is. Raises :class:`StorageUnavailable`."""
        try:
            with self._faults(f"Cannot read the storage {self.url}"):
                # On a full disk, the file may have been created without content.
                return bytes(self._files.cat_file(self._at(MARK))).decode("utf-8", "replace").strip() or None
        except FileNotFoundError:
            return None

    def require_mark(self) -> None:
        """Raise :class:`StorageUnavailable` if the storage is not that of the cluster, as when a mount is missing."""
        if self.cluster is not None and (found := self.read_mark()) != self.cluster:
            why = (
                f"it has no file {MARK}; is it mounted"
                if found is None
                else f"it is that of {found}; is it the right one"
            )
            raise StorageUnavailable(f"The storage {self.url} is not that of this cluster: {why}?")

    def fetch(self, shard: Shard, path: Path, kept: str | None = None) -> set[int] | None:
        """Make the local file ``path`` the shard. ``kept`` names the part with which that file ends already.

        Return the numbers of the pages that were written to it; ``None`` if all of it was fetched. Raises
        :class:`ShardUnusable` if a part is missing or damaged, and :class:`StorageUnavailable` if a later attempt may
        succeed.
        """
        known = [part.path for part in shard.parts]
        is_kept, written = kept in known, set[int]()
        if kept in known:
            first = known.index(kept) + 1
        else:
            path.unlink(missing_ok=True)
            first = 1
            self.fetch_part(shard.parts[0], path)
        for former, part in zip(shard.parts[first - 1 :], shard.parts[first:], strict=False):
            if part.base != former.generation:
                raise ShardUnusable(f"The shard of {shard.site} has no part of generation {part.base}.")
            written |= self.fetch_increment(part, path)
        return written if is_kept else None

    def fetch_increment(self, part: Part, path: Path) -> set[int]:
        """Change the file of the former generation into that of an increment; return the numbers of its pages.

        Raises as :meth:`fetch`.
        """
        increment = path.with_name(f"{path.name}.next")
        try:
            self.fetch_part(part, increment)
            return apply_increment(increment, path)
        finally:
            increment.unlink(missing_ok=True)

    def fetch_part(self, part: Part, path: Path) -> None:
        """Copy a part to a local file; raises as :meth:`fetch`."""
        try:
            with self._faults(f"Cannot read the shard {part.path}"):
                try:
                    self._files.get_file(self._at(part.path), str(path))
                except OSError as error:
                    if error.errno in DISK_FULL:
                        raise ArchiveFull(
                            f"The disk of {path.parent} is full: the shard {part.path} does not fit."
                        ) from None
                    raise
        except FileNotFoundError:
            self.require_mark()
            raise ShardUnusable(
                f"The shard {part.path} is missing from {self.url}; `caliber cluster check` lists what is damaged."
            ) from None
        if not path.is_file():
            # A folder of this name was copied.
            shutil.rmtree(path, ignore_errors=True)
            raise _damage(part, "it is not a file on the storage")
        if digest_of(path) != part.digest:
            raise _damage(part, "its digest differs from the published one")

    def size_of(self, name: str) -> int | None:
        """The size of a file in bytes, ``None`` if it is missing. Raises :class:`StorageUnavailable`."""
        try:
            with self._faults(f"Cannot read the storage {self.url}"):
                return int(self._files.size(self._at(name)))
        except FileNotFoundError:
            return None

    def list_files(self) -> list[StoredFile]:
        """All files on the storage. Raises :class:`StorageUnavailable`."""
        with self._faults(f"Cannot list the storage {self.url}"):
            self._files.invalidate_cache()
            found = self._files.find(self._root, detail=True)
            return sorted(
                (self._stored_file(name, info) for name, info in found.items()), key=lambda stored: stored.path
            )

    def _stored_file(self, name: str, info: Mapping[str, Any]) -> StoredFile:
        modified: Any = next((info[name] for name in MODIFIED if info.get(name) is not None), 0.0)
        seconds = modified.timestamp() if isinstance(modified, datetime) else float(modified)
        return StoredFile(name.removeprefix(self._root).lstrip("/"), int(info.get("size") or 0), seconds)

    def fetch_current(self, shard: Shard, path: Path, dsn: str, kept: str | None = None) -> Shard:
        """Fetch a shard without owning a job. If it was replaced and removed in the meantime, fetch its successor."""
        while True:
            try:
                self.fetch(shard, path, kept)
            except ClusterError:
                kept = None
                newer = next((known for known in current_shards(dsn) if known.site == shard.site), shard)
                if newer.path == shard.path:
                    raise
                shard = newer
            else:
                return shard

    def put(self, path: Path, site: str, generation: int, suffix: str = ".db") -> str:
        """Store a file under a new name, completely or not at all; return the name. Raises ``StorageUnavailable``."""
        self.require_mark()
        name = f"{quote(site, safe='')}/{generation:08d}-{secrets.token_hex(4)}{suffix}"
        target = self._at(name)
        with self._faults(f"Cannot publish the shard of {site}"):
            self._files.makedirs(target.rpartition("/")[0], exist_ok=True)
            if self._is_local:
                _put_local(path, Path(target))
            else:
                self._files.put_file(str(path), target)
        if self.on_stored is not None:
            self.on_stored()
        return name

    def space(self) -> DiskSpace | None:
        """The space of a folder; ``None`` for an object store."""
        return DiskSpace.of(Path(self._root)) if self._is_local else None

    def remove(self, name: str) -> None:
        """Delete an outdated shard. It is not an error if another worker has deleted it.

        What cannot be deleted now is an orphaned file, which ``caliber cluster check --sweep`` deletes.
        """
        with suppress(OSError, StorageUnavailable), self._faults(f"Cannot delete {name}"):
            self._files.rm_file(self._at(name))

    def _at(self, name: str) -> str:
        return f"{self._root}/{name}"


def _damage(part: Part, why: str) -> ShardUnusable:
    site = unquote(part.path.partition("/")[0])
    return ShardUnusable(
        f"The shard {part.path} is damaged: {why}; `caliber cluster restore {site}` takes a former generation."
    )


def _put_local(path: Path, target: Path) -> None:
    part = target.with_suffix(PART)
    _remove_old_parts(target.parent)
    try:
        with path.open("rb") as source, part.open("xb") as copy:
            shutil.copyfileobj(source, copy, 1024 * 1024)
            copy.flush()
            os.fsync(copy.fileno())
        part.rename(target)
    except OSError:
        # On a full disk, an incomplete copy would keep the disk full.
        part.unlink(missing_ok=True)
        raise
    sync(target.parent)


def _remove_old_parts(folder: Path) -> None:
    """Delete the incomplete copies of killed workers. Other machines may be writing the recent ones."""
    for part in folder.glob(f"*{PART}"):
        with suppress(OSError):
            if PART_NAME.fullmatch(part.name) and time.time() - part.stat().st_mtime > PART_AGE:
                part.unlink()


def digest_of(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
