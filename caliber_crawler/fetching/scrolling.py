"""Infinite scroll in a real browser, for sites whose request for more teasers is unknown.

It is better to give the request in the site definition: ``caliber doctor --scroll`` finds it. A browser also fetches
the scripts of a page, and the throttle delays each of them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from caliber_crawler.fetching.browser import BrowserTimeout

if TYPE_CHECKING:
    from caliber_crawler.fetching.browser import OpenPage
    from caliber_crawler.site import ListingLayout

TEASER_TIMEOUT = 5.0
"""Seconds without a request or a response after which no further teasers are expected."""
MAX_SECONDS = 300.0
"""Maximum number of seconds of scrolling through one listing."""
MAX_TEASERS = 5_000
LINKS = """([teaser, link, from]) => [...document.querySelectorAll(teaser)].slice(from)
  .map(teaser => (teaser.matches(link) ? teaser : teaser.querySelector(link))?.href)"""
MORE = "([css, seen]) => document.querySelectorAll(css).length > seen"
TO_THE_END = "window.scrollTo(0, document.documentElement.scrollHeight)"
AlreadyCrawled = Callable[[list[str]], bool]
"""Returns whether all links were known when the listing was last crawled to its end."""


async def scroll_to_end(open_page: OpenPage, layout: ListingLayout, already_crawled: AlreadyCrawled) -> str:
    """Scroll until no more teasers appear, or only known ones; return the number of rounds and teasers as text.

    The text ends with ``cut`` if the limit of rounds, teasers or time was reached first.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + MAX_SECONDS
    page, teaser, before = open_page.page, layout.teaser, 0
    teasers = await page.locator(teaser).count()
    for done in range(layout.max_scrolls):
        links = await page.evaluate(LINKS, [teaser, layout.link or "a", before])
        if already_crawled([str(link) for link in links if link]):
            return f"rounds={done}; teasers={teasers}; known"
        before = teasers
        await page.evaluate(TO_THE_END)
        if not await _more(open_page, teaser, teasers, deadline):
            return f"rounds={done}; teasers={teasers}" + ("; cut" if loop.time() > deadline else "")
        teasers = await page.locator(teaser).count()
        if teasers >= MAX_TEASERS or loop.time() > deadline:
            return f"rounds={done + 1}; teasers={teasers}; cut"
    return f"rounds={layout.max_scrolls}; teasers={teasers}; cut"


async def _more(open_page: OpenPage, teaser: str, seen: int, deadline: float) -> bool:
    """Wait for more teasers; return whether any appeared. The throttle may delay the request for them."""
    while asyncio.get_running_loop().time() <= deadline:
        try:
            await open_page.page.wait_for_function(MORE, arg=[teaser, seen], timeout=TEASER_TIMEOUT * 1000)
        except BrowserTimeout:
            if open_page.seconds_idle >= TEASER_TIMEOUT:
                return False
        else:
            return True
    return False
