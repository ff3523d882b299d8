"""Stopping a crawl: requests that wait for something are refused soon after the crawl stops."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import TYPE_CHECKING, TypeVar

from caliber_crawler.crawling.run import CrawlRun
from caliber_crawler.fetching.refusals import Refusal

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

Result = TypeVar("Result")

POLL_INTERVAL = 0.25
"""Seconds between checks whether the crawl stops."""


def require_running(crawler: Crawler) -> None:
    """Raise :class:`Refusal` when the crawl is stopping or its run was halted."""
    run = crawler.get_extension(CrawlRun)
    if (run is not None and run.accounts.halted) or not (crawler.engine and crawler.engine.running):
        raise Refusal("stopped", "the crawl was stopped before the request")


async def sleep(seconds: float, crawler: Crawler) -> None:
    """Sleep; raise :class:`Refusal` when the crawl stops meanwhile."""
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    while (left := end - loop.time()) > 0:
        await asyncio.sleep(min(left, POLL_INTERVAL))
        require_running(crawler)


async def finish(work: Coroutine[None, None, Result], crawler: Crawler) -> Result:
    """Return the result of long work; cancel it and raise :class:`Refusal` when the crawl stops."""
    task = asyncio.ensure_future(work)
    try:
        while not (await asyncio.wait({task}, timeout=POLL_INTERVAL))[0]:
            require_running(crawler)
        return task.result()
    finally:
        task.cancel()
