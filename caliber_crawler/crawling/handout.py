"""The hand-out: what is due of what a run was asked for, most urgent first, each page once."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from itertools import count
from typing import TYPE_CHECKING, Protocol

from caliber_crawler.archive import Entry
from caliber_crawler.crawling.scope import Scope
from caliber_crawler.items import PageKind
from caliber_crawler.revisit import REVISIT

if TYPE_CHECKING:
    from caliber_crawler.archive.frontier import Frontier


class Reserve(Protocol):
    """Work that enters the frontier only when there is no other."""

    @property
    def left(self) -> int:
        """How many addresses are still held back."""
        ...

    def release(self) -> bool:
        """Commit some more of them; false when there are none."""
        ...


class Handout:
    """Hands out entries of the frontier, and remembers them until it is known what came of each.

    At most ``revisits`` articles are handed out that were visited before; no limit when ``None``. They take no more
    than half of a limit of articles while there is anything else to do.
    """

    def __init__(self, frontier: Frontier, scope: Scope, started_at: datetime, *, revisits: int | None = None) -> None:
        self._frontier = frontier
        self._scope = scope
        # Of some addresses neither is known.
        self._languages, self._sections = (*scope.languages, None), (*scope.sections, None)
        self._started_at = started_at
        self.revisits = revisits
        self.reserve: Reserve | None = None
        self._in_flight: dict[str, Entry] = {}
        self._kept: set[str] = set()
        self._articles = self._revisited = 0

    def take(self, most: int) -> list[Entry]:
        """The next pages that are due, at most so many."""
        if self.limit_reached:
            return []
        half = None if self._scope.limit is None else (self._scope.limit + 1) // 2
        taken = self._chosen(most, _least(self.revisits, half, less=self._revisited))
        while not taken and self.reserve is not None and self.reserve.release():
            taken = self._chosen(most, _least(self.revisits, half, less=self._revisited))
        if not taken and all(entry.kind == "article" for entry in self._in_flight.values()):
            # There is nothing else to do, and nothing under way that could name more.
            taken = self._chosen(most, _least(self.revisits, less=self._revisited))
        self._articles += sum(entry.kind == "article" for entry in taken)
        self._revisited += sum(map(_is_revisit, taken))
        self._in_flight.update({entry.url: entry for entry in taken})
        return taken

    def take_up(self, urls: Iterable[str]) -> list[Entry]:
        """Hand out pages that are there already, of those that are due and asked for."""
        taken = []
        for entry in map(self._frontier.get, urls):
            if entry is not None and self._is_asked_for(entry) and not self.limit_reached:
                taken.append(entry)
                self._articles += 1
                self._revisited += _is_revisit(entry)
                self._in_flight[entry.url] = entry
                self._kept.add(entry.url)
        return taken

    def keep(self, url: str) -> None:
        """A page that was handed out is in the archive; an article's need not be fetched again, whatever happens."""
        if url in self._in_flight:
            self._kept.add(url)

    def entry(self, url: str) -> Entry | None:
        """The entry of a page that was handed out, as it was then."""
        return self._in_flight.get(url)

    @property
    def under_way(self) -> Collection[str]:
        """Addresses of pages that were handed out, and of which it is not committed yet what came of them."""
        return self._in_flight.keys()

    def __len__(self) -> int:
        """Pages that were handed out, and of which it is not committed yet what came of them."""
        return len(self._in_flight)

    @property
    def unfetched(self) -> int:
        """Those of them that are not in the archive yet."""
        return len(self._in_flight) - len(self._kept)

    def let_go(self, url: str) -> None:
        """Done with a page, or never asked for it: in that case it is due as before."""
        self._in_flight.pop(url, None)
        self._kept.discard(url)

    def pass_by(self, url: str) -> None:
        """An article's page need not be asked for, so it takes nothing of the limit."""
        self._articles -= url in self._in_flight
        self.let_go(url)

    @property
    def limit_reached(self) -> bool:
        """Were as many articles handed out as were asked for?"""
        return self._scope.limit is not None and self._articles >= self._scope.limit

    @property
    def revisits_used_up(self) -> bool:
        """Were as many articles visited again as may be?"""
        return self.revisits is not None and self._revisited >= self.revisits

    def due(self, *kinds: PageKind) -> int:
        """How many pages of these kinds are due."""
        return sum(
            self._frontier.due_count(
                self._scope.site.name,
                self._started_at,
                languages=self._languages,
                sections=self._sections,
                kind=kind,
            )
            for kind in kinds
        )

    def _is_asked_for(self, entry: Entry) -> bool:
        return (
            entry.language in self._languages
            and entry.section in self._sections
            and entry.due_at is not None
            and entry.due_at <= self._started_at
        )

    def _chosen(self, most: int, revisits: int | None) -> list[Entry]:
        """The most urgent pages, at most so many further visits among them."""
        articles = None if self._scope.limit is None else self._scope.limit - self._articles
        entries = self._frontier.take(
            self._scope.site.name,
            self._started_at,
            most,
            languages=self._languages,
            sections=self._sections,
            exclude=[entry.id for entry in self._in_flight.values() if entry.id is not None],
            without=(REVISIT,) if revisits is not None and revisits <= 0 else (),
        )
        return _with_few_revisits(revisits, _at_most(articles, entries))


def _least(*bounds: int | None, less: int) -> int | None:
    """What the narrowest of some bounds leaves."""
    return min((bound - less for bound in bounds if bound is not None), default=None)


def _is_revisit(entry: Entry) -> bool:
    return entry.kind == "article" and entry.article_id is not None


def _with_few_revisits(most: int | None, entries: list[Entry]) -> list[Entry]:
    """The entries without the revisits beyond so many."""
    if most is None:
        return entries
    left = count(1)
    return [entry for entry in entries if not _is_revisit(entry) or next(left) <= most]


def _at_most(articles: int | None, entries: Sequence[Entry]) -> list[Entry]:
    """The entries up to so many articles; what stands behind the last of them waits."""
    places = [place for place, entry in enumerate(entries) if entry.kind == "article"]
    return list(entries if articles is None or len(places) <= articles else entries[: places[articles]])
