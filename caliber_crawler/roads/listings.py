"""The walk through a site's listings, committed batch by batch: a crawl killed anywhere goes on where it was."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from caliber_crawler.archive import BEGINNING, Entry
from caliber_crawler.crawling.scope import Scope
from caliber_crawler.crawling.traps import Sightings
from caliber_crawler.crawling.walk import End, step
from caliber_crawler.items import Listing
from caliber_crawler.roads.finds import LATER_BATCH, LIST, Finds
from caliber_crawler.site import Search

if TYPE_CHECKING:
    from caliber_crawler.crawling.run import CrawlRun


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
                    road="listing",
                    priority=LIST,
                    due_at=started_at,
                    walk=started_at,
                )


class ListingWalk:
    """Takes the batches of a run's listings as they come in, search results among them."""

    def __init__(self, run: CrawlRun, finds: Finds) -> None:
        self._run = run
        self._finds = finds
        self._frontier = run.archive.frontier
        self._window = run.scope.window
        # After a kill, two walks through one listing may be under way: the old one, further down, and a new one.
        self._seen: defaultdict[tuple[str, datetime | None], Sightings] = defaultdict(Sightings)

    def advance(self, listing: Listing, entry: Entry) -> End | None:
        """Commit a batch's cards and, where the walk goes on, the request for the next batch.

        Gives the reason when the walk ends here.
        """
        capture = listing.capture
        start = _start(entry)
        judged = step(
            listing.cards,
            window=self._window,
            ground=self._ground(entry, listing),
            repeats=self._seen[start, entry.walk].repeats([card.url for card in listing.cards]),
            first=entry.batch == 1 and entry.road != "search",
        )
        next_url = listing.next_url or self._batch_url(entry)
        last = End.CUT if listing.cut else End.LAST_BATCH
        end = judged.end or (last if next_url is None or listing.ended else self._trapped(next_url, entry))
        with self._run.archive.transaction():
            self._finds.add(listing.cards, entry, entry.road)
            self._frontier.done(
                capture.url,
                capture.fetched_at,
                status=capture.status,
                etag=capture.header("etag"),
                last_modified=capture.header("last-modified"),
            )
            if end is None:
                self._frontier.add([self._following(next_url, entry)], self._run.id)
            elif end.complete:
                self._frontier.set_walked(start, self._window.since or BEGINNING)
            self._run.settle(capture, "walked" if end in (None, End.CUT) or end.complete else end.name)
        return end

    def _trapped(self, next_url: str, entry: Entry) -> End | None:
        """Does the next batch lead back to where this walk has been, or on and on?"""
        known = self._frontier.get(next_url)
        if known is not None and known.state == "done" and known.walk is not None and known.walk == entry.walk:
            return End.REPEATS
        bound = self._run.scope.bounds.batches
        return End.ENDLESS if bound and entry.batch >= bound else None

    def _ground(self, entry: Entry, listing: Listing) -> Collection[str]:
        """Known cards end a walk only where an earlier walk has already been to where this one is going.

        Known is what that walk could know: articles that a feed brought since then may hide others between them.
        """
        start = _start(entry)
        walked, walked_at = self._frontier.walked(start), self._frontier.walked_at(start)
        if walked is None or walked_at is None or walked > (self._window.since or BEGINNING):
            return ()
        before = min(walked_at, entry.walk) if entry.walk else walked_at
        return self._frontier.known([card.url for card in listing.cards], before=before)

    def _batch_url(self, entry: Entry) -> str | None:
        site, start, batch = self._run.scope.site, _start(entry), entry.batch + 1
        if entry.road != "search":
            return site.batch_url(start, batch, entry.section)
        search = next((road for road in site.roads if isinstance(road, Search)), None)
        return urljoin(start, search.more.format(page=batch)) if search and search.more else None

    def _following(self, next_url: str | None, entry: Entry) -> Entry:
        assert next_url is not None
        return replace(
            entry,
            id=None,
            discovered_at=None,
            url=next_url,
            discovered_on=_start(entry),
            priority=LATER_BATCH,
            due_at=self._run.started_at,
            batch=entry.batch + 1,
        )


def _start(entry: Entry) -> str:
    """The address of the listing that an entry is a batch of."""
    return entry.url if entry.batch == 1 else entry.discovered_on or entry.url
