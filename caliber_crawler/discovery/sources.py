"""Dispatches between the discovery sources: their seeds, and the entries that their lists lead to."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from caliber_crawler.archive import BEGINNING, Entry
from caliber_crawler.crawling.pagination import End
from caliber_crawler.crawling.scope import Scope
from caliber_crawler.discovery import cdx_indexes
from caliber_crawler.discovery.discoveries import Discoveries
from caliber_crawler.discovery.exploration import Explorer, exploration_seeds
from caliber_crawler.discovery.feeds import feed_entry, feeds
from caliber_crawler.discovery.healing import healed_seed
from caliber_crawler.discovery.links import follow_links
from caliber_crawler.discovery.listings import ListingPagination, first_pages
from caliber_crawler.discovery.post_ids import PostIdEnumeration
from caliber_crawler.discovery.search import result_pages
from caliber_crawler.discovery.sitemaps import (
    is_robots,
    may_be_missing,
    next_usual_sitemap,
    sitemap_entry,
    sitemaps,
    usual_sitemaps,
)
from caliber_crawler.discovery.start_page import start_page
from caliber_crawler.items import Capture, Extraction, Listing
from caliber_crawler.site import Exploration, Feed, Links, Listings, PostIds, Search, Sitemaps, StartPage

if TYPE_CHECKING:
    from caliber_crawler.crawling.run import CrawlRun


SITEMAPS_AT_ONCE = 1_000
"""Number of sitemaps of an index whose URLs are normalised together, before other work continues."""
MAX_DEFERRED_RUNS = 20
"""Number of later runs for which sitemaps beyond a run's limit are scheduled; the rest are dropped."""
DUE_TOLERANCE = 0.9
"""Share of the interval between two visits of a list after which it is due for ``caliber crawl --due``."""


def seeds(scope: Scope, started_at: datetime) -> Iterator[tuple[Entry, timedelta]]:
    """The seed URLs of a scope, each with the interval after which it is due again."""
    for source in scope.sources:
        match source:
            case Listings():
                yield from ((entry, source.every) for entry in first_pages(scope, started_at))
            case Feed():
                yield from ((entry, source.every) for entry in feeds(source, scope, started_at))
            case Sitemaps():
                yield from ((entry, source.every) for entry in sitemaps(source, scope, started_at))
            case StartPage():
                yield start_page(source, scope, started_at), timedelta()
            case Exploration():
                yield from ((entry, timedelta()) for entry in exploration_seeds(source, scope, started_at))
            case Search():
                yield from ((entry, timedelta()) for entry in result_pages(source, scope, started_at))


def due_seeds(run: CrawlRun) -> list[Entry]:
    """The seed URLs of a run, healed as earlier runs found; with ``--due`` only those that are due again."""
    found = []
    for stated, every in seeds(run.scope, run.started_at):
        entry = healed_seed(stated, run)
        known = run.archive.frontier.get(entry.url) if run.scope.due_only else None
        # Schedules are not exact: without a tolerance, a list that is almost due would be skipped every other time. A
        # visit in the future was dated by a clock that was wrong, and must not stop discovery until then.
        waits = DUE_TOLERANCE * every
        if known is None or known.visited_at is None or not timedelta() <= run.started_at - known.visited_at < waits:
            found.append(entry)
    return found


class Discovery:
    """Processes the lists of a run, and the links in its articles."""

    def __init__(self, run: CrawlRun) -> None:
        self._run = run
        self._discoveries = Discoveries(run)
        self._pagination = ListingPagination(run, self._discoveries)
        self._links = next((source for source in run.scope.sources if isinstance(source, Links)), None)
        post_ids = next((source for source in run.scope.sources if isinstance(source, PostIds)), None)
        if post_ids is not None:
            run.dispatcher.backlog = PostIdEnumeration(post_ids, run, self._discoveries)
        exploration = next((source for source in run.scope.sources if isinstance(source, Exploration)), None)
        self.explorer = Explorer(exploration, run, self._discoveries) if exploration is not None else None
        if self.explorer is None:
            run.settlement.observe = self._observe

    async def process(self, listing: Listing) -> End | None:
        """Commit the articles that a page names, many of them in portions. Otherwise the same as :meth:`advance`."""
        entry = self._run.archive.frontier.get(listing.capture.url)
        if entry is not None and self._is_certain(listing, entry):
            await self._discoveries.add_ahead(
                listing.teasers,
                entry.discovered_via,
                found_on=entry.url,
                language=entry.language,
                section=entry.section,
            )
        if len(listing.sitemaps) > SITEMAPS_AT_ONCE and entry is not None and not cdx_indexes.is_index(entry):
            listing = await self._with_fewer_sitemaps(listing)
        return await self._run.settlement.commits(partial(self.advance, listing))

    async def _with_fewer_sitemaps(self, listing: Listing) -> Listing:
        """The listing with as many of its sitemaps as this run and later ones can fetch, in the order of fetching."""
        site, own = self._run.scope.site, list[str]()
        for begin in range(0, len(listing.sitemaps), SITEMAPS_AT_ONCE):
            urls = map(site.normal_url, listing.sitemaps[begin : begin + SITEMAPS_AT_ONCE])
            own += [url for url in urls if site.owns(url)]
            await asyncio.sleep(0)
        self._run.accounts.counts["not_articles"] += len(listing.sitemaps) - len(own)
        known = self._run.archive.traversals.last_visits(own)
        own.sort(key=lambda url: known.get(url) or BEGINNING)
        return replace(listing, sitemaps=tuple(own[: (MAX_DEFERRED_RUNS + 1) * self._sitemaps().max_sitemaps]))

    def _sitemaps(self) -> Sitemaps:
        return next((source for source in self._run.scope.site.sources if isinstance(source, Sitemaps)), Sitemaps())

    def _is_certain(self, listing: Listing, entry: Entry) -> bool:
        """Whether every teaser of a page is committed, whatever the pagination decides."""
        if listing.missing is not None:
            return False
        paginated = entry.kind == "listing" and entry.discovered_via not in (StartPage.name, Exploration.name)
        return not paginated or not (listing.guessed or self._run.scope.window.since)

    def advance(self, listing: Listing) -> End | None:
        """Commit the articles that a page names. Return the reason if the traversal of a listing ends with it.

        Raises ``LookupError`` for a page that was fetched without being in the frontier.
        """
        entry = self._run.archive.frontier.get(listing.capture.url)
        if entry is None:
            raise LookupError(f"{listing.capture.url} was fetched without being in the frontier")
        if listing.missing is not None and may_be_missing(entry, self._run.scope.site):
            self._run.accounts.counts["sitemaps_missing"] += 1
            started_at = entry.traversal_started_at or self._run.started_at
            self._run.archive.frontier.add(
                list(
                    next_usual_sitemap(
                        entry,
                        self._run.scope.site,
                        started_at,
                        is_wordpress=self.explorer is None or self.explorer.is_wordpress,
                    )
                ),
                self._run.id,
            )
            listing = replace(listing, missing=None)
        if listing.missing is not None and not self._pagination.ends_when_missing(entry):
            if entry.page_number > 1:
                self._pagination.heal_page(entry, listing.missing.reason)
            else:
                self._pagination.healing.list_failed(entry, listing.missing.message.rstrip("."))
            self._run.settlement.reject(listing.capture, listing.missing)
            self._pagination.mark_incomplete(entry)
            return None
        for name in ("", f"_{entry.discovered_via}"):
            self._run.accounts.counts[f"listing_pages{name}"] += 1
            self._run.accounts.counts[f"teasers{name}"] += len(listing.teasers)
        if entry.discovered_via == Listings.name and entry.page_number == 1 and listing.teasers:
            self._run.accounts.counts["listings_begun"] += 1
            self._run.accounts.counts["listings_guessed"] += listing.guessed
        self._run.accounts.counts["not_articles"] += listing.not_articles
        self._run.accounts.counts["invalid_entries"] += listing.invalid_entries
        self._run.accounts.counts["articles_on_lists"] += listing.extraction is not None
        self._pagination.healing.list_processed(listing, entry)
        for warning in listing.warnings:
            self._run.accounts.record_problem(warning, listing.capture)
            if warning.reason == "article_path_unlike":
                self._run.accounts.causes.append(warning)
        if entry.discovered_via in (StartPage.name, Exploration.name):
            self._pagination.healing.learn(listing, entry)
            self._commit(listing, entry)
            return None
        if entry.kind == "listing":
            return self._pagination.advance(listing, entry)
        self._commit(listing, entry)
        return None

    def _observe(self, capture: Capture, outcome: str) -> None:
        """Replace a feed or sitemap of the site definition that is gone."""
        entry = self._run.dispatcher.entry(capture.url)
        if entry is not None and capture.kind == "listing" and outcome in ("failed", "refused"):
            if self._pagination.healing.is_tried(entry):
                self._pagination.healing.guess_failed(entry, f"status {capture.status}")
            return
        if capture.kind in ("feed", "sitemap") and outcome in ("refused", "missing") and entry is not None:
            is_page = capture.status is None or capture.status < 400
            status = f"it is not a {capture.kind}" if is_page else f"status {capture.status}"
            self._pagination.healing.list_failed(entry, status)

    def follow(self, extraction: Extraction) -> None:
        """Commit the articles that an article links to, if links are a discovery source of this run."""
        if self._links is not None:
            entry = self._run.archive.frontier.get(extraction.capture.url)
            if entry is not None:
                follow_links(self._links, extraction, entry, self._discoveries, self._run.scope.site)

    def _commit(self, listing: Listing, entry: Entry) -> None:
        capture, frontier = listing.capture, self._run.archive.frontier
        with self._run.archive.transaction():
            self._discoveries.add(
                listing.teasers,
                entry.discovered_via,
                found_on=entry.url,
                language=entry.language,
                section=entry.section,
            )
            frontier.add([*self._sitemap_entries(listing, entry), *self._feed_entries(listing, entry)], self._run.id)
            self._discoveries.mark_fetched(capture)
            if listing.cut:
                self._pagination.mark_incomplete(entry)
            self._run.settlement.mark_done(capture, "incomplete" if listing.cut else "traversed")

    def _feed_entries(self, listing: Listing, entry: Entry) -> list[Entry]:
        traversal_started_at = entry.traversal_started_at or self._run.started_at
        return [feed_entry(url, self._run.scope.site, entry.url, traversal_started_at) for url in listing.feeds]

    def _sitemap_entries(self, listing: Listing, entry: Entry) -> list[Entry]:
        if cdx_indexes.is_index(entry):
            return cdx_indexes.following(listing, entry)
        source = self._sitemaps()
        site, counts = self._run.scope.site, self._run.accounts.counts
        printed = {site.normal_url(each): each for each in reversed(listing.sitemaps) if site.owns(each)}
        own = list(reversed(printed))
        counts["not_articles"] += len(listing.sitemaps) - len(own)
        room = max(0, source.max_sitemaps - counts["sitemaps"])
        traversal_started_at = entry.traversal_started_at or self._run.started_at
        known = self._run.archive.traversals.last_visits(own)
        # Sitemaps that were never fetched come first, so that each has its turn.
        own.sort(key=lambda url: known.get(url) or BEGINNING)
        later = [url for url in own[room:] if url not in known][: MAX_DEFERRED_RUNS * source.max_sitemaps]
        counts["sitemaps"] += min(room, len(own))
        counts["sitemaps_deferred"] += len(later)
        entries = [sitemap_entry(printed[url], site, entry.url, traversal_started_at) for url in own[:room]]
        for position, url in enumerate(later):
            due_at = self._run.started_at + source.every * (position // max(1, source.max_sitemaps) + 1)
            entries.append(replace(sitemap_entry(printed[url], site, entry.url, traversal_started_at), due_at=due_at))
        if not listing.sitemaps and is_robots(entry) and not site.has_layouts:
            entries += usual_sitemaps(site, traversal_started_at)
        return entries
