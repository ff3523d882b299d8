"""An archive for pipelines in other Scrapy projects: it stores pages and articles, but has no frontier."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Self

from scrapy import signals

from caliber_crawler.archive import Archive, PageSetAside
from caliber_crawler.archive.reports.runs import Outcome
from caliber_crawler.errors import ArticleTakenDown
from caliber_crawler.items import Article, Capture, Extraction
from caliber_crawler.reextraction import Reextractor
from caliber_crawler.site import ArticleURL, Site, SiteRegistry
from caliber_crawler.site.generic import generic_site
from caliber_crawler.software import software

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

DEFAULT_PATH = "archive.db"


class PlainArchive:
    """Opens the archive given by the setting ``ARCHIVE`` and records the run. Both end when the spider closes."""

    def __init__(self, archive: Archive, spider: str, site: Site | None, user_agent: str) -> None:
        self._archive = archive
        self._site = site
        self._reextract = Reextractor(SiteRegistry([] if site is None else [site]))
        self._known: set[str] = set()
        self.counts: Counter[str] = Counter()
        self.run_id = archive.runs.start(
            "crawl", site=None, arguments={"spider": spider}, settings={}, software=software(), user_agent=user_agent
        )

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        settings, site = crawler.settings, getattr(crawler.spider, "site", None)
        archive = Archive.open(settings.get("ARCHIVE", DEFAULT_PATH), mode="write")
        name = crawler.spider.name if crawler.spider else ""
        plain = cls(archive, name, site if isinstance(site, Site) else None, settings["USER_AGENT"])
        crawler.signals.connect(plain.close, signals.spider_closed)
        return plain

    def store_capture(self, capture: Capture) -> Capture:
        """Store a capture."""
        self._site_of(capture)
        self.counts["pages"] += 1
        with self._archive.transaction():
            return self._archive.captures.store(capture, self.run_id)

    def save(self, extraction: Extraction) -> Article | None:
        """Store an article, and its capture unless that is stored already; return ``None`` if it was taken down."""
        site, article = self._site_of(extraction.capture), extraction.article
        with self._archive.transaction():
            article_urls: list[ArticleURL] = site.article_urls(article.urls)
            if self._archive.takedowns.covers(article.site, article_urls):
                return None
            if extraction.capture.id is None:
                extraction = replace(extraction, capture=self.store_capture(extraction.capture))
            try:
                saved = self._archive.articles.save(extraction, self.run_id, article_urls, self._reextract)
            except ArticleTakenDown:
                return None
            except PageSetAside as aside:
                capture = extraction.capture
                self._archive.runs.record_problem(self.run_id, aside.problem, url=capture.url, capture_id=capture.id)
                self._archive.articles.withdraw(aside.others, self.run_id)
                self.counts["refused"] += 1
                return None
            for problem in saved.problems:
                capture = extraction.capture
                self._archive.runs.record_problem(self.run_id, problem, url=capture.url, capture_id=capture.id)
        self.counts[saved.outcome] += 1
        return saved.article or article

    def close(self, reason: str) -> None:
        """Record the end of the run."""
        try:
            outcome: Outcome = "finished" if reason == "finished" else "stopped"
            self._archive.runs.finish(self.run_id, outcome, None, self.counts)
        finally:
            self._archive.close()

    def _site_of(self, capture: Capture) -> Site:
        site = self._site or generic_site(capture.url)
        if site.name not in self._known:
            self._known.add(site.name)
            self._archive.sites.store(site)
        return site
