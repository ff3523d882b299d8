"""What a list of articles leads to: addresses in the frontier, each with the road and the page it was found on."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from caliber_crawler.archive import Entry
from caliber_crawler.crawling.run import CrawlRun
from caliber_crawler.items import Card

LIST, LATER_BATCH = 100, 40
"""Priorities of pages that name articles: the newest cards before any article, older ones after them."""
PRIORITIES = {
    "listing": 50,
    "feed": 50,
    "page": 45,
    "url_list": 45,
    "search": 30,
    "sitemap": 30,
    "links": 30,
    "cdx": 20,
    "numbers": 10,
}
"""Priorities of articles by road: news before back-fill."""


class Finds:
    """Adds the articles that lists name to a run's frontier, and keeps the accounts of them.

    An article that is known to lie outside the languages, sections or dates asked for is passed over; one of which the
    list does not tell is followed, for it may be one of those asked for.
    """

    def __init__(self, run: CrawlRun) -> None:
        self._run = run
        self._frontier = run.archive.frontier
        self._held: set[str] = set()

    def add(self, cards: Collection[Card], source: Entry, road: str, *, depth: int = 1) -> None:
        """Commit what these cards name; ``source`` is the page they stand on, its section theirs where it has one."""
        scope = self._run.scope
        entries = [self._entry(card, source, road, depth) for card in cards if scope.window.holds(card.published_at)]
        wanted = [entry for entry in entries if scope.covers(entry.language, entry.section)]
        self.commit(wanted)
        self._run.counts["outside_scope"] += len(cards) - len(wanted)

    def commit(self, entries: Collection[Entry]) -> None:
        """Add article entries as they are."""
        new = {entry.url for entry in self._frontier.add(entries, self._run.id)}
        counts = self._run.counts
        counts["found"] += len(new)
        counts["discovered"] += len(new)
        self._count_held(entry.url for entry in entries if entry.url not in new)

    def _entry(self, card: Card, source: Entry, road: str, depth: int) -> Entry:
        address = self._run.scope.site.address(card.url)
        return Entry(
            url=card.url,
            site=source.site,
            kind="article",
            language=source.language or (address.language if address else None),
            section=source.section or card.section,
            discovered_on=source.url,
            road=road,
            priority=PRIORITIES[road],
            due_at=self._run.started_at,
            batch=depth,
        )

    def _count_held(self, urls: Iterable[str]) -> None:
        for url in urls:
            if url not in self._held and self._is_held(url):
                self._held.add(url)
                for name in ("discovered", "unchanged", "held"):
                    self._run.counts[name] += 1

    def _is_held(self, url: str) -> bool:
        """Known before this run, and neither visited in it nor due."""
        known, started_at = self._frontier.get(url), self._run.started_at
        return (
            known is not None
            and (known.discovered_at is None or known.discovered_at < started_at)
            and (known.visited_at is None or known.visited_at < started_at)
            and (known.due_at is None or known.due_at > started_at)
        )
