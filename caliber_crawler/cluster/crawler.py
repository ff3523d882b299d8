"""One job of a worker: fetch the site's shard, crawl for a limited time, publish the shard."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from psycopg.types.json import Jsonb
from scrapy.crawler import Crawler

from caliber_crawler.archive import Archive
from caliber_crawler.cluster.jobs import CrawlFailed, Interrupted
from caliber_crawler.cluster.kept_shards import KeptShard, KeptShards
from caliber_crawler.cluster.log_hold import LogHold
from caliber_crawler.cluster.page_changes import empty_log, former_pages, page_digests, write_increment
from caliber_crawler.cluster.shards import CURRENT_SHARD, FORGET, PUBLISH, Shard, Storage, digest_of
from caliber_crawler.cluster.states import complete_acknowledgement, pending_acknowledgement
from caliber_crawler.cluster.work import Work
from caliber_crawler.crawl_process import Crawl, CrawlProcess
from caliber_crawler.crawling.exit_code import exit_code
from caliber_crawler.errors import CaliberError
from caliber_crawler.known_sites import known_spiders, spider_among, spider_named, spider_over_http
from caliber_crawler.software import software
from caliber_crawler.throttle import LastRequest

if TYPE_CHECKING:
    from procrastinate.connector import BaseConnector
    from scrapy.settings import Settings

    from caliber_crawler.cluster.lease import Lease
    from caliber_crawler.crawling.run import CrawlRun

LOG_CHECK_INTERVAL = 10.0
"""Seconds."""
REPORTED_COUNTS = ("discovered", "new", "updated", "revisited", "refused", "failed", "missing", "remaining", "problems")


@dataclass(frozen=True, slots=True)
class Report:
    """The outcome of a job. ``unfinished`` work is queued again."""

    work: Work
    run: CrawlRun
    unfinished: bool

    @property
    def is_healthy(self) -> bool:
        """Whether nothing about the crawl is unusual, such as a redesign that hides all articles."""
        return self.run.accounts.checks_passed(due_only=self.work.options.due)

    @property
    def why(self) -> str | None:
        """Why the crawl ended as it did, and what about it is unusual."""
        return why_of(self.run)

    def __str__(self) -> str:
        counts = ", ".join(
            f"{name} {self.run.accounts.counts[name]:,}" for name in REPORTED_COUNTS if self.run.accounts.counts[name]
        )
        return f"{self.work.name}: {self.run.accounts.outcome}" + (f", {self.why}" if self.why else "") + f" ({counts})"


def why_of(run: CrawlRun) -> str | None:
    """Why a crawl ended as it did, and what about it is unusual."""
    unusual = [problem.message.rstrip(".") for problem in run.accounts.anomalies]
    return "; ".join(filter(None, (run.accounts.why, *unusual))) or None


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
    ) -> None:
        self._process = process
        self._connector = connector
        self._storage = storage
        self._lease = lease
        self._scratch = scratch
        self._kept = KeptShards(scratch / "kept", keep_bytes)

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
        with self._folder() as folder, ExitStack() as holds:
            path = folder / "shard.db"
            shard, before = await self._fetch(spider.site.name, path)
            hold = holds.enter_context(self._hold(path))
            if is_retry:
                await asyncio.to_thread(delay_next_requests, path)
            acknowledgement = await pending_acknowledgement(self._connector, spider.site.name)
            if acknowledgement:
                await asyncio.to_thread(acknowledge_alarms, path, spider.site.name, acknowledgement)
            settings = self._process.settings.copy()
            settings.set("ARCHIVE", str(path), priority="cmdline")
            settings.set("CLOSESPIDER_TIMEOUT", work.minutes * 60, priority="cmdline")
            settings.setdict(work.options.as_settings(), priority="cmdline")
            crawler = await self.follow(crawl, settings, path)
            run = _run_of(crawl)
            kept = await self._publish(job_id, shard, before, path, run, hold)
            await asyncio.to_thread(self._kept.put, spider.site.name, path, kept)
            if acknowledgement:
                await complete_acknowledgement(self._connector, spider.site.name, acknowledgement)
        assert crawler.stats is not None
        reason = crawler.stats.get_value("finish_reason")
        if reason == "shutdown":
            raise Interrupted(f"the worker was stopped ({run.accounts.why})")
        if run.accounts.halted or run.accounts.outcome == "failed":
            raise CrawlFailed(str(run.accounts.why), exit_code(run))
        return Report(work, run, unfinished=reason == "closespider_timeout")

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
        with TemporaryDirectory(dir=self._scratch, prefix="job-") as folder:
            yield Path(folder)

    async def _fetch(self, site: str, path: Path) -> tuple[Shard, bytes]:
        """Copy the site's current shard to ``path``; return it with the digests of its pages.

        Without one, return a shard of generation 0. Of a shard that an earlier job kept, only what came after is
        fetched.
        """
        rows = await self._connector.execute_query_all_async(CURRENT_SHARD, site=site)
        kept = await asyncio.to_thread(self._kept.take, site, path)
        if not rows:
            path.unlink(missing_ok=True)
            return Shard(site=site, generation=0, path="", parts=()), b""
        shard = Shard.of(rows[0])
        await asyncio.to_thread(self._storage.fetch, shard, path, kept.part if kept else None)
        if kept is not None and kept.part == shard.path:
            return shard, kept.digests
        return shard, await asyncio.to_thread(page_digests, path)

    async def _publish(
        self, job_id: int, fetched: Shard, before: bytes, path: Path, run: CrawlRun, hold: LogHold
    ) -> KeptShard:
        """Publish what changed since the shard was fetched, whose pages had the digests ``before``."""
        self._lease.confirm()
        increment = path.with_suffix(".increment")
        now = await asyncio.to_thread(write_changes, path, before, increment, hold)
        if now is None:
            return KeptShard(fetched.path, before)
        is_whole = not fetched.takes_increment(increment.stat().st_size)
        part = path if is_whole else increment
        suffix = ".db" if is_whole else ".increment"
        generation = fetched.generation + 1
        name = await asyncio.to_thread(self._storage.put, part, fetched.site, generation, suffix)
        self._lease.confirm()
        rows = await self._connector.execute_query_all_async(
            PUBLISH,
            job_id=job_id,
            worker_id=self._lease.worker_id,
            base_generation=fetched.generation,
            base=None if is_whole else fetched.generation,
            site=fetched.site,
            path=name,
            size=part.stat().st_size,
            digest=await asyncio.to_thread(digest_of, part),
            outcome=run.accounts.outcome,
            why=why_of(run),
            counts=Jsonb({name: run.accounts.counts[name] for name in REPORTED_COUNTS}),
        )
        if not rows and await self._current_path(fetched.site) != name:
            self._storage.remove(name)
            raise Interrupted("another worker took over the site before its shard was published")
        increment.unlink(missing_ok=True)
        if is_whole:
            outdated = await self._connector.execute_query_all_async(FORGET, site=fetched.site, whole=generation)
            for row in outdated:
                await asyncio.to_thread(self._storage.remove, row["path"])
        return KeptShard(name, now)

    async def _current_path(self, site: str) -> str | None:
        """The path of the current shard. It is this job's own if PUBLISH was repeated after its answer was lost."""
        rows = await self._connector.execute_query_all_async(CURRENT_SHARD, site=site)
        return str(rows[0]["path"]) if rows else None


def write_changes(path: Path, before: bytes, increment: Path, hold: LogHold) -> bytes | None:
    """Write the increment of a job whose shard had pages with the digests ``before``; see ``write_increment``."""
    written = hold.changed_pages()
    # As long as the log is held, the file itself is as it was.
    former = {} if written is None else former_pages(path, written)
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
