"""Scrapy's downloader without its delay: a request that waits there would not notice that the crawl stops."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrapy.core.downloader import Downloader

from caliber_crawler.crawling.run import CrawlRun

if TYPE_CHECKING:
    from scrapy.crawler import Crawler


class UndelayedDownloader(Downloader):
    """Leaves the delay between requests to the download handler, where the throttle applies to every request."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        if crawler.get_extension(CrawlRun) is not None:
            self._delay = 0.0
