"""The status of a cluster, as JSON values."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from caliber_crawler.cluster.database import connect
from caliber_crawler.cluster.jobs import TASK
from caliber_crawler.cluster.states import STATES

JOBS = """
SELECT job.id, queueing_lock AS work, status::text, attempts, worker_id AS worker, scheduled_at AS not_before,
  (SELECT max(at) FROM procrastinate_events event WHERE event.job_id = job.id AND type <> 'scheduled') AS since
FROM procrastinate_jobs job WHERE task_name = %s ORDER BY job.id
"""
WORKERS = """
SELECT worker.id, machine, archive_schema, protocol,
  round(extract(epoch FROM now() - last_heartbeat), 1)::float AS silent_for,
  (SELECT count(*) FROM procrastinate_jobs job WHERE job.worker_id = worker.id AND job.status = 'doing') AS jobs
FROM procrastinate_workers worker LEFT JOIN caliber_workers ON worker_id = worker.id ORDER BY worker.id
"""
SHARDS = """
SELECT site, generation, coalesce((
  SELECT sum(p.size)::bigint FROM caliber_shard_parts p
  WHERE p.site = s.site AND p.generation <= s.generation AND p.generation >= (
    SELECT max(w.generation) FROM caliber_shard_parts w
    WHERE w.site = s.site AND w.generation <= s.generation AND w.base IS NULL)), size) AS size,
  archive_schema, published_at, outcome, why, counts
FROM caliber_shards s ORDER BY site
"""
"""The size is that of the files which make up the current archive."""
MESSAGES = "SELECT site, created_at AS since, attempts, due_at FROM caliber_messages ORDER BY created_at, site"


def cluster_status(dsn: str, *, unhealthy: bool = False) -> dict[str, list[dict[str, Any]]]:
    """Jobs, workers with the seconds since their heartbeat, sites with their states, shards with sizes in bytes.

    Also the messages that their targets have not received yet. With ``unhealthy``, only the failed jobs, and the sites
    whose last job was not healthy with their shards.

    Successful jobs are deleted; their counts are stored with their shard. Raises :class:`ClusterError`.
    """
    with connect(dsn) as connection:
        found = {
            "jobs": [_plain(row) for row in connection.execute(JOBS, (TASK,))],
            "workers": [_plain(row) for row in connection.execute(WORKERS)],
            "sites": [_plain(row) for row in connection.execute(STATES)],
            "shards": [_plain(row) for row in connection.execute(SHARDS)],
            "messages": [_plain(row) for row in connection.execute(MESSAGES)],
        }
    if unhealthy:
        found["jobs"] = [job for job in found["jobs"] if job["status"] == "failed" or job["attempts"]]
        found["sites"] = [site for site in found["sites"] if site["state"] != "healthy"]
        names = {site["site"] for site in found["sites"]}
        found["shards"] = [shard for shard in found["shards"] if shard["site"] in names]
    return found


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    return {
        name: value.isoformat(timespec="seconds") if isinstance(value, datetime) else value
        for name, value in row.items()
    }
