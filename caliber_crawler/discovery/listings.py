"""The walk through a site's listings, committed batch by batch: a crawl killed anywhere goes on where it was."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from caliber_crawler.archive import BEGINNING, Entry
from caliber_crawler.crawling.pagination import End, Window, decide_page
from caliber_crawler.crawling.scope import Scope
from caliber_crawler.crawling.traps import SeenPages
from caliber_crawler.discovery.discoveries import Discoveries
from caliber_crawler.discovery.entries import LATER_PAGE, list_entry, next_page
from caliber_crawler.items import Listing
from caliber_crawler.site import ArticleURL, Listings, Search

if TYPE_CHECKING:
    from caliber_crawler.crawling.run import CrawlRun


def first_pages(scope: Scope, started_at: datetime) -> Iterator[Entry]:
    """The listings of every asked-for edition and section, from their first batch."""
    for language in scope.languages:
        edition = scope.site.edition(language)
        assert edition is not None
        for section in scope.sections:
            if section in edition.sections:
                yield list_entry(
                    scope.site.listing_url(edition, section),
                    scope.site,
                    "listing",
                    Listings.name,
                    started_at,
                    language=edition.language,
                    section=section,
                )


class ListingPagination:
    """Takes the batches of a run's listings as they come in, search results among them."""

    def __init__(self, run: CrawlRun, discoveries: Discoveries) -> None:
        self._run = run
        self._discoveries = discoveries
        self._frontier = run.archive.frontier
        self._window = run.scope.window
        self._search = next((source for source in run.scope.site.sources if isinstance(source, Search)), None)
        # After a kill, two walks through one listing may be under way: the old one, further down, and a new one.
        self._seen: defaultdict[tuple[str, datetime | None], SeenPages] = defaultdict(SeenPages)

    def advance(self, listing: Listing, entry: Entry) -> End | None:
        """Commit a batch's teasers and, where the walk goes on, the request for the next batch.

        Gives the reason when the walk ends here.
        """
        capture = listing.capture
        start = _start(entry)
        seen = self._seen[start, entry.traversal_started_at]
        if listing.guessed and entry.page_number > 1 and seen.teasers_known:
            # Behind its last page a site shows what stands beside its lists: what is read most, what is new.
            listing = replace(listing, teasers=())
        if beyond := self._behind(seen):
            listing = replace(listing, teasers=())
        ordered = entry.discovered_via != Search.name or (self._search is not None and self._search.newest_first)
        already_crawled = (
            already_crawled_urls(self._run, entry, [teaser.url for teaser in listing.teasers]) if ordered else ()
        )
        queued_by_unfinished = self._queued_by_unfinished(entry, listing) if ordered and not already_crawled else ()
        judged = decide_page(
            listing.teasers,
            window=self._window if ordered else Window(),
            already_crawled=already_crawled or queued_by_unfinished,
            repeats=seen.repeats([teaser.url for teaser in listing.teasers]),
            first=entry.page_number == 1 and entry.discovered_via != Search.name,
        )
        seen.teasers_known |= not listing.guessed
        if listing.teasers and not any(teaser.published_at for teaser in listing.teasers):
            seen.undated.append(tuple(teaser.url for teaser in listing.teasers))
        next_url = listing.next_url or self._page_url(entry)
        last = End.CUT if listing.cut else End.LAST_PAGE
        further = last if next_url is None or listing.ended else self._trapped(next_url, entry)
        end = End.WINDOW if beyond else judged.end or further
        if end is End.REPEATS and self._understood(entry, listing, seen):
            end = End.LAST_PAGE
        if end is End.ALREADY_CRAWLED and queued_by_unfinished:
            end = End.EARLIER_CRAWL
        with self._run.archive.transaction():
            self._discoveries.add(
                listing.teasers,
                entry.discovered_via,
                found_on=entry.url,
                language=entry.language,
                section=entry.section,
            )
            self._discoveries.mark_read(capture)
            if end is None:
                assert next_url is not None
                following = next_page(entry, next_url, found_on=_start(entry), due_at=self._run.started_at)
                self._frontier.add([following], self._run.id)
            elif end.complete and end is not End.EARLIER_CRAWL:
                self._frontier.set_crawled_since(start, self._window.since or BEGINNING)
            elif not end.complete:
                self.mark_incomplete(entry)
            self._run.settlement.mark_done(capture, "traversed" if end in (None, End.CUT) or end.complete else end.name)
        return end

    def _queued_by_unfinished(self, entry: Entry, listing: Listing) -> Collection[str]:
        """Teasers that an earlier walk through this listing has met, if it was cut short and goes on further down.

        Where a crawl is stopped again and again, each begins at the top, and need not go the whole way once more.
        """
        start, traversals = _start(entry), self._run.archive.traversals
        head = replace(entry, priority=LATER_PAGE, discovered_on=start)
        if (
            self._run.scope.backfill
            or entry.traversal_started_at is None
            or not traversals.under_way(head, entry.traversal_started_at)
        ):
            return ()
        sources = traversals.sources([teaser.url for teaser in listing.teasers], entry.traversal_started_at)
        pages = {page: self._frontier.get(page) for page in set(sources.values())}
        own = {page for page, found in pages.items() if found is not None and _start(found) == start}
        return {url for url, page in sources.items() if page in own}

    def _behind(self, seen: SeenPages) -> bool:
        """Is the walk past the window? Where teasers tell no dates, the articles of earlier batches do, read by now."""
        return self._window.since is not None and any(self._is_old(batch, self._window.since) for batch in seen.undated)

    def _is_old(self, batch: Collection[str], since: datetime) -> bool:
        dates = self._run.archive.traversals.published(batch)
        # What could not be read says nothing.
        return 2 * len(dates) >= len(batch) and all(published_at < since for published_at in dates.values())

    def ends_before(self, entry: Entry) -> bool:
        """A batch answers that nothing is there: does the listing end with the one before?

        Behind its second page it does, for the site has understood how we ask for more. A second page that is missing
        is the end where that of another listing is there; one that was there once is not, for something has changed.
        """
        if entry.kind != "listing" or entry.page_number == 1:
            return entry.discovered_via == Search.name
        return (
            entry.page_number > 2
            or entry.discovered_via == Search.name
            or (entry.last_status != 200 and self._others_go_on(entry))
        )

    def mark_incomplete(self, entry: Entry) -> None:
        """The walk could not go on: its first page is not left out as unchanged next time."""
        self._frontier.drop_validators(_start(entry))

    def _others_go_on(self, entry: Entry) -> bool:
        site = self._run.scope.site
        urls = [
            site.page_url(site.listing_url(each, name), 2, name) for each in site.editions for name in each.sections
        ]
        others = (self._frontier.get(url) for url in urls if url is not None)
        return any(other is not None and other.last_status == 200 and other.url != entry.url for other in others)

    def _understood(self, entry: Entry, listing: Listing, seen: SeenPages) -> bool:
        """A batch repeats: has the site shown that it understands how we ask, so that this is how its lists end?"""
        layout = self._run.scope.site.listing
        fresh = entry.page_number - seen.stale
        return fresh > 1 or (fresh == 1 and layout is not None and 0 < len(listing.teasers) < layout.page_size)

    def _trapped(self, next_url: str, entry: Entry) -> End | None:
        """Does the next batch lead back to where this walk has been, or on and on?"""
        known = self._frontier.get(next_url)
        if (
            known is not None
            and known.state == "done"
            and known.traversal_started_at is not None
            and known.traversal_started_at == entry.traversal_started_at
        ):
            return End.REPEATS
        bound = self._run.scope.bounds.pages
        return End.ENDLESS if bound and entry.page_number >= bound else None

    def _page_url(self, entry: Entry) -> str | None:
        site, start, batch = self._run.scope.site, _start(entry), entry.page_number + 1
        if entry.discovered_via != Search.name:
            return site.page_url(start, batch, entry.section)
        return urljoin(start, self._search.more.format(page=batch)) if self._search and self._search.more else None


def already_crawled_urls(run: CrawlRun, entry: Entry, urls: Collection[str]) -> Collection[str]:
    """Those of some articles that end a walk: only where an earlier one has already been to where this one is going.

    Known is what that walk could know: articles that a feed brought since then may hide others between them. What was
    taken down here never enters the frontier, and is known all the same.
    """
    start, site, frontier = _start(entry), run.scope.site, run.archive.frontier
    crawled_since, crawled_at = frontier.crawled_since(start), frontier.crawled_at(start)
    if (
        run.scope.backfill
        or crawled_since is None
        or crawled_at is None
        or crawled_since > (run.scope.window.since or BEGINNING)
    ):
        return ()
    known = frontier.known_urls(
        urls, before=min(crawled_at, entry.traversal_started_at) if entry.traversal_started_at else crawled_at
    )
    forgotten = run.archive.takedowns.covers
    return known | {
        url for url in urls if url not in known and forgotten(site.name, [site.article_url(url) or ArticleURL(url=url)])
    }


def _start(entry: Entry) -> str:
    """The address of the listing that an entry is a batch of."""
    return entry.url if entry.page_number == 1 else entry.discovered_on or entry.url
