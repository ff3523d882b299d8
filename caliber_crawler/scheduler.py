"""Scrapy's scheduler on the archive's frontier: nothing is queued in memory that a kill could lose."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Self, cast

from scrapy.core.scheduler import BaseScheduler

from caliber_crawler.crawling.run import CrawlRun

if TYPE_CHECKING:
    from scrapy import Request, Spider
    from scrapy.crawler import Crawler

    from caliber_crawler.archive import Entry
    from caliber_crawler.crawling.dispatcher import Dispatcher
    from caliber_crawler.news_spider import NewsSpider

PREFETCH = 32
"""Frontier entries taken at a time: few, so that a listing discovered meanwhile does not wait long."""


class FrontierScheduler(BaseScheduler):
    """Returns due entries of the frontier as requests, after those that Scrapy sends back (retries, redirects).

    ``concurrency`` is the maximum number of pages requested and not stored yet, which is what a kill costs. Nearly as
    many may be in extraction meanwhile; with a concurrency of one, a page is finished before the next is requested.
    """

    def __init__(self, run: CrawlRun | None, concurrency: int) -> None:
        self._run = run
        self._concurrency = concurrency
        self._sent_back: deque[Request] = deque()
        self._taken: deque[Entry] = deque()
        self._spider: NewsSpider | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler.get_extension(CrawlRun), crawler.settings.getint("CONCURRENT_REQUESTS_PER_DOMAIN"))

    def open(self, spider: Spider) -> None:
        self._spider = cast("NewsSpider", spider) if self._run else None

    def has_pending_requests(self) -> bool:
        return not self._halted and bool(self._sent_back or self._taken or self._take())

    def enqueue_request(self, request: Request) -> bool:
        self._sent_back.append(request)
        return True

    def next_request(self) -> Request | None:
        if self._halted:
            return None
        if self._sent_back:
            return self._sent_back.popleft()
        if self._run is None or self._spider is None or self._is_full(self._run.dispatcher):
            return None
        while self._taken or self._take():
            entry = self._taken.popleft()
            if not self._run.settlement.skip_alias(entry):
                return self._spider.request(entry)
        return None

    def _is_full(self, dispatcher: Dispatcher) -> bool:
        waiting = len(self._taken)
        return (
            dispatcher.unstored - waiting >= self._concurrency or len(dispatcher) - waiting >= 2 * self._concurrency - 1
        )

    @property
    def _halted(self) -> bool:
        return self._run is not None and self._run.accounts.halted is not None

    def _take(self) -> bool:
        if self._run and not self._taken:
            taken = self._run.dispatcher.next_batch(PREFETCH)
            if len(taken) < PREFETCH:
                # The frontier runs dry: pages that lead to more pages come first, so that no request waits for them.
                taken.sort(key=lambda entry: entry.kind == "article")
            self._taken.extend(taken)
        return bool(self._taken)
