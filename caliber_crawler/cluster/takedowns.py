"""Takedowns in a cluster: requests in PostgreSQL, which every publication of a shard carries out first.

So they hold for all shards, for the results of jobs that run at the time, and for articles that are found later.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from psycopg import Connection

from caliber_crawler.archive import Archive
from caliber_crawler.archive.core.format import VERSION
from caliber_crawler.cluster.shard_file import schema_of

TABLE = """
CREATE TABLE IF NOT EXISTS caliber_takedowns (
    id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    sites text NOT NULL,
    url text NOT NULL,
    reason text NOT NULL,
    requested_at timestamptz NOT NULL DEFAULT now(),
    requested_by text NOT NULL
);
COMMENT ON TABLE caliber_takedowns IS 'URLs of articles that no shard may contain; * matches any characters.';
ALTER TABLE caliber_shards ADD COLUMN IF NOT EXISTS takedowns bigint NOT NULL DEFAULT 0;
COMMENT ON COLUMN caliber_shards.takedowns IS 'The last takedown that the shard takes into account.';
CREATE OR REPLACE FUNCTION caliber_like(p_pattern text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT replace(replace(replace(replace(p_pattern, '\\', '\\\\'), '%', '\\%'), '_', '\\_'), '*', '%')
$$;
"""
OF_SITE = """
SELECT id, url, reason, requested_at FROM caliber_takedowns WHERE %(site)s LIKE caliber_like(sites) ORDER BY id
"""
RECORD = """
INSERT INTO caliber_takedowns (sites, url, reason, requested_at, requested_by)
VALUES (%(sites)s, %(url)s, %(reason)s, coalesce(%(requested_at)s, now()), %(by)s) RETURNING id
"""
PENDING = """
SELECT s.site, count(*) AS takedowns FROM caliber_shards s JOIN caliber_takedowns t
ON t.id > s.takedowns AND s.site LIKE caliber_like(t.sites) GROUP BY s.site ORDER BY s.site
"""
"""The shards that do not take all takedowns into account yet."""
SITES_SINCE = "SELECT id, sites FROM caliber_takedowns WHERE id > %(since)s ORDER BY id"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request to delete the articles at a URL, or at all URLs of a pattern with ``*``."""

    id: int
    url: str
    reason: str
    requested_at: datetime


def requests_of(rows: Sequence[dict[str, Any]]) -> list[Request]:
    """From rows of :data:`OF_SITE`."""
    return [Request(**row) for row in rows]


def record_request(
    connection: Connection[dict[str, Any]], url: str, sites: str, reason: str, requested_at: datetime | None, by: str
) -> int:
    """Store a takedown for the sites of a pattern; return its ID. Each later publication carries it out."""
    values = {"url": url, "sites": sites, "reason": reason, "requested_at": requested_at, "by": by}
    row = connection.execute(RECORD, values).fetchone()
    assert row is not None
    return int(row["id"])


def carry_out(path: Path, requests: Sequence[Request]) -> int:
    """Delete from a shard the articles that requests name; return their number. Without any, it is not changed."""
    if requests and (schema_of(path) or 0) < VERSION:
        Archive.open(path, mode="write").close()  # migrates it
    if not names_any(path, requests):
        return 0
    with Archive.open(path, mode="write") as archive:
        deleted = 0
        for request in requests:
            for article_id in _articles(archive, request.url):
                archive.deletion.take_down(article_id, request.reason, request.requested_at)
                deleted += 1
        archive.deletion.wipe()
        archive.forget_deleted()
    return deleted


def has_takedowns(path: Path) -> bool:
    """Whether takedowns were carried out in a shard."""
    with Archive.open(path) as archive:
        return bool(archive.takedowns.all())


def names_any(path: Path, requests: Sequence[Request]) -> bool:
    """Whether a shard has an article that requests name."""
    if not requests or not path.exists():
        return False
    with Archive.open(path) as archive:
        return any(_articles(archive, request.url) for request in requests)


def _articles(archive: Archive, url: str) -> list[int]:
    if "*" in url:
        return archive.deletion.matching(url)
    found = archive.articles.find(url)
    return [] if found is None else [found]
