"""Crawls of several sites in one process: each with its own throttle, limits, statistics and outcome.

They share nothing but the archive, of which there can be only one writer. Each response is committed in one go, with no
step of another crawl in between, so one connection in one thread serves them all.
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
from caliber_crawler.errors import CaliberError
from caliber_crawler.fetching.contact import require_contact
from caliber_crawler.known_sites import group_by_shared_host
from caliber_crawler.news_spider import NewsSpider

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from scrapy.settings import Settings

    from caliber_crawler.site import Site


REPORTED_EVERY = 0.5
"""Seconds."""


@dataclass(slots=True, kw_only=True)
class Crawl:
    """One site's crawl: its options, then either the run it became or the error that kept it from starting.

    Neither, when the process was stopped before its turn.
    """

    spider: type[NewsSpider]
    options: CrawlOptions = field(default_factory=CrawlOptions)
    run: CrawlRun | None = None
    error: Exception | None = None

    @property
    def site(self) -> Site:
        """The site as it will be crawled: at another URL, if one was given."""
        return self.options.site(self.spider.site)

    def check(self, settings: Settings) -> bool:
        """Can it begin? If not, the reason becomes its ``error``."""
        try:
            require_contact(self.spider(**self.options.as_arguments()).scope.site, settings)
        except CaliberError as error:
            self.error = error
        return self.error is None


class CrawlProcess(AsyncCrawlerProcess):
    """Scrapy's process. Once asked to stop, it begins no further crawl."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self.stopping = False
        self._main: asyncio.Task[None] | None = None
        if settings["LOG_LEVEL"] == "ERROR":
            silence_repetitions()

    def run(self, main: Coroutine[Any, Any, None], *, install_signal_handlers: bool = True) -> None:
        """Run the reactor until ``main`` ends, which on Ctrl-C it does soon. Can be called once in a process."""
        self._main = asyncio.get_event_loop().create_task(main)
        self._main.add_done_callback(self._stop_reactor)
        self.start(stop_after_crawl=False, install_signal_handlers=install_signal_handlers)
        if self._main.done():
            self._main.result()

    async def stop(self) -> None:
        """Stop every crawl cleanly; ``main`` is told first. A second call does not wait."""
        again, self.stopping = self.stopping, True
        await super().stop()
        if self._main is not None and not again:
            await asyncio.wait([self._main])

    async def follow(self, crawl: Crawl, crawler: Crawler | None = None, **shared: Any) -> None:
        """Run one crawl to its end; whatever kept it from starting becomes its ``error``."""
        if self.stopping:
            return
        try:
            crawler = crawler or self.create_crawler(crawl.spider)

            def begun() -> None:
                assert crawler is not None
                crawl.run = crawler.get_extension(CrawlRun)

            crawler.signals.connect(begun, signals.spider_opened)
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
    """Run crawls until none has anything left to do, at most ``parallel`` at a time; each gets its run or its error.

    Sites that share a host wait for each other. ``report`` is called twice a second. Can be called once in a process.
    Raises the errors of :class:`~caliber_crawler.errors.ArchiveError` when the archive cannot be written to.
    """
    crawls = [crawl for crawl in crawls if crawl.check(settings)]
    if not crawls:
        return
    process = CrawlProcess(settings)
    with Archive.open(settings["ARCHIVE"], mode="write") as archive:
        process.run(_all(process, crawls, archive, parallel, report))


async def _all(
    process: CrawlProcess,
    crawls: Sequence[Crawl],
    archive: Archive,
    parallel: int,
    report: Callable[[Sequence[Crawl]], None],
) -> None:
    places = asyncio.Semaphore(parallel)

    async def one_after_the_other(neighbours: Sequence[Crawl]) -> None:
        for crawl in neighbours:
            async with places:
                await process.follow(crawl, archive=archive)

    reporting = create_looping_call(report, crawls)
    reporting.start(REPORTED_EVERY, now=False)
    try:
        await asyncio.gather(
            *map(one_after_the_other, group_by_shared_host(crawls, lambda crawl: crawl.site.all_hosts))
        )
    finally:
        reporting.stop()
        report(crawls)
