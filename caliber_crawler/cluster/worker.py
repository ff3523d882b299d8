"""A worker: takes jobs from the queue until it is stopped, several at a time, in one process."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from procrastinate import App
from procrastinate.exceptions import AlreadyEnqueued
from procrastinate.job_context import JobContext
from procrastinate.worker import Worker as QueueWorker

from caliber_crawler.cluster.crawler import JobCrawler
from caliber_crawler.cluster.database import PatientConnector, conninfo, is_set_up, shown
from caliber_crawler.cluster.jobs import (
    BACK_OFF,
    QUEUE,
    TASK,
    CrawlFailed,
    FencedJobs,
    Interrupted,
    JobRetries,
    job_of,
)
from caliber_crawler.cluster.lease import RENEWAL_SHARE, Lease, reassigned_after
from caliber_crawler.cluster.scratch import worker_folder
from caliber_crawler.cluster.shards import Storage
from caliber_crawler.cluster.work import HostLocks, ScheduledWork, Work
from caliber_crawler.crawl_process import CrawlProcess
from caliber_crawler.errors import CaliberError, ClusterError

if TYPE_CHECKING:
    from scrapy.settings import Settings

logger = logging.getLogger(__name__)

LEASE = 60.0
"""Seconds that a worker may act after it last renewed its lease in PostgreSQL."""
PARALLEL = 16
"""Maximum number of sites that one worker crawls at a time."""
FAILED_JOB_RETENTION_HOURS = 24 * 7
"""Hours that failed jobs are kept; successful ones are deleted at once, and their shard has the counts."""
CLEANUP_INTERVAL = 3600.0
"""Seconds."""
NEVER = 1e9
"""Seconds: Procrastinate's own heartbeat, in whose place the lease stands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerConfig:
    """How a worker works. ``lease`` and ``back_off`` are seconds, ``scratch`` is a local folder for shards."""

    lease: float = LEASE
    parallel: int = PARALLEL
    back_off: float = BACK_OFF
    scratch: Path | None = None
    until_empty: bool = False


class Worker:
    """Jobs, their lease, and the background tasks: recovery of dead workers, and the timetable.

    Background tasks run beside the crawls and wait for none of them; they are not jobs in the queue.
    """

    def __init__(
        self,
        dsn: str,
        storage: Storage,
        settings: Settings,
        config: WorkerConfig,
        timetable: Sequence[ScheduledWork] = (),
        tell: Callable[[str], None] = logger.info,
    ) -> None:
        self._config, self._tell, self._dsn = config, tell, dsn
        self._storage = storage
        self._locks = HostLocks(settings)
        self._process = CrawlProcess(settings)
        logging.getLogger("procrastinate").setLevel(logging.CRITICAL)  # what it would say, `tell` says in a sentence
        self._lease = Lease(conninfo(dsn, application_name="caliber lease"), config.lease)
        self._connector = PatientConnector(
            conninfo=conninfo(dsn, application_name=f"caliber {socket.gethostname()} {os.getpid()}"),
            min_size=1,
            max_size=4,
            timeout=config.lease,
        )
        self._app = App(connector=self._connector)
        self._jobs = self._app.job_manager = FencedJobs(self._connector, self._lease)
        self._queue: QueueWorker | None = None
        self._at_work: set[int] = set()
        self._was_asked_to_end = False
        self._app.task(name=TASK, queue=QUEUE, pass_context=True, retry=JobRetries(config.back_off))(self._do)
        for scheduled in timetable:
            self._schedule(scheduled)

    def run(self) -> None:
        """Work until told to stop (SIGTERM, SIGINT), or until nothing is left. Can be called once in a process."""
        if not is_set_up(self._dsn):
            raise ClusterError(f"{shown(self._dsn)} is not set up; `caliber cluster init` does it.")
        with worker_folder(self._config.scratch) as scratch:
            self._crawler = JobCrawler(self._process, self._connector, self._storage, self._lease, scratch)
            self._process.run(self._work(), install_signal_handlers=False)

    async def _work(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop)
        pause = max(0.2, self._config.lease * RENEWAL_SHARE)
        async with self._app.open_async():
            self._queue = QueueWorker(
                app=self._app,
                queues=[QUEUE],
                concurrency=self._config.parallel,
                fetch_job_polling_interval=pause,
                delete_jobs="successful",
                install_signal_handlers=False,
                update_heartbeat_interval=NEVER,
                stalled_worker_timeout=reassigned_after(self._config.lease),
            )
            tasks = [
                loop.create_task(task)
                for task in (self._pulse(), self._recover_dead_workers(pause), self._delete_old_jobs())
            ]
            if self._config.until_empty:
                tasks.append(loop.create_task(self._stop_when_empty(pause)))
            for task in tasks:
                task.add_done_callback(self._end_without)
            try:
                await self._queue.run()  # type: ignore[no-untyped-call]
            finally:
                for task in tasks:
                    task.cancel()
        if not self._was_asked_to_end:
            raise ClusterError("The queue came to an end by itself; start this worker again.")

    def _stop(self) -> None:
        if self._process.stopping:
            # Asked twice: what is left undone here is due again elsewhere.
            os._exit(1)
        assert self._queue is not None
        self._was_asked_to_end = True
        self._tell("Stopping: what is under way is published, and queued again.")
        self._queue.stop()  # type: ignore[no-untyped-call]
        self._stopping = asyncio.get_running_loop().create_task(self._process.stop())

    async def _do(self, context: JobContext, /, **arguments: Any) -> None:
        assert context.job.id is not None
        work = Work.of(arguments)
        self._at_work.add(context.job.id)
        try:
            report = await self._crawler.crawl(context.job.id, work, again=context.job.attempts > 0)
        except Exception as error:
            ours = isinstance(error, CaliberError | CrawlFailed | Interrupted)
            what = f"{error}" if ours else f"an error of this program: {type(error).__name__}: {error}"
            self._tell(f"{work.name}: job {context.job.id} did not succeed: {what}")
            raise
        finally:
            self._at_work.discard(context.job.id)
        self._tell(str(report))
        if report.unfinished:
            try:
                await self._jobs.defer_job_async(job_of(work, self._locks))
            except AlreadyEnqueued:
                logger.debug("%s stands in the queue already", work.name)

    def _schedule(self, scheduled: ScheduledWork) -> None:
        job = job_of(scheduled.work, self._locks)
        self._app.periodic_registry.register_task(
            task=self._app.tasks[TASK],
            cron=scheduled.cron,
            periodic_id=scheduled.work.name,
            configure_kwargs={"lock": job.lock, "queueing_lock": job.queueing_lock, "task_kwargs": job.task_kwargs},
        )

    # --- background tasks -----------------------------------------------------------------------------------------

    def _end_without(self, task: asyncio.Task[None]) -> None:
        """End the worker when a background task fails."""
        if not task.cancelled() and (error := task.exception()):
            assert self._queue is not None
            self._tell(f"An error of this program: {type(error).__name__}: {error}")
            self._queue.stop()  # type: ignore[no-untyped-call]

    async def _pulse(self) -> None:
        while True:
            self._lease.pulse()
            await asyncio.sleep(min(1.0, self._config.lease * RENEWAL_SHARE))

    async def _recover_dead_workers(self, pause: float) -> None:
        lost_before: set[int] = set()
        while True:
            for job_id in await self._jobs.reassign_abandoned_jobs(reassigned_after(self._config.lease)):
                self._tell(f"The worker of job {job_id} is dead: the job is queued again.")
            # Fetched by us, but the answer was lost with its connection: nobody does it.
            lost = await self._jobs.own_jobs() - self._at_work
            for job_id in lost & lost_before:
                await self._jobs.retry_job_by_id_async(job_id, datetime.now(UTC))
            lost_before = lost
            await asyncio.sleep(pause)

    async def _stop_when_empty(self, pause: float) -> None:
        assert self._queue is not None
        while await self._jobs.has_jobs_left():
            await asyncio.sleep(pause)
        self._was_asked_to_end = True
        self._queue.stop()  # type: ignore[no-untyped-call]

    async def _delete_old_jobs(self) -> None:
        while True:
            await self._jobs.delete_old_jobs(
                FAILED_JOB_RETENTION_HOURS,
                queue=QUEUE,
                include_failed=True,
                include_aborted=True,
                include_cancelled=True,
            )
            await asyncio.sleep(CLEANUP_INTERVAL)
