"""Requests of a middleware go through the crawl's engine."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

from scrapy import Request
from scrapy.http import Response

from caliber_crawler.middlewares.download import download_with


def test_a_request_of_a_middleware_is_downloaded_by_the_engine() -> None:
    async def download_async(request: Request) -> Response:
        return Response(request.url, status=204)

    crawler: Any = SimpleNamespace(engine=None)
    download = download_with(crawler)
    crawler.engine = SimpleNamespace(download_async=download_async)
    assert asyncio.run(download(Request("https://caliber.az/robots.txt"))).status == 204
