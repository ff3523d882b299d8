"""The queue: Procrastinate on PostgreSQL, with fences where a worker may be mistaken about what is its own."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from procrastinate import App, BaseRetryStrategy, RetryDecision, SyncPsycopgConnector
from procrastinate.exceptions import AlreadyEnqueued, UniqueViolation
from procrastinate.jobs import Job, Status
from procrastinate.manager import JobManager

from caliber_crawler.cluster.database import connected, conninfo, is_set_up, shown
from caliber_crawler.cluster.lease import Lease
from caliber_crawler.cluster.work import HostLocks, Work
from caliber_crawler.errors import ClusterError

logger = logging.getLogger(__name__)

QUEUE, TASK = "crawl", "caliber.crawl"
JOBS_PER_STATEMENT = 500
"""Jobs queued with one statement."""
ANALYZE_EVERY = 200
"""Jobs after which PostgreSQL is told to look at the queue anew. Until it does, by itself within minutes, it looks
through all jobs for each that is taken: of 2,000, 36 to 78 a second and not 330 (`benchmarks/cluster.py`)."""
MAX_ATTEMPTS = 8
"""Maximum number of tries of a job; the timetable queues it again."""
BACK_OFF = 60.0
"""Seconds before the second try, doubled before each further one."""
MAX_BACK_OFF = 6 * 3600.0
FINISH = """
WITH mine AS MATERIALIZED (
  SELECT id FROM procrastinate_jobs
  WHERE id = %(job_id)s AND worker_id = %(worker_id)s AND status = 'doing' FOR UPDATE)
SELECT procrastinate_finish_job_v1(id, %(status)s, %(delete_job)s) FROM mine
"""
RETRY = """
WITH mine AS MATERIALIZED (
  SELECT id FROM procrastinate_jobs
  WHERE id = %(job_id)s AND worker_id = %(worker_id)s AND status = 'doing' FOR UPDATE)
SELECT procrastinate_retry_job_v2(id, %(retry_at)s, NULL, NULL, NULL) FROM mine
"""
ABANDONED = """
SELECT id, attempts FROM procrastinate_jobs
WHERE status = 'doing' AND task_name = %(task)s AND worker_id IS NULL
"""
REASSIGN = """
WITH abandoned AS MATERIALIZED (
  SELECT id FROM procrastinate_jobs WHERE id = %(job_id)s AND worker_id IS NULL AND status = 'doing' FOR UPDATE)
SELECT procrastinate_retry_job_v2(id, now(), NULL, NULL, NULL) FROM abandoned
"""
GIVE_UP = """
WITH abandoned AS MATERIALIZED (
  SELECT id FROM procrastinate_jobs WHERE id = %(job_id)s AND worker_id IS NULL AND status = 'doing' FOR UPDATE)
SELECT procrastinate_finish_job_v1(id, 'failed', false) FROM abandoned
"""
MINE = """
SELECT id FROM procrastinate_jobs WHERE status = 'doing' AND worker_id = %(worker_id)s
"""
BRING_FORWARD = """
UPDATE procrastinate_jobs SET scheduled_at = NULL
WHERE queueing_lock = ANY(%s) AND status = 'todo' AND scheduled_at > now()
"""
HAS_JOBS_LEFT = """
SELECT EXISTS (
  SELECT FROM procrastinate_jobs WHERE task_name = %(task)s
  AND (status = 'doing' OR (status = 'todo' AND (scheduled_at IS NULL OR scheduled_at <= now())))) AS found
"""


class CrawlFailed(Exception):
    """A site could not be crawled for now; the job is tried again later."""


class Interrupted(Exception):
    """The worker was told to stop; the job is another's at once."""


class JobRetries(BaseRetryStrategy):
    """When a job that failed is tried again."""

    def __init__(self, back_off: float = BACK_OFF) -> None:
        self._back_off = back_off

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        """At once after an interruption, ever later after failures, never after what cannot be mended by waiting."""
        now = datetime.now(UTC)
        if isinstance(exception, Interrupted):
            return RetryDecision(retry_at=now)
        if not isinstance(exception, CrawlFailed) or job.attempts + 1 >= MAX_ATTEMPTS:
            return None
        seconds = min(self._back_off * 2**job.attempts, MAX_BACK_OFF)
        return RetryDecision(retry_at=now + timedelta(seconds=seconds))


class FencedJobs(JobManager):
    """Procrastinate's manager of jobs, for one worker that holds a lease.

    Procrastinate lets whoever was a job's worker once end it by its number, even when it has been given to another
    meanwhile, and would so set the host free for a third. Here a job is ended, or given back, by its worker only.
    """

    def __init__(self, connector: Any, lease: Lease) -> None:
        super().__init__(connector)
        self._lease = lease

    async def register_worker(self) -> int:
        before = self._lease.read_clocks()
        worker_id = await super().register_worker()
        self._lease.begin(worker_id, before)
        return worker_id

    async def unregister_worker(self, worker_id: int) -> None:
        self._lease.finish()
        await super().unregister_worker(worker_id)

    async def finish_job_by_id_async(self, job_id: int, status: Status, delete_job: bool) -> None:
        await self._end(FINISH, job_id, status=status.value, delete_job=delete_job)

    async def retry_job_by_id_async(
        self,
        job_id: int,
        retry_at: datetime,
        priority: int | None = None,
        queue: str | None = None,
        lock: str | None = None,
    ) -> None:
        try:
            await self._end(RETRY, job_id, retry_at=retry_at)
        except UniqueViolation:
            # The timetable has queued the same work meanwhile: one of the two is enough.
            await self.finish_job_by_id_async(job_id, Status.FAILED, delete_job=False)

    async def _end(self, query: str, job_id: int, **values: object) -> None:
        self._lease.confirm()
        await self.connector.execute_query_async(query, job_id=job_id, worker_id=self._lease.worker_id, **values)

    async def reassign_abandoned_jobs(self, silent_for: float) -> list[int]:
        """Put the jobs of workers silent for ``silent_for`` seconds back into the queue; returns their IDs.

        Any number of workers may do this at once: each step asks again, under the row's lock, whether it still holds.
        """
        await self.prune_stalled_workers(silent_for)
        given = []
        for job in await self.connector.execute_query_all_async(ABANDONED, task=TASK):
            query = REASSIGN if job["attempts"] + 1 < MAX_ATTEMPTS else GIVE_UP
            try:
                rows = await self.connector.execute_query_all_async(query, job_id=job["id"])
            except UniqueViolation:
                rows = await self.connector.execute_query_all_async(GIVE_UP, job_id=job["id"])
            given += [job["id"]] if rows else []
        return given

    async def has_jobs_left(self) -> bool:
        """Is anything under way, with whichever worker, or waiting for one? What is to be tried later is not."""
        row = await self.connector.execute_query_one_async(HAS_JOBS_LEFT, task=TASK)
        return bool(row["found"])

    async def own_jobs(self) -> set[int]:
        """The jobs that PostgreSQL believes this worker to be doing."""
        rows = await self.connector.execute_query_all_async(MINE, worker_id=self._lease.worker_id)
        return {row["id"] for row in rows}


def enqueue(dsn: str, works: Sequence[Work], locks: HostLocks) -> tuple[list[Work], list[Work]]:
    """Queue work; gives what was queued and what stood there already. Raises :class:`ClusterError`.

    What stood there waiting for a further attempt need not wait any longer.
    """
    if not is_set_up(dsn):
        raise ClusterError(f"{shown(dsn)} is not set up; `caliber cluster init` does it.")
    app = App(connector=SyncPsycopgConnector(conninfo=conninfo(dsn), min_size=1, max_size=1))
    queued: list[Work] = []
    known: list[Work] = []
    with app.open():
        for some in _in_batches(works):
            jobs = [job_of(work, locks) for work in some]
            try:
                app.job_manager.batch_defer_jobs(jobs)
                queued += some
            except AlreadyEnqueued:
                for work, job in zip(some, jobs, strict=True):
                    try:
                        app.job_manager.defer_job(job)
                        queued.append(work)
                    except AlreadyEnqueued:
                        known.append(work)
    with connected(dsn) as connection:
        connection.execute(BRING_FORWARD, ([work.name for work in known],))
        if len(queued) >= ANALYZE_EVERY:
            connection.execute("ANALYZE procrastinate_jobs")
    return queued, known


def _in_batches(works: Iterable[Work]) -> Iterator[list[Work]]:
    waiting = iter(works)
    while some := list(islice(waiting, JOBS_PER_STATEMENT)):
        yield some


def job_of(work: Work, locks: HostLocks) -> Job:
    """A job as Procrastinate knows it."""
    return Job(
        id=None,
        queue=QUEUE,
        task_name=TASK,
        lock=locks.of(work),
        queueing_lock=work.name,
        task_kwargs=work.as_arguments(),
    )
