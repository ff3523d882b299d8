"""A Scrapy scheduler that uses the archive's frontier: a killed crawl loses no queued request."""

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
"""Number of frontier entries fetched at a time; small, so that a newly discovered listing does not wait long."""


class FrontierScheduler(BaseScheduler):
    """Returns due entries of the frontier as requests, after those that Scrapy sends back (retries, redirects).

    ``concurrency`` is the maximum number of requested pages that are not stored yet; a kill loses at most these. Nearly
    as many more may be in extraction. With a concurrency of 1, a page is processed before the next is requested.
    """

    def __init__(self, run: CrawlRun | None, concurrency: int) -> None:
        self._run = run
        self._concurrency = concurrency
        self._returned: deque[Request] = deque()
        self._prefetched: deque[Entry] = deque()
        self._spider: NewsSpider | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler.get_extension(CrawlRun), crawler.settings.getint("CONCURRENT_REQUESTS_PER_DOMAIN"))

    def open(self, spider: Spider) -> None:
        self._spider = cast("NewsSpider", spider) if self._run else None

    def has_pending_requests(self) -> bool:
        return not self._halted and bool(self._returned or self._prefetched or self._prefetch())

    def enqueue_request(self, request: Request) -> bool:
        self._returned.append(request)
        return True

    def next_request(self) -> Request | None:
        if self._halted:
            return None
        if self._returned:
            return self._returned.popleft()
        if self._run is None or self._spider is None or self._is_full(self._run.dispatcher):
            return None
        while self._prefetched or self._prefetch():
            entry = self._prefetched.popleft()
            if not self._run.settlement.skip_alias(entry):
                return self._spider.request(entry, self._run.request_urls.url_of(entry))
        return None

    def _is_full(self, dispatcher: Dispatcher) -> bool:
        waiting = len(self._prefetched)
        return (
            dispatcher.unstored - waiting >= self._concurrency or len(dispatcher) - waiting >= 2 * self._concurrency - 1
        )

    @property
    def _halted(self) -> bool:
        return self._run is not None and self._run.accounts.halted is not None

    def _prefetch(self) -> bool:
        if self._run and not self._prefetched:
            batch = self._run.dispatcher.next_batch(PREFETCH)
            if len(batch) < PREFETCH:
                # The frontier is almost empty: fetch lists first, because they may lead to more pages.
                batch.sort(key=lambda entry: entry.kind == "article")
            self._prefetched.extend(batch)
        return bool(self._prefetched)
