"""One job of a worker: fetch the site's shard, crawl for a limited time, publish the shard."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from scrapy.crawler import Crawler

from caliber_crawler.archive import Archive
from caliber_crawler.cluster.deadline import call_within, limit_for
from caliber_crawler.cluster.jobs import BACK_OFF, CrawlFailed, Interrupted
from caliber_crawler.cluster.kept_shards import KeptShard, KeptShards
from caliber_crawler.cluster.log_hold import LogHold
from caliber_crawler.cluster.page_changes import empty_log, former_pages, page_digests, updated_digests, write_increment
from caliber_crawler.cluster.publication import BY, Publisher, Report
from caliber_crawler.cluster.scratch import unpublished_folder
from caliber_crawler.cluster.shard_file import require_readable
from caliber_crawler.cluster.shards import CURRENT_SHARD, Shard
from caliber_crawler.cluster.states import complete_acknowledgement, pending_acknowledgement
from caliber_crawler.cluster.storage import DISK_FULL, Storage
from caliber_crawler.cluster.work import Work
from caliber_crawler.crawl_process import Crawl, CrawlProcess
from caliber_crawler.crawling.exit_code import exit_code, reason_of
from caliber_crawler.errors import ArchiveFull, CaliberError, StorageUnavailable
from caliber_crawler.known_sites import known_spiders, spider_among, spider_named, spider_over_http
from caliber_crawler.software import software
from caliber_crawler.throttle import LastRequest

if TYPE_CHECKING:
    from procrastinate.connector import BaseConnector
    from scrapy.settings import Settings

    from caliber_crawler.cluster.lease import Lease
    from caliber_crawler.crawling.run import CrawlRun

logger = logging.getLogger(__name__)

UNPUBLISHED_DAYS = 7
"""Days after which a result that could not be published is deleted: the site was crawled again by then."""
LOG_CHECK_INTERVAL = 10.0
"""Seconds."""
REPORTED_COUNTS = ("discovered", "new", "updated", "revisited", "refused", "failed", "missing", "remaining", "problems")


def report_of(work: Work, run: CrawlRun, finish_reason: str) -> Report:
    """The report of a crawl that ended."""
    accounts = run.accounts
    load = {"requests": accounts.counts["pages"]}
    is_interrupted = finish_reason == "shutdown"
    is_failed = not is_interrupted and bool(accounts.halted or accounts.outcome == "failed")
    return Report(
        work=work.name,
        outcome=str(accounts.outcome),
        why=reason_of(run),
        counts={name: accounts.counts[name] for name in REPORTED_COUNTS} | load | methods_of(run),
        state=None if run.state is None else (run.state.exit_code, tuple(run.state.alarms)),
        is_healthy=accounts.checks_passed(due_only=work.options.due),
        unfinished=finish_reason == "closespider_timeout",
        interrupted=str(accounts.why) if is_interrupted else None,
        failure=(str(accounts.why), exit_code(run)) if is_failed else None,
        articles=run.dispatcher.articles,
        requests=run.dispatcher.requests,
    )


def methods_of(run: CrawlRun) -> dict[str, int]:
    """The number of articles by the extraction method of their body: ``by_selector``."""
    found: Counter[str] = Counter()
    for _, _, field, method, _, filled in run.accounts.coverage.rows():
        if field == "body" and method:
            found[f"{BY}{method}"] += filled
    return dict(+found)


def checked(report: Report) -> Report:
    """The report of a job whose shard is published. Raises an error if the job is to be retried."""
    if report.interrupted is not None:
        raise Interrupted(f"the worker was stopped ({report.interrupted})")
    if report.failure is not None:
        raise CrawlFailed(*report.failure)
    return report


class JobCrawler:
    """Runs jobs in one process, several at a time, on the event loop of the queue."""

    def __init__(
        self,
        process: CrawlProcess,
        connector: BaseConnector,
        storage: Storage,
        lease: Lease,
        scratch: Path,
        keep_bytes: int = 0,
        *,
        back_off: float = BACK_OFF,
        notify: Callable[[str], None] = logger.info,
    ) -> None:
        self._process, self._notify = process, notify
        self._connector = connector
        self._storage = storage
        self._lease = lease
        self._scratch = scratch
        self._kept = KeptShards(scratch / "kept", keep_bytes)
        # Beside the worker's folder, so that the next worker finds them.
        self._unpublished = KeptShards(unpublished_folder(scratch), None)
        self._unpublished.discard_older(UNPUBLISHED_DAYS)
        self._publisher = Publisher(
            connector,
            storage,
            lease,
            write_changes,
            back_off=back_off,
            is_stopping=lambda: process.stopping,
            notify=notify,
        )

    def site_name(self, work: Work) -> str:
        """The name of the site of a job, under which its shard is stored."""
        return spider_named(work.site, self._process.settings).site.name

    async def crawl(self, job_id: int, work: Work, *, is_retry: bool) -> Report:
        """Run one job. ``is_retry`` means that it was tried before, perhaps by a worker that has just died.

        Raises :class:`CrawlFailed` or :class:`Interrupted` if the job is to be retried, and another
        :class:`CaliberError` if a retry cannot help.
        """
        spiders = known_spiders(self._process.settings)
        spider = spider_among(spiders, work.site)
        crawl = Crawl(spider=spider, options=work.options, over_http=spider_over_http(work.site, spiders))
        with disk_faults(self._scratch), self._folder() as folder, ExitStack() as holds:
            path, site = folder / "shard.db", str(spider.site.name)
            earlier = await self._publish_earlier_result(job_id, site, path)
            if earlier is not None and earlier.work == work.name:
                return checked(earlier)
            shard, before = await self._fetch(site, path)
            hold = holds.enter_context(self._hold(path))
            if is_retry:
                await asyncio.to_thread(delay_next_requests, path)
            acknowledgement = await pending_acknowledgement(self._connector, site)
            if acknowledgement:
                await asyncio.to_thread(acknowledge_alarms, path, site, acknowledgement)
            settings = self._process.settings.copy()
            settings.set("ARCHIVE", str(path), priority="cmdline")
            settings.set("CLOSESPIDER_TIMEOUT", work.minutes * 60, priority="cmdline")
            settings.setdict(work.options.as_settings(), priority="cmdline")
            crawler = await self.follow(crawl, settings, path)
            assert crawler.stats is not None
            report = report_of(work, _run_of(crawl), crawler.stats.get_value("finish_reason"))
            await self._publish(job_id, shard, before, path, report, hold)
            if acknowledgement:
                await complete_acknowledgement(self._connector, site, acknowledgement)
        return checked(report)

    async def follow(self, crawl: Crawl, settings: Settings, path: Path) -> Crawler:
        """Run a crawl to its end; once more over HTTP if a site without a scheme does not connect over HTTPS."""
        if crawl.over_http is not None and path.exists():
            with Archive.open(path, mode="write") as archive:
                crawl.use_known_scheme(archive)
        crawler = Crawler(crawl.spider, settings)
        if not crawl.check(self._process.settings):
            return crawler
        await self._process.follow(crawl, crawler, lease=self._lease)
        if crawl.over_http is None or self._process.stopping or not path.exists():
            return crawler
        with Archive.open(path, mode="write") as archive:
            falls_back = crawl.fall_back(archive)
        if falls_back:
            crawler = Crawler(crawl.spider, settings.copy())
            await self._process.follow(crawl, crawler, lease=self._lease)
        return crawler

    @contextmanager
    def _hold(self, path: Path) -> Iterator[LogHold]:
        """Hold the log of a shard, within its limit, until the block ends."""
        hold = LogHold(path)

        async def check() -> None:
            while True:
                await asyncio.sleep(LOG_CHECK_INTERVAL)
                hold.bound()

        checks = asyncio.get_running_loop().create_task(check())
        try:
            yield hold
        finally:
            checks.cancel()
            hold.release()

    @contextmanager
    def _folder(self) -> Iterator[Path]:
        # A call to the storage that hangs may go on to write into it.
        with TemporaryDirectory(dir=self._scratch, prefix="job-", ignore_cleanup_errors=True) as folder:
            yield Path(folder)

    async def _fetch(self, site: str, path: Path) -> tuple[Shard, bytes]:
        """Copy the site's current shard to ``path``; return it with the digests of its pages.

        Without one, return a shard of generation 0. Of a shard that an earlier job kept, only what came after is
        fetched.
        """
        shard = await self._current_shard(site)
        kept = await asyncio.to_thread(self._kept.take, site, path)
        if not shard.parts:
            path.unlink(missing_ok=True)
            return shard, b""
        size = sum(part.size for part in shard.parts)
        known = kept.part if kept else None
        written = await call_within(
            limit_for(size), lambda: self._storage.fetch(shard, path, known), lambda: self._process.stopping
        )
        require_readable(path, site, shard.path)
        if kept is not None and written is not None:
            return shard, await asyncio.to_thread(updated_digests, kept.digests, path, written)
        return shard, await asyncio.to_thread(page_digests, path)

    async def _current_shard(self, site: str) -> Shard:
        rows = await self._connector.execute_query_all_async(CURRENT_SHARD, site=site)
        return Shard.of(rows[0]) if rows else Shard(site=site, generation=0, path="", parts=())

    async def _publish_earlier_result(self, job_id: int, site: str, path: Path) -> Report | None:
        """Publish the result of an earlier job that found the storage unavailable; return its report.

        A result is outdated, and deleted, if another worker has published the shard since.
        """
        earlier = await asyncio.to_thread(self._unpublished.take, site, path)
        if earlier is None or earlier.report is None:
            return None
        shard = await self._current_shard(site)
        report = Report.of(earlier.report)
        if shard.path != earlier.part or report is None:
            path.unlink(missing_ok=True)
            return None
        await self._publish(job_id, shard, earlier.digests, path, report)
        return report

    async def _publish(
        self, job_id: int, shard: Shard, before: bytes, path: Path, report: Report, hold: LogHold | None = None
    ) -> None:
        """Publish a shard and keep it for the next job. If the storage fails, keep the result until it works again."""
        try:
            kept = await self._publisher.publish(job_id, shard, before, path, report, hold)
        except StorageUnavailable:
            if hold is not None:
                hold.release()
            await asyncio.to_thread(empty_log, path)
            result = KeptShard(shard.path, before, report.as_values())
            if not await asyncio.to_thread(self._unpublished.put, shard.site, path, result):
                self._notify(f"The result of {report.work} does not fit on the local disk; its job crawls again.")
            raise
        await asyncio.to_thread(self._kept.put, shard.site, path, kept)

    def discard_kept(self, site: str) -> None:
        """Delete the kept shard of a site: it contains what was taken down."""
        self._kept.discard(site)

    def kept_sites(self) -> list[str]:
        """The sites whose shards are kept."""
        return self._kept.sites()


@contextmanager
def disk_faults(scratch: Path) -> Iterator[None]:
    """Raise :class:`ArchiveFull` if the local disk is full, so that the job is retried."""
    try:
        yield
    except OSError as error:
        if error.errno not in DISK_FULL:
            raise
        raise ArchiveFull(f"The disk of {scratch} is full: {error.filename or error.strerror}.") from error


def write_changes(path: Path, before: bytes, increment: Path, hold: LogHold | None = None) -> bytes | None:
    """Write the increment of a job whose shard had pages with the digests ``before``; see ``write_increment``."""
    written = None if hold is None else hold.changed_pages()
    # As long as the log is held, the file itself is as it was.
    former = {} if written is None else former_pages(path, written)
    if hold is not None:
        hold.release()
    empty_log(path)
    return write_increment(path, before, increment, written, former)


def _run_of(crawl: Crawl) -> CrawlRun:
    if isinstance(crawl.error, CaliberError):
        raise crawl.error
    if crawl.error is not None:
        raise CrawlFailed(f"internal error: {type(crawl.error).__name__}: {crawl.error}")
    if crawl.run is None or crawl.run.accounts.outcome is None:
        raise Interrupted("the worker was stopped")
    return crawl.run


def acknowledge_alarms(path: Path, site: str, acknowledgement: dict[str, str]) -> None:
    """Acknowledge the alarms of a site in its shard."""
    if path.exists():
        with Archive.open(path, mode="write") as archive:
            archive.alarms.acknowledge(site, **acknowledgement, software=software())


def delay_next_requests(path: Path, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
    """Delay the next request to each host as if one had just been sent: the job's previous worker may have sent one."""
    if not path.exists():
        return
    with Archive.open(path, mode="write") as archive:
        for host in archive.hosts.list_contacted():
            last = archive.hosts.last_request(host)
            if last is not None:
                archive.hosts.record_request(host, LastRequest(clock(), last.delay))
