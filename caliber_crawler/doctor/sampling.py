"""A sample of a site: about a dozen pages that cover every discovery source."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from caliber_crawler.archive import Entry
from caliber_crawler.crawling.run import CrawlRun
from caliber_crawler.doctor.probes import Probes
from caliber_crawler.news_spider import NewsSpider
from caliber_crawler.site import DiscoverySource, Feed, Listings, Sitemaps, StartPage

MAX_ARTICLES = 3
"""Maximum number of article pages, in as many languages as possible."""
MAX_SITEMAPS = 2
"""Maximum number of sitemaps, without robots.txt: an index, and one that it names."""


class Sampling:
    """The plan to fetch the first page of every list and the second of one of each kind, then articles, then probes."""

    def __init__(self, known: tuple[str, int] | None) -> None:
        self._known = known
        self.probes: Probes | None = None
        self._languages: list[str | None] = []
        self._second: set[str] = set()

    def begin(self, run: CrawlRun) -> None:
        """Set the probes as the backlog: they are queued when nothing else is due."""
        self.probes = run.dispatcher.backlog = Probes(run=run, known=self._known)

    def choose(self, due: Sequence[Entry]) -> list[Entry]:
        """Lists first; then the probes, or a few articles."""
        requested = self.probes.requested if self.probes else {}
        articles = [entry for entry in due if entry.kind == "article"]
        lists = [entry for entry in due if entry.kind != "article" and self._wants(entry)]
        return lists or [entry for entry in articles if entry.url in requested] or self._choose_articles(articles)

    def _wants(self, entry: Entry) -> bool:
        if entry.page_number == 1:
            return True
        is_first = entry.discovered_via not in self._second
        self._second.add(entry.discovered_via)
        return entry.page_number == 2 and is_first

    def _choose_articles(self, articles: list[Entry]) -> list[Entry]:
        """The articles that are still needed, those in new languages first."""
        others: dict[str | None, Entry] = {}
        for entry in articles:
            if entry.language not in self._languages:
                others.setdefault(entry.language, entry)
        chosen = [*others.values(), *(entry for entry in articles if entry not in others.values())]
        chosen = chosen[: max(0, MAX_ARTICLES - len(self._languages))]
        self._languages += [entry.language for entry in chosen]
        return chosen


def sample_spider(spider: type[NewsSpider]) -> type[NewsSpider]:
    """The same spider with every discovery source enabled that starts at a page of its own."""
    site = replace(spider.site, sources=tuple(map(_sample_source, spider.site.sources)))
    return type("SampleSpider", (spider,), {"site": site})


def _sample_source(source: DiscoverySource) -> DiscoverySource:
    few = {"max_sitemaps": MAX_SITEMAPS} if isinstance(source, Sitemaps) else {}
    return replace(source, is_default=isinstance(source, Listings | Feed | Sitemaps | StartPage), **few)
