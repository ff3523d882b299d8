"""A worker: one process that runs jobs from the queue, several at a time, until it is stopped."""

from __future__ import annotations

import asyncio
import fnmatch
import logging
import os
import signal
import socket
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from procrastinate import App
from procrastinate.exceptions import AlreadyEnqueued
from procrastinate.job_context import JobContext
from procrastinate.worker import Worker as QueueWorker

from caliber_crawler.archive.reports.alarms import SiteState
from caliber_crawler.cluster.binding import bind_storage
from caliber_crawler.cluster.crawler import JobCrawler
from caliber_crawler.cluster.database import RetryingConnector, conninfo, require_set_up
from caliber_crawler.cluster.deadline import PATIENCE, wait_within
from caliber_crawler.cluster.definitions import StoredDefinitions
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
from caliber_crawler.cluster.protocol import PROTOCOL
from caliber_crawler.cluster.scratch import worker_folder
from caliber_crawler.cluster.state_messages import StateMessages
from caliber_crawler.cluster.storage import Storage
from caliber_crawler.cluster.storage_alarms import StorageAlarms
from caliber_crawler.cluster.takedowns import SITES_SINCE
from caliber_crawler.cluster.work import HostLocks, ScheduledWork, Work
from caliber_crawler.crawl_process import CrawlProcess
from caliber_crawler.errors import CaliberError, ClusterError
from caliber_crawler.notification.webhook import host_of, request
from caliber_crawler.quantity import quantity

if TYPE_CHECKING:
    from scrapy.settings import Settings

    from caliber_crawler.notification.target import Target

logger = logging.getLogger(__name__)

LEASE = 60.0
"""Duration of a worker's lease in seconds, from each renewal in PostgreSQL."""
PARALLEL = 16
"""Maximum number of sites that one worker crawls at the same time."""
FAILED_JOB_RETENTION_HOURS = 24 * 7
"""Hours until failed jobs are deleted. Successful jobs are deleted at once; their counts are stored with the shard."""
CLEANUP_INTERVAL = 3600.0
"""Seconds."""
PING_INTERVAL = 300.0
"""Seconds between two signs of life."""
VERSION_CHECK_INTERVAL = 60.0
"""Seconds between two looks for jobs of a later version."""
LAST_MESSAGES = 20.0
"""Seconds that a worker which ends has for the messages that are left; other workers send the rest."""
NEVER = 1e9
"""Seconds. Disables Procrastinate's own heartbeat, which the lease replaces."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerConfig:
    """Settings of a worker. ``lease`` and ``back_off`` are in seconds; ``scratch`` is a local folder for shards."""

    lease: float = LEASE
    parallel: int = PARALLEL
    back_off: float = BACK_OFF
    scratch: Path | None = None
    keep_bytes: int = 0
    """Maximum size of the shards that stay in ``scratch`` between jobs."""
    until_empty: bool = False
    targets: tuple[Target, ...] = ()
    """Where messages about changed states of sites are sent."""
    ping: str = ""
    """A URL that is requested every five minutes while the worker is alive."""


class Worker:
    """Runs jobs under a lease, and background tasks: recovery of dead workers, and the timetable.

    Background tasks are not jobs in the queue, so no crawl delays them.
    """

    def __init__(
        self,
        dsn: str,
        storage: Storage,
        settings: Settings,
        config: WorkerConfig,
        timetable: Sequence[ScheduledWork] = (),
        notify: Callable[[str], None] = logger.info,
    ) -> None:
        self._config, self._notify, self._dsn = config, notify, dsn
        self._storage = storage
        self._locks = HostLocks(settings)
        self._process = CrawlProcess(settings)
        logging.getLogger("procrastinate").setLevel(logging.CRITICAL)  # `notify` reports the same in plain sentences
        self._lease = Lease(conninfo(dsn, application_name="caliber lease"), config.lease)
        self._connector = RetryingConnector(
            conninfo=conninfo(dsn, application_name=f"caliber {socket.gethostname()} {os.getpid()}"),
            min_size=1,
            max_size=4,
            timeout=config.lease,
        )
        self._definitions = StoredDefinitions(self._connector)
        self._states = StateMessages(self._connector, config.targets, notify)
        self._app = App(connector=self._connector)
        self._jobs = self._app.job_manager = FencedJobs(self._connector, self._lease)
        self._queue: QueueWorker | None = None
        self.failed: set[int] = set()
        """Jobs that this worker could not complete, at their last attempt."""
        self.unusual: set[int] = set()
        """Completed jobs whose crawl found something unusual."""
        self.left = 0
        """Jobs in the queue that only a worker of a later version can run."""
        self._stop_requested = False
        self._app.task(name=TASK, queue=QUEUE, pass_context=True, retry=JobRetries(config.back_off))(self._run_job)
        for scheduled in timetable:
            self._schedule(scheduled)

    def run(self) -> None:
        """Run jobs until SIGTERM, SIGINT or an empty queue (``until_empty``). Call it once per process."""
        require_set_up(self._dsn)
        wait_within(PATIENCE, lambda: bind_storage(self._dsn, self._storage))
        with worker_folder(self._config.scratch) as scratch:
            self._crawler = JobCrawler(
                self._process,
                self._connector,
                self._storage,
                self._lease,
                scratch,
                self._config.keep_bytes,
                back_off=self._config.back_off,
                notify=self._notify,
            )
            self._alarms = StorageAlarms(self._connector, self._states, self._storage, scratch, self._config.back_off)
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
                for task in (
                    self._pulse(),
                    self._recover_dead_workers(pause),
                    self._delete_old_jobs(),
                    self._check_versions(),
                    self._forget_taken_down(),
                    self._alarms.run(),
                )
            ]
            messages = loop.create_task(self._states.run())
            if self._config.ping:
                tasks.append(loop.create_task(self._ping()))
            if self._config.until_empty:
                tasks.append(loop.create_task(self._stop_when_empty(pause)))
            for task in tasks:
                task.add_done_callback(self._stop_on_error)
            try:
                await self._queue.run()  # type: ignore[no-untyped-call]
            finally:
                for task in tasks:
                    task.cancel()
                self._states.close()
                await asyncio.wait([messages], timeout=LAST_MESSAGES)
        if not self._stop_requested:
            raise ClusterError("The queue ended unexpectedly; start this worker again.")

    def _stop(self) -> None:
        if self._process.stopping:
            # Second signal: exit at once. The jobs of this worker are queued again.
            os._exit(1)
        assert self._queue is not None
        self._stop_requested = True
        self._notify("Stopping: running jobs are published and queued again.")
        self._queue.stop()  # type: ignore[no-untyped-call]
        self._stopping = asyncio.get_running_loop().create_task(self._process.stop())

    async def _run_job(self, context: JobContext, /, **arguments: Any) -> None:
        assert context.job.id is not None
        work = Work.of(arguments)
        self._jobs.running.add(context.job.id)
        try:
            await self._update_definitions(work, context)
            report = await self._crawler.crawl(context.job.id, work, is_retry=context.job.attempts > 0)
        except Exception as error:
            is_expected = isinstance(error, CaliberError | CrawlFailed | Interrupted)
            clause = f"{error}" if is_expected else f"internal error: {type(error).__name__}: {error}"
            self._notify(f"{work.name}: job {context.job.id} failed: {clause}")
            if not is_expected:
                logger.exception("Job %s failed", context.job.id)
            if not isinstance(error, Interrupted):
                self.failed.add(context.job.id)
                await self._record_failure(work, error, clause)
            raise
        self.failed.discard(context.job.id)
        if not report.is_healthy:
            self.unusual.add(context.job.id)
        self._notify(str(report))
        self._alarms.record_job()
        if report.site_state is not None:
            await self._record_state(self._site_name(work), report.site_state, report.why)
        if report.unfinished:
            rest = work.continued(articles=report.articles, requests=report.requests)
            try:
                await self._jobs.defer_job_async(job_of(rest, self._locks))
            except AlreadyEnqueued:
                logger.debug("%s is in the queue already", work.name)

    async def _update_definitions(self, work: Work, context: JobContext) -> None:
        """Use the definitions as they are now. Raise :class:`Interrupted` if they give the job another lock."""
        if (texts := await self._definitions.read_changes()) is not None:
            self._process.settings.set("STORED_DEFINITIONS", texts, priority="cmdline")
        self._locks = self._locks.updated(self._process.settings)
        # Machines may have different definitions in their folders: they do not return the job to each other for ever.
        if context.job.attempts == 0 and (lock := self._locks.of(work)) != context.job.lock:
            raise Interrupted("its site has other hosts by now; it is queued again", lock=lock)

    async def _record_failure(self, work: Work, error: Exception, why: str) -> None:
        """Record a failure, under the name of what failed."""

        async def record() -> None:
            if not await self._alarms.record_failure(error, why):
                await self._states.record(self._site_name(work), SiteState(getattr(error, "exit_code", 1)), why)

        await self._finish_recording(work.name, record())

    async def _record_state(self, site: str, state: SiteState, why: str | None) -> None:
        """Store the state of a site, from which messages follow if it changed."""
        await self._finish_recording(site, self._states.record(site, state, why))

    async def _finish_recording(self, name: str, recording: Coroutine[Any, Any, None]) -> None:
        """Record a state. Raise nothing: the outcome of the job is decided, and its shard may be published."""
        self._lease.confirm()
        try:
            await recording
        except Exception as error:
            logger.exception("The state of %s was not recorded", name)
            self._notify(
                f"{name}: its state could not be recorded ({type(error).__name__}: {error}); the next job records it."
            )

    def _site_name(self, work: Work) -> str:
        """The name of a job's site; as it is in the job if nobody knows the site any more."""
        try:
            return self._crawler.site_name(work)
        except CaliberError:
            return work.site

    def _schedule(self, scheduled: ScheduledWork) -> None:
        job = job_of(scheduled.work, self._locks)
        self._app.periodic_registry.register_task(
            task=self._app.tasks[TASK],
            cron=scheduled.cron,
            periodic_id=scheduled.work.name,
            configure_kwargs={"lock": job.lock, "queueing_lock": job.queueing_lock, "task_kwargs": job.task_kwargs},
        )

    # --- background tasks -----------------------------------------------------------------------------------------

    def _stop_on_error(self, task: asyncio.Task[None]) -> None:
        """Stop the worker if a background task fails."""
        if not task.cancelled() and (error := task.exception()):
            assert self._queue is not None
            logger.error("A background task failed", exc_info=error)
            self._notify(f"Internal error: {type(error).__name__}: {error}")
            self._queue.stop()  # type: ignore[no-untyped-call]

    async def _pulse(self) -> None:
        while True:
            self._lease.pulse()
            await asyncio.sleep(min(1.0, self._config.lease * RENEWAL_SHARE))

    async def _ping(self) -> None:
        while True:
            failure = await asyncio.to_thread(request, self._config.ping)
            if failure:
                self._notify(f"The sign of life could not be sent to {host_of(self._config.ping)}: {failure}.")
            await asyncio.sleep(PING_INTERVAL)

    async def _recover_dead_workers(self, pause: float) -> None:
        lost_before: set[int] = set()
        while True:
            for job_id in await self._jobs.reassign_abandoned_jobs(reassigned_after(self._config.lease)):
                self._notify(f"The worker of job {job_id} is dead; the job is queued again.")
            # Jobs assigned to this worker whose assignment was lost with the connection: no worker runs them.
            lost = await self._jobs.own_jobs() - self._jobs.running
            for job_id in lost & lost_before:
                await self._jobs.retry_job_by_id_async(job_id, datetime.now(UTC))
            lost_before = lost
            await asyncio.sleep(pause)

    async def _check_versions(self) -> None:
        """Report the jobs of a later version. End this worker if the cluster as a whole is of a later version."""
        while True:
            if (await self._count_left()) > PROTOCOL:
                self._notify("This cluster was set up by a later version of this program; update this machine.")
                self._stop()
                return
            await asyncio.sleep(VERSION_CHECK_INTERVAL)

    async def _forget_taken_down(self) -> None:
        """Delete the kept shards of sites with new takedowns: other workers may have carried these out."""
        last = 0
        while True:
            for takedown in await self._connector.execute_query_all_async(SITES_SINCE, since=last):
                last = int(takedown["id"])
                for site in fnmatch.filter(self._crawler.kept_sites(), str(takedown["sites"])):
                    self._crawler.discard_kept(site)
            await asyncio.sleep(VERSION_CHECK_INTERVAL)

    async def _count_left(self) -> int:
        """Count the jobs of a later version, and report a change; return the least protocol of the cluster."""
        found = await self._jobs.jobs_of_later_versions()
        if found["jobs"] and found["jobs"] != self.left:
            self._notify(
                f"{quantity(found['jobs'], 'job')} wait for a worker of a later version: schema"
                f" {found['archive_schema']} of an archive is later than that of this worker."
            )
        self.left = int(found["jobs"])
        return int(found["least"])

    async def _stop_when_empty(self, pause: float) -> None:
        assert self._queue is not None
        while await self._jobs.has_jobs_left():
            await asyncio.sleep(pause)
        await self._count_left()
        self._stop_requested = True
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
            await self._states.give_up_old()
            await self._alarms.forget_old()
            await asyncio.sleep(CLEANUP_INTERVAL)
