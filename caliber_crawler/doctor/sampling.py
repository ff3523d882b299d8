"""A sample of a site: about a dozen pages that between them show every discovery source."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from caliber_crawler.archive import Entry
from caliber_crawler.crawling.run import CrawlRun
from caliber_crawler.doctor.probes import Probes
from caliber_crawler.news_spider import NewsSpider
from caliber_crawler.site import DiscoverySource, Feed, Listings, Sitemaps, StartPage

ARTICLES = 3
"""Number of article pages, in as many languages as possible."""
MAPS = 2
"""Number of sitemaps, robots.txt aside: an index, and one that it names."""


class Sampling:
    """The plan to fetch the first page of every list and the second of one of each kind, then articles, then probes."""

    def __init__(self, known: tuple[str, int] | None) -> None:
        self._known = known
        self.probes: Probes | None = None
        self._languages: list[str | None] = []
        self._second: set[str] = set()

    def begin(self, run: CrawlRun) -> None:
        """Keep the probes for when there is nothing else to fetch."""
        self.probes = run.dispatcher.backlog = Probes(run=run, known=self._known)

    def choose(self, due: Sequence[Entry]) -> list[Entry]:
        """Lists first; then the probes, or a few articles."""
        asked = self.probes.asked if self.probes else {}
        articles = [entry for entry in due if entry.kind == "article"]
        lists = [entry for entry in due if entry.kind != "article" and self._wants(entry)]
        return lists or [entry for entry in articles if entry.url in asked] or self._few(articles)

    def _wants(self, entry: Entry) -> bool:
        if entry.page_number == 1:
            return True
        is_first = entry.discovered_via not in self._second
        self._second.add(entry.discovered_via)
        return entry.page_number == 2 and is_first

    def _few(self, articles: list[Entry]) -> list[Entry]:
        """As many as are still needed, those in other languages first."""
        others: dict[str | None, Entry] = {}
        for entry in articles:
            if entry.language not in self._languages:
                others.setdefault(entry.language, entry)
        chosen = [*others.values(), *(entry for entry in articles if entry not in others.values())]
        chosen = chosen[: max(0, ARTICLES - len(self._languages))]
        self._languages += [entry.language for entry in chosen]
        return chosen


def sample_spider(spider: type[NewsSpider]) -> type[NewsSpider]:
    """The same spider, with every discovery source on that begins with a page of its own."""
    site = replace(spider.site, sources=tuple(map(_sampled, spider.site.sources)))
    return type("SampleSpider", (spider,), {"site": site})


def _sampled(source: DiscoverySource) -> DiscoverySource:
    few = {"most": MAPS} if isinstance(source, Sitemaps) else {}
    return replace(source, is_default=isinstance(source, Listings | Feed | Sitemaps | StartPage), **few)
