"""Requests that a middleware makes itself: for a robots.txt, or for a site's rights reservations."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from scrapy import Request
from scrapy.http import Response

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

Download = Callable[[Request], Awaitable[Response]]


def download_with(crawler: Crawler) -> Download:
    """Download through the crawler's engine, and so through its downloader, throttle and resolver."""

    async def download(request: Request) -> Response:
        assert crawler.engine is not None, "the engine exists before the first request"
        return await crawler.engine.download_async(request)

    return download
