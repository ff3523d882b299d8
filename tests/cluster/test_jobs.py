"""Retries, batches and the fence of the queue, without a database."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest
from procrastinate.exceptions import UniqueViolation
from procrastinate.jobs import Job, Status

from caliber_crawler.cluster.jobs import (
    ABANDONED,
    FAIL_ABANDONED,
    FINISH,
    JOBS_PER_STATEMENT,
    MAX_ATTEMPTS,
    MAX_BACK_OFF,
    REASSIGN,
    RETRY,
    CrawlFailed,
    FencedJobs,
    JobRetries,
    _in_batches,
    enqueue,
    job_of,
)
from caliber_crawler.cluster.lease import Lease
from caliber_crawler.cluster.work import HostLocks, Work
from caliber_crawler.errors import ClusterError, LeaseLost
from caliber_crawler.known_sites import project_settings

NOW = datetime(2026, 11, 23, tzinfo=UTC)


class Statements:
    """A connector that records the statements it executes. Some violate a unique index or return rows."""

    def __init__(self, rows: dict[str, list[dict[str, Any]]] | None = None, violating: str = "") -> None:
        self.rows, self.violating = rows or {}, violating
        self.executed: list[tuple[str, dict[str, Any]]] = []

    async def execute_query_async(self, query: str, **values: Any) -> None:
        await self.execute_query_all_async(query, **values)

    async def execute_query_all_async(self, query: str, **values: Any) -> list[dict[str, Any]]:
        self.executed.append((query, values))
        if query == self.violating:
            raise UniqueViolation(constraint_name="procrastinate_jobs_queueing_lock_idx_v1", queueing_lock="caliber")
        return self.rows.get(query, [])

    @property
    def queries(self) -> list[str]:
        return [query for query, _ in self.executed]


def jobs_on(statements: Statements) -> FencedJobs:
    lease = Lease("", 60)
    lease.worker_id = 7
    return FencedJobs(statements, lease)


def test_only_the_worker_of_a_job_ends_it() -> None:
    statements = Statements()
    asyncio.run(jobs_on(statements).finish_job_by_id_async(3, Status.SUCCEEDED, delete_job=True))
    values = {"job_id": 3, "worker_id": 7, "status": "succeeded", "delete_job": True}
    assert statements.executed == [(FINISH, values)]


def test_worker_without_a_lease_ends_no_job() -> None:
    def end(error: LeaseLost) -> None:
        raise error

    statements = Statements()
    lease = Lease("", 0, end=end)
    with pytest.raises(LeaseLost):
        asyncio.run(FencedJobs(statements, lease).finish_job_by_id_async(3, Status.FAILED, delete_job=False))
    assert statements.executed == []


@pytest.mark.parametrize(("violating", "queries"), [("", [RETRY]), (RETRY, [RETRY, FINISH])])
def test_failed_job_ends_if_the_same_work_was_queued_in_the_meantime(violating: str, queries: list[str]) -> None:
    statements = Statements(violating=violating)
    asyncio.run(jobs_on(statements).retry_job_by_id_async(3, NOW))
    assert statements.queries == queries
    assert statements.executed[0][1]["retry_at"] == NOW


@pytest.mark.parametrize(
    ("attempts", "violating", "queries"),
    [
        (0, "", [REASSIGN]),
        (MAX_ATTEMPTS - 2, "", [REASSIGN]),
        (MAX_ATTEMPTS - 1, "", [FAIL_ABANDONED]),
        (0, REASSIGN, [REASSIGN, FAIL_ABANDONED]),
    ],
)
def test_abandoned_job_is_queued_again_or_fails(
    monkeypatch: pytest.MonkeyPatch, attempts: int, violating: str, queries: list[str]
) -> None:
    rows = {ABANDONED: [{"id": 3, "attempts": attempts}], REASSIGN: [{}], FAIL_ABANDONED: [{}]}
    statements = Statements(rows, violating)
    jobs = jobs_on(statements)

    async def prune_stalled_workers(_: float) -> list[int]:
        return []

    monkeypatch.setattr(jobs, "prune_stalled_workers", prune_stalled_workers)
    assert asyncio.run(jobs.reassign_abandoned_jobs(75)) == [3]
    assert statements.queries == [ABANDONED, *queries]


def test_job_that_another_worker_reassigned_is_not_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    jobs = jobs_on(Statements({ABANDONED: [{"id": 3, "attempts": 0}]}))

    async def prune_stalled_workers(_: float) -> list[int]:
        return []

    monkeypatch.setattr(jobs, "prune_stalled_workers", prune_stalled_workers)
    assert asyncio.run(jobs.reassign_abandoned_jobs(75)) == []


@pytest.mark.parametrize("attempts", range(MAX_ATTEMPTS - 1))
def test_back_off_doubles_up_to_a_maximum(attempts: int) -> None:
    job = Job(id=1, queue="crawl", lock=None, queueing_lock=None, task_name="t", attempts=attempts)
    decision = JobRetries(back_off=600).get_retry_decision(exception=CrawlFailed(), job=job)
    assert decision is not None
    assert decision.retry_at is not None
    seconds = (decision.retry_at - datetime.now(UTC)).total_seconds()
    assert seconds == pytest.approx(min(600 * 2**attempts, MAX_BACK_OFF), abs=60)


@pytest.mark.parametrize("count", [0, 1, JOBS_PER_STATEMENT, JOBS_PER_STATEMENT + 1])
def test_batches_have_all_work_in_order(count: int) -> None:
    works = [Work(site=str(number)) for number in range(count)]
    batches = list(_in_batches(works))
    assert [work for batch in batches for work in batch] == works
    assert all(0 < len(batch) <= JOBS_PER_STATEMENT for batch in batches)


def test_job_has_the_lock_of_its_host_and_the_name_of_its_work() -> None:
    locks = HostLocks(project_settings())
    work = Work(site="caliber", minutes=2)
    job = job_of(work, locks)
    assert (job.lock, job.queueing_lock) == (locks.of(work), "caliber")
    assert job.task_kwargs == {**work.as_arguments(), "shard": "caliber"}


def test_queue_of_an_unreachable_database_is_reported() -> None:
    with pytest.raises(ClusterError, match="Cannot connect"):
        enqueue("postgresql://caliber@127.0.0.1:1/queue", [Work(site="caliber")], HostLocks(project_settings()))


def test_a_job_is_running_until_its_end_is_stored() -> None:
    ending: list[set[int]] = []

    class Watched(Statements):
        async def execute_query_all_async(self, query: str, **values: Any) -> list[dict[str, Any]]:
            ending.append(set(manager.running))
            return await super().execute_query_all_async(query, **values)

    manager = jobs_on(Watched())
    manager.running |= {3, 4, 5}
    asyncio.run(manager.finish_job_by_id_async(3, Status.SUCCEEDED, delete_job=True))
    asyncio.run(manager.retry_job_by_id_async(4, NOW))
    assert (ending, manager.running) == ([{3, 4, 5}, {4, 5}], {5})
