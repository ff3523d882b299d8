"""Cost of a complete job of the cluster, from fetching a shard to publishing it: ``python -m benchmarks.cluster_jobs``

One worker crawls the same sites twice, over loopback without delays; then a worker is idle. A temporary PostgreSQL
server is used, without syncing to disk. CPU time is that of the worker and its child processes.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
from tabulate import tabulate

from benchmarks.cpu_time import cpu_time
from caliber_crawler.cluster.database import set_up
from tests.cluster.postgres import Postgres, rows, run_postgres
from tests.cluster.press import Press, serve_press

STATEMENTS = """
SELECT coalesce(sum(calls), 0)::int AS calls, coalesce(sum(total_exec_time), 0)::float AS ms FROM pg_stat_statements
JOIN pg_database ON pg_database.oid = dbid
WHERE datname = current_database() AND toplevel AND query NOT LIKE '%pg_stat_statements%'
"""
IDLE = 30.0
"""Seconds."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sites", type=int, default=20)
    parser.add_argument("--articles", type=int, default=30, help="number of articles per site")
    options = parser.parse_args()
    with run_postgres() as server:
        print(tabulate(list(jobs(server, options.sites, options.articles)), headers="keys"))


def jobs(server: Postgres, sites: int, articles: int) -> Iterator[dict[str, object]]:
    """A row for each crawl, and one for an idle worker."""
    with tempfile.TemporaryDirectory() as name, server.database("jobs") as dsn:
        folder = Path(name)
        set_up(dsn)
        with closing(psycopg.connect(dsn, autocommit=True)) as connection:
            connection.execute("CREATE EXTENSION pg_stat_statements")
        with serve_press(folder, sites, articles) as press:
            environment = {**os.environ, **press.variables, "CALIBER_DSN": dsn, "CALIBER_SHARDS": f"{folder}/shards"}
            names = [paper.name for paper in press.papers]
            for name in ("first crawl", "second crawl"):
                run(environment, "enqueue", *names, "--delay", "0")
                before, known, cpu = statements(dsn), count_requests(press), cpu_time(resource.RUSAGE_CHILDREN)
                run(environment, "worker", "--until-empty")
                after, requests = statements(dsn), count_requests(press) - known
                size = sum(int(str(row["size"])) for row in rows(dsn, "TABLE caliber_shards"))
                yield {
                    "": name,
                    "jobs": sites,
                    "requests per job": round(requests / sites, 1),
                    "statements per job": round((after[0] - before[0]) / sites, 1),
                    "PostgreSQL ms per job": round((after[1] - before[1]) / sites, 1),
                    "worker CPU ms per request": round((cpu_time(resource.RUSAGE_CHILDREN) - cpu) * 1000 / requests, 1),
                    "shard KB": round(size / sites / 1000),
                }
            before = statements(dsn)
            idle = subprocess.Popen(caliber("worker"), env=environment, stderr=subprocess.DEVNULL)
            try:
                time.sleep(IDLE)
                after = statements(dsn)
            finally:
                idle.terminate()
                idle.wait(30)
            yield {"": "idle worker", "statements per minute": round((after[0] - before[0]) * 60 / IDLE)}


def statements(dsn: str) -> tuple[int, float]:
    """Number of statements so far, and their execution time in milliseconds."""
    (row,) = rows(dsn, STATEMENTS)
    return int(str(row["calls"])), float(str(row["ms"]))


def caliber(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "caliber_crawler", "cluster", *arguments]


def run(environment: dict[str, str], *arguments: str) -> None:
    subprocess.run(caliber(*arguments), env=environment, check=True, capture_output=True)


def count_requests(press: Press) -> int:
    return sum(len(paper.requests()) for paper in press.papers)


if __name__ == "__main__":
    main()
