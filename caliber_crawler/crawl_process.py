"""Crawls of several sites in one process: each has its own throttle, limits, statistics and outcome.

They share only the archive, which can have only one writer. Each response is committed without interruption by another
crawl, so one connection in one thread is enough for all.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from scrapy import signals
from scrapy.crawler import AsyncCrawlerProcess
from scrapy.utils.asyncio import create_looping_call

from caliber_crawler.archive import Archive
from caliber_crawler.crawling.log import silence_repetitions
from caliber_crawler.crawling.options import CrawlOptions
from caliber_crawler.crawling.run import CrawlRun
from caliber_crawler.crawling.watchdog import WATCHDOG
from caliber_crawler.errors import CaliberError
from caliber_crawler.fetching.contact import require_contact
from caliber_crawler.known_sites import group_by_shared_host
from caliber_crawler.news_spider import NewsSpider

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from scrapy.settings import Settings

    from caliber_crawler.site import Site


REPORT_INTERVAL = 0.5
"""Seconds between two reports of progress."""


@dataclass(slots=True, kw_only=True)
class Crawl:
    """The crawl of one site: its options, and later its run, or the error that prevented it from starting.

    It has neither if the process was stopped before the crawl began.
    """

    spider: type[NewsSpider]
    options: CrawlOptions = field(default_factory=CrawlOptions)
    run: CrawlRun | None = None
    error: Exception | None = None
    over_http: type[NewsSpider] | None = None
    """The spider to use instead if the site, given without a scheme, does not connect over HTTPS."""
    remark: str = ""
    """Why another scheme is used than the assumed one, as a sentence."""

    @property
    def site(self) -> Site:
        """The site to crawl, moved to another URL if the option is given."""
        return self.options.site(self.spider.site)

    def use_known_scheme(self, archive: Archive) -> None:
        """Use HTTP at once if the scheme is assumed, and the archive knows the site over HTTP."""
        known = archive.sites.get(self.site.name)
        if self.over_http is not None and known is not None and known["url"].startswith("http://"):
            self.spider, self.over_http = self.over_http, None

    def fall_back(self, archive: Archive) -> bool:
        """Use HTTP instead if the assumed scheme did not connect. Return whether to crawl again."""
        halted = None if self.run is None else self.run.accounts.halted
        if self.run is None or self.over_http is None or halted is None or not halted.is_unconnected:
            return False
        if not archive.sites.withdraw(self.site.name, self.run.id):
            return False
        assumed, self.spider = self.site.base_url, self.over_http
        self.remark = f"{assumed} does not connect: {self.site.base_url} is crawled instead."
        return True

    def check(self, settings: Settings) -> bool:
        """Return whether the crawl can start; otherwise store the reason in ``error``."""
        try:
            require_contact(self.spider(**self.options.as_arguments()).scope.site, settings)
        except CaliberError as error:
            self.error = error
        return self.error is None


class CrawlProcess(AsyncCrawlerProcess):
    """Scrapy's process. After a request to stop, it starts no further crawl."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self.stopping = False
        self._main: asyncio.Task[None] | None = None
        if settings["LOG_LEVEL"] == "ERROR":
            silence_repetitions()

    def run(self, main: Coroutine[Any, Any, None], *, install_signal_handlers: bool = True) -> None:
        """Run the reactor until ``main`` ends; Ctrl-C stops it. Can be called once per process."""
        self._main = asyncio.get_event_loop().create_task(main)
        self._main.add_done_callback(self._stop_reactor)
        self.start(stop_after_crawl=False, install_signal_handlers=install_signal_handlers)
        if self._main.done():
            self._main.result()

    def _signal_shutdown(self, signum: int, frame: Any) -> None:
        WATCHDOG.stop_soon()
        super()._signal_shutdown(signum, frame)

    async def stop(self) -> None:
        """Stop every crawl cleanly, and wait for ``main``; a second call does not wait."""
        again, self.stopping = self.stopping, True
        await super().stop()
        if self._main is not None and not again:
            await asyncio.wait([self._main])

    async def follow(self, crawl: Crawl, crawler: Crawler | None = None, **shared: Any) -> None:
        """Run one crawl to its end; an error that prevents its start is stored in its ``error``."""
        if self.stopping:
            return
        try:
            crawler = crawler or self.create_crawler(crawl.spider)

            def set_run() -> None:
                assert crawler is not None
                crawl.run = crawler.get_extension(CrawlRun)

            crawler.signals.connect(set_run, signals.spider_opened)
            await self.crawl(crawler, **crawl.options.as_arguments(), **shared)
        except Exception as error:  # noqa: BLE001 - a failure on one site does not affect the others
            crawl.error = error


def crawl_sites(
    crawls: Sequence[Crawl],
    settings: Settings,
    *,
    parallel: int = 1,
    report: Callable[[Sequence[Crawl]], None] = lambda crawls: None,
) -> None:
    """Run crawls to their end, at most ``parallel`` at a time; set the run or the error of each.

    Sites that share a host are crawled one after the other. ``report`` is called twice a second. Can be called once per
    process. Raises :class:`~caliber_crawler.errors.ArchiveError` when the archive cannot be written.
    """
    crawls = [crawl for crawl in crawls if crawl.check(settings)]
    if not crawls:
        return
    process = CrawlProcess(settings)
    with Archive.open(settings["ARCHIVE"], mode="write") as archive:
        process.run(follow_all(process, crawls, archive, parallel, report))


async def follow_all(
    process: CrawlProcess,
    crawls: Sequence[Crawl],
    archive: Archive,
    parallel: int,
    report: Callable[[Sequence[Crawl]], None],
) -> None:
    """Run crawls to their end in a process that is running; see :func:`crawl_sites`."""
    slots = asyncio.Semaphore(parallel)

    async def follow_in_turn(same_host: Sequence[Crawl]) -> None:
        for crawl in same_host:
            async with slots:
                crawl.use_known_scheme(archive)
                await process.follow(crawl, archive=archive)
                if not process.stopping and crawl.fall_back(archive):
                    await process.follow(crawl, archive=archive)

    reporting = create_looping_call(report, crawls)
    reporting.start(REPORT_INTERVAL, now=False)
    try:
        await asyncio.gather(*map(follow_in_turn, group_by_shared_host(crawls, lambda crawl: crawl.site.all_hosts)))
    finally:
        reporting.stop()
        report(crawls)
