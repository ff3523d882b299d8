"""Pagination of a site's listings. Each page is committed separately, so that a killed crawl resumes after it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from caliber_crawler.archive import BEGINNING, Entry
from caliber_crawler.crawling.pagination import End, Window, decide_page
from caliber_crawler.crawling.relisting import relisted_since
from caliber_crawler.crawling.scope import Scope
from caliber_crawler.crawling.traps import SeenPages
from caliber_crawler.discovery.discoveries import Discoveries
from caliber_crawler.discovery.entries import LATER_PAGE, next_page, site_list_entry
from caliber_crawler.discovery.healing import Healing
from caliber_crawler.extraction.further_pages import successor
from caliber_crawler.items import Listing, Teaser
from caliber_crawler.site import ArticleURL, Listings, Search

if TYPE_CHECKING:
    from caliber_crawler.crawling.run import CrawlRun


def first_pages(scope: Scope, started_at: datetime) -> Iterator[Entry]:
    """The first page of each listing of the requested editions and sections."""
    for language in scope.languages:
        edition = scope.site.edition(language)
        assert edition is not None
        for section in scope.sections:
            if section in edition.sections:
                yield site_list_entry(
                    edition.sections[section].path,
                    scope.site,
                    "listing",
                    Listings.name,
                    started_at,
                    language=edition.language,
                    section=section,
                )


class ListingPagination:
    """Processes the pages of a run's listings, including search results."""

    def __init__(self, run: CrawlRun, discoveries: Discoveries) -> None:
        self._run = run
        self._discoveries = discoveries
        self._frontier = run.archive.frontier
        self._window = run.scope.window
        self.healing = Healing(run)
        self._search = next((source for source in run.scope.site.sources if isinstance(source, Search)), None)
        # After a kill, two traversals of one listing may be under way: the old one on later pages, and a new one.
        self._seen: defaultdict[tuple[str, datetime | None], SeenPages] = defaultdict(SeenPages)

    def advance(self, listing: Listing, entry: Entry) -> End | None:
        """Commit the teasers of a page and, unless the traversal ends, the request for the next page.

        Return the reason if the traversal ends here.
        """
        capture = listing.capture
        start = _start(entry)
        seen = self._seen[start, entry.traversal_started_at]
        if listing.guessed and entry.page_number > 1 and seen.teasers_known:
            # After the last page of a list a site still shows its sidebars: most read, latest news.
            listing = replace(listing, teasers=())
        ordered = entry.discovered_via != Search.name or (self._search is not None and self._search.newest_first)
        teasers = self._teasers_of_window(listing, entry, seen) if ordered else listing.teasers
        past_window = self._is_past_window(seen) or (bool(listing.teasers) and not teasers)
        listing = replace(listing, teasers=() if past_window else teasers)
        is_continued = ordered and self._is_relisted_by_earlier(entry)
        already_crawled = (
            already_crawled_urls(
                self._run, entry, [teaser.url for teaser in listing.teasers], relisted=not is_continued
            )
            if ordered
            else ()
        )
        queued_by_unfinished = self._queued_by_unfinished(entry, listing) if ordered and not already_crawled else ()
        decision = decide_page(
            listing.teasers,
            window=self._window if ordered else Window(),
            already_crawled=already_crawled or queued_by_unfinished,
            repeats=seen.repeats([teaser.url for teaser in listing.teasers]),
            first=entry.page_number == 1 and entry.discovered_via != Search.name,
        )
        seen.teasers_known |= not listing.guessed
        if listing.teasers and not any(teaser.published_at for teaser in listing.teasers):
            seen.undated.append(tuple(teaser.url for teaser in listing.teasers))
        printed = self._run.scope.site.parse_url(listing.next_url) if listing.next_url else None
        next_url = printed.url if printed else self._page_url(entry, listing)
        last = End.CUT if listing.cut else End.LAST_PAGE
        limit = last if next_url is None or listing.ended else self._trap_end(next_url, entry)
        end = End.WINDOW if past_window else decision.end or limit
        if end is End.REPEATS and self._pagination_works(entry, listing, seen):
            end = End.LAST_PAGE
        if end is End.ALREADY_CRAWLED and (queued_by_unfinished or is_continued):
            end = End.EARLIER_CRAWL
        is_guess = self.healing.is_sought(entry)
        with self._run.archive.transaction():
            self._heal(listing, entry, end, seen)
            sought = self.healing.seek_pagination(entry, is_over=end is End.LAST_PAGE and next_url is None)
            if is_guess and end is End.REPEATS:
                end = End.LAST_PAGE
            self._discoveries.add(
                listing.teasers,
                entry.discovered_via,
                found_on=entry.url,
                language=entry.language,
                section=entry.section,
            )
            self._discoveries.mark_fetched(capture)
            if end is None:
                assert next_url is not None
                following = next_page(
                    entry,
                    next_url,
                    found_on=_start(entry),
                    due_at=self._run.started_at,
                    request_url=printed.request_url if printed else None,
                )
                self._frontier.add([following], self._run.id)
            elif end.complete and end is not End.EARLIER_CRAWL and not sought:
                self._frontier.set_crawled_since(start, self._window.since or BEGINNING)
            elif not end.complete:
                self.mark_incomplete(entry)
            # A browser stops scrolling at a limit of the site definition, which is not a fault.
            has_invalid_next = any(problem.reason == "invalid_entries" for problem in listing.warnings)
            is_traversed = end is None or end.complete or (end is End.CUT and not has_invalid_next)
            self._run.settlement.mark_done(capture, "traversed" if is_traversed else "incomplete")
        return end

    def _heal(self, listing: Listing, entry: Entry, end: End | None, seen: SeenPages) -> None:
        """Replace what fails: a listing without teasers, a request for further teasers that brings no new ones."""
        self.healing.learn(listing, entry)
        if end is End.EMPTY and listing.unmatched is None:
            self.healing.list_failed(entry, end.value)
        elif end is End.REPEATS or (self.healing.is_tried(entry) and (not listing.teasers or seen.stale)):
            self.healing.replace_pagination(entry, _start(entry), (end or End.REPEATS).value)
        elif self.healing.is_tried(entry):
            self.healing.confirm(entry, len(listing.teasers))

    def _queued_by_unfinished(self, entry: Entry, listing: Listing) -> Collection[str]:
        """Teasers that an earlier, unfinished traversal of this listing found, if it still has later pages to fetch.

        If crawls are stopped repeatedly, each begins at the top. It need not repeat the pages of the earlier ones.
        """
        start, traversals = _start(entry), self._run.archive.traversals
        if self._run.scope.backfill or entry.traversal_started_at is None or not self._is_earlier_under_way(entry):
            return ()
        sources = traversals.sources([teaser.url for teaser in listing.teasers], entry.traversal_started_at)
        pages = {page: self._frontier.get(page) for page in set(sources.values())}
        own = {page for page, found in pages.items() if found is not None and _start(found) == start}
        return {url for url, page in sources.items() if page in own}

    def _is_earlier_under_way(self, entry: Entry) -> bool:
        """Whether an earlier traversal of a listing still has later pages to fetch."""
        head = replace(entry, priority=LATER_PAGE, discovered_on=_start(entry))
        started_at = entry.traversal_started_at
        return started_at is not None and self._run.archive.traversals.is_under_way(head, started_at)

    def _is_relisted_by_earlier(self, entry: Entry) -> bool:
        """Whether an earlier traversal goes past known articles, so that this one need not."""
        return relisted_by(self._run, entry) is not None and self._is_earlier_under_way(entry)

    def _teasers_of_window(self, listing: Listing, entry: Entry, seen: SeenPages) -> tuple[Teaser, ...]:
        """The teasers of a page without those that are older than the window although they have no date.

        This shows if an earlier traversal found every article of the window: from the first page on of which most are
        known, those after the last known one of a page are older, and so are all of a page without a known one.
        """
        teasers = listing.teasers
        if self._window.since is None or any(teaser.published_at for teaser in teasers):
            return teasers
        known = known_before(self._run, entry, [teaser.url for teaser in teasers])
        # A known article may be pinned to the top of a page of new ones.
        seen.is_known |= bool(known) and 2 * len(known) >= len(teasers)
        if not seen.is_known:
            return teasers
        return teasers[: max((place for place, teaser in enumerate(teasers, 1) if teaser.url in known), default=0)]

    def _is_past_window(self, seen: SeenPages) -> bool:
        """Whether the traversal is past the window. Teasers without dates are judged by the dates of their articles."""
        return self._window.since is not None and any(self._is_old(urls, self._window.since) for urls in seen.undated)

    def _is_old(self, urls: Collection[str], since: datetime) -> bool:
        return are_older(self._run, urls, since)

    def heal_page(self, entry: Entry, why: str) -> None:
        """Replace a request for further teasers that failed."""
        self.healing.replace_pagination(entry, _start(entry), why)

    def ends_when_missing(self, entry: Entry) -> bool:
        """Whether a listing ends normally before a page that is missing (404, 410).

        After page 2 it does, because pagination has worked. A missing page 2 is the end if another listing has a
        page 2. It is not the end if this page existed before, because then something has changed.
        """
        if entry.kind != "listing" or entry.page_number == 1:
            return entry.discovered_via == Search.name
        return (
            entry.page_number > 2
            or self.healing.is_sought(entry)
            or entry.discovered_via == Search.name
            or (entry.last_status != 200 and self._other_listings_continue(entry))
        )

    def mark_incomplete(self, entry: Entry) -> None:
        """Record that a traversal failed: the next one must not skip the first page as unchanged."""
        self._frontier.drop_validators(_start(entry))

    def _other_listings_continue(self, entry: Entry) -> bool:
        site = self._run.scope.site
        urls = [
            site.page_url(site.listing_url(each, name), 2, name) for each in site.editions for name in each.sections
        ]
        others = (self._frontier.get(url) for url in urls if url is not None)
        return any(other is not None and other.last_status == 200 and other.url != entry.url for other in others)

    def _pagination_works(self, entry: Entry, listing: Listing, seen: SeenPages) -> bool:
        """Whether pagination has worked on this listing, so that a repeated page is its normal end."""
        layout = self._run.scope.site.listing
        fresh = entry.page_number - seen.stale
        return fresh > 1 or (fresh == 1 and layout is not None and 0 < len(listing.teasers) < layout.page_size)

    def _trap_end(self, next_url: str, entry: Entry) -> End | None:
        """The reason to stop before the next page: it was fetched by this traversal, or there are too many pages."""
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

    def _page_url(self, entry: Entry, listing: Listing) -> str | None:
        if (healed := self.healing.known_page(entry, len(listing.teasers))) is not None:
            return healed
        site, start, number = self._run.scope.site, _start(entry), entry.page_number + 1
        is_own = entry.page_number == 1 or entry.url == site.page_url(start, entry.page_number, entry.section)
        # The pagination of the definition may have been replaced; see ``Healing``.
        is_linked = site.listing is not None and bool(site.listing.next) and not self.healing.has_replaced(start)
        replaced = not is_own and not is_linked and entry.discovered_via != Search.name
        if replaced:
            linked = next((request for request in listing.further if "{" not in request), None)
            following = urljoin(entry.url, linked) if linked else successor(entry.url, entry.page_number)
            if following is not None:
                return site.normal_url(following) if linked else following
        if entry.discovered_via != Search.name:
            return site.page_url(start, number, entry.section)
        return urljoin(start, self._search.more.format(page=number)) if self._search and self._search.more else None


def relisted_by(run: CrawlRun, entry: Entry) -> datetime | None:
    """The date back to which this run goes past known articles in a listing; ``None`` if it ends at them."""
    crawled_at = run.archive.frontier.crawled_at(_start(entry))
    return (
        None if crawled_at is None else relisted_since(_start(entry), crawled_at, run.started_at, run.scope.relisting)
    )


def are_older(run: CrawlRun, urls: Collection[str], since: datetime) -> bool:
    """Whether articles were published before a time; the dates of at least half of them must be known."""
    dates = run.archive.traversals.published(urls)
    return 2 * len(dates) >= len(urls) and all(published_at < since for published_at in dates.values())


def already_crawled_urls(
    run: CrawlRun, entry: Entry, urls: Collection[str], *, relisted: bool = True
) -> Collection[str]:
    """The articles that end a traversal as already crawled.

    From time to time, only a page of old articles ends a traversal, unless ``relisted`` is false; see
    :mod:`~caliber_crawler.crawling.relisting`.
    """
    since = relisted_by(run, entry) if relisted else None
    return () if since is not None and not are_older(run, urls, since) else known_before(run, entry, urls)


def known_before(run: CrawlRun, entry: Entry, urls: Collection[str]) -> Collection[str]:
    """The articles that were known before a traversal, if an earlier one has reached its target.

    Only articles discovered before its end count, because a feed may have discovered later ones and missed others
    between them. Takedowns count too, although they never enter the frontier.
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
    if run.archive.takedowns.is_empty:
        return known
    is_taken_down = run.archive.takedowns.covers
    return known | {
        url
        for url in urls
        if url not in known and is_taken_down(site.name, [site.article_url(url) or ArticleURL(url=url)])
    }


def _start(entry: Entry) -> str:
    """The URL of the listing that an entry is a page of."""
    return entry.url if entry.page_number == 1 else entry.discovered_on or entry.url
