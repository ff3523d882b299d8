"""The dispatcher: decides which due pages of the frontier are requested next, and tracks those in flight."""

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
        """Add some of them to the frontier; ``False`` when there are none."""
        ...


class Dispatcher:
    """Hands out due entries of the frontier, each once, and holds them until their outcome is committed.

    ``revisits`` is the maximum number of articles to visit again; ``None`` means no limit. Revisits use at most half of
    the scope's limit of articles while there is other work.
    """

    def __init__(self, frontier: Frontier, scope: Scope, started_at: datetime, *, revisits: int | None = None) -> None:
        self.frontier = frontier
        self.revisits = revisits
        self.backlog: Backlog | None = None
        self._scope = scope
        # Of some URLs neither language nor section is known.
        self._languages, self._sections = (*scope.languages, None), (*scope.sections, None)
        self._started_at = started_at
        self._in_flight: dict[str, Entry] = {}
        self._stored: set[str] = set()
        self._articles = self._revisited = 0

    def next_batch(self, size: int) -> list[Entry]:
        """The next due pages, at most ``size``, most urgent first."""
        if self.limit_reached:
            return []
        half = None if self._scope.limit is None else (self._scope.limit + 1) // 2
        batch = self._due_entries(size, _least(self.revisits, half, less=self._revisited))
        while not batch and self.backlog is not None and self.backlog.enqueue():
            batch = self._due_entries(size, _least(self.revisits, half, less=self._revisited))
        if not batch and all(entry.kind == "article" for entry in self._in_flight.values()):
            # There is nothing else to do, and nothing in flight that could discover more.
            batch = self._due_entries(size, _least(self.revisits, less=self._revisited))
        for entry in batch:
            self._add(entry)
        return batch

    def resume(self, urls: Iterable[str]) -> list[Entry]:
        """Hand out pages that are stored already: those of ``urls`` that are due and in scope."""
        resumed = []
        for entry in map(self.frontier.get, urls):
            if entry is not None and self._is_due(entry) and not self.limit_reached:
                resumed.append(entry)
                self._add(entry)
                self._stored.add(entry.url)
        return resumed

    def mark_stored(self, url: str) -> None:
        """The page of an entry in flight is in the archive, so a killed crawl need not fetch it again."""
        if url in self._in_flight:
            self._stored.add(url)

    def entry(self, url: str) -> Entry | None:
        """The entry in flight for a URL, as it was when it was handed out."""
        return self._in_flight.get(url)

    @property
    def in_flight(self) -> Collection[str]:
        """URLs that were handed out and whose outcome is not committed."""
        return self._in_flight.keys()

    def __len__(self) -> int:
        """Number of entries in flight."""
        return len(self._in_flight)

    @property
    def unstored(self) -> int:
        """Number of entries in flight whose page is not in the archive yet."""
        return len(self._in_flight) - len(self._stored)

    def release(self, url: str) -> None:
        """Remove a page from those in flight; one that was never requested stays due."""
        self._in_flight.pop(url, None)
        self._stored.discard(url)

    def skip_alias(self, url: str) -> None:
        """Release an article's URL that need not be requested, so it does not count against the limit."""
        self._articles -= url in self._in_flight
        self.release(url)

    @property
    def limit_reached(self) -> bool:
        """Has the scope's maximum number of articles been handed out?"""
        return self._scope.limit is not None and self._articles >= self._scope.limit

    @property
    def revisits_used_up(self) -> bool:
        """Has the maximum number of revisits been handed out?"""
        return self.revisits is not None and self._revisited >= self.revisits

    @property
    def limits_reached(self) -> bool:
        """Did the run stop because it did all that its limits allow?"""
        return self.limit_reached or self.revisits_used_up

    def due_count(self, *kinds: PageKind) -> int:
        """Number of due pages of these kinds."""
        return sum(
            self.frontier.due_count(
                self._scope.site.name,
                self._started_at,
                languages=self._languages,
                sections=self._sections,
                kind=kind,
            )
            for kind in kinds
        )

    def remaining(self) -> Remaining:
        """The work that is left, and which limit explains it."""
        return Remaining(
            articles=self.due_count("article"),
            lists=self.due_count("listing", "feed", "sitemap"),
            backlog=self.backlog.left if self.backlog else 0,
            limit=self._scope.limit if self.limit_reached else None,
            revisits=self.revisits if self.revisits_used_up else None,
        )

    def _add(self, entry: Entry) -> None:
        self._articles += entry.kind == "article"
        self._revisited += _is_revisit(entry)
        self._in_flight[entry.url] = entry

    def _is_due(self, entry: Entry) -> bool:
        return (
            entry.language in self._languages
            and entry.section in self._sections
            and entry.due_at is not None
            and entry.due_at <= self._started_at
        )

    def _due_entries(self, size: int, revisits: int | None) -> list[Entry]:
        """The most urgent pages, at most ``revisits`` of them visited before."""
        articles = None if self._scope.limit is None else self._scope.limit - self._articles
        entries = self.frontier.due_entries(
            self._scope.site.name,
            self._started_at,
            size,
            languages=self._languages,
            sections=self._sections,
            exclude=[entry.id for entry in self._in_flight.values() if entry.id is not None],
            without=(REVISIT,) if revisits is not None and revisits <= 0 else (),
        )
        return _limit_revisits(revisits, _limit_articles(articles, entries))


def _least(*bounds: int | None, less: int) -> int | None:
    """The narrowest bound minus ``less``; ``None`` where there is no bound."""
    return min((bound - less for bound in bounds if bound is not None), default=None)


def _is_revisit(entry: Entry) -> bool:
    return entry.kind == "article" and entry.article_id is not None


def _limit_revisits(limit: int | None, entries: list[Entry]) -> list[Entry]:
    """The entries without the revisits beyond a limit."""
    if limit is None:
        return entries
    number = count(1)
    return [entry for entry in entries if not _is_revisit(entry) or next(number) <= limit]


def _limit_articles(limit: int | None, entries: Sequence[Entry]) -> list[Entry]:
    """The entries up to a number of articles; whatever follows the last of them waits."""
    places = [place for place, entry in enumerate(entries) if entry.kind == "article"]
    return list(entries if limit is None or len(places) <= limit else entries[: places[limit]])
