"""Listings that are opened in a browser, and URLs that it may request.

The module tests/discovery/test_scrolling.py tests whole crawls.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from scrapy import Request
from scrapy.exceptions import NotConfigured
from scrapy.http import Response
from scrapy.settings import Settings
from scrapy.signalmanager import SignalManager

from caliber_crawler.crawling.run import CrawlRun
from caliber_crawler.fetching.browser import BrowserError
from caliber_crawler.fetching.refusals import Refusal
from caliber_crawler.middlewares.scrolling import ScrollingMiddleware, is_on_site
from caliber_crawler.site import Site
from caliber_crawler.spiders.caliber import CaliberSpider
from tests.crawl.runs import entry, running_on

SITE = CaliberSpider.site.served_at("http://127.0.0.1:8000")


@pytest.mark.parametrize("url", ["http://127.0.0.1:8000/api?page=2", "HTTP://127.0.0.1:8000/app.js"])
def test_a_script_may_request_urls_of_the_site(url: str) -> None:
    assert is_on_site(url, SITE)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:8001/",
        "http://127.0.0.1/",
        "http://localhost:8000/",
        "https://elsewhere.example/",
        "ws://127.0.0.1:8000/",
        "data:text/html,x",
        "blob:http://127.0.0.1:8000/1",
        "file:///etc/passwd",
        "http://[::1",
    ],
)
def test_a_script_may_request_no_other_url(url: str) -> None:
    assert not is_on_site(url, SITE)


class Crawler:
    """A crawler with one run, of which the middleware uses the settings and the signals."""

    def __init__(self, run: CrawlRun | None) -> None:
        self.run = run
        self.engine = SimpleNamespace(running=True)
        self.settings = Settings({"USER_AGENT": "test"})
        self.signals = SignalManager()

    def get_extension(self, kind: type) -> CrawlRun | None:
        return self.run if kind is CrawlRun else None


class FakeBrowser:
    """A browser that records the responses it opens and cannot load any."""

    def __init__(self) -> None:
        self.opened: list[str] = []

    @asynccontextmanager
    async def open(self, response: Response) -> AsyncIterator[None]:
        self.opened.append(response.url)
        raise BrowserError("no display\nmore details")
        yield


def site_that_scrolls(scroll: str) -> Site:
    assert SITE.listing is not None
    return replace(SITE, listing=replace(SITE.listing, more="", scroll=scroll))


def crawler_of(folder: Path, site: Site) -> Any:
    with running_on(folder, site=site) as run:
        return Crawler(run)


def test_only_a_site_with_browser_scrolling_has_the_middleware(tmp_path: Path) -> None:
    crawlers: list[Any] = [
        Crawler(None),
        crawler_of(tmp_path, site_that_scrolls("")),
        crawler_of(tmp_path, replace(SITE, listing=None)),
    ]
    for crawler in crawlers:
        with pytest.raises(NotConfigured):
            ScrollingMiddleware.from_crawler(crawler)
    middleware = ScrollingMiddleware.from_crawler(crawler_of(tmp_path, site_that_scrolls("browser")))
    assert isinstance(middleware, ScrollingMiddleware)


@pytest.mark.parametrize(
    ("kind", "status", "opened"),
    [
        ("listing", 200, True),
        ("listing", 201, False),
        ("listing", 199, False),
        ("listing", 404, False),
        ("article", 200, False),
        ("feed", 200, False),
        ("sitemap", 200, False),
        (None, 200, False),
    ],
)
def test_only_a_fetched_listing_is_opened(tmp_path: Path, kind: str | None, status: int, opened: bool) -> None:
    browser: Any = FakeBrowser()
    crawler = crawler_of(tmp_path, site_that_scrolls("browser"))
    middleware = ScrollingMiddleware(crawler, crawler.run, browser)
    url = f"{SITE.base_url}/en/news"
    request = Request(url, cb_kwargs={"entry": entry("news", kind=kind)} if kind else {})
    response = Response(url, status=status)
    if opened:
        with pytest.raises(Refusal, match=r"the browser could not open it: no display$") as refused:
            asyncio.run(middleware.process_response(request, response))
        assert refused.value.code == "network"
    else:
        assert asyncio.run(middleware.process_response(request, response)) is response
    assert browser.opened == [url] * opened


def test_new_teasers_are_not_already_crawled(tmp_path: Path) -> None:
    browser: Any = FakeBrowser()
    with running_on(tmp_path, site=site_that_scrolls("browser")) as run:
        crawler: Any = Crawler(run)
        middleware = ScrollingMiddleware(crawler, run, browser)
        for links in ([], [f"{SITE.base_url}/en/post/a"]):
            assert not middleware._already_crawled(entry("news", kind="listing"), links)
