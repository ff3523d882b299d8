"""What a whole job of the cluster costs, from taking the shard to publishing it: ``python -m benchmarks.cluster_jobs``

Two crawls of the same sites by one worker, over loopback without delays, and a worker that has nothing to do.
PostgreSQL is one of its own, not synced to the disk. Processor time is that of the worker and of what it starts.
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

from caliber_crawler.cluster.database import set_up
from tests.cluster.postgres import Postgres, rows, serving
from tests.cluster.press import Press, printing

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
    parser.add_argument("--articles", type=int, default=30, help="on each site")
    options = parser.parse_args()
    with serving() as server:
        print(tabulate(list(jobs(server, options.sites, options.articles)), headers="keys"))


def jobs(server: Postgres, sites: int, articles: int) -> Iterator[dict[str, object]]:
    """A row for each crawl, and one for doing nothing."""
    with tempfile.TemporaryDirectory() as name, server.database("jobs") as dsn:
        folder = Path(name)
        set_up(dsn)
        with closing(psycopg.connect(dsn, autocommit=True)) as connection:
            connection.execute("CREATE EXTENSION pg_stat_statements")
        with printing(folder, sites, articles) as press:
            environment = {**os.environ, **press.variables, "CALIBER_DSN": dsn, "CALIBER_SHARDS": f"{folder}/shards"}
            names = [paper.name for paper in press.papers]
            for what in ("first crawl", "second crawl"):
                run(environment, "enqueue", *names, "--delay", "0")
                before, asked, processor = statements(dsn), visited(press), processor_time()
                run(environment, "worker", "--until-empty")
                after, requests = statements(dsn), visited(press) - asked
                size = sum(int(str(row["size"])) for row in rows(dsn, "TABLE caliber_shards"))
                yield {
                    "": what,
                    "jobs": sites,
                    "requests a job": round(requests / sites, 1),
                    "statements a job": round((after[0] - before[0]) / sites, 1),
                    "PostgreSQL's ms a job": round((after[1] - before[1]) / sites, 1),
                    "worker's ms a request": round((processor_time() - processor) * 1000 / requests, 1),
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
            yield {"": "nothing to do", "statements a minute": round((after[0] - before[0]) * 60 / IDLE)}


def statements(dsn: str) -> tuple[int, float]:
    """Statements so far, and the server's milliseconds for them."""
    (row,) = rows(dsn, STATEMENTS)
    return int(str(row["calls"])), float(str(row["ms"]))


def caliber(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "caliber_crawler", "cluster", *arguments]


def run(environment: dict[str, str], *arguments: str) -> None:
    subprocess.run(caliber(*arguments), env=environment, check=True, capture_output=True)


def visited(press: Press) -> int:
    return sum(len(paper.requests()) for paper in press.papers)


def processor_time() -> float:
    """Seconds, of processes that have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    main()
