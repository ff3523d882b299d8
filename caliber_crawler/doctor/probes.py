"""Requests that need a known article: a search for one of its words, and its post ID."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import quote

from caliber_crawler.archive import Entry
from caliber_crawler.crawling.run import CrawlRun
from caliber_crawler.discovery.entries import site_list_entry
from caliber_crawler.items import PageKind
from caliber_crawler.site import DiscoverySource, PostIds, Search

LONG_WORD = re.compile(r"[^\W\d_]{4,}")


@dataclass(slots=True, kw_only=True)
class Probes:
    """Requests that are made after the rest of the sample."""

    run: CrawlRun
    known: tuple[str, int] | None = None
    """The language and the post ID of a known article; without one, a post ID is guessed."""
    requested: dict[str, str] = field(default_factory=dict)
    """The requested URLs, each with its discovery source."""
    left: int = 1

    def enqueue(self) -> bool:
        """Queue the requests, once. Returns whether there are any."""
        if not self.left:
            return False
        self.left = 0
        entries = [entry for source in self.run.scope.site.sources for entry in self._of(source)]
        self.requested = {entry.url: entry.discovered_via for entry in entries}
        self.run.seed(entries)
        return bool(entries)

    def _of(self, source: DiscoverySource) -> list[Entry]:
        match source:
            case Search():
                word = self._word()
                return [self._entry(source, source.path.format(query=quote(word, safe="")))] if word else []
            case PostIds():
                self.known = self.known or self._discovered()
                language, number = self.known or (None, (source.first + source.last) // 2)
                paths = [path for named, path in source.paths.items() if language in (None, named)]
                return [self._entry(source, path.format(number=number)) for path in paths]
        return []

    def _entry(self, source: DiscoverySource, path: str) -> Entry:
        site = self.run.scope.site
        kind: PageKind = "article" if isinstance(source, PostIds) else "listing"
        return site_list_entry(path, site, kind, source.name, self.run.started_at)

    def _word(self) -> str:
        """The longest word of an article's headline: a search for it must find that article."""
        headlines = [row["headline"] for row in self.run.archive.articles(limit=1)]
        words = LONG_WORD.findall(headlines[0]) if headlines else []
        return max(words, key=len, default="")

    def _discovered(self) -> tuple[str, int] | None:
        """The language and post ID of an article that a list links to by its post ID."""
        site = self.run.scope.site
        for article_url in site.article_urls(self.run.archive.frontier.article_urls(site.name)):
            if article_url.number is not None and article_url.language is not None:
                return article_url.language, article_url.number
        return None
