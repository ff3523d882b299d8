"""A spider that looks at a little of every road of a site: what ``caliber doctor`` judges a site's file by."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from urllib.parse import quote

from caliber_crawler.archive import Entry
from caliber_crawler.archive.frontier import Frontier
from caliber_crawler.crawling.run import CrawlRun
from caliber_crawler.news_spider import NewsSpider
from caliber_crawler.politeness import Memory
from caliber_crawler.roads.finds import LIST
from caliber_crawler.site import Feed, Listings, Numbers, Road, Search, Site, Sitemaps, StartPage

ARTICLES = 3
"""Pages of articles that are looked at, of as many languages as can be."""
MAPS = 2
"""Site maps that are looked at, robots.txt aside: an index, and one that it names."""
AHEAD = 500
"""Entries of the frontier among which articles of several languages are looked for."""
LONG_WORD = re.compile(r"[^\W\d_]{4,}")


@dataclass(slots=True, kw_only=True)
class Probes:
    """What can only be asked for once articles are known: a search for one of their words, one of their numbers."""

    run: CrawlRun
    known: tuple[str, int] | None = None
    """A language and a post number that are known to be an article. Without one, a number is guessed."""
    asked: dict[str, str] = field(default_factory=dict)
    """The addresses that were asked for, and by which road."""
    left: int = 1

    def enqueue(self) -> bool:
        """Have them asked for, once."""
        if not self.left:
            return False
        self.left = 0
        entries = [entry for road in self.run.scope.site.roads for entry in self._of(road)]
        self.asked = {entry.url: entry.road for entry in entries}
        self.run.seed(entries)
        return bool(entries)

    def _of(self, road: Road) -> list[Entry]:
        match road:
            case Search():
                word = self._word()
                return [self._entry(road, road.path.format(query=quote(word, safe="")))] if word else []
            case Numbers():
                self.known = self.known or self._met()
                language, number = self.known or (None, (road.first + road.last) // 2)
                paths = [path for named, path in road.paths.items() if language in (None, named)]
                return [self._entry(road, path.format(number=number)) for path in paths]
        return []

    def _entry(self, road: Road, path: str) -> Entry:
        return Entry(
            url=self.run.scope.site.normal_url(path),
            site=self.run.scope.site.name,
            kind="article" if isinstance(road, Numbers) else "listing",
            road=road.name,
            priority=LIST,
            due_at=self.run.started_at,
            walk=self.run.started_at,
        )

    def _word(self) -> str:
        """The longest word of an article's headline: who searches for it must find that article."""
        headlines = self.run.archive.db.query("SELECT headline FROM articles ORDER BY id LIMIT 1")
        words = LONG_WORD.findall(next((row["headline"] for row in headlines), ""))
        return max(words, key=len, default="")

    def _met(self) -> tuple[str, int] | None:
        """The language and number of an article that some list named by its number."""
        urls = (row["url"] for row in self.run.archive.db.query("SELECT url FROM frontier WHERE kind = 'article'"))
        for address in self.run.scope.site.addresses(urls):
            if address.number is not None and address.language is not None:
                return address.language, address.number
        return None


class Sample(Frontier):
    """The frontier of an archive, of which a little is taken.

    That is the first page of every list and the second of one of each kind, then a few articles, then what the probes
    ask for.
    """

    def __init__(self, frontier: Frontier, probes: Probes) -> None:
        self._whole, self._probes = frontier, probes
        self._languages: list[str | None] = []
        self._second: set[str] = set()

    def take(self, site: str, now: datetime, limit: int, **asked: Any) -> list[Entry]:
        """What is due, as :meth:`Frontier.take` says, and belongs to the sample."""
        due = self._whole.take(site, now, AHEAD, **asked)
        articles = [entry for entry in due if entry.kind == "article"]
        lists = [entry for entry in due if entry.kind != "article" and self._wants(entry)]
        return lists or [entry for entry in articles if entry.url in self._probes.asked] or self._few(articles)

    def due_count(self, *arguments: Any, **asked: Any) -> int:
        """How many entries are due, in the sample or not."""
        return self._whole.due_count(*arguments, **asked)

    def _wants(self, entry: Entry) -> bool:
        if entry.batch == 1:
            return True
        is_first = entry.road not in self._second
        self._second.add(entry.road)
        return entry.batch == 2 and is_first

    def _few(self, articles: list[Entry]) -> list[Entry]:
        """As many as may still be looked at, those in other languages first."""
        strangers: dict[str | None, Entry] = {}
        for entry in articles:
            if entry.language not in self._languages:
                strangers.setdefault(entry.language, entry)
        chosen = [*strangers.values(), *(entry for entry in articles if entry not in strangers.values())]
        chosen = chosen[: max(0, ARTICLES - len(self._languages))]
        self._languages += [entry.language for entry in chosen]
        return chosen


def sampling(spider: type[NewsSpider], memory: Memory | None, known: tuple[str, int] | None) -> type[NewsSpider]:
    """The same spider, for a dozen pages that between them show every road.

    ``memory`` knows when the host was asked before and what it wished, if there is such a memory; ``known`` is as in
    :class:`Probes`.
    """

    class Sampling(spider):  # type: ignore[valid-type, misc]
        site: Site = replace(spider.site, roads=tuple(map(_looked_at, spider.site.roads)))

        async def start(self) -> AsyncIterator[Any]:
            run = self._run
            if memory is not None:
                run.throttle.memory = memory
            probes = Probes(run=run, known=known)
            run.dispatcher.frontier = Sample(run.archive.frontier, probes)
            run.dispatcher.backlog = probes
            async for request in super().start():
                yield request

    return Sampling


def _looked_at(road: Road) -> Road:
    """A road that is taken at once, where it begins with a page of its own."""
    few = {"most": MAPS} if isinstance(road, Sitemaps) else {}
    return replace(road, by_default=isinstance(road, Listings | Feed | Sitemaps | StartPage), **few)
