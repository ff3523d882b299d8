"""Infinite scroll in a real browser, for a site whose request for more cards nobody has named.

A browser asks for more than the page: scripts, and what the scripts ask for. None of that passes Scrapy's politeness or
robots.txt, so it is kept to the site's own hosts and to what is no picture, and scrolls no faster than the gap between
two requests. Naming the request in the site's file is better: ``caliber doctor --scroll`` finds it.
"""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from playwright.async_api import TimeoutError as NothingMore
from scrapy_playwright.handler import ScrapyPlaywrightDownloadHandler
from scrapy_playwright.page import PageMethod

from caliber_crawler.errors import SiteError
from caliber_crawler.fetching.download_handler import PoliteDownloadHandler

if TYPE_CHECKING:
    from playwright.async_api import Page
    from playwright.async_api import Request as BrowserRequest
    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response
    from scrapy.settings import BaseSettings

    from caliber_crawler.site import ListingLayout

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
PATIENCE = 5.0
"""Seconds in which further cards must come."""
LONGEST = 300.0
"""Seconds of scrolling through one listing."""
MOST_CARDS = 5_000
UNWANTED = frozenset({"image", "media", "font", "stylesheet"})
LINKS = """([card, link, from]) => [...document.querySelectorAll(card)].slice(from)
  .map(card => (card.matches(link) ? card : card.querySelector(link))?.href)"""
OnKnownGround = Callable[[list[str]], bool]
"""Were all these links known when the listing was walked to its end the last time?"""
ARGUMENTS = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--disable-sync",
    "--no-first-run",
)


def chromium(path: str = "") -> str:
    """The browser at ``path``, or the first one on PATH. Raises :class:`SiteError` when there is none."""
    found = shutil.which(path) if path else next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        where = path or f"PATH ({', '.join(BROWSERS)})"
        raise SiteError(
            f"This site's listings need a browser, and there is none at {where}; CALIBER_CHROMIUM names one."
        )
    return found


def launch_options(path: str = "") -> dict[str, Any]:
    """How the browser is started. It gives up its sandbox only to root, to whom it refuses it."""
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    return {"executable_path": chromium(path), "headless": True, "args": [*ARGUMENTS, *sandbox]}


def scroll_settings() -> dict[str, Any]:
    """What a crawl with a browser changes in Scrapy's settings."""
    handler = "caliber_crawler.fetching.scrolling.ScrollingDownloadHandler"
    return {
        "DOWNLOAD_HANDLERS": {"http": handler, "https": handler, **dict.fromkeys(("data", "file", "ftp", "s3"))},
        "PLAYWRIGHT_LAUNCH_OPTIONS": launch_options(os.environ.get("CALIBER_CHROMIUM", "")),
        "PLAYWRIGHT_MAX_CONTEXTS": 1,
        "PLAYWRIGHT_MAX_PAGES_PER_CONTEXT": 1,
        "PLAYWRIGHT_DEFAULT_NAVIGATION_TIMEOUT": 30_000,
    }


def scroll_meta(layout: ListingLayout, settings: BaseSettings, on_known_ground: OnKnownGround) -> dict[str, Any]:
    """What a request must carry for its listing to be scrolled through; the page is closed whatever happens."""
    gap = max(settings.getfloat("DOWNLOAD_DELAY"), 0.05)
    return {
        "playwright": True,
        "playwright_context_kwargs": {"user_agent": settings["USER_AGENT"], "service_workers": "block"},
        "playwright_page_methods": [PageMethod(scroll_to_end, layout, gap, on_known_ground)],
        "download_timeout": LONGEST + 2 * PATIENCE,
    }


async def scroll_to_end(page: Page, layout: ListingLayout, gap: float, on_known_ground: OnKnownGround) -> str:
    """Scroll until no more cards come, or only known ones; tells how often, and how many cards there are then.

    ``cut`` at its end says that the caps on rounds, cards or time came first.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + LONGEST
    card, before = layout.card, 0
    cards = await page.locator(card).count()
    for done in range(layout.scroll_rounds):
        links = await page.evaluate(LINKS, [card, layout.link or "a", before])
        if on_known_ground([str(link) for link in links if link]):
            return f"rounds={done}; cards={cards}; known"
        before = cards
        await asyncio.sleep(gap)
        await page.evaluate("window.scrollTo(0, document.documentElement.scrollHeight)")
        try:
            await page.wait_for_function(
                "([css, seen]) => document.querySelectorAll(css).length > seen",
                arg=[card, cards],
                timeout=PATIENCE * 1000,
            )
        except NothingMore:
            return f"rounds={done}; cards={cards}"
        cards = await page.locator(card).count()
        if cards >= MOST_CARDS or loop.time() > deadline:
            return f"rounds={done + 1}; cards={cards}; cut"
    return f"rounds={layout.scroll_rounds}; cards={cards}; cut"


class ScrollingDownloadHandler(ScrapyPlaywrightDownloadHandler, PoliteDownloadHandler):  # type: ignore[misc]
    """Fetches listings with a browser and everything else without; both wait for their turn."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        logging.getLogger("scrapy-playwright").setLevel(logging.WARNING)
        hosts = frozenset(getattr(crawler.spider, "allowed_domains", None) or ())
        self.abort_request = lambda request: is_unwanted(request, hosts)

    async def download_request(self, request: Request) -> Response:
        """Wait for this request's turn, then fetch it."""
        if request.meta.get("playwright"):
            await self.wait_for_turn(request)
            return await self.unless_stopped(super().download_request(request))
        return await super().download_request(request)


def is_unwanted(request: BrowserRequest, hosts: frozenset[str]) -> bool:
    """Is this a request for a picture or the like, or to a host that is not the site's?"""
    parts = urlsplit(request.url)
    return (
        request.resource_type in UNWANTED
        or parts.scheme not in ("http", "https")
        or (parts.hostname or "") not in hosts
    )
