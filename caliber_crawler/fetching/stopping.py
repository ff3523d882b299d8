"""A crawl that is to stop: whoever waits for something learns of it soon, and asks for nothing more."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import TYPE_CHECKING, TypeVar

from caliber_crawler.crawling.run import CrawlRun
from caliber_crawler.fetching.refusals import Refusal

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

Result = TypeVar("Result")

NAP = 0.25
"""Maximum number of seconds until whoever waits notices that the crawl is to stop."""


def require_running(crawler: Crawler) -> None:
    """Raise :class:`Refusal` when the crawl is to stop: it was told to, or its run was halted."""
    run = crawler.get_extension(CrawlRun)
    if (run is not None and run.accounts.halted) or not (crawler.engine and crawler.engine.running):
        raise Refusal("stopped", "the crawl was stopped before its turn came")


async def sleep(seconds: float, crawler: Crawler) -> None:
    """Wait, unless the crawl stops meanwhile: raises :class:`Refusal` then."""
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    while (left := end - loop.time()) > 0:
        await asyncio.sleep(min(left, NAP))
        require_running(crawler)


async def finish(work: Coroutine[None, None, Result], crawler: Crawler) -> Result:
    """Return the result of work that may take long; cancel it and raise :class:`Refusal` when the crawl stops."""
    task = asyncio.ensure_future(work)
    try:
        while not (await asyncio.wait({task}, timeout=NAP))[0]:
            require_running(crawler)
        return task.result()
    finally:
        task.cancel()
