"""Crawls of several sites in one process: each with its own politeness, limits, statistics and outcome.

They share nothing but the archive, of which there can be only one writer. Each response is committed in one go, with no
step of another crawl in between, so one connection in one thread serves them all.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scrapy import signals
from scrapy.crawler import AsyncCrawlerProcess
from scrapy.utils.asyncio import create_looping_call

from caliber_crawler.archive import Archive
from caliber_crawler.crawling.log import say_nothing_twice
from caliber_crawler.crawling.run import CrawlRun
from caliber_crawler.errors import CaliberError
from caliber_crawler.fetching.contact import require_contact
from caliber_crawler.known_sites import neighbourhoods
from caliber_crawler.news_spider import NewsSpider

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from scrapy.settings import Settings

    from caliber_crawler.site import Site


TOLD_EVERY = 0.5
"""Seconds."""


@dataclass(slots=True, kw_only=True)
class Crawl:
    """One site's crawl: what is asked of it, then either the run it became or the error that kept it from becoming one.

    Neither, when the process was stopped before its turn.
    """

    spider: type[NewsSpider]
    arguments: Mapping[str, Any]
    run: CrawlRun | None = None
    error: Exception | None = None

    @property
    def site(self) -> Site:
        """The site as it will be crawled: from another address, if one was given."""
        base_url = self.arguments.get("base_url")
        return self.spider.site.at(base_url) if base_url else self.spider.site

    def check(self, settings: Settings) -> bool:
        """Can it begin? What stands against it becomes its ``error``."""
        try:
            require_contact(self.spider(**self.arguments).scope.site, settings)
        except CaliberError as error:
            self.error = error
        return self.error is None


class SideBySide(AsyncCrawlerProcess):
    """Scrapy's process. Once told to stop, it begins no further crawl."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self.stopping = False
        self._main: asyncio.Task[None] | None = None
        if settings["LOG_LEVEL"] == "ERROR":
            say_nothing_twice()

    def run(self, main: Coroutine[Any, Any, None], *, install_signal_handlers: bool = True) -> None:
        """Run the reactor until ``main`` ends, which on Ctrl-C it does soon. Can be called once in a process."""
        self._main = asyncio.get_event_loop().create_task(main)
        self._main.add_done_callback(self._stop_reactor)
        self.start(stop_after_crawl=False, install_signal_handlers=install_signal_handlers)
        if self._main.done():
            self._main.result()

    async def stop(self) -> None:
        """Stop every crawl cleanly; who waits for them hears of it first. A second call does not wait."""
        again, self.stopping = self.stopping, True
        await super().stop()
        if self._main is not None and not again:
            await asyncio.wait([self._main])

    async def follow(self, crawl: Crawl, crawler: Crawler | None = None, **shared: Any) -> None:
        """See one crawl through; whatever kept it from starting becomes its ``error``."""
        if self.stopping:
            return
        try:
            crawler = crawler or self.create_crawler(crawl.spider)

            def begun() -> None:
                assert crawler is not None
                crawl.run = crawler.get_extension(CrawlRun)

            crawler.signals.connect(begun, signals.spider_opened)
            await self.crawl(crawler, **crawl.arguments, **shared)
        except Exception as error:  # noqa: BLE001 - one site's trouble is no trouble of the others
            crawl.error = error


def crawl_sites(
    crawls: Sequence[Crawl],
    settings: Settings,
    *,
    at_once: int = 1,
    tell: Callable[[Sequence[Crawl]], None] = lambda crawls: None,
) -> None:
    """Run crawls until none has anything left to do, at most ``at_once`` at a time; each tells what came of it.

    Sites that share a host wait for each other. ``tell`` is called twice a second. Can be called once in a process.
    Raises the errors of :class:`~caliber_crawler.errors.ArchiveError` when the archive cannot be written to.
    """
    crawls = [crawl for crawl in crawls if crawl.check(settings)]
    if not crawls:
        return
    process = SideBySide(settings)
    with Archive.open(settings["ARCHIVE"], mode="write") as archive:
        process.run(_all(process, crawls, archive, at_once, tell))


async def _all(
    process: SideBySide,
    crawls: Sequence[Crawl],
    archive: Archive,
    at_once: int,
    tell: Callable[[Sequence[Crawl]], None],
) -> None:
    places = asyncio.Semaphore(at_once)

    async def one_after_the_other(neighbours: Sequence[Crawl]) -> None:
        for crawl in neighbours:
            async with places:
                await process.follow(crawl, archive=archive)

    telling = create_looping_call(tell, crawls)
    telling.start(TOLD_EVERY, now=False)
    try:
        await asyncio.gather(*map(one_after_the_other, neighbourhoods(crawls, lambda crawl: crawl.site.every_host)))
    finally:
        telling.stop()
        tell(crawls)
