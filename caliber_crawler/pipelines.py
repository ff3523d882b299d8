"""From a fetched page to a row: capture, clean, extract, check, archive. Each stage is one small class.

What travels: a :class:`~caliber_crawler.items.Capture` comes in. An article's page becomes a cleaned ``Page``, then a
:class:`~caliber_crawler.items.Reading`; a listing's page becomes a :class:`~caliber_crawler.items.Listing`. A page that
goes no further is recorded with its reason before it is dropped.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Self

from itemadapter import ItemAdapter
from scrapy.exceptions import DropItem

from caliber_crawler.crawl_run import CrawlRun
from caliber_crawler.items import Capture, Listing, Problem, Reading
from caliber_crawler.listing_walk import ListingWalk
from caliber_crawler.reading import Page, Unreadable, check, clean_page, extract_article, open_page, read_listing

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

Item = Capture | Page | Reading | Listing

GONE = (404, 410)
FORBIDDEN = ("robots", "offsite")
"""Errors that no second try will mend."""


class Stage:
    """A pipeline stage that works for one run."""

    def __init__(self, run: CrawlRun) -> None:
        self.run = run

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        run = crawler.get_extension(CrawlRun)
        assert run is not None, "the pipelines need the CrawlRun extension"
        return cls(run)


class CapturePipeline(Stage):
    """Keeps the raw page, and stops what is no page at all."""

    def process_item(self, item: Capture) -> Capture:
        capture = self.run.keep(item)
        if capture.error is not None:
            problem = Problem(
                stage="fetch",
                reason=capture.error_code or "network",
                message=f"{capture.address} could not be fetched: {capture.error}.",
                fatal=True,
            )
            (self.run.refuse if capture.error_code in FORBIDDEN else self.run.fail)(capture, problem)
            raise DropItem(problem.message)
        if capture.status != 200:
            message = f"{capture.address} answered {capture.status}."
            problem = Problem(stage="fetch", reason=f"http_{capture.status}", message=message, fatal=True)
            (self.run.gone if capture.status in GONE else self.run.fail)(capture, problem)
            raise DropItem(message)
        return capture


class CleanPipeline(Stage):
    """Takes out of an article's page what belongs to the site and not to the article."""

    def process_item(self, item: Capture) -> Capture | Page:
        if item.kind == "listing":
            return item
        try:
            return clean_page(open_page(item, self.run.scope.site))
        except Unreadable as unreadable:
            raise _refused(self.run, item, "clean", unreadable) from None


class ExtractPipeline(Stage):
    """Reads the fields of an article, or the cards of a listing."""

    def process_item(self, item: Capture | Page) -> Reading | Listing:
        capture = item if isinstance(item, Capture) else item.capture
        try:
            return read_listing(item, self.run.scope.site) if isinstance(item, Capture) else extract_article(item)
        except Unreadable as unreadable:
            raise _refused(self.run, capture, "extract", unreadable) from None


class CheckPipeline(Stage):
    """Refuses what is not a sound article, and notes what a person should look at."""

    def process_item(self, item: Reading | Listing) -> Reading | Listing:
        if isinstance(item, Listing):
            return item
        problems = check(item, self.run.scope.site, datetime.now(UTC))
        fatal = next((problem for problem in problems if problem.fatal), None)
        if fatal:
            self.run.refuse(item.capture, fatal)
            raise DropItem(fatal.message)
        for problem in problems:
            self.run.note(problem, item.capture)
        self.run.cover(item.layout, ItemAdapter(item.article), item.rungs)
        return item


class ArchivePipeline(Stage):
    """Commits what was read, together with the frontier."""

    def __init__(self, run: CrawlRun) -> None:
        super().__init__(run)
        self.walk = ListingWalk(run)

    def process_item(self, item: Reading | Listing) -> Reading | Listing:
        if isinstance(item, Reading):
            self.run.store(item)
        elif (end := self.walk.advance(item)) and not end.complete:
            problem = Problem(
                stage="walk",
                reason=f"listing_{end.name.lower()}",
                message=f"The walk through {item.capture.url} broke off: {end.value}.",
            )
            self.run.note(problem, item.capture)
        return item


def _refused(run: CrawlRun, capture: Capture, stage: str, unreadable: Unreadable) -> DropItem:
    problem = Problem(stage=stage, reason=unreadable.reason, message=unreadable.message, fatal=True)
    run.refuse(capture, problem)
    return DropItem(problem.message)
