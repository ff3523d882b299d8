"""Shards: the archive of one site each, on storage that all workers reach.

A shard is never written to where it lies. It is taken whole, crawled into on a local disk, and published whole under a
name that was never used before; then one row in PostgreSQL says that this is the one that counts. The row changes only
for the worker whose job it is, and only when nobody published since the shard was taken: one that was stopped for an
hour and woken again cannot put an old archive in place of a newer one, whatever it does to the storage.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import fsspec
from fsspec.implementations.local import LocalFileSystem

from caliber_crawler.cluster.database import connected
from caliber_crawler.errors import ClusterError

CURRENT_SHARDS = "SELECT site, generation, path, former_path, size, digest FROM caliber_shards"
CURRENT_SHARD = f"{CURRENT_SHARDS} WHERE site = %(site)s"
PUBLISH = """
WITH mine AS MATERIALIZED (
  SELECT 1 FROM procrastinate_jobs
  WHERE id = %(job_id)s AND worker_id = %(worker_id)s AND status = 'doing' FOR SHARE)
INSERT INTO caliber_shards AS known (site, generation, path, size, digest, outcome, why, counts)
SELECT %(site)s, %(taken)s + 1, %(path)s, %(size)s, %(digest)s, %(outcome)s, %(why)s, %(counts)s FROM mine
ON CONFLICT (site) DO UPDATE SET generation = excluded.generation, path = excluded.path, former_path = known.path,
  size = excluded.size, digest = excluded.digest, published_at = now(), outcome = excluded.outcome,
  why = excluded.why, counts = excluded.counts
WHERE known.generation = %(taken)s
RETURNING generation
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shard:
    """The shard of a site that counts; ``generation`` is how often one was published. ``size`` is in bytes."""

    site: str
    generation: int
    path: str
    former_path: str | None
    size: int
    digest: str

    @property
    def name(self) -> str:
        """A file name that no other shard has, of whatever site and generation."""
        return self.path.replace("/", "-")

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Shard:
        """From a row of ``caliber_shards``."""
        return cls(**{name: row[name] for name in cls.__dataclass_fields__})


def current_shards(dsn: str) -> list[Shard]:
    """The shard of each site that counts. Raises :class:`ClusterError`."""
    with connected(dsn) as connection:
        return [Shard.of(row) for row in connection.execute(f"{CURRENT_SHARDS} ORDER BY site")]


class Storage:
    """A folder that all workers see, or a bucket of an object store: whatever `fsspec` opens by its address."""

    def __init__(self, url: str) -> None:
        try:
            self._files, self._root = fsspec.core.url_to_fs(url)
        except (ImportError, ValueError) as error:
            raise ClusterError(f"The shards' storage {url} cannot be used: {error}.") from None

    def fetch(self, shard: Shard, path: Path) -> None:
        """Copy a shard to a local file. Raises :class:`ClusterError` when it is not what was published."""
        try:
            self._files.get_file(self._at(shard.path), str(path))
        except OSError as error:
            raise ClusterError(f"The shard {shard.path} cannot be had: {error}.") from None
        if digest_of(path) != shard.digest:
            raise ClusterError(f"The shard {shard.path} is not what was published: it is damaged.")

    def fetch_current(self, shard: Shard, path: Path, dsn: str) -> Shard:
        """The same for somebody who holds no job: a shard that was replaced and removed meanwhile is no error."""
        while True:
            try:
                self.fetch(shard, path)
            except ClusterError:
                newer = next((known for known in current_shards(dsn) if known.site == shard.site), shard)
                if newer.path == shard.path:
                    raise
                shard = newer
            else:
                return shard

    def put(self, path: Path, site: str, generation: int) -> str:
        """Put a file there, whole or not at all, under a new name; gives the name."""
        name = f"{quote(site, safe='')}/{generation:08d}-{secrets.token_hex(4)}.db"
        target = self._at(name)
        try:
            self._files.makedirs(target.rpartition("/")[0], exist_ok=True)
            if isinstance(self._files, LocalFileSystem):
                _put_local(path, Path(target))
            else:
                self._files.put_file(str(path), target)
        except OSError as error:
            raise ClusterError(f"The shard of {site} cannot be published: {error}.") from None
        return name

    def remove(self, name: str) -> None:
        """Take a shard away that counts no longer; somebody else may have done it."""
        with suppress(OSError):
            self._files.rm_file(self._at(name))

    def _at(self, name: str) -> str:
        return f"{self._root}/{name}"


def _put_local(path: Path, target: Path) -> None:
    part = target.with_suffix(".part")
    with path.open("rb") as source, part.open("wb") as copy:
        while block := source.read(1024 * 1024):
            copy.write(block)
        copy.flush()
        os.fsync(copy.fileno())
    part.rename(target)
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def digest_of(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
