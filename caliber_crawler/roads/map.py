"""Which road does what: where each begins, how the pages on it are read, what they lead to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from caliber_crawler.archive import BEGINNING, Entry
from caliber_crawler.crawling.scope import Scope
from caliber_crawler.crawling.walk import End
from caliber_crawler.items import SCROLLED, Capture, Listing, Reading
from caliber_crawler.reading import read_listing
from caliber_crawler.roads import archive_indexes
from caliber_crawler.roads.feeds import feed_entry, feeds, named_feeds, read_feed
from caliber_crawler.roads.finds import Finds
from caliber_crawler.roads.json_cards import dig, parse_json, read_json_cards
from caliber_crawler.roads.links import follow_links
from caliber_crawler.roads.listings import ListingWalk, first_batches
from caliber_crawler.roads.numbers import NumberWalk
from caliber_crawler.roads.search import result_pages
from caliber_crawler.roads.sitemaps import map_entry, read_sitemap, sitemaps
from caliber_crawler.roads.start_page import start_page
from caliber_crawler.site import Feed, Links, Listings, Numbers, Search, Site, Sitemaps, StartPage

if TYPE_CHECKING:
    from caliber_crawler.crawling.run import CrawlRun


MOST_LATER = 20
"""Of the site maps beyond those that a run may read, those of so many further runs are remembered."""
NEARLY = 0.9
"""Share of the time between two visits of a list after which it is due for ``caliber crawl --due``."""


def seeds(scope: Scope, started_at: datetime) -> Iterator[tuple[Entry, timedelta]]:
    """The pages on which the roads of a scope begin, and after how long each is due again."""
    for road in scope.roads:
        match road:
            case Listings():
                yield from ((entry, road.every) for entry in first_batches(scope, started_at))
            case Feed():
                yield from ((entry, road.every) for entry in feeds(road, scope, started_at))
            case Sitemaps():
                yield from ((entry, road.every) for entry in sitemaps(road, scope, started_at))
            case StartPage():
                yield start_page(road, scope, started_at), timedelta()
            case Search():
                yield from ((entry, timedelta()) for entry in result_pages(road, scope, started_at))


def due_seeds(run: CrawlRun) -> list[Entry]:
    """Where the roads of a run begin: all of them, or, when only what is due is asked for, those that are due again."""
    found = []
    for entry, every in seeds(run.scope, run.started_at):
        known = run.archive.frontier.get(entry.url) if run.scope.due_only else None
        # A timetable is not kept to the second: a list that is nearly due would else be left out every other time.
        if known is None or known.visited_at is None or known.visited_at + NEARLY * every <= run.started_at:
            found.append(entry)
    return found


def read_list(capture: Capture, site: Site) -> Listing:
    """What a page that names articles names: a batch of a listing, a feed, a site map. Raises ``Unreadable``."""
    match capture.kind:
        case "feed":
            return read_feed(capture, site)
        case "sitemap":
            read = archive_indexes.read_index if archive_indexes.names_index(capture.url) else read_sitemap
            return read(capture, site)
    if any(name == SCROLLED and "cut" in value for name, value in capture.headers):
        return replace(read_listing(capture, site), cut=True)
    if not site.described:
        # Nobody has written down where its feeds are: the page that was named may tell.
        return replace(read_listing(capture, site), feeds=named_feeds(capture, site))
    data = parse_json(capture)
    layout = site.listing
    if data is None or layout is None:
        return read_listing(capture, site)
    ended = bool(layout.last) and not dig(data, layout.last)
    if layout.json is None:
        listing = read_listing(capture, site)
        return replace(listing, ended=ended or listing.ended)
    cards = read_json_cards(data, capture, site, layout.json)
    return Listing(capture=capture, cards=cards, ended=ended)


def _last_read(entry: Entry | None) -> datetime:
    return (entry.visited_at if entry else None) or BEGINNING


class Roads:
    """What a run does with the pages that name articles, and with the links in articles."""

    def __init__(self, run: CrawlRun) -> None:
        self._run = run
        self._finds = Finds(run)
        self._walk = ListingWalk(run, self._finds)
        self._links = next((road for road in run.scope.roads if isinstance(road, Links)), None)
        numbers = next((road for road in run.scope.roads if isinstance(road, Numbers)), None)
        if numbers is not None:
            run.dispatcher.backlog = NumberWalk(numbers, run, self._finds)

    def advance(self, listing: Listing) -> End | None:
        """Commit what a page names; gives the reason when the walk through a listing ends with it.

        Raises ``LookupError`` for a page that was fetched without being in the frontier.
        """
        entry = self._run.archive.frontier.get(listing.capture.url)
        if entry is None:
            raise LookupError(f"{listing.capture.url} was fetched without being in the frontier")
        if listing.missing is not None and not self._walk.ends_before(entry):
            self._run.settlement.reject(listing.capture, listing.missing)
            self._walk.break_off(entry)
            return None
        for name in ("", f"_{entry.road}"):
            self._run.accounts.counts[f"listing_pages{name}"] += 1
            self._run.accounts.counts[f"cards{name}"] += len(listing.cards)
        self._run.accounts.counts["passed_over"] += listing.passed_over
        if entry.road == StartPage.name:
            self._take(listing, entry)
            return None
        if entry.kind == "listing":
            return self._walk.advance(listing, entry)
        self._take(listing, entry)
        return None

    def follow(self, reading: Reading) -> None:
        """Commit the articles that an article links to, where links are a road of this run."""
        if self._links is not None:
            entry = self._run.archive.frontier.get(reading.capture.url)
            if entry is not None:
                follow_links(self._links, reading.article, entry, self._finds, self._run.scope.site)

    def _take(self, listing: Listing, entry: Entry) -> None:
        capture, frontier = listing.capture, self._run.archive.frontier
        with self._run.archive.transaction():
            self._finds.add(
                listing.cards, entry.road, found_on=entry.url, language=entry.language, section=entry.section
            )
            frontier.add([*self._maps(listing, entry), *self._feeds(listing, entry)], self._run.id)
            self._finds.mark_read(capture)
            self._run.settlement.mark_done(capture, "walked")

    def _feeds(self, listing: Listing, entry: Entry) -> list[Entry]:
        walk = entry.walk or self._run.started_at
        return [feed_entry(url, self._run.scope.site, entry.url, walk) for url in listing.feeds]

    def _maps(self, listing: Listing, entry: Entry) -> list[Entry]:
        if archive_indexes.is_index(entry):
            return archive_indexes.following(listing, entry)
        road = next((road for road in self._run.scope.site.roads if isinstance(road, Sitemaps)), Sitemaps())
        site, counts = self._run.scope.site, self._run.accounts.counts
        own = [url for url in map(site.normal_url, listing.maps) if site.owns(url)]
        counts["passed_over"] += len(listing.maps) - len(own)
        room, walk = max(0, road.most - counts["sitemaps"]), entry.walk or self._run.started_at
        known = {url: self._run.archive.frontier.get(url) for url in own}
        # The ones that were never read come first, so that all have their turn.
        own.sort(key=lambda url: _last_read(known[url]))
        later = [url for url in own[room:] if known[url] is None][: MOST_LATER * road.most]
        counts["sitemaps"] += min(room, len(own))
        counts["sitemaps_later"] += len(later)
        entries = [map_entry(url, site, entry.url, walk) for url in own[:room]]
        for place, url in enumerate(later):
            due_at = self._run.started_at + road.every * (place // max(1, road.most) + 1)
            entries.append(replace(map_entry(url, site, entry.url, walk), due_at=due_at))
        return entries
