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

from caliber_crawler.crawling.run import CrawlRun
from caliber_crawler.deadline import TooSlow, deadline
from caliber_crawler.fetching.failures import FOR_GOOD
from caliber_crawler.items import Capture, Listing, Problem, Reading
from caliber_crawler.reading import Page, Unreadable, check, clean_page, extract_article, open_page
from caliber_crawler.reading.impostors import recognise
from caliber_crawler.roads import Roads, read_list

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

Item = Capture | Page | Reading | Listing

GONE = (404, 410)
LONGEST_READING = 3.0
"""Seconds in which a page must be cleaned, and as many in which it must be read; the capture of a slower one stays."""
SYNCED_EVERY = 0.5
"""Seconds in which what was read on several pages may reach the disk together: after a power cut they are due again."""


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
            (self.run.refuse if capture.error_code in FOR_GOOD else self.run.fail)(capture, problem)
            raise DropItem(problem.message)
        if capture.status == 304:
            self.run.stands(capture)
            raise DropItem(f"{capture.address} is as it was.")
        if capture.kind == "article" and (impostor := recognise(capture, self.run.scope.site)):
            self.run.put_aside(capture, impostor)
            raise DropItem(impostor.message)
        if capture.status != 200:
            message = f"{capture.address} answered {capture.status}."
            problem = Problem(stage="fetch", reason=f"http_{capture.status}", message=message, fatal=True)
            (self.run.gone if capture.status in GONE else self.run.fail)(capture, problem)
            raise DropItem(message)
        return capture


class CleanPipeline(Stage):
    """Takes out of an article's page what belongs to the site and not to the article."""

    def process_item(self, item: Capture) -> Capture | Page:
        if item.kind != "article":
            return item
        try:
            with deadline(LONGEST_READING):
                return clean_page(open_page(item, self.run.scope.site))
        except (Unreadable, TooSlow) as error:
            raise _refused(self.run, item, "clean", error) from None


class ExtractPipeline(Stage):
    """Reads the fields of an article, or the cards of a listing."""

    def process_item(self, item: Capture | Page) -> Reading | Listing:
        capture = item if isinstance(item, Capture) else item.capture
        try:
            with deadline(LONGEST_READING):
                return read_list(item, self.run.scope.site) if isinstance(item, Capture) else extract_article(item)
        except (Unreadable, TooSlow) as error:
            raise _refused(self.run, capture, "extract", error) from None


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
        self.run.remark(problems, item)
        self.run.coverage.count(item.layout, ItemAdapter(item.article), item.rungs)
        return item


class ArchivePipeline(Stage):
    """Commits what was read, together with the frontier."""

    def __init__(self, run: CrawlRun) -> None:
        super().__init__(run)
        self.roads = Roads(run)

    def process_item(self, item: Reading | Listing) -> Reading | Listing:
        if isinstance(item, Reading):
            with self.run.archive.transaction(synced_every=SYNCED_EVERY):
                self.roads.follow(item)
                self.run.store(item)
        elif (end := self.roads.advance(item)) and not end.complete:
            problem = Problem(
                stage="walk",
                reason=f"listing_{end.name.lower()}",
                message=f"The walk through {item.capture.url} broke off: {end.value}.",
            )
            self.run.note(problem, item.capture)
        return item


def _refused(run: CrawlRun, capture: Capture, stage: str, error: Unreadable | TooSlow) -> DropItem:
    reason, message = "too_slow", f"{capture.address} was put aside: {error}."
    if isinstance(error, Unreadable):
        reason, message = error.reason, error.message
    problem = Problem(stage=stage, reason=reason, message=message, fatal=True)
    run.refuse(capture, problem)
    return DropItem(problem.message)
