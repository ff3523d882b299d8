"""What PostgreSQL lets a worker do that is mistaken about what is its own: nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Any

import psycopg
import pytest
from procrastinate.jobs import Status

from caliber_crawler.cluster.database import PatientConnector, set_up
from caliber_crawler.cluster.jobs import MAX_ATTEMPTS, QUEUE, FencedJobs, enqueue
from caliber_crawler.cluster.lease import Lease
from caliber_crawler.cluster.shards import PUBLISH
from caliber_crawler.cluster.work import HostLocks, Work
from caliber_crawler.crawling.options import CrawlOptions
from caliber_crawler.known_sites import project_settings
from tests.cluster.postgres import rows

pytestmark = pytest.mark.slow

LOCKS = HostLocks(project_settings())
WORK = Work(site="caliber")


class StillLease(Lease):
    """A lease that nobody renews and nobody ends."""

    def begin(self, worker_id: int, since: tuple[float, ...]) -> None:
        self.worker_id = worker_id


@pytest.fixture
def queue(dsn: str) -> str:
    set_up(dsn)
    return dsn


@asynccontextmanager
async def workers(dsn: str, number: int) -> AsyncIterator[list[FencedJobs]]:
    connector = PatientConnector(conninfo=dsn, min_size=1, max_size=6)
    await connector.open_async()
    try:
        managers = [FencedJobs(connector, StillLease(dsn, 1e6)) for _ in range(number)]
        for manager in managers:
            await manager.register_worker()
        yield managers
    finally:
        await connector.close_async()


def run(body: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(body())


def die(dsn: str, manager: FencedJobs) -> None:
    """Let PostgreSQL have heard of a worker an hour ago."""
    with psycopg.connect(dsn) as connection:
        connection.execute(
            "UPDATE procrastinate_workers SET last_heartbeat = now() - interval '1 hour' WHERE id = %s",
            (worker_id(manager),),
        )


def worker_id(manager: FencedJobs) -> int:
    found = manager._lease.worker_id
    assert found is not None
    return found


async def fetch(manager: FencedJobs) -> int | None:
    job = await manager.fetch_job([QUEUE], worker_id(manager))
    return job.id if job else None


def state(dsn: str) -> list[tuple[object, object]]:
    return [(row["status"], row["worker_id"]) for row in rows(dsn, "SELECT * FROM procrastinate_jobs ORDER BY id")]


def test_a_worker_that_was_taken_for_dead_can_end_its_former_job_neither_way(queue: str) -> None:
    enqueue(queue, [WORK], LOCKS)

    async def body() -> None:
        async with workers(queue, 2) as (dead, living):
            job_id = await fetch(dead)
            assert job_id
            die(queue, dead)
            assert await living.reassign_abandoned_jobs(5) == [job_id]
            assert await fetch(living) == job_id
            theirs = [("doing", worker_id(living))]
            assert state(queue) == theirs
            await dead.finish_job_by_id_async(job_id, Status.SUCCEEDED, delete_job=True)
            assert state(queue) == theirs
            await dead.retry_job_by_id_async(job_id, datetime.now(UTC))
            assert state(queue) == theirs
            await living.finish_job_by_id_async(job_id, Status.SUCCEEDED, delete_job=False)
            assert [status for status, _ in state(queue)] == ["succeeded"]

    run(body)


def test_many_that_hear_of_one_death_put_its_job_back_once(queue: str) -> None:
    enqueue(queue, [WORK], LOCKS)

    async def body() -> None:
        async with workers(queue, 6) as (dead, *living):
            job_id = await fetch(dead)
            die(queue, dead)
            found = await asyncio.gather(*(manager.reassign_abandoned_jobs(5) for manager in living))
            assert list(chain(*found)) == [job_id]
            assert await fetch(living[0]) == job_id
            again = await asyncio.gather(*(manager.reassign_abandoned_jobs(5) for manager in living))
            assert list(chain(*again)) == []
            assert state(queue) == [("doing", worker_id(living[0]))]

    run(body)


def test_one_that_is_alive_keeps_its_jobs(queue: str) -> None:
    enqueue(queue, [WORK], LOCKS)

    async def body() -> None:
        async with workers(queue, 2) as (busy, other):
            await fetch(busy)
            assert await other.reassign_abandoned_jobs(5) == []
            assert state(queue) == [("doing", worker_id(busy))]

    run(body)


def test_the_job_of_a_dead_worker_gives_way_to_the_same_work_in_the_queue(queue: str) -> None:
    enqueue(queue, [WORK], LOCKS)

    async def body() -> None:
        async with workers(queue, 2) as (dead, living):
            await fetch(dead)
            assert enqueue(queue, [WORK], LOCKS) == ([WORK], [])
            die(queue, dead)
            await living.reassign_abandoned_jobs(5)
            assert [status for status, _ in state(queue)] == ["failed", "todo"]
            assert await fetch(living)

    run(body)


def test_a_failed_job_gives_way_to_the_same_work_in_the_queue(queue: str) -> None:
    enqueue(queue, [WORK], LOCKS)

    async def body() -> None:
        async with workers(queue, 1) as (one,):
            job_id = await fetch(one)
            assert job_id
            enqueue(queue, [WORK], LOCKS)
            await one.retry_job_by_id_async(job_id, datetime.now(UTC))
            assert [status for status, _ in state(queue)] == ["failed", "todo"]

    run(body)


def test_work_that_waits_for_a_further_attempt_is_brought_forward_by_whoever_asks(queue: str) -> None:
    enqueue(queue, [WORK], LOCKS)

    async def body() -> None:
        async with workers(queue, 1) as (one,):
            job_id = await fetch(one)
            assert job_id
            await one.retry_job_by_id_async(job_id, datetime.now(UTC) + timedelta(hours=1))
            assert await fetch(one) is None
            assert enqueue(queue, [WORK], LOCKS) == ([], [WORK])
            assert await fetch(one) == job_id

    run(body)


def test_a_job_that_kills_every_worker_is_given_up(queue: str) -> None:
    enqueue(queue, [WORK], LOCKS)

    async def body() -> None:
        async with workers(queue, MAX_ATTEMPTS + 1) as (observer, *victims):
            for victim in victims:
                assert await fetch(victim)
                die(queue, victim)
                await observer.reassign_abandoned_jobs(5)
            assert [status for status, _ in state(queue)] == ["failed"]

    run(body)


def test_two_jobs_on_one_host_are_not_done_at_once(queue: str) -> None:
    enqueue(queue, [WORK, Work(site="caliber", options=CrawlOptions(section="opinion")), Work(site="orf")], LOCKS)

    async def body() -> None:
        async with workers(queue, 3) as managers:
            fetched = [await fetch(manager) for manager in managers]
            assert fetched.count(None) == 1
            await managers[0].finish_job_by_id_async(fetched[0] or 0, Status.SUCCEEDED, delete_job=True)
            assert await fetch(managers[2])

    run(body)


def test_work_is_queued_once_and_many_at_a_time(queue: str) -> None:
    works = [Work(site=f"https://paper-{number}.example/") for number in range(1200)]
    assert enqueue(queue, works[:700], LOCKS) == (works[:700], [])
    queued, known = enqueue(queue, works, LOCKS)
    assert (len(queued), len(known)) == (500, 700)
    assert len(state(queue)) == 1200


def test_setting_up_twice_at_once_is_setting_up_once(dsn: str) -> None:
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(set_up, [dsn] * 4))
    assert sorted(made) == [False, False, False, True]


@pytest.mark.parametrize(
    ("taken", "by_owner", "generation"), [(1, True, 2), (0, True, 1), (1, False, 1)], ids=["sound", "stale", "stranger"]
)
def test_a_shard_counts_only_for_the_worker_whose_job_it_is_and_only_in_order(
    queue: str, taken: int, by_owner: bool, generation: int
) -> None:
    enqueue(queue, [WORK], LOCKS)

    async def body() -> None:
        async with workers(queue, 2) as (owner, stranger):
            job_id = await fetch(owner)
            values = {"site": "caliber", "size": 1, "digest": "", "outcome": "finished", "why": None, "counts": {}}
            first = {**values, "job_id": job_id, "worker_id": worker_id(owner), "taken": 0, "path": "first.db"}
            assert await owner.connector.execute_query_all_async(PUBLISH, **first)
            who = worker_id(owner if by_owner else stranger)
            then = {**first, "worker_id": who, "taken": taken, "path": "then.db"}
            published = await owner.connector.execute_query_all_async(PUBLISH, **then)
            assert bool(published) == (generation == 2)

    run(body)
    (shard,) = rows(queue, "SELECT * FROM caliber_shards")
    assert (shard["generation"], shard["path"]) == (generation, "then.db" if generation == 2 else "first.db")
