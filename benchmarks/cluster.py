"""How many jobs the queue of a cluster sustains: python -m benchmarks.cluster [--jobs N]

Starts a PostgreSQL of its own (Debian's, syncing as it does in earnest), queues one job for each of N sites, and has
them done by workers that do nothing else: what is left is the queue. Tells what a job costs PostgreSQL as well.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import get_context

from procrastinate import App
from procrastinate.worker import Worker
from tabulate import tabulate

from caliber_crawler.cluster.database import PatientConnector, connected, set_up
from caliber_crawler.cluster.jobs import QUEUE, TASK, FencedJobs, enqueue
from caliber_crawler.cluster.lease import Lease
from caliber_crawler.cluster.work import HostLocks, Work
from caliber_crawler.cluster.worker import LEASE, PARALLEL
from caliber_crawler.known_sites import project_settings
from tests.cluster.postgres import OPTIONS, serving

SPENT = """
SELECT xact_commit AS transactions, tup_inserted + tup_updated + tup_deleted AS rows,
  pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint AS wal
FROM pg_stat_database WHERE datname = current_database()"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=2_000)
    count = parser.parse_args().jobs
    logging.disable(logging.CRITICAL)
    OPTIONS["fsync"] = "on"
    with serving() as server, server.database("benchmark") as dsn:
        set_up(dsn)
        rows = [measured(f"done by {name}", dsn, count, workers) for name, workers in (("one", 1), ("two", 2))]
        print(tabulate(rows, headers="keys", floatfmt=",.1f", intfmt=","))


def measured(name: str, dsn: str, count: int, workers: int) -> dict[str, object]:
    works = [Work(site=f"https://site-{number}.example/") for number in range(count)]
    locks = HostLocks(project_settings())
    before = spent(dsn)
    begun = time.perf_counter()
    queued, _ = enqueue(dsn, works, locks)
    assert len(queued) == count
    queueing = time.perf_counter() - begun
    with processes(dsn, workers) as all_done:
        begun = time.perf_counter()
        all_done()
        doing = time.perf_counter() - begun
    # The statistics of a session are told when it has been idle for a second.
    time.sleep(1.5)
    after = spent(dsn)
    each = {name: (after[name] - before[name]) / count for name in before}
    return {
        "": name,
        "jobs": count,
        "queued a second": count / queueing,
        "done a second": count / doing,
        "transactions a job": each["transactions"],
        "rows written a job": each["rows"],
        "log KB a job": each["wal"] / 1000,
    }


def spent(dsn: str) -> dict[str, int]:
    with connected(dsn) as connection:
        row = connection.execute(SPENT).fetchone()
        assert row is not None
        return {name: int(value) for name, value in row.items()}


@contextmanager
def processes(dsn: str, count: int) -> Iterator[object]:
    """Workers that have started and wait for the word."""
    context = get_context("spawn")
    go, ready = context.Event(), context.Semaphore(0)
    started = [context.Process(target=work, args=(dsn, go, ready)) for _ in range(count)]
    for process in started:
        process.start()
    for _ in started:
        ready.acquire()

    def all_done() -> None:
        go.set()
        for process in started:
            process.join()
            assert process.exitcode == 0

    yield all_done


def work(dsn: str, go: object, ready: object) -> None:
    asyncio.run(take_all(dsn, go, ready))


async def take_all(dsn: str, go: object, ready: object) -> None:
    lease = Lease(dsn, LEASE)
    connector = PatientConnector(conninfo=dsn, min_size=1, max_size=4)
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
