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

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from caliber_crawler.cluster.database import connect

MAX_PARTS = 200
"""Maximum number of files of one shard."""

CURRENT_SHARDS = """
SELECT site, generation, path, size, digest, takedowns, (
  SELECT coalesce(jsonb_agg(to_jsonb(p) - 'published_at' - 'site' ORDER BY p.generation), '[]')
  FROM caliber_shard_parts p WHERE p.site = s.site AND p.generation <= s.generation AND p.generation >= (
    SELECT max(w.generation) FROM caliber_shard_parts w
    WHERE w.site = s.site AND w.generation <= s.generation AND w.base IS NULL)) AS parts
FROM caliber_shards s"""
CURRENT_SHARD = f"{CURRENT_SHARDS} WHERE site = %(site)s"
PUBLISH = """
WITH mine AS MATERIALIZED (
  SELECT 1 FROM procrastinate_jobs
  WHERE id = %(job_id)s AND worker_id = %(worker_id)s AND status = 'doing' AND NOT EXISTS (
    SELECT FROM caliber_takedowns t WHERE t.id > %(takedowns)s AND %(site)s LIKE caliber_like(t.sites))
  FOR SHARE),
published AS (INSERT INTO caliber_shards AS known
  (site, generation, path, size, digest, outcome, why, counts, archive_schema, takedowns)
SELECT %(site)s, %(base_generation)s + 1, %(path)s, %(size)s, %(digest)s, %(outcome)s, %(why)s, %(counts)s,
  %(archive_schema)s, %(takedowns)s FROM mine
ON CONFLICT (site) DO UPDATE SET generation = excluded.generation, path = excluded.path, former_path = known.path,
  size = excluded.size, digest = excluded.digest, published_at = now(), outcome = excluded.outcome,
  why = excluded.why, counts = excluded.counts, archive_schema = excluded.archive_schema,
  takedowns = greatest(known.takedowns, excluded.takedowns)
WHERE known.generation = %(base_generation)s
RETURNING site, generation, path, size, digest),
purged AS (DELETE FROM caliber_shard_parts former USING published
  WHERE %(purge)s AND former.site = published.site AND former.generation < published.generation
  RETURNING former.path),
added AS (INSERT INTO caliber_shard_parts (site, generation, base, path, size, digest)
  SELECT site, generation, %(base)s::bigint, path, size, digest FROM published
  RETURNING generation)
SELECT generation, (SELECT coalesce(jsonb_agg(path), '[]') FROM purged) AS purged FROM added
"""
"""``takedowns`` is the last takedown of the site that is carried out; without a later one, the shard is not published.
``purge`` forgets all former files: those with what was taken down."""
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
    takedowns: int = 0
    """The last takedown that it takes into account."""
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
        return cls(
            site=row["site"],
            generation=row["generation"],
            path=row["path"],
            parts=parts,
            takedowns=row.get("takedowns", 0),
            is_listed=is_listed,
        )

    def takes_increment(self, size: int) -> bool:
        """Whether an increment of this size is worth it; otherwise the whole archive is published."""
        if not self.parts or not self.is_listed or len(self.parts) >= MAX_PARTS:
            return False
        return 2 * (sum(part.size for part in self.parts[1:]) + size) <= self.parts[0].size


def current_shards(dsn: str) -> list[Shard]:
    """The current shard of each site. Raises :class:`ClusterError`."""
    with connect(dsn) as connection:
        return [Shard.of(row) for row in connection.execute(f"{CURRENT_SHARDS} ORDER BY site")]


def earlier_sites(dsn: str, schema: int) -> list[str]:
    """The sites whose shard has an earlier schema, or one that is not recorded. Raises :class:`ClusterError`."""
    query = "SELECT site FROM caliber_shards WHERE coalesce(archive_schema, 0) < %s ORDER BY site"
    with connect(dsn) as connection:
        return [row["site"] for row in connection.execute(query, (schema,))]
