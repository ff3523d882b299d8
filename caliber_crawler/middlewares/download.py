"""Requests that a middleware sends itself, for example for robots.txt or a site's rights reservations."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from scrapy import Request
from scrapy.http import Response

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

Download = Callable[[Request], Awaitable[Response]]


def download_with(crawler: Crawler) -> Download:
    """Return a function that downloads through the crawler's engine: its downloader, throttle and resolver apply."""

    async def download(request: Request) -> Response:
        assert crawler.engine is not None, "the engine exists before the first request"
        return await crawler.engine.download_async(request)

    return download
