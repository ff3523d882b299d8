"""The queue: Procrastinate on PostgreSQL, with fencing against workers that no longer own their jobs."""

from __future__ import annotations

import logging
import socket
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from procrastinate import App, BaseRetryStrategy, RetryDecision, SyncPsycopgConnector
from procrastinate.exceptions import AlreadyEnqueued, UniqueViolation
from procrastinate.jobs import Job, Status
from procrastinate.manager import JobManager

from caliber_crawler.cluster import protocol
from caliber_crawler.cluster.database import connect, conninfo, require_set_up
from caliber_crawler.cluster.lease import Lease
from caliber_crawler.cluster.work import HostLocks, Work
from caliber_crawler.errors import ArchiveFull, NewerArchive, StorageError

logger = logging.getLogger(__name__)

QUEUE, TASK = "crawl", "caliber.crawl"
JOBS_PER_STATEMENT = 500
"""Maximum number of jobs queued with one statement."""
ANALYZE_EVERY = 200
"""Number of queued jobs after which PostgreSQL analyzes the table. Before that (autovacuum takes minutes), it scans all
jobs each time a worker takes one: 36 to 78 jobs a second from a queue of 2,000, not 330 (`benchmarks/cluster.py`)."""
MAX_ATTEMPTS = 8
"""Maximum attempts of a job. After that, only the timetable queues it again."""
BACK_OFF = 60.0
"""Seconds before the second attempt; doubled for each further attempt."""
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
SELECT procrastinate_retry_job_v2(id, %(retry_at)s, NULL, NULL, %(lock)s) FROM mine
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
FAIL_ABANDONED = """
WITH abandoned AS MATERIALIZED (
  SELECT id FROM procrastinate_jobs WHERE id = %(job_id)s AND worker_id IS NULL AND status = 'doing' FOR UPDATE)
SELECT procrastinate_finish_job_v1(id, 'failed', false) FROM abandoned
"""
OWN_JOBS = """
SELECT id FROM procrastinate_jobs WHERE status = 'doing' AND worker_id = %(worker_id)s
"""
MAKE_READY = """
UPDATE procrastinate_jobs SET scheduled_at = NULL
WHERE queueing_lock = ANY(%s) AND status = 'todo' AND scheduled_at > now()
"""
HAS_JOBS_LEFT = """
SELECT EXISTS (
  SELECT FROM procrastinate_jobs job WHERE task_name = %(task)s
  AND (status = 'doing' OR (status = 'todo' AND (scheduled_at IS NULL OR scheduled_at <= now())
    AND caliber_can_run(job, %(archive_schema)s, %(protocol)s)))) AS found
"""


class CrawlFailed(Exception):
    """The site cannot be crawled at present; the job is retried later. ``exit_code`` is that of the crawl."""

    def __init__(self, message: str = "", exit_code: int = 1) -> None:
        super().__init__(message)
        self.exit_code = exit_code


class Interrupted(Exception):
    """The worker was stopped; another worker may take the job at once. ``lock`` is the name of its lock from then on.

    Without a name, the lock stays the same.
    """

    def __init__(self, message: str = "", lock: str | None = None) -> None:
        super().__init__(message)
        self.lock = lock


TEMPORARY = (CrawlFailed, StorageError, ArchiveFull, NewerArchive)
"""What may succeed at a later attempt: a site that was down, a disk that was full, a shard that somebody restores."""


class JobRetries(BaseRetryStrategy):
    """Decides when a failed job is retried."""

    def __init__(self, back_off: float = BACK_OFF) -> None:
        self._back_off = back_off

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        """Retry at once after an interruption, with back-off after a temporary failure, never after other errors."""
        now = datetime.now(UTC)
        if isinstance(exception, Interrupted):
            return RetryDecision(retry_at=now, lock=exception.lock)
        if not isinstance(exception, TEMPORARY) or job.attempts + 1 >= MAX_ATTEMPTS:
            return None
        seconds = min(self._back_off * 2**job.attempts, MAX_BACK_OFF)
        return RetryDecision(retry_at=now + timedelta(seconds=seconds))


class FencedJobs(JobManager):
    """Procrastinate's job manager for one worker with a lease.

    In Procrastinate, a former worker of a job can end it by its ID, even if the job was reassigned to another worker.
    That would release the host's lock for a third one. Here only the current worker can end a job or return it.
    """

    def __init__(self, connector: Any, lease: Lease, versions: protocol.Versions | None = None) -> None:
        super().__init__(connector)
        self._lease = lease
        self._versions = versions or protocol.OWN
        self.running: set[int] = set()
        """The jobs that this worker runs, or whose end it has not stored yet."""

    async def register_worker(self) -> int:
        before = self._lease.read_clocks()
        worker_id = await super().register_worker()
        self._lease.begin(worker_id, before)
        await self.connector.execute_query_async(
            protocol.REGISTER, worker_id=worker_id, machine=socket.gethostname(), **self._versions.as_values()
        )
        return worker_id

    async def fetch_job(self, queues: Iterable[str] | None, worker_id: int) -> Job | None:
        """Take a job that this worker can run: neither its shard nor the cluster is of a later version."""
        names = None if queues is None else list(queues)
        row = await self.connector.execute_query_one_async(
            protocol.FETCH, queues=names, worker_id=worker_id, **self._versions.as_values()
        )
        return None if row["id"] is None else Job.from_row(row)

    async def jobs_of_later_versions(self) -> dict[str, Any]:
        """How many ``jobs`` wait whose shards this worker cannot read, and their latest ``archive_schema``.

        Also the ``least`` protocol of the cluster.
        """
        return await self.connector.execute_query_one_async(
            protocol.TOO_NEW, task=TASK, archive_schema=self._versions.archive_schema
        )

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
            await self._end(RETRY, job_id, retry_at=retry_at, lock=lock)
        except UniqueViolation:
            # The timetable has queued the same work in the meantime, so this job is not needed.
            await self.finish_job_by_id_async(job_id, Status.FAILED, delete_job=False)

    async def _end(self, query: str, job_id: int, **values: object) -> None:
        self._lease.confirm()
        try:
            await self.connector.execute_query_async(query, job_id=job_id, worker_id=self._lease.worker_id, **values)
        finally:
            self.running.discard(job_id)

    async def reassign_abandoned_jobs(self, silent_for: float) -> list[int]:
        """Queue the jobs of workers without a heartbeat for ``silent_for`` seconds again; return the job IDs.

        Several workers may do this at the same time: each statement checks its condition again under the row's lock.
        """
        await self.prune_stalled_workers(silent_for)
        reassigned = []
        for job in await self.connector.execute_query_all_async(ABANDONED, task=TASK):
            query = REASSIGN if job["attempts"] + 1 < MAX_ATTEMPTS else FAIL_ABANDONED
            try:
                rows = await self.connector.execute_query_all_async(query, job_id=job["id"])
            except UniqueViolation:
                rows = await self.connector.execute_query_all_async(FAIL_ABANDONED, job_id=job["id"])
            reassigned += [job["id"]] if rows else []
        return reassigned

    async def has_jobs_left(self) -> bool:
        """Whether any job runs on any worker or is ready to run.

        Jobs that wait for a later retry, or for a worker of a later version, do not count.
        """
        row = await self.connector.execute_query_one_async(HAS_JOBS_LEFT, task=TASK, **self._versions.as_values())
        return bool(row["found"])

    async def own_jobs(self) -> set[int]:
        """The IDs of the jobs that this worker runs, according to PostgreSQL."""
        rows = await self.connector.execute_query_all_async(OWN_JOBS, worker_id=self._lease.worker_id)
        return {row["id"] for row in rows}


def enqueue(dsn: str, works: Sequence[Work], locks: HostLocks) -> tuple[list[Work], list[Work]]:
    """Queue work; return what was queued and what was in the queue already. Raises :class:`ClusterError`.

    Jobs that were in the queue already and waited for a retry become ready at once.
    """
    require_set_up(dsn)
    app = App(connector=SyncPsycopgConnector(conninfo=conninfo(dsn), min_size=1, max_size=1))
    queued: list[Work] = []
    known: list[Work] = []
    with app.open():
        for batch in _in_batches(works):
            jobs = [job_of(work, locks) for work in batch]
            try:
                app.job_manager.batch_defer_jobs(jobs)
                queued += batch
            except AlreadyEnqueued:
                for work, job in zip(batch, jobs, strict=True):
                    try:
                        app.job_manager.defer_job(job)
                        queued.append(work)
                    except AlreadyEnqueued:
                        known.append(work)
    with connect(dsn) as connection:
        connection.execute(MAKE_READY, ([work.name for work in known],))
        if len(queued) >= ANALYZE_EVERY:
            connection.execute("ANALYZE procrastinate_jobs")
    return queued, known


def _in_batches(works: Iterable[Work]) -> Iterator[list[Work]]:
    remaining = iter(works)
    while batch := list(islice(remaining, JOBS_PER_STATEMENT)):
        yield batch


def job_of(work: Work, locks: HostLocks) -> Job:
    """The Procrastinate job for a piece of work."""
    return Job(
        id=None,
        queue=QUEUE,
        task_name=TASK,
        lock=locks.of(work),
        queueing_lock=work.name,
        # PostgreSQL compares the version of the shard with that of the worker.
        task_kwargs={**work.as_arguments(), "shard": locks.site_name(work)},
    )
