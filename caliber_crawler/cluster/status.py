"""The status of a cluster, as JSON values."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from caliber_crawler.cluster.database import connect
from caliber_crawler.cluster.jobs import TASK

JOBS = """
SELECT job.id, queueing_lock AS work, status::text, attempts, worker_id AS worker, scheduled_at AS not_before,
  (SELECT max(at) FROM procrastinate_events event WHERE event.job_id = job.id AND type <> 'scheduled') AS since
FROM procrastinate_jobs job WHERE task_name = %s ORDER BY job.id
"""
WORKERS = """
SELECT worker.id, round(extract(epoch FROM now() - last_heartbeat), 1)::float AS silent_for,
  (SELECT count(*) FROM procrastinate_jobs job WHERE job.worker_id = worker.id AND job.status = 'doing') AS jobs
FROM procrastinate_workers worker ORDER BY worker.id
"""
SHARDS = """
SELECT site, generation, size, published_at, outcome, why, counts FROM caliber_shards ORDER BY site
"""


def cluster_status(dsn: str) -> dict[str, list[dict[str, Any]]]:
    """Jobs in the queue, workers with the seconds since their heartbeat, and current shards with sizes in bytes.

    Successful jobs are deleted; their counts are stored with their shard. Raises :class:`ClusterError`.
    """
    with connect(dsn) as connection:
        return {
            "jobs": [_plain(row) for row in connection.execute(JOBS, (TASK,))],
            "workers": [_plain(row) for row in connection.execute(WORKERS)],
            "shards": [_plain(row) for row in connection.execute(SHARDS)],
        }


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    return {
        name: value.isoformat(timespec="seconds") if isinstance(value, datetime) else value
        for name, value in row.items()
    }
