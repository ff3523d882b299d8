"""Scrapy's downloader without a delay of its own: whoever waits in it does not hear that the crawl is to stop."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrapy.core.downloader import Downloader

from caliber_crawler.crawling.run import CrawlRun

if TYPE_CHECKING:
    from scrapy.crawler import Crawler


class PromptDownloader(Downloader):
    """Leaves the gap between two requests to the download handler, where every request of a run takes its turn."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        if crawler.get_extension(CrawlRun) is not None:
            self._delay = 0.0
