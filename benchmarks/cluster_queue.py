"""CPU time of PostgreSQL to take a job, by the length of the queue: python -m benchmarks.cluster_queue [--sizes N]...

Every job is of another host. Compared with Procrastinate's own function, which knows no versions of workers, and
without the index of this program.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Any

from psycopg import Connection
from tabulate import tabulate

from caliber_crawler.cluster.database import connect, set_up
from caliber_crawler.cluster.jobs import QUEUE, TASK
from caliber_crawler.cluster.protocol import FETCH, OWN
from tests.cluster.postgres import run_postgres

TAKEN = 200
"""Jobs for each measurement."""
OTHER = "SELECT id FROM procrastinate_fetch_job_v2(%(queues)s::varchar[], %(worker_id)s)"
QUEUED = """INSERT INTO procrastinate_jobs (queue_name, task_name, lock, queueing_lock, args)
SELECT %(queue)s, %(task)s, n::text, n::text, jsonb_build_object('site', n::text, 'shard', n::text)
FROM generate_series(1, %(count)s::int) n"""
SHARDS = """INSERT INTO caliber_shards (site, generation, path, size, digest, outcome, counts, archive_schema)
SELECT n::text, 1, n::text, 1, '', 'finished', '{}', 1 FROM generate_series(1, %(count)s::int) n"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000, 10_000, 100_000])
    with run_postgres() as server:
        rows = []
        for size in parser.parse_args().sizes:
            with server.database(f"queue_{size}") as dsn:
                set_up(dsn)
                rows.append(row_of(dsn, size))
    print(tabulate(rows, headers="keys", floatfmt=",.2f", intfmt=","))


def row_of(dsn: str, size: int) -> dict[str, object]:
    with connect(dsn) as connection:
        connection.execute("INSERT INTO procrastinate_workers DEFAULT VALUES")
        values = {"queue": QUEUE, "task": TASK, "count": size}
        connection.execute(QUEUED, values)
        connection.execute(SHARDS, values)
        connection.execute("ANALYZE")
        row: dict[str, object] = {"jobs": size, "ms per job": cost_of(connection, FETCH)}
        row["Procrastinate's function, ms"] = cost_of(connection, OTHER)
        connection.execute("DROP INDEX caliber_jobs_lock")
        row["without the index, ms"] = cost_of(connection, FETCH)
    return row


def cost_of(connection: Connection[dict[str, Any]], statement: str) -> float:
    """Milliseconds of CPU time to take a job and to delete it."""
    process = connection.info.backend_pid
    values = {"queues": [QUEUE], "worker_id": 1, **OWN.as_values()}
    begin = cpu_of(process)
    for _ in range(TAKEN):
        row = connection.execute(statement, values).fetchone()
        assert row is not None
        assert row["id"] is not None
        connection.execute("DELETE FROM procrastinate_jobs WHERE id = %s", (row["id"],))
    return (cpu_of(process) - begin) * 1000 / TAKEN


def cpu_of(process: int) -> float:
    """Seconds of CPU time of a process."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
