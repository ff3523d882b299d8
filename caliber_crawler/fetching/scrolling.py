"""Infinite scroll in a real browser, for a site whose request for more teasers is unknown.

Naming the request in the site definition is better: ``caliber doctor --scroll`` finds it. A browser fetches the scripts
of a page too, and each of them waits for its turn.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from caliber_crawler.fetching.browser import BrowserTimeout

if TYPE_CHECKING:
    from caliber_crawler.fetching.browser import OpenPage
    from caliber_crawler.site import ListingLayout

PATIENCE = 5.0
"""Seconds without a request or a response after which no further teasers are expected."""
LONGEST = 300.0
"""Maximum number of seconds of scrolling through one listing."""
MOST_CARDS = 5_000
LINKS = """([card, link, from]) => [...document.querySelectorAll(card)].slice(from)
  .map(card => (card.matches(link) ? card : card.querySelector(link))?.href)"""
MORE = "([css, seen]) => document.querySelectorAll(css).length > seen"
TO_THE_END = "window.scrollTo(0, document.documentElement.scrollHeight)"
AlreadyCrawled = Callable[[list[str]], bool]
"""Were all these links known when the listing was crawled to its end the last time?"""


async def scroll_to_end(open_page: OpenPage, layout: ListingLayout, already_crawled: AlreadyCrawled) -> str:
    """Scroll until no more teasers come, or only known ones; return the number of scrolls and teasers.

    ``cut`` at its end says that the limit on rounds, teasers or time came first.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + LONGEST
    page, card, before = open_page.page, layout.card, 0
    cards = await page.locator(card).count()
    for done in range(layout.scroll_rounds):
        links = await page.evaluate(LINKS, [card, layout.link or "a", before])
        if already_crawled([str(link) for link in links if link]):
            return f"rounds={done}; cards={cards}; known"
        before = cards
        await page.evaluate(TO_THE_END)
        if not await _more(open_page, card, cards, deadline):
            return f"rounds={done}; cards={cards}" + ("; cut" if loop.time() > deadline else "")
        cards = await page.locator(card).count()
        if cards >= MOST_CARDS or loop.time() > deadline:
            return f"rounds={done + 1}; cards={cards}; cut"
    return f"rounds={layout.scroll_rounds}; cards={cards}; cut"


async def _more(open_page: OpenPage, card: str, seen: int, deadline: float) -> bool:
    """Wait for further teasers. A request for them may itself wait for its turn."""
    while asyncio.get_running_loop().time() <= deadline:
        try:
            await open_page.page.wait_for_function(MORE, arg=[card, seen], timeout=PATIENCE * 1000)
        except BrowserTimeout:
            if open_page.seconds_idle >= PATIENCE:
                return False
        else:
            return True
    return False
