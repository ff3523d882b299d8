"""The walk through a site's listings, committed batch by batch: a crawl killed anywhere goes on where it was."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from datetime import datetime

from caliber_crawler.archive import BEGINNING, Entry
from caliber_crawler.crawl_run import CrawlRun, Scope
from caliber_crawler.items import Listing
from caliber_crawler.walk import End, step

FIRST_BATCH, NEW_ARTICLE, LATER_BATCH = 100, 50, 40
"""Priorities in the frontier: the newest cards, then their articles, then older cards."""


def first_batches(scope: Scope, started_at: datetime) -> Iterator[Entry]:
    """The listings of every asked-for edition and section, from their first batch."""
    for language in scope.languages:
        edition = scope.site.edition(language)
        assert edition is not None
        for section in scope.sections:
            if section in edition.sections:
                yield Entry(
                    url=scope.site.listing_url(edition, section),
                    site=scope.site.name,
                    kind="listing",
                    language=edition.language,
                    section=section,
                    road="seed",
                    priority=FIRST_BATCH,
                    due_at=started_at,
                    walk=started_at,
                )


class ListingWalk:
    """Takes the batches of a run's listings as they come in."""

    def __init__(self, run: CrawlRun) -> None:
        self._run = run
        self._frontier = run.archive.frontier
        self._window = run.scope.window
        self._previous: dict[str, tuple[str, ...]] = {}
        self._held: set[str] = set()

    def advance(self, listing: Listing) -> End | None:
        """Commit a batch's cards and, where the walk goes on, the request for the next batch.

        Gives the reason when the walk ends here.
        """
        capture = listing.capture
        entry = self._frontier.get(capture.url)
        if entry is None:
            raise LookupError(f"{capture.url} was fetched without being in the frontier")
        start = _start(entry)
        judged = step(
            listing.cards,
            window=self._window,
            ground=self._ground(entry, listing),
            previous=self._previous.get(start),
            first=entry.batch == 1,
        )
        next_url = listing.next_url or self._run.scope.site.batch_url(start, entry.batch + 1)
        end = judged.end or (End.LAST_BATCH if next_url is None else None)
        self._previous[start] = tuple(card.url for card in listing.cards)
        with self._run.archive.transaction():
            found = [self._article(card.url, entry) for card in judged.wanted]
            new = {article.url for article in self._frontier.add(found, self._run.id)}
            self._frontier.done(capture.url, capture.fetched_at, status=capture.status)
            if end is None:
                self._frontier.add([self._following(next_url, entry)], self._run.id)
            elif end.complete:
                self._frontier.set_walked(start, self._window.since or BEGINNING)
            self._run.settle(capture, "walked" if end is None or end.complete else end.name)
        self._count(found, new, outside=len(listing.cards) - len(judged.wanted))
        return end

    def _ground(self, entry: Entry, listing: Listing) -> Collection[str]:
        """Known cards end a walk only where an earlier walk has already been to where this one is going."""
        walked = self._frontier.walked(_start(entry))
        if walked is None or walked > (self._window.since or BEGINNING):
            return ()
        return self._frontier.known([card.url for card in listing.cards], before=entry.walk)

    def _article(self, url: str, listing: Entry) -> Entry:
        return Entry(
            url=url,
            site=listing.site,
            kind="article",
            language=listing.language,
            section=listing.section,
            discovered_on=listing.url,
            road="listing",
            priority=NEW_ARTICLE,
            due_at=self._run.started_at,
        )

    def _following(self, next_url: str | None, entry: Entry) -> Entry:
        assert next_url is not None
        return replace(
            entry,
            id=None,
            discovered_at=None,
            url=next_url,
            discovered_on=_start(entry),
            road="listing",
            priority=LATER_BATCH,
            due_at=self._run.started_at,
            batch=entry.batch + 1,
        )

    def _count(self, found: list[Entry], new: Collection[str], *, outside: int) -> None:
        counts = self._run.counts
        counts["listing_pages"] += 1
        counts["outside_window"] += outside
        counts["found"] += len(new)
        counts["discovered"] += len(new)
        for entry in found:
            if entry.url not in new and entry.url not in self._held and self._is_held(entry.url):
                self._held.add(entry.url)
                for name in ("discovered", "unchanged", "held"):
                    counts[name] += 1

    def _is_held(self, url: str) -> bool:
        """Known before this run, and neither visited in it nor due."""
        known, started_at = self._frontier.get(url), self._run.started_at
        return (
            known is not None
            and (known.discovered_at is None or known.discovered_at < started_at)
            and (known.visited_at is None or known.visited_at < started_at)
            and (known.due_at is None or known.due_at > started_at)
        )


def _start(entry: Entry) -> str:
    """The address of the listing that an entry is a batch of."""
    return entry.url if entry.batch == 1 else entry.discovered_on or entry.url
