"""The dispatcher: selects the due pages of the frontier to request next, and tracks the pages in flight."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from itertools import count
from typing import TYPE_CHECKING, Protocol

from caliber_crawler.archive import Entry
from caliber_crawler.crawling.outcome import Remaining
from caliber_crawler.crawling.scope import Scope
from caliber_crawler.items import PageKind
from caliber_crawler.revisit import REVISIT

if TYPE_CHECKING:
    from caliber_crawler.archive.queue.frontier import Frontier


class Backlog(Protocol):
    """URLs that enter the frontier only when it is empty."""

    @property
    def left(self) -> int:
        """Number of URLs that are not in the frontier yet."""
        ...

    def enqueue(self) -> bool:
        """Add some of them to the frontier; return ``False`` when none are left."""
        ...


CANDIDATE = 5
"""Priority of links that an exploration may request; it decides on their order itself."""


class Order(Protocol):
    """The order in which an exploration requests its links."""

    def next(self, *, is_idle: bool) -> Entry | None:
        """The entry to request next; ``is_idle``: no requested page can lead to more."""
        ...


class Dispatcher:
    """Returns each due entry of the frontier once and tracks it until its outcome is committed.

    ``revisits`` is the maximum number of articles to revisit; ``None`` means no limit. While there is other work,
    revisits use at most half of the scope's article limit.
    """

    def __init__(self, frontier: Frontier, scope: Scope, started_at: datetime, *, revisits: int | None = None) -> None:
        self.frontier = frontier
        self.revisits = revisits
        self.backlog: Backlog | None = None
        self.order: Order | None = None
        self._scope = scope
        # The language or section of some URLs is unknown.
        self._languages, self._sections = (*scope.languages, None), (*scope.sections, None)
        self._started_at = started_at
        self._in_flight: dict[str, Entry] = {}
        self._stored: set[str] = set()
        self.articles = self.requests = 0
        """Numbers of articles, and of pages of any kind, that were dispatched."""
        self._revisited = 0

    def next_batch(self, size: int) -> list[Entry]:
        """Return the next due pages, at most ``size``, highest priority first."""
        if self.limit_reached or self.budget_used_up:
            return []
        if self._scope.requests is not None:
            size = min(size, self._scope.requests - self.requests)
        half = None if self._scope.limit is None else (self._scope.limit + 1) // 2
        without = (CANDIDATE, REVISIT) if self.order is not None else (CANDIDATE,)
        batch = self._due_entries(size, _least(self.revisits, half, less=self._revisited), without)
        if not batch and self.order is not None:
            if (entry := self.order.next(is_idle=not self._in_flight)) is not None:
                batch = [entry]
            elif not self._in_flight:
                batch = self._due_entries(size, _least(self.revisits, less=self._revisited))
            for entry in batch:
                self._add(entry)
            return batch
        while not batch and self.backlog is not None and self.backlog.enqueue():
            batch = self._due_entries(size, _least(self.revisits, half, less=self._revisited))
        if not batch and all(entry.kind == "article" for entry in self._in_flight.values()):
            # No other work is left, and no page in flight can discover more.
            batch = self._due_entries(size, _least(self.revisits, less=self._revisited))
        for entry in batch:
            self._add(entry)
        return batch

    def resume(self, urls: Iterable[str]) -> list[Entry]:
        """Return the entries of stored pages: those of ``urls`` that are due and in scope. They are now in flight."""
        resumed = []
        for entry in map(self.frontier.get, urls):
            if entry is not None and self._is_due(entry) and not self.limit_reached:
                resumed.append(entry)
                self._add(entry)
                self._stored.add(entry.url)
        return resumed

    def mark_stored(self, url: str) -> None:
        """Mark a page in flight as stored: after a killed crawl it is not fetched again."""
        if url in self._in_flight:
            self._stored.add(url)

    def entry(self, url: str) -> Entry | None:
        """The entry in flight for a URL, in its state before the request."""
        return self._in_flight.get(url)

    @property
    def in_flight(self) -> Collection[str]:
        """URLs in flight: dispatched, with no committed outcome yet."""
        return self._in_flight.keys()

    def __len__(self) -> int:
        """Number of entries in flight."""
        return len(self._in_flight)

    @property
    def unstored(self) -> int:
        """Number of entries in flight whose page is not stored yet."""
        return len(self._in_flight) - len(self._stored)

    def release(self, url: str) -> None:
        """Remove a page from those in flight; a page that was not requested stays due."""
        self._in_flight.pop(url, None)
        self._stored.discard(url)

    def skip_alias(self, url: str) -> None:
        """Release a URL of an article that need not be requested; it does not count towards the limit."""
        self.articles -= url in self._in_flight
        self.requests -= url in self._in_flight
        self.release(url)

    def count_as(self, url: str, kind: PageKind) -> None:
        """Correct the number of dispatched articles by what a page in flight turned out to be."""
        entry = self._in_flight.get(url)
        if entry is not None:
            self.articles += (kind == "article") - (entry.kind == "article")

    @property
    def limit_reached(self) -> bool:
        """Whether the scope's maximum number of articles was dispatched."""
        return self._scope.limit is not None and self.articles >= self._scope.limit

    @property
    def budget_used_up(self) -> bool:
        """Whether the scope's maximum number of requests was dispatched."""
        return self._scope.requests is not None and self.requests >= self._scope.requests

    @property
    def revisits_used_up(self) -> bool:
        """Whether the maximum number of revisits was dispatched."""
        return self.revisits is not None and self._revisited >= self.revisits

    @property
    def limits_reached(self) -> bool:
        """Whether a limit of the run was reached."""
        return self.limit_reached or self.revisits_used_up or self.budget_used_up

    def due_count(self, *kinds: PageKind, without: tuple[int, ...] = (CANDIDATE,)) -> int:
        """Number of due pages of these kinds; ``without`` leaves out whole priorities."""
        return sum(
            self.frontier.due_count(
                self._scope.site.name,
                self._started_at,
                languages=self._languages,
                sections=self._sections,
                kind=kind,
                without=without,
            )
            for kind in kinds
        )

    def planned(self) -> int:
        """Number of known pages that the run will request within its limits. It counts rows: do not call it often."""
        new = self.due_count("article", without=(CANDIDATE, REVISIT))
        revisits = self.due_count("article") - new
        if self.revisits is not None:
            revisits = min(revisits, max(0, self.revisits - self._revisited))
        articles = new + revisits + (self.backlog.left if self.backlog else 0)
        if self._scope.limit is not None:
            articles = min(articles, max(0, self._scope.limit - self.articles))
        pages = articles + self.due_count("listing", "feed", "sitemap")
        return pages if self._scope.requests is None else min(pages, max(0, self._scope.requests - self.requests))

    def remaining(self) -> Remaining:
        """The remaining work, and the limit that explains it."""
        return Remaining(
            articles=self.due_count("article"),
            lists=self.due_count("listing", "feed", "sitemap"),
            broken_lists=self.frontier.count_broken_lists(
                self._scope.site.name,
                [source.name for source in self._scope.sources],
                languages=self._languages,
                sections=self._sections,
            ),
            backlog=self.backlog.left if self.backlog else 0,
            requests=self._scope.requests if self.budget_used_up else None,
            limit=self._scope.limit if self.limit_reached else None,
            revisits=self.revisits if self.revisits_used_up else None,
        )

    def _add(self, entry: Entry) -> None:
        self.requests += 1
        self.articles += entry.kind == "article"
        self._revisited += _is_revisit(entry)
        self._in_flight[entry.url] = entry

    def _is_due(self, entry: Entry) -> bool:
        return (
            entry.language in self._languages
            and entry.section in self._sections
            and entry.due_at is not None
            and entry.due_at <= self._started_at
        )

    def _due_entries(self, size: int, revisits: int | None, without: tuple[int, ...] = (CANDIDATE,)) -> list[Entry]:
        """Return the due pages of highest priority, with at most ``revisits`` revisits."""
        articles = None if self._scope.limit is None else self._scope.limit - self.articles
        entries = self.frontier.due_entries(
            self._scope.site.name,
            self._started_at,
            size,
            languages=self._languages,
            sections=self._sections,
            exclude=[entry.id for entry in self._in_flight.values() if entry.id is not None],
            without=(*without, REVISIT) if revisits is not None and revisits <= 0 else without,
        )
        return _limit_revisits(revisits, _limit_articles(articles, entries))


def _least(*bounds: int | None, less: int) -> int | None:
    """The smallest bound minus ``less``; ``None`` without a bound."""
    return min((bound - less for bound in bounds if bound is not None), default=None)


def _is_revisit(entry: Entry) -> bool:
    return entry.kind == "article" and entry.article_id is not None


def _limit_revisits(limit: int | None, entries: list[Entry]) -> list[Entry]:
    """Drop the revisits beyond a limit."""
    if limit is None:
        return entries
    number = count(1)
    return [entry for entry in entries if not _is_revisit(entry) or next(number) <= limit]


def _limit_articles(limit: int | None, entries: Sequence[Entry]) -> list[Entry]:
    """Cut the entries after a number of articles; the rest stays due."""
    places = [place for place, entry in enumerate(entries) if entry.kind == "article"]
    return list(entries if limit is None or len(places) <= limit else entries[: places[limit]])
