"""Run a spider inside a command: Scrapy's process, our settings, a progress line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

from scrapy import signals
from scrapy.crawler import AsyncCrawlerProcess
from scrapy.settings import Settings
from scrapy.spiderloader import SpiderLoader
from tqdm import tqdm

from caliber_crawler.crawling.log import say_nothing_twice
from caliber_crawler.crawling.run import CrawlRun
from caliber_crawler.errors import SiteError
from caliber_crawler.news_spider import NewsSpider
from caliber_crawler.site import Site, StartPage
from caliber_crawler.site.unfiled import unfiled

if TYPE_CHECKING:
    from scrapy.crawler import Crawler


def project_settings(**overrides: Any) -> Settings:
    """The project's settings, with what the command line says on top."""
    settings = Settings()
    settings.setmodule("caliber_crawler.settings", priority="project")
    settings.setdict({name: value for name, value in overrides.items() if value is not None}, priority="cmdline")
    return settings


def known_spiders(settings: Settings) -> dict[str, type[NewsSpider]]:
    """Every site that has a file, by name."""
    loader = SpiderLoader.from_settings(settings)
    spiders = {name: loader.load(name) for name in sorted(loader.list())}
    return {name: spider for name, spider in spiders.items() if issubclass(spider, NewsSpider)}


def known_sites() -> dict[str, Site]:
    """The facts of every site that has a file, by name."""
    return {name: spider.site for name, spider in known_spiders(project_settings()).items()}


def spider_named(name: str, settings: Settings) -> type[NewsSpider]:
    """The spider of a site, by its name or by the address of one of its pages.

    Raises :class:`SiteError` naming the known sites, or saying that the address is none.
    """
    spiders = known_spiders(settings)
    if "://" in name:
        return _spider_from(name, spiders)
    if name not in spiders:
        raise SiteError(f"There is no site {name!r}; known sites: {', '.join(spiders)}.")
    return spiders[name]


def _spider_from(url: str, spiders: Mapping[str, type[NewsSpider]]) -> type[NewsSpider]:
    """A spider that begins at a page; where the site has a file, it is read by that file."""
    try:
        site = unfiled(url)
        sites = [spider.site for spider in spiders.values()]
        owner = next((known for known in sites if known.owns(known.normal_url(url))), None)
    except ValueError as error:
        raise SiteError(f"{error}") from None
    if owner is not None:
        site = replace(owner, roads=(StartPage(url=url),))
    return type("StartPageSpider", (NewsSpider,), {"name": site.name, "site": site})


def run_spider(spider: type[NewsSpider], settings: Settings, arguments: dict[str, Any]) -> CrawlRun:
    """Crawl until there is nothing left to do, and give the run with its accounts.

    Can be called once in a process. Raises whatever kept the crawl from starting.
    """
    require_contact(spider(**arguments).scope.site, settings)
    settings.set("EXTENSIONS", {**settings.getdict("EXTENSIONS"), ProgressLine: 900}, priority="cmdline")
    process = AsyncCrawlerProcess(settings)
    if settings["LOG_LEVEL"] == "ERROR":
        say_nothing_twice()
    crawler = process.create_crawler(spider)
    crawling = process.crawl(crawler, **arguments)
    process.start()
    crawling.result()
    run = crawler.get_extension(CrawlRun)
    assert run is not None
    return run


def require_contact(site: Site, settings: Settings) -> None:
    """Raise :class:`SiteError` when a site could not reach whoever crawls it."""
    if settings["CONTACT"] or site.is_local:
        return
    host = urlsplit(site.base_url).hostname
    raise SiteError(
        f"{host} must be able to reach whoever crawls it: give --contact or set CALIBER_CONTACT (e-mail or web page)."
    )


class ProgressLine:
    """One live line on a terminal: pages, new, updated, problems, rate. Silent elsewhere."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._run: CrawlRun | None = None
        self._line: tqdm[Any] | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        progress = cls(crawler)
        crawler.signals.connect(progress.open, signals.spider_opened)
        crawler.signals.connect(progress.advance, signals.item_scraped)
        crawler.signals.connect(progress.advance, signals.item_dropped)
        crawler.signals.connect(progress.close, signals.spider_closed)
        return progress

    def open(self) -> None:
        self._run = self._crawler.get_extension(CrawlRun)
        self._line = tqdm(disable=None, bar_format="{desc}  {rate_fmt}  {elapsed}", unit=" pages")

    def advance(self) -> None:
        assert self._run is not None
        assert self._line is not None
        counts = self._run.counts
        self._line.set_description_str(
            f"pages {counts['pages']:,}  new {counts['new']:,}  updated {counts['updated']:,}  "
            f"problems {counts['problems']:,}",
            refresh=False,
        )
        self._line.update()

    def close(self) -> None:
        assert self._line is not None
        self._line.close()
