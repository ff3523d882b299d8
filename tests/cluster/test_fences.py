"""Fencing: a worker cannot change a job that it no longer owns."""

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

from caliber_crawler.cluster.database import RetryingConnector, connect, set_up
from caliber_crawler.cluster.jobs import MAX_ATTEMPTS, QUEUE, FencedJobs, enqueue
from caliber_crawler.cluster.lease import Lease
from caliber_crawler.cluster.shards import PUBLISH
from caliber_crawler.cluster.takedowns import record_request
from caliber_crawler.cluster.work import HostLocks, Work
from caliber_crawler.crawling.options import CrawlOptions
from caliber_crawler.known_sites import project_settings
from tests.cluster.postgres import rows

pytestmark = pytest.mark.slow

LOCKS = HostLocks(project_settings())
WORK = Work(site="caliber")


class StaticLease(Lease):
    """A lease without threads: it is never renewed and never expires."""

    def begin(self, worker_id: int, since: tuple[float, ...]) -> None:
        self.worker_id = worker_id


@pytest.fixture
def queue(dsn: str) -> str:
    set_up(dsn)
    return dsn


@asynccontextmanager
async def workers(dsn: str, number: int) -> AsyncIterator[list[FencedJobs]]:
    connector = RetryingConnector(conninfo=dsn, min_size=1, max_size=6)
    await connector.open_async()
    try:
        managers = [FencedJobs(connector, StaticLease(dsn, 1e6)) for _ in range(number)]
        for manager in managers:
            await manager.register_worker()
        yield managers
    finally:
        await connector.close_async()


def run(body: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(body())


def die(dsn: str, manager: FencedJobs) -> None:
    """Set the last heartbeat of a worker to an hour ago."""
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


def test_worker_declared_dead_cannot_finish_or_retry_its_former_job(queue: str) -> None:
    enqueue(queue, [WORK], LOCKS)

    async def body() -> None:
        async with workers(queue, 2) as (dead, living):
            job_id = await fetch(dead)
            assert job_id
            die(queue, dead)
            assert await living.reassign_abandoned_jobs(5) == [job_id]
            assert await fetch(living) == job_id
            reassigned = [("doing", worker_id(living))]
            assert state(queue) == reassigned
            await dead.finish_job_by_id_async(job_id, Status.SUCCEEDED, delete_job=True)
            assert state(queue) == reassigned
            await dead.retry_job_by_id_async(job_id, datetime.now(UTC))
            assert state(queue) == reassigned
            await living.finish_job_by_id_async(job_id, Status.SUCCEEDED, delete_job=False)
            assert [status for status, _ in state(queue)] == ["succeeded"]

    run(body)


def test_abandoned_job_is_reassigned_once_by_many_workers(queue: str) -> None:
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


def test_living_worker_keeps_its_jobs(queue: str) -> None:
    enqueue(queue, [WORK], LOCKS)

    async def body() -> None:
        async with workers(queue, 2) as (busy, other):
            await fetch(busy)
            assert await other.reassign_abandoned_jobs(5) == []
            assert state(queue) == [("doing", worker_id(busy))]

    run(body)


def test_abandoned_job_fails_if_the_same_work_is_in_the_queue(queue: str) -> None:
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


def test_retried_job_fails_if_the_same_work_is_in_the_queue(queue: str) -> None:
    enqueue(queue, [WORK], LOCKS)

    async def body() -> None:
        async with workers(queue, 1) as (one,):
            job_id = await fetch(one)
            assert job_id
            enqueue(queue, [WORK], LOCKS)
            await one.retry_job_by_id_async(job_id, datetime.now(UTC))
            assert [status for status, _ in state(queue)] == ["failed", "todo"]

    run(body)


def test_enqueueing_work_that_waits_for_a_retry_makes_it_ready(queue: str) -> None:
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


def test_job_that_kills_every_worker_fails(queue: str) -> None:
    enqueue(queue, [WORK], LOCKS)

    async def body() -> None:
        async with workers(queue, MAX_ATTEMPTS + 1) as (observer, *victims):
            for victim in victims:
                assert await fetch(victim)
                die(queue, victim)
                await observer.reassign_abandoned_jobs(5)
            assert [status for status, _ in state(queue)] == ["failed"]

    run(body)


def test_two_jobs_of_one_host_do_not_run_at_the_same_time(queue: str) -> None:
    enqueue(queue, [WORK, Work(site="caliber", options=CrawlOptions(section="opinion")), Work(site="orf")], LOCKS)

    async def body() -> None:
        async with workers(queue, 3) as managers:
            fetched = [await fetch(manager) for manager in managers]
            assert fetched.count(None) == 1
            await managers[0].finish_job_by_id_async(fetched[0] or 0, Status.SUCCEEDED, delete_job=True)
            assert await fetch(managers[2])

    run(body)


def test_work_is_queued_once_in_batches(queue: str) -> None:
    works = [Work(site=f"https://paper-{number}.example/") for number in range(1200)]
    assert enqueue(queue, works[:700], LOCKS) == (works[:700], [])
    queued, known = enqueue(queue, works, LOCKS)
    assert (len(queued), len(known)) == (500, 700)
    assert len(state(queue)) == 1200


def test_concurrent_setup_creates_the_tables_once(dsn: str) -> None:
    with ThreadPoolExecutor(4) as pool:
        created = list(pool.map(set_up, [dsn] * 4))
    assert sorted(created) == [False, False, False, True]


@pytest.mark.parametrize(
    ("base_generation", "by_owner", "generation"),
    [(1, True, 2), (0, True, 1), (1, False, 1), (1, True, 1)],
    ids=["valid", "outdated", "not the owner", "takedown meanwhile"],
)
def test_only_the_owner_can_publish_and_only_the_next_generation(
    queue: str, base_generation: int, by_owner: bool, generation: int, request: pytest.FixtureRequest
) -> None:
    enqueue(queue, [WORK], LOCKS)

    async def body() -> None:
        async with workers(queue, 2) as (owner, stranger):
            job_id = await fetch(owner)
            values = {"site": "caliber", "size": 1, "digest": "", "outcome": "finished", "why": None, "counts": {}}
            values |= {"archive_schema": 1, "takedowns": 0, "purge": False}
            first = {
                **values,
                "job_id": job_id,
                "worker_id": worker_id(owner),
                "base_generation": 0,
                "base": None,
                "path": "first.db",
            }
            assert await owner.connector.execute_query_all_async(PUBLISH, **first)
            if "takedown" in request.node.callspec.id:
                with connect(queue) as connection:
                    record_request(connection, "https://caliber.az/en/post/1", "cal*", "asked for", None, "ada")
            publisher = worker_id(owner if by_owner else stranger)
            second = {**first, "worker_id": publisher, "base_generation": base_generation, "path": "second.db"}
            published = await owner.connector.execute_query_all_async(PUBLISH, **second)
            assert bool(published) == (generation == 2)

    run(body)
    (shard,) = rows(queue, "SELECT * FROM caliber_shards")
    assert (shard["generation"], shard["path"]) == (generation, "second.db" if generation == 2 else "first.db")
