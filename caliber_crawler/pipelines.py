"""From a fetched page to a row: capture, clean, extract, check, archive. Each stage is one small class.

What travels: a :class:`~caliber_crawler.items.Capture` comes in and is kept. It becomes a :class:`Page`, a capture with
what was read on it: a :class:`~caliber_crawler.items.Reading` of an article, a :class:`~caliber_crawler.items.Listing`,
or the :class:`~caliber_crawler.items.Problem` at which reading ended. A page that goes no further is recorded with its
reason before it is dropped.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar, NamedTuple, Self

from itemadapter import ItemAdapter
from scrapy.exceptions import DropItem

from caliber_crawler.crawling.run import CrawlRun
from caliber_crawler.fetching.failures import FOR_GOOD
from caliber_crawler.items import Capture, Listing, Problem, Reading
from caliber_crawler.processes.isolation import Isolation
from caliber_crawler.roads import Roads
from caliber_crawler.stages import LONGEST, MOST_MEMORY, IsolatedReader, Outcome

if TYPE_CHECKING:
    from scrapy.crawler import Crawler


class Page(NamedTuple):
    """A kept page, and what was read on it."""

    capture: Capture
    outcome: Outcome


class Stage:
    """A pipeline stage that works for one run."""

    def __init__(self, run: CrawlRun) -> None:
        self.run = run

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        run = crawler.get_extension(CrawlRun)
        assert run is not None, "the pipelines need the CrawlRun extension"
        return cls(run)

    def stop(self, page: Page, *stages: str) -> None:
        """Put a page aside that got no further than to one of these stages."""
        problem = page.outcome
        if isinstance(problem, Problem) and problem.stage in stages:
            self.run.settlement.reject(page.capture, problem)
            raise DropItem(problem.message)


class CapturePipeline(Stage):
    """Keeps the raw page, and stops what is no page at all."""

    async def process_item(self, item: Capture) -> Capture:
        capture = item if item.id is not None else await self.run.settlement.store_capture(item)
        if capture.error is not None:
            problem = Problem(
                stage="fetch",
                reason=capture.error_code or "network",
                message=f"{capture.address} could not be fetched: {capture.error}.",
                fatal=True,
            )
            settlement = self.run.settlement
            (settlement.refuse if capture.error_code in FOR_GOOD else settlement.fail)(capture, problem)
            raise DropItem(problem.message)
        if capture.status == 304:
            self.run.settlement.not_modified(capture)
            raise DropItem(f"{capture.address} is as it was.")
        return capture


class CleanPipeline(Stage):
    """Takes out of a page what belongs to the site and not to the article, and stops what is no page of an article.

    The stages up to the check are gone through here, in a process that all crawls of this one share.
    """

    isolation: ClassVar = Isolation(seconds=LONGEST, memory=MOST_MEMORY)

    def __init__(self, run: CrawlRun) -> None:
        super().__init__(run)
        self.reader = IsolatedReader(self.isolation, run.scope.site)

    def open_spider(self) -> None:
        self.isolation.join()

    async def close_spider(self) -> None:
        await self.isolation.leave()

    async def process_item(self, item: Capture) -> Page:
        page = Page(item, await self.reader.read(item))
        self.stop(page, "fetch", "clean")
        return page


class ExtractPipeline(Stage):
    """Reads the fields of an article, or the cards of a listing; stops a page that holds neither."""

    def process_item(self, item: Page) -> Page:
        self.stop(item, "extract")
        return item


class CheckPipeline(Stage):
    """Refuses what is not a sound article, and counts which fields were found."""

    def process_item(self, item: Page) -> Reading | Listing:
        self.stop(item, "check")
        reading = item.outcome
        assert not isinstance(reading, Problem), f"no stage is called {reading.stage}"
        if isinstance(reading, Reading):
            self.run.accounts.coverage.count(reading.layout, ItemAdapter(reading.article), reading.rungs)
        return reading


class ArchivePipeline(Stage):
    """Commits what was read, together with the frontier."""

    def __init__(self, run: CrawlRun) -> None:
        super().__init__(run)
        self.roads = Roads(run)

    async def process_item(self, item: Reading | Listing) -> Reading | Listing:
        if isinstance(item, Reading):
            await self.run.settlement.save(item, self.roads.follow)
            return item
        end = await self.run.settlement.commits(partial(self.roads.advance, item))
        if item.reading is not None:
            self.run.accounts.counts["discovered"] += 1
            await self.run.settlement.save(item.reading)
        if end is not None and not end.complete:
            problem = Problem(
                stage="walk",
                reason=f"listing_{end.name.lower()}",
                message=f"The walk through {item.capture.url} broke off: {end.value}.",
            )
            self.run.accounts.note(problem, item.capture)
        return item
