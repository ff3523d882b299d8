"""The archive is the frontier: Scrapy asks it for what is next, and holds nothing that a kill could lose."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Self, cast

from scrapy.core.scheduler import BaseScheduler

from caliber_crawler.crawling.run import CrawlRun

if TYPE_CHECKING:
    from scrapy import Request, Spider
    from scrapy.crawler import Crawler

    from caliber_crawler.archive import Entry
    from caliber_crawler.crawling.handout import Handout
    from caliber_crawler.news_spider import NewsSpider

AHEAD = 32
"""Frontier entries read ahead: few, so that a listing found meanwhile is not kept waiting."""


class FrontierScheduler(BaseScheduler):
    """Gives out what the frontier says is due, after what Scrapy itself sends back (retries, redirects).

    ``at_once`` bounds the pages that were asked for and are not kept yet: a kill costs as many requests at most. Nearly
    as many may be read and written meanwhile; where one is fetched at a time, all is done with it before the next.
    """

    def __init__(self, run: CrawlRun | None, at_once: int) -> None:
        self._run = run
        self._at_once = at_once
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
        if self._run is None or self._spider is None or self._is_full(self._run.handout):
            return None
        while self._taken or self._take():
            entry = self._taken.popleft()
            if not self._run.passes_by(entry):
                return self._spider.request(entry)
        return None

    def _is_full(self, handout: Handout) -> bool:
        waiting = len(self._taken)
        return handout.unfetched - waiting >= self._at_once or len(handout) - waiting >= 2 * self._at_once - 1

    @property
    def _halted(self) -> bool:
        return self._run is not None and self._run.halted is not None

    def _take(self) -> bool:
        if self._run and not self._taken:
            taken = self._run.handout.take(AHEAD)
            if len(taken) < AHEAD:
                # The frontier runs dry: what names more pages comes first, so that nobody need wait for it.
                taken.sort(key=lambda entry: entry.kind == "article")
            self._taken.extend(taken)
        return bool(self._taken)
