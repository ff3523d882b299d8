"""Infinite-scroll listings, opened in a real browser."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from itertools import count
from typing import TYPE_CHECKING, Self

from scrapy import Request, signals
from scrapy.exceptions import NotConfigured
from scrapy.http import Response

from caliber_crawler.archive import Entry
from caliber_crawler.crawling.run import CrawlRun
from caliber_crawler.discovery.listings import already_crawled_urls
from caliber_crawler.fetching.refusals import Refusal
from caliber_crawler.fetching.stopping import finish, require_running
from caliber_crawler.items import SCROLLED
from caliber_crawler.middlewares.download import download_with
from caliber_crawler.site import ListingLayout

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

    from caliber_crawler.fetching.browser import Browser
    from caliber_crawler.site import Site

ANY_LINKS = ListingLayout(teaser="a[href]", link="a")
"""A list of unknown layout: scrolling ends when no more links appear."""
EXCHANGES = "exchanges"
"""Key of ``Request.meta`` for a list that collects every request of the page with its response."""


class ScrollingMiddleware:
    """Replaces a listing by its HTML after scrolling in a browser, for site definitions with ``scroll="browser"``.

    On a site that is explored with ``--scroll``, the exploration names the lists.

    The browser opens the fetched listing. Requests of its scripts go through the same downloader and middlewares, so a
    script can fetch only what a crawl may fetch.
    """

    def __init__(self, crawler: Crawler, run: CrawlRun, browser: Browser) -> None:
        self._crawler, self._run, self._browser = crawler, run, browser

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        run = crawler.get_extension(CrawlRun)
        listing = None if run is None else run.scope.site.listing
        if run is None or not (run.scope.scroll or (listing is not None and listing.scroll)):
            raise NotConfigured
        from caliber_crawler.fetching.browser import Browser

        site, path = run.scope.site, os.environ.get("CALIBER_CHROMIUM", "")
        browser = Browser(
            download_with(crawler), lambda url: is_on_site(url, site), crawler.settings["USER_AGENT"], path
        )
        crawler.signals.connect(browser.close, signals.spider_closed)
        return cls(crawler, run, browser)

    async def process_response(self, request: Request, response: Response) -> Response:
        """Open a listing in the browser and scroll to its end."""
        entry = request.cb_kwargs.get("entry")
        if not isinstance(entry, Entry) or response.status != 200 or not self._is_scrolled(entry):
            return response
        return await finish(self._scroll(request, response, entry), self._crawler)

    async def _scroll(self, request: Request, response: Response, entry: Entry) -> Response:
        from caliber_crawler.fetching.browser import BrowserError
        from caliber_crawler.fetching.scrolling import scroll_to_end

        layout = self._run.scope.site.listing or ANY_LINKS
        already_crawled = (
            partial(self._already_crawled, entry) if layout is not ANY_LINKS else self._known_after_first()
        )
        try:
            async with self._browser.open(response) as page:
                scrolled = await scroll_to_end(page, layout, already_crawled)
                content = await page.page.content()
                request.meta.get(EXCHANGES, []).extend(page.exchanges)
        except BrowserError as error:
            require_running(self._crawler)  # Ctrl-C ends the browser too; the page did not fail then
            raise Refusal("network", f"the browser could not open it: {error.message.splitlines()[0]}") from None
        headers = response.headers.copy()
        headers["Content-Type"] = "text/html; charset=utf-8"
        headers[SCROLLED] = scrolled
        return response.replace(body=content.encode("utf-8", errors="replace"), headers=headers)

    def _is_scrolled(self, entry: Entry) -> bool:
        if self._run.explorer is not None:
            return entry.kind in ("article", "listing") and self._run.explorer.is_scrolled(entry.url)
        return entry.kind == "listing" and self._run.scope.site.listing is not None

    def _known_after_first(self) -> Callable[[list[str]], bool]:
        """Whether all links of a round are known; those of the first round are, because the page was fetched before."""
        rounds = count()

        def are_known(links: list[str]) -> bool:
            if next(rounds) == 0:
                return False
            site = self._run.scope.site
            urls = {site.normal_url(link) for link in links if is_on_site(link, site)}
            return bool(urls) and urls <= self._run.archive.frontier.known_urls(urls)

        return are_known

    def _already_crawled(self, entry: Entry, links: list[str]) -> bool:
        urls = {article_url.url for article_url in self._run.scope.site.article_urls(links)}
        return bool(urls) and urls <= set(already_crawled_urls(self._run, entry, urls))


def is_on_site(url: str, site: Site) -> bool:
    """Return whether a URL is on one of the site's own hosts, over HTTP."""
    try:
        return url.lower().startswith(("http://", "https://")) and site.owns(site.normal_url(url))
    except ValueError:
        return False
