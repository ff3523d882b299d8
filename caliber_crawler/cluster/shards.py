"""Shards: archives of one site each, on storage that all workers can access.

A shard is a chain of files: a whole archive, and increments with the pages that changed since the file before. A file
is never modified. A job copies the shard to a local disk, crawls into the copy, and publishes the changes under a new
name. Then a row in PostgreSQL makes the new file the end of the chain. The row changes only for the worker that owns
the job, and only if nothing else was published since the copy was made. So a worker that was suspended for an hour
cannot replace a newer archive by an older one.

Increments grow to at most half of the whole archive before a whole one is published again. So on average a job
transfers at most three bytes for each new one, however large the archive is.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import shutil
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import fsspec
from fsspec.implementations.local import LocalFileSystem

from caliber_crawler.cluster.database import connect
from caliber_crawler.cluster.page_changes import apply_increment
from caliber_crawler.errors import ClusterError, StorageUnavailable
from caliber_crawler.output_files import sync

PART = ".part"
PART_NAME = re.compile(r"\d{8}-[0-9a-f]{8}\.part")
PART_AGE = 86_400.0
"""Seconds since the last change after which an incomplete copy is no longer being written."""

MAX_PARTS = 200
"""Maximum number of files of one shard."""

CURRENT_SHARDS = """
SELECT site, generation, path, size, digest, (
  SELECT coalesce(jsonb_agg(to_jsonb(p) - 'published_at' - 'site' ORDER BY p.generation), '[]')
  FROM caliber_shard_parts p WHERE p.site = s.site AND p.generation <= s.generation AND p.generation >= (
    SELECT max(w.generation) FROM caliber_shard_parts w
    WHERE w.site = s.site AND w.generation <= s.generation AND w.base IS NULL)) AS parts
FROM caliber_shards s"""
CURRENT_SHARD = f"{CURRENT_SHARDS} WHERE site = %(site)s"
PUBLISH = """
WITH mine AS MATERIALIZED (
  SELECT 1 FROM procrastinate_jobs
  WHERE id = %(job_id)s AND worker_id = %(worker_id)s AND status = 'doing' FOR SHARE),
published AS (INSERT INTO caliber_shards AS known (site, generation, path, size, digest, outcome, why, counts)
SELECT %(site)s, %(base_generation)s + 1, %(path)s, %(size)s, %(digest)s, %(outcome)s, %(why)s, %(counts)s FROM mine
ON CONFLICT (site) DO UPDATE SET generation = excluded.generation, path = excluded.path, former_path = known.path,
  size = excluded.size, digest = excluded.digest, published_at = now(), outcome = excluded.outcome,
  why = excluded.why, counts = excluded.counts
WHERE known.generation = %(base_generation)s
RETURNING site, generation, path, size, digest)
INSERT INTO caliber_shard_parts (site, generation, base, path, size, digest)
SELECT site, generation, %(base)s::bigint, path, size, digest FROM published
RETURNING generation
"""
FORGET = """
DELETE FROM caliber_shard_parts WHERE site = %(site)s AND generation < (
  SELECT max(generation) FROM caliber_shard_parts
  WHERE site = %(site)s AND base IS NULL AND generation < %(whole)s)
RETURNING path"""
"""Forget the files before the former whole archive: other processes may be reading that and its increments."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A file of a shard: a whole archive (``base`` is ``None``), or what changed since the generation ``base``."""

    generation: int
    base: int | None
    path: str
    size: int
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Shard:
    """The current shard of a site. ``generation`` counts what was published; ``parts`` are the files in order."""

    site: str
    generation: int
    path: str
    parts: tuple[Part, ...]
    is_listed: bool = True
    """Whether the parts are in ``caliber_shard_parts``; an increment can follow only then."""

    @property
    def name(self) -> str:
        """A file name that is unique among the shards of all sites and generations."""
        return self.path.replace("/", "-")

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Shard:
        """From a row of ``caliber_shards``."""
        parts = tuple(Part(**part) for part in row["parts"])
        is_listed = bool(parts) and parts[-1].path == row["path"]
        if not is_listed:
            # Published by a version that knows no parts.
            names = ("generation", "path", "size", "digest")
            parts = (Part(base=None, **{name: row[name] for name in names}),)
        return cls(site=row["site"], generation=row["generation"], path=row["path"], parts=parts, is_listed=is_listed)

    def takes_increment(self, size: int) -> bool:
        """Whether an increment of this size is worth it; otherwise the whole archive is published."""
        if not self.parts or not self.is_listed or len(self.parts) >= MAX_PARTS:
            return False
        return 2 * (sum(part.size for part in self.parts[1:]) + size) <= self.parts[0].size


def current_shards(dsn: str) -> list[Shard]:
    """The current shard of each site. Raises :class:`ClusterError`."""
    with connect(dsn) as connection:
        return [Shard.of(row) for row in connection.execute(f"{CURRENT_SHARDS} ORDER BY site")]


class Storage:
    """A shared folder, a bucket of an object store, or any other storage whose URL `fsspec` can open."""

    def __init__(self, url: str) -> None:
        try:
            self._files, self._root = fsspec.core.url_to_fs(url)
        except (ImportError, ValueError) as error:
            raise ClusterError(f"Cannot open the storage {url} for shards: {error}.") from None

    def fetch(self, shard: Shard, path: Path, kept: str | None = None) -> None:
        """Make the local file ``path`` the shard. ``kept`` names the part with which that file ends already.

        Raises :class:`ClusterError` if a part is missing or damaged, and :class:`StorageUnavailable` if a later attempt
        may succeed.
        """
        known = [part.path for part in shard.parts]
        if kept in known:
            first = known.index(kept) + 1
        else:
            path.unlink(missing_ok=True)
            first = 1
            self._fetch_part(shard.parts[0], path)
        for former, part in zip(shard.parts[first - 1 :], shard.parts[first:], strict=False):
            if part.base != former.generation:
                raise ClusterError(f"The shard of {shard.site} has no part of generation {part.base}.")
            increment = path.with_name(f"{path.name}.next")
            self._fetch_part(part, increment)
            apply_increment(increment, path)
            increment.unlink()

    def _fetch_part(self, part: Part, path: Path) -> None:
        try:
            self._files.get_file(self._at(part.path), str(path))
        except OSError as error:
            raise StorageUnavailable(f"Cannot read the shard {part.path}: {error}.") from None
        if digest_of(path) != part.digest:
            raise ClusterError(f"The shard {part.path} is damaged: its digest differs from the published one.")

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
        name = f"{quote(site, safe='')}/{generation:08d}-{secrets.token_hex(4)}{suffix}"
        target = self._at(name)
        try:
            self._files.makedirs(target.rpartition("/")[0], exist_ok=True)
            if isinstance(self._files, LocalFileSystem):
                _put_local(path, Path(target))
            else:
                self._files.put_file(str(path), target)
        except OSError as error:
            raise StorageUnavailable(f"Cannot publish the shard of {site}: {error}.") from None
        return name

    def remove(self, name: str) -> None:
        """Delete an outdated shard. It is not an error if another worker has deleted it."""
        with suppress(OSError):
            self._files.rm_file(self._at(name))

    def _at(self, name: str) -> str:
        return f"{self._root}/{name}"


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
