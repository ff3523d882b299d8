"""The versions on which the workers of a cluster must agree, so that they can be updated one after the other.

A worker states the latest archive schema and the latest protocol that it reads, and PostgreSQL gives it only jobs that
it can run. The rules are a function in the database, which ``caliber cluster init`` of a later version replaces: so
they also apply to the workers of earlier versions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from psycopg import Connection

from caliber_crawler.archive.core.format import VERSION
from caliber_crawler.errors import ClusterError

PROTOCOL = 5
"""The number of the rules for tables and files that this version knows. 1: shards are whole files. 2: increments, and
workers state their versions. 3: states name the messages that were sent. 4: messages are stored until they are sent.
5: the messages of some minutes are joined. Increase it with each change of the tables that this version needs."""
LEAST_PROTOCOL = 2
"""The earliest protocol whose workers may run beside this version. Raise it if they cannot."""
TABLES = """
CREATE TABLE IF NOT EXISTS caliber_protocol (
    is_only boolean PRIMARY KEY DEFAULT true CHECK (is_only),
    latest integer NOT NULL,
    least integer NOT NULL,
    storage text
);
CREATE TABLE IF NOT EXISTS caliber_workers (
    worker_id bigint PRIMARY KEY REFERENCES procrastinate_workers (id) ON DELETE CASCADE,
    machine text NOT NULL,
    archive_schema integer NOT NULL,
    protocol integer NOT NULL,
    started_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE caliber_protocol IS 'The protocol of these tables, and the least that a worker must know.';
COMMENT ON COLUMN caliber_protocol.storage IS 'The content of the file .caliber-cluster on the storage of the shards.';
COMMENT ON TABLE caliber_workers IS 'Machine and versions of each worker.';
ALTER TABLE caliber_shards ADD COLUMN IF NOT EXISTS archive_schema integer;
COMMENT ON COLUMN caliber_shards.archive_schema IS 'NULL: published by a version that did not record it.';
-- Procrastinate's index begins with the ID: to look for other jobs with the same lock, all of it is read.
CREATE INDEX IF NOT EXISTS caliber_jobs_lock ON procrastinate_jobs (lock, status, priority DESC, id)
WHERE status IN ('todo', 'doing');
-- In PL/pgSQL, because the plan of an SQL function with a subquery is made anew for each job.
CREATE OR REPLACE FUNCTION caliber_can_run(job procrastinate_jobs, p_schema integer, p_protocol integer)
RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN p_protocol >= (SELECT least FROM caliber_protocol) AND NOT EXISTS (
    SELECT FROM caliber_shards s
    WHERE s.site = coalesce(job.args ->> 'shard', job.args ->> 'site') AND s.archive_schema > p_schema);
END;
$$;
CREATE OR REPLACE FUNCTION caliber_fetch_job(
  p_queues varchar[], p_worker bigint, p_schema integer, p_protocol integer)
RETURNS procrastinate_jobs LANGUAGE plpgsql AS $$
DECLARE found_job procrastinate_jobs;
BEGIN
  -- procrastinate_fetch_job_v2, with the condition on versions
  WITH candidate AS (
    SELECT jobs.id FROM procrastinate_jobs AS jobs
    WHERE NOT EXISTS (
      SELECT 1 FROM procrastinate_jobs AS other_jobs
      WHERE jobs.lock IS NOT NULL AND other_jobs.lock = jobs.lock AND (
        other_jobs.status = 'doing'
        OR (other_jobs.status = 'todo' AND (other_jobs.priority > jobs.priority
          OR (other_jobs.priority = jobs.priority AND other_jobs.id < jobs.id)))))
    AND jobs.status = 'todo' AND (p_queues IS NULL OR jobs.queue_name = ANY (p_queues))
    AND (jobs.scheduled_at IS NULL OR jobs.scheduled_at <= now())
    AND caliber_can_run(jobs, p_schema, p_protocol)
    ORDER BY jobs.priority DESC, jobs.id ASC LIMIT 1
    FOR UPDATE OF jobs SKIP LOCKED)
  UPDATE procrastinate_jobs SET status = 'doing', worker_id = p_worker
  FROM candidate WHERE procrastinate_jobs.id = candidate.id
  RETURNING procrastinate_jobs.* INTO found_job;
  RETURN found_job;
END;
$$;
"""
STATE = """
INSERT INTO caliber_protocol AS known (latest, least) VALUES (%(latest)s, %(least)s)
ON CONFLICT (is_only) DO UPDATE
SET latest = greatest(known.latest, excluded.latest), least = greatest(known.least, excluded.least)
"""
REGISTER = """
INSERT INTO caliber_workers (worker_id, machine, archive_schema, protocol)
VALUES (%(worker_id)s, %(machine)s, %(archive_schema)s, %(protocol)s)
"""
FETCH = """
SELECT id, status, task_name, priority, lock, queueing_lock, args, scheduled_at, queue_name, attempts, worker_id
FROM caliber_fetch_job(%(queues)s::varchar[], %(worker_id)s, %(archive_schema)s, %(protocol)s)
"""
TOO_NEW = """
SELECT count(*) AS jobs, max(s.archive_schema) AS archive_schema, (SELECT least FROM caliber_protocol) AS least
FROM procrastinate_jobs job JOIN caliber_shards s ON s.site = coalesce(job.args ->> 'shard', job.args ->> 'site')
WHERE job.task_name = %(task)s AND job.status = 'todo' AND s.archive_schema > %(archive_schema)s
"""


@dataclass(frozen=True, slots=True)
class Versions:
    """The latest versions that a worker reads."""

    archive_schema: int = VERSION
    protocol: int = PROTOCOL

    def as_values(self) -> dict[str, int]:
        """The parameters of the statements above."""
        return {"archive_schema": self.archive_schema, "protocol": self.protocol}


OWN = Versions()
"""What this version reads."""


def require_protocol(row: dict[str, Any] | None, server: str) -> None:
    """Raise :class:`ClusterError` unless this version and the tables, with this row of their protocol, fit together."""
    if row is None or row["latest"] < PROTOCOL:
        raise ClusterError(f"{server} is not set up for this version; run `caliber cluster init`.")
    if row["least"] > PROTOCOL:
        raise ClusterError(
            f"{server} was set up by a later version of this program (protocol {row['least']}; this version knows"
            f" {PROTOCOL}); update this machine."
        )


def create_tables(connection: Connection[dict[str, Any]]) -> None:
    """Create or update tables and functions. Those of a later version stay."""
    known = connection.execute("SELECT to_regclass('caliber_protocol') IS NOT NULL AS known").fetchone()
    if known and known["known"]:
        row = connection.execute("SELECT latest FROM caliber_protocol").fetchone()
        if row and row["latest"] > PROTOCOL:
            return
    connection.execute(TABLES)
    connection.execute(STATE, {"latest": PROTOCOL, "least": LEAST_PROTOCOL})
