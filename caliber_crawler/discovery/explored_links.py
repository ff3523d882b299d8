"""The links of an exploration, in the walk and in the frontier.

The frontier has every link. The walk remembers those that wait, in portions, and learns from a sample of the others:
its memory and the time to begin do not grow with the site.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from caliber_crawler.archive import Entry
from caliber_crawler.crawling.dispatcher import CANDIDATE
from caliber_crawler.crawling.pagination import Window
from caliber_crawler.exploration import LinkClass, PageOutcome, Walk
from caliber_crawler.exploration.confirmed import ConfirmedArticles
from caliber_crawler.exploration.link_classes import BY_SOURCE, PAGING
from caliber_crawler.exploration.outcomes import PRIORS
from caliber_crawler.exploration.spellings import Spellings
from caliber_crawler.items import Capture, PageLink
from caliber_crawler.lists.sitemaps import USUAL_FEEDS

if TYPE_CHECKING:
    from caliber_crawler.archive.queue.candidates import KnownLink
    from caliber_crawler.crawling.run import CrawlRun
    from caliber_crawler.discovery.discoveries import Discoveries

MAX_RECALLED = 50_000
"""Number of pages that earlier runs requested, and from which a run learns."""
PORTION = 50_000
"""Number of waiting links that are read from the frontier at a time."""
MAX_NAMING = 20_000
"""Number of lists whose yield in earlier runs is known."""
MAX_LISTS_AGAIN = 10
"""Number of lists that a later crawl asks again, besides the start page, the feed and the sitemaps."""
LIKELY = 0.5
"""Probability from which on a link is queued as an article, not as a list."""
OUTSIDE_DATES = "outside_dates"
LATER_PAGE = "later_page"
SAME_TEXT = "same_text"


class ExploredLinks:
    """The links of a site: adds those of pages, and reads those of earlier runs."""

    def __init__(self, walk: Walk, run: CrawlRun, discoveries: Discoveries) -> None:
        self.walk = walk
        self.spellings = Spellings()
        self.confirmed = ConfirmedArticles()
        self.lists_again: list[str] = []
        """The lists that named most articles in earlier runs, and their first pages only."""
        self.feeds_again: list[str] = []
        """The feeds at usual places that named articles in earlier runs."""
        self._run, self._discoveries = run, discoveries
        self._frontier, self._candidates = run.archive.frontier, run.archive.candidates
        self._site = run.scope.site.name
        self._is_bounded = run.scope.window != Window()
        self._unread: int | None = 0
        """The ID in the frontier after which waiting links are not in the walk; ``None``: all of them are."""
        self._recall()
        self.read_more()

    # --- earlier runs -------------------------------------------------------------------------------------------------

    def _recall(self) -> None:
        self.walk.articles = self._candidates.count_articles(self._site)
        naming = self._candidates.naming(self._site, MAX_NAMING)
        again: list[tuple[str, LinkClass]] = []
        for known in self._candidates.requested(self._site, MAX_RECALLED):
            link_class = BY_SOURCE.get(known.discovered_via, LinkClass.NAVIGATION)
            outcome = _outcome_of(known, is_bounded=self._is_bounded)
            if known.is_article:
                self.confirmed.add(known.url, is_dated=known.is_dated)
            if outcome is not None:
                self.walk.recall(known.url, link_class, outcome, naming.get(known.url, 0))
            if outcome is PageOutcome.LIST and known.url in naming and link_class not in PAGING:
                again.append((known.url, link_class))
        usual = map(self._run.scope.site.normal_url, USUAL_FEEDS)
        self.feeds_again += [url for url in usual if url in naming]
        again.sort(key=lambda known: -naming[known[0]])
        for url, link_class in again[:MAX_LISTS_AGAIN]:
            self.lists_again.append(url)
            self.walk.remember(url, link_class, PageOutcome.LIST)

    def read_more(self) -> bool:
        """Read the next waiting links from the frontier, if there is room; return whether there were any."""
        if self._unread is None or not self.walk.has_room:
            return False
        after, now = self._unread, self._run.started_at
        again = "" if self._is_bounded else OUTSIDE_DATES
        rows = self._candidates.waiting(self._site, CANDIDATE, now, PORTION, after=after, refused_for=again)
        self._unread = rows[-1][0] if len(rows) == PORTION else None
        self.walk.has_ignored = False
        for id, url, via in rows:
            self.walk.add(url, BY_SOURCE.get(via, LinkClass.NAVIGATION))
            if self.walk.has_ignored:
                self._unread = id - 1
                break
        return bool(rows)

    def count_unread(self) -> int:
        """The number of waiting links that are in the frontier only."""
        return 0 if self._unread is None else self._candidates.count_waiting(self._site, CANDIDATE, after=self._unread)

    # --- new links ----------------------------------------------------------------------------------------------------

    def add_page(self, links: Sequence[PageLink], found_on: str, *, is_start: bool) -> list[Entry]:
        """Add the links of a page to the walk and the frontier; return the entries that are new."""
        known = self._known(link.url for link in links)
        new = self.walk.add_page([link for link in links if link.url not in known], is_start=is_start)
        return self.add(new, found_on)

    def add_entries(self, entries: Sequence[Entry]) -> list[Entry]:
        """Add the articles that feeds and sitemaps name; return the new ones."""
        known, new = self._known(entry.url for entry in entries), []
        for entry in entries:
            link_class = BY_SOURCE.get(entry.discovered_via, LinkClass.SITEMAP)
            if entry.url not in known and self.walk.add(entry.url, link_class, entry.discovered_on or ""):
                new.append(replace(entry, priority=CANDIDATE, discovered_via=link_class.value))
        return self._added(new)

    def add(self, links: Sequence[PageLink], found_on: str | None) -> list[Entry]:
        """Add links to the frontier; return the entries that are new."""
        entries = (self.entry(link, found_on) for link in links)
        added = self._added([entry for entry in entries if not self._is_trap(entry)])
        self._run.accounts.counts["found"] += len(added)
        return added

    def _added(self, entries: Sequence[Entry]) -> list[Entry]:
        added = self._frontier.add(entries, self._run.id)
        if self.walk.has_ignored and self._unread is None:
            ignored = (entry.id for entry in added if entry.url not in self.walk.candidates and entry.id is not None)
            if (first := min(ignored, default=None)) is not None:
                self._unread = first - 1
        self.walk.has_ignored = False
        return added

    def _known(self, urls: Iterable[str]) -> set[str]:
        """The URLs that the frontier has and the walk does not remember."""
        forgotten = {url for url in urls if url not in self.walk.candidates}
        return self._frontier.known_urls(forgotten) if forgotten else set()

    def _is_trap(self, entry: Entry) -> bool:
        if not self._discoveries.is_trap(entry, variants=False):
            return False
        self.walk.mark_requested(entry.url)
        return True

    def entry(self, link: PageLink, found_on: str | None) -> Entry:
        """The frontier entry of a link."""
        article = PRIORS[BY_SOURCE[link.link_class]][PageOutcome.ARTICLE]
        return Entry(
            url=link.url,
            request_url=link.request_url,
            site=self._site,
            kind="article" if article >= LIKELY else "listing",
            discovered_on=found_on,
            discovered_via=link.link_class,
            priority=CANDIDATE,
            due_at=self._run.started_at,
            page_number=2 if link.link_class == LinkClass.MORE.value else 1,
        )

    def refuse_outside(self, capture: Capture) -> None:
        """Refuse an article outside the requested dates; a run with other dates requests it again."""
        reason = OUTSIDE_DATES
        self._frontier.mark_refused(capture.url, capture.fetched_at, status=capture.status, reason=reason, due_at=None)

    def refuse_copy(self, url: str) -> None:
        """Refuse a URL of an article that was requested under another one, without a request."""
        if self._frontier.get(url) is not None:
            self._frontier.mark_refused(url, self._run.started_at, status=None, reason=SAME_TEXT, due_at=None)

    def add_later_pages(self, links: Sequence[PageLink], first_page: str) -> None:
        """Add the later pages of an article to the frontier. They are not requested: they are no articles."""
        for entry in self._frontier.add([self.entry(link, first_page) for link in links], self._run.id):
            self._frontier.mark_refused(entry.url, self._run.started_at, status=None, reason=LATER_PAGE, due_at=None)

    def usual(self, link: PageLink) -> PageLink:
        """The same link, with the usual spelling of its URL."""
        url = self.spellings.usual(link.url)
        return link if url == link.url else link._replace(url=url, request_url=None)


def _outcome_of(known: KnownLink, *, is_bounded: bool) -> PageOutcome | None:
    """What a page was in an earlier run. ``is_bounded``: this run is bounded by dates, as that one was."""
    if known.is_article:
        return PageOutcome.ARTICLE
    if known.state in ("gone", "failed"):
        return PageOutcome.DEAD
    if known.reason == OUTSIDE_DATES:
        return PageOutcome.OTHER if is_bounded else None
    return PageOutcome.LIST if known.state == "done" else PageOutcome.OTHER
