"""Throughput of a cluster's queue: python -m benchmarks.cluster [--jobs N]

Starts a temporary PostgreSQL server that syncs to disk, and queues one job for each of N sites. Workers run the jobs,
which do nothing, so only the queue is measured. Prints CPU time and the load of PostgreSQL per job, too.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path

from procrastinate import App
from procrastinate.worker import Worker
from tabulate import tabulate

from benchmarks.cpu_time import cpu_time
from caliber_crawler.cluster.database import RetryingConnector, connect, set_up
from caliber_crawler.cluster.jobs import QUEUE, TASK, FencedJobs, enqueue
from caliber_crawler.cluster.lease import Lease
from caliber_crawler.cluster.work import HostLocks, Work
from caliber_crawler.cluster.worker import PARALLEL
from caliber_crawler.known_sites import project_settings
from tests.cluster.postgres import OPTIONS, Postgres, run_postgres

MAX_SECONDS = 3_600.0
LOAD = """
SELECT xact_commit AS transactions, tup_inserted + tup_updated + tup_deleted AS rows,
  pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint AS wal
FROM pg_stat_database WHERE datname = current_database()"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=2_000)
    count = parser.parse_args().jobs
    logging.disable(logging.CRITICAL)
    OPTIONS["fsync"] = "on"
    with run_postgres() as server, server.database("benchmark") as dsn:
        set_up(dsn)
        rows = [
            measure(f"{workers} worker{'s' if workers > 1 else ''}", server, dsn, count, workers) for workers in (1, 2)
        ]
        print(tabulate(rows, headers="keys", floatfmt=",.1f", intfmt=","))


def measure(name: str, server: Postgres, dsn: str, count: int, workers: int) -> dict[str, object]:
    works = [Work(site=f"https://site-{number}.example/") for number in range(count)]
    locks = HostLocks(project_settings())
    before = load_of(dsn)
    start = time.perf_counter()
    queued, _ = enqueue(dsn, works, locks)
    assert len(queued) == count
    queueing = time.perf_counter() - start
    with processes(dsn, workers) as run_all:
        start, database_cpu, worker_cpu = time.perf_counter(), server_cpu(server), cpu_time(resource.RUSAGE_CHILDREN)
        run_all()
        running = time.perf_counter() - start
        # Without the start of the workers, of which PostgreSQL sees little.
        database_cpu, worker_cpu = server_cpu(server) - database_cpu, cpu_time(resource.RUSAGE_CHILDREN) - worker_cpu
    # PostgreSQL publishes the statistics of a session after it was idle for a second.
    time.sleep(1.5)
    after = load_of(dsn)
    each = {name: (after[name] - before[name]) / count for name in before}
    return {
        "": name,
        "jobs": count,
        "queued/s": count / queueing,
        "run/s": count / running,
        "PostgreSQL CPU ms per job": database_cpu * 1000 / count,
        "worker CPU ms per job": worker_cpu * 1000 / count,
        "transactions per job": each["transactions"],
        "rows written per job": each["rows"],
        "WAL KB per job": each["wal"] / 1000,
    }


def server_cpu(server: Postgres) -> float:
    """Seconds of CPU time that a server has used, with its processes that have ended."""
    main = int((server.folder / "data" / "postmaster.pid").read_text().split()[0])
    ticks = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(stat.parent.name) == main:
            ticks += sum(map(int, fields[11:15]))
        elif int(fields[1]) == main:
            ticks += sum(map(int, fields[11:13]))
    return ticks / os.sysconf("SC_CLK_TCK")


def load_of(dsn: str) -> dict[str, int]:
    with connect(dsn) as connection:
        row = connection.execute(LOAD).fetchone()
        assert row is not None
        return {name: int(value) for name, value in row.items()}


@contextmanager
def processes(dsn: str, count: int) -> Iterator[object]:
    """Start workers that wait; yield a function that lets them run all jobs."""
    context = get_context("spawn")
    go, ready = context.Event(), context.Semaphore(0)
    workers = [context.Process(target=work, args=(dsn, go, ready)) for _ in range(count)]
    for process in workers:
        process.start()
    for _ in workers:
        ready.acquire()

    def run_all() -> None:
        go.set()
        for process in workers:
            process.join()
            assert process.exitcode == 0

    yield run_all


def work(dsn: str, go: object, ready: object) -> None:
    asyncio.run(run_jobs(dsn, go, ready))


async def run_jobs(dsn: str, go: object, ready: object) -> None:
    lease = Lease(dsn, MAX_SECONDS)  # nobody renews it
    connector = RetryingConnector(conninfo=dsn, min_size=1, max_size=4)
    app = App(connector=connector)
    app.job_manager = FencedJobs(connector, lease)

    @app.task(name=TASK, queue=QUEUE)
    async def nothing(**arguments: object) -> None:
        pass

    async with app.open_async():
        ready.release()
        await asyncio.to_thread(go.wait)
        await Worker(
            app=app,
            queues=[QUEUE],
            concurrency=PARALLEL,
            wait=False,
            delete_jobs="successful",
            install_signal_handlers=False,
        ).run()


if __name__ == "__main__":
    main()
