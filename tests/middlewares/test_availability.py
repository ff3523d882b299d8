"""Middlewares that need a run are not available without one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from scrapy import signals
from scrapy.exceptions import NotConfigured
from scrapy.settings import Settings
from scrapy.signalmanager import SignalManager

from caliber_crawler.crawling.run import CrawlRun
from caliber_crawler.middlewares.backoff import BackoffMiddleware
from caliber_crawler.middlewares.conditional import ConditionalMiddleware
from caliber_crawler.middlewares.offsite import OffsiteMiddleware
from caliber_crawler.middlewares.robots import RobotsMiddleware
from caliber_crawler.middlewares.scrolling import ScrollingMiddleware
from caliber_crawler.middlewares.site_opt_outs import SiteOptOutsMiddleware
from tests.crawl.runs import SITE, running_on

ALWAYS = (BackoffMiddleware, ConditionalMiddleware, OffsiteMiddleware, SiteOptOutsMiddleware)
BY_SETTING = (RobotsMiddleware, ScrollingMiddleware)


class Crawler:
    """What a middleware asks of a crawler."""

    def __init__(self, run: CrawlRun | None, **settings: object) -> None:
        self.run, self.signals = run, SignalManager()
        defaults = Settings()
        defaults.setmodule("caliber_crawler.settings")
        defaults.update({"USER_AGENT": "test", **settings})
        self.settings = defaults

    def get_extension(self, kind: type) -> CrawlRun | None:
        return self.run if kind is CrawlRun else None


@pytest.mark.parametrize("middleware", [*ALWAYS, *BY_SETTING])
def test_a_middleware_needs_a_run(middleware: Any) -> None:
    with pytest.raises(NotConfigured):
        middleware.from_crawler(Crawler(None))


@pytest.mark.parametrize("middleware", ALWAYS)
def test_a_run_makes_a_middleware_available(middleware: Any, tmp_path: Path) -> None:
    with running_on(tmp_path) as run:
        assert isinstance(middleware.from_crawler(Crawler(run)), middleware)


def test_robots_txt_is_obeyed_unless_a_setting_says_otherwise(tmp_path: Path) -> None:
    with running_on(tmp_path) as run:
        crawler: Any = Crawler(run)
        middleware = RobotsMiddleware.from_crawler(crawler)
        received = crawler.signals.send_catch_log(signals.bytes_received, data=b"", request=None, spider=None)
        assert [receiver.__self__ for receiver, _ in received] == [middleware], "it limits the size of robots.txt"
        with pytest.raises(NotConfigured):
            RobotsMiddleware.from_crawler(Crawler(run, ROBOTSTXT_OBEY=False))  # type: ignore[arg-type]


def test_a_browser_scrolls_only_on_sites_whose_listings_need_it(tmp_path: Path) -> None:
    assert SITE.listing is not None
    scrolling = replace(SITE, listing=replace(SITE.listing, more="", scroll="window"))
    for site in (replace(SITE, listing=None), replace(SITE, listing=replace(SITE.listing, scroll=""))):
        with running_on(tmp_path, site=site) as run, pytest.raises(NotConfigured):
            ScrollingMiddleware.from_crawler(Crawler(run))  # type: ignore[arg-type]
    with running_on(tmp_path, site=scrolling) as run:
        assert ScrollingMiddleware.from_crawler(Crawler(run))  # type: ignore[arg-type]
