"""Exploration of a site without a definition: connects the walk through its links with the frontier.

The frontier contains every link of the site, with its class as discovery source. So a crawl that was killed goes on
with what it had learned.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator, MutableMapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from caliber_crawler.archive import Entry
from caliber_crawler.crawling.dispatcher import CANDIDATE
from caliber_crawler.crawling.pagination import Window
from caliber_crawler.crawling.scope import Scope
from caliber_crawler.crawling.traps import Trap
from caliber_crawler.discovery.discoveries import Discoveries
from caliber_crawler.discovery.entries import site_list_entry
from caliber_crawler.discovery.feeds import feed_entry
from caliber_crawler.discovery.sitemaps import sitemap_entry
from caliber_crawler.exploration import LinkClass, PageOutcome, Walk
from caliber_crawler.exploration.link_classes import BY_SOURCE, FOLLOWING, PAGING
from caliber_crawler.exploration.outcomes import PRIORS
from caliber_crawler.exploration.templates import paging_chain, template
from caliber_crawler.extraction.further_pages import successor
from caliber_crawler.items import Article, Capture, Extraction, Listing, PageLink
from caliber_crawler.lists.sitemaps import ROBOTS
from caliber_crawler.site import Exploration

if TYPE_CHECKING:
    from caliber_crawler.archive.queue.candidates import KnownLink
    from caliber_crawler.crawling.run import CrawlRun

MAX_FEEDS = 1
"""Number of feeds that are asked of those which a start page declares: the others are of comments and sections."""
MAX_LISTS_AGAIN = 10
"""Number of lists that a later crawl asks again, besides the start page, the feed and the sitemaps."""
MAX_OUTSIDE = 50
"""Number of articles in a row outside the requested dates after which an exploration ends."""
MIN_USEFUL_VARIANTS = 0.2
"""Share of URLs that differ only in their query which must be or name articles, so that more are requested."""
MIN_TEASERS = 2
"""Number of probable articles that a page which is no article names if it is a list."""
LIKELY = 0.5
"""Probability from which on a link is queued as an article, not as a list."""
MIN_DATED = 0.15
"""Probability from which on a dated page without such a link is one: pages of tags and authors are not."""
NOT_ARTICLE = "not_an_article"
OUTSIDE_DATES = "outside_dates"
_DATE_IN_URL = re.compile(r"/((?:19|20)\d\d)/(\d\d?)/")


def exploration_seeds(source: Exploration, scope: Scope, started_at: datetime) -> Iterator[Entry]:
    """The pages with which an exploration begins: the start page, and robots.txt for the sitemaps that it names."""
    yield site_list_entry(source.url, scope.site, "listing", source.name, started_at)
    yield sitemap_entry(ROBOTS, scope.site, None, started_at)


class Explorer:
    """Processes the pages of an exploration, and selects the next one."""

    def __init__(self, source: Exploration, run: CrawlRun, discoveries: Discoveries) -> None:
        self.walk = Walk()
        self._run, self._discoveries = run, discoveries
        self._frontier = run.archive.frontier
        self._start_urls = {run.scope.site.normal_url(source.url), run.scope.site.normal_url("/")}
        self._asked_feeds = 0
        self._again: deque[str] = deque()
        self._asked_again: set[str] = set()
        self._variants: dict[str, tuple[int, int]] = {}
        """Requested URLs with a query by their path: how many, and how many of them named or were articles."""
        self._outside = 0
        """Number of articles in a row that were published outside the requested dates."""
        known_links = list(run.archive.candidates.known_links(run.scope.site.name))
        for known in known_links:
            self._restore(known)
        self._again.extend(self._lists_to_ask_again(known_links))
        self.walk.add(run.scope.site.normal_url("/"), LinkClass.NAVIGATION)
        run.explorer = self
        run.dispatcher.order = self
        run.settlement.observe = self.observe

    # --- what to request ----------------------------------------------------------------------------------------------

    def next(self, *, is_idle: bool) -> Entry | None:
        """The entry to request next, if any; see :meth:`Walk.next`."""
        while self._again:
            known = self._again.popleft()
            self._asked_again.add(known)
            if (entry := self._frontier.get(known)) is not None and entry.priority == CANDIDATE:
                return entry
        while self._outside < MAX_OUTSIDE and (url := self.walk.next(is_idle=is_idle)) is not None:
            entry = self._frontier.get(url)
            if entry is None:
                entry = self._add([PageLink(url, LinkClass.NAVIGATION.value)], None)[0]
            if (trap := self._variant_trap(url)) is not None:
                self._discoveries.report_trap(trap, url, entry.discovered_on)
            elif self._is_dated_before(url):
                self._run.accounts.counts["out_of_scope"] += 1
            elif entry.priority == CANDIDATE and not self._run.settlement.skip_alias(entry):
                return entry
        return None

    def _variant_trap(self, url: str) -> Trap | None:
        """The trap of URLs that differ only in their query, if many were requested and few were of use."""
        path, mark, _ = url.partition("?")
        bound = self._run.scope.bounds.variants
        requested, useful = self._variants.get(path, (0, 0))
        if not mark or not bound or requested < bound or useful >= MIN_USEFUL_VARIANTS * requested:
            return None
        return Trap("trap_variants", f"{requested} requested URLs differ from it only in their query", path)

    def _count_variant(self, url: str, *, is_useful: bool) -> None:
        path, mark, _ = url.partition("?")
        if mark:
            requested, useful = self._variants.get(path, (0, 0))
            self._variants[path] = (requested + 1, useful + is_useful)

    def _is_dated_before(self, url: str) -> bool:
        """Whether a URL contains a month before the requested dates."""
        since, found = self._run.scope.window.since, _DATE_IN_URL.search(url)
        return since is not None and found is not None and (int(found[1]), int(found[2])) < (since.year, since.month)

    def is_linked(self, url: str) -> bool:
        """Whether lists of the site name a page as an article."""
        return self.walk.is_evident(url)

    # --- outcomes -----------------------------------------------------------------------------------------------------

    async def process(self, listing: Listing) -> Article | None:
        """Commit the links of a page, and the article on it."""
        entry = self._frontier.get(listing.capture.url)
        assert entry is not None
        settlement = self._run.settlement
        self._run.accounts.counts["invalid_entries"] += listing.invalid_entries
        if listing.extraction is not None and self._is_outside(listing.extraction):
            await settlement.commits(partial(self._commit_outside, listing, entry))
            return None
        if listing.extraction is not None and self._is_article(listing.extraction):
            capture = replace(listing.capture, kind="article")
            extraction = replace(listing.extraction, capture=capture)
            if entry.priority != CANDIDATE and entry.kind != "article":
                self._run.accounts.counts["discovered"] += 1
            saved = await settlement.save(extraction, lambda extraction: self._commit_article(listing, entry))
            return None if saved is None else saved.article or extraction.article
        await settlement.commits(partial(self._commit_other, listing, entry))
        return None

    def _is_article(self, extraction: Extraction) -> bool:
        url = extraction.capture.url
        candidate = self.walk.candidates.get(url)
        if url == self._run.scope.site.normal_url("/") or self._is_more(url):
            return False
        if candidate is None or self.walk.is_evident(url):
            return True
        if self.walk.is_in_menu(url):
            return False
        is_dated = extraction.article.published_at is not None
        return self.walk.article_probability(url) >= (MIN_DATED if is_dated else LIKELY)

    def _is_outside(self, extraction: Extraction) -> bool:
        """Whether an article was published outside the requested dates; archived articles are revisited."""
        entry = self._run.dispatcher.entry(extraction.capture.url)
        is_known = entry is not None and entry.article_id is not None
        return not is_known and not self._run.scope.window.contains(extraction.article.published_at)

    def _commit_outside(self, listing: Listing, entry: Entry) -> None:
        capture = replace(listing.capture, kind="listing")
        with self._run.archive.transaction():
            self._add_links(listing, entry)
            self.walk.observe(entry.url, PageOutcome.ARTICLE)
            self.walk.withdraw(entry.discovered_on)
            self._outside += 1
            self._run.accounts.counts["out_of_scope"] += 1
            reason = "outside_dates"
            self._frontier.mark_refused(
                entry.url, capture.fetched_at, status=capture.status, reason=reason, due_at=None
            )
            self._run.settlement.mark_done(capture, "traversed")

    def _is_more(self, url: str) -> bool:
        """Whether a URL is a request for further teasers."""
        candidate = self.walk.candidates.get(url)
        return candidate is not None and any(group.link_class is LinkClass.MORE for group in candidate.groups)

    def _next_pages(self, listing: Listing, entry: Entry) -> list[str]:
        """The links to the next page of a list; for a request for further teasers, the one after it."""
        following = {each.value for each in FOLLOWING}
        urls = [link.url for link in listing.links or () if link.link_class in following]
        after = successor(entry.url, entry.page_number) if self._is_more(entry.url) else None
        if after is not None and self.walk.add(after, LinkClass.MORE, template(after.replace("#", "?"))):
            page = self._entry(PageLink(after, LinkClass.MORE.value), entry.url)
            self._frontier.add([replace(page, page_number=entry.page_number + 1)], self._run.id)
            urls.append(after)
        return [url for url in urls if url in self.walk.candidates]

    def _commit_article(self, listing: Listing, entry: Entry) -> None:
        self._outside = 0
        self._count_variant(entry.url, is_useful=True)
        self._run.dispatcher.count_as(entry.url, "article")
        self._frontier.set_kind(entry.url, "article")
        self._add_links(listing, entry)
        self.walk.observe(entry.url, PageOutcome.ARTICLE)

    def _commit_other(self, listing: Listing, entry: Entry) -> None:
        capture = replace(listing.capture, kind="listing")
        with self._run.archive.transaction():
            new = self._add_links(listing, entry, is_list=True)
            self._count_variant(entry.url, is_useful=bool(new))
            if new:
                self.walk.follow(self._next_pages(listing, entry))
            links = {link.url for link in listing.links or ()}
            articles = self.walk.probable_articles(links)
            probable = len(articles)
            if new and entry.url in (self._asked_again | self._start_urls):
                self._ask_next_page(entry.url, listing.links or ())
            self.walk.estimate.add_page(entry.url, set(articles))
            is_list = probable >= MIN_TEASERS
            self.walk.observe(entry.url, PageOutcome.LIST if is_list else PageOutcome.OTHER, new)
            self._run.dispatcher.count_as(entry.url, "listing")
            if entry.kind != "listing":
                self._frontier.set_kind(entry.url, "listing")
            if is_list or entry.url in self._start_urls:
                self._discoveries.mark_fetched(capture)
                counts = self._run.accounts.counts
                counts["listing_pages"] += 1
                counts["teasers"] += probable
            else:
                self._frontier.mark_refused(
                    entry.url, capture.fetched_at, status=capture.status, reason=NOT_ARTICLE, due_at=None
                )
                if listing.refusal is not None and self.walk.is_evident(entry.url):
                    # A list names it as an article: `caliber explain` prints why it is not one.
                    self._run.accounts.record_problem(listing.refusal, capture)
            self._run.settlement.mark_done(capture, "traversed")

    def observe(self, capture: Capture, outcome: str) -> None:
        """Learn from a page that could not be fetched or is not a page."""
        if capture.kind in ("article", "listing") and outcome in ("refused", "missing", "failed"):
            self.walk.observe(capture.url, PageOutcome.DEAD)

    def account(self, counts: MutableMapping[str, int]) -> None:
        """Count what the exploration leaves: the known URLs that were not requested, and the size of the site."""
        left = len(list(self.walk.left()))
        counts["articles_left"] = len(self.walk.articles_left())
        counts["lists_left"] = left - counts["articles_left"]
        counts["articles_known"] = self.walk.count(PageOutcome.ARTICLE)
        counts["site_size"] = self.walk.size

    # --- links --------------------------------------------------------------------------------------------------------

    def add_entries(self, entries: Sequence[Entry]) -> list[Entry]:
        """Add the articles that feeds and sitemaps name; return the new ones."""
        new = []
        for entry in entries:
            link_class = BY_SOURCE.get(entry.discovered_via, LinkClass.SITEMAP)
            if self.walk.add(entry.url, link_class, entry.discovered_on or ""):
                new.append(replace(entry, priority=CANDIDATE, discovered_via=link_class.value))
        return self._frontier.add(new, self._run.id)

    def _add_links(self, listing: Listing, entry: Entry, *, is_list: bool = False) -> int:
        """Commit the links of a page; return the number of probable articles among those that were unknown."""
        links = [
            link
            for link in listing.links or ()
            if link.url != entry.url and (is_list or link.link_class != LinkClass.MORE.value)
        ]
        new = self.walk.add_page(links, is_start=entry.url in self._start_urls)
        added = self._add(new, entry.url)
        if entry.url in self._start_urls and self._asked_feeds < MAX_FEEDS:
            started_at = entry.traversal_started_at or self._run.started_at
            feeds = listing.feeds[: MAX_FEEDS - self._asked_feeds]
            self._asked_feeds += len(feeds)
            site = self._run.scope.site
            self._frontier.add([feed_entry(url, site, entry.url, started_at) for url in feeds], self._run.id)
        return len(self.walk.probable_articles({each.url for each in added}))

    def _add(self, links: Sequence[PageLink], found_on: str | None) -> list[Entry]:
        entries = (self._entry(link, found_on) for link in links)
        new = [entry for entry in entries if not self._is_trap(entry)]
        added = self._frontier.add(new, self._run.id)
        self._run.accounts.counts["found"] += len(added)
        return added

    def _is_trap(self, entry: Entry) -> bool:
        if not self._discoveries.is_trap(entry, variants=False):
            return False
        self.walk.mark_requested(entry.url)
        return True

    def _entry(self, link: PageLink, found_on: str | None) -> Entry:
        article = PRIORS[BY_SOURCE[link.link_class]][PageOutcome.ARTICLE]
        return Entry(
            url=link.url,
            request_url=link.request_url,
            site=self._run.scope.site.name,
            kind="article" if article >= LIKELY else "listing",
            discovered_on=found_on,
            discovered_via=link.link_class,
            priority=CANDIDATE,
            due_at=self._run.started_at,
            page_number=2 if link.link_class == LinkClass.MORE.value else 1,
        )

    def _lists_to_ask_again(self, known_links: Sequence[KnownLink]) -> list[str]:
        """The first pages of the lists that named most articles first, which a later crawl begins with."""
        lists = [
            known
            for known in known_links
            if known.kind == "listing" and known.state == "done" and known.named and known.url not in self._start_urls
        ]
        first = [known for known in lists if BY_SOURCE.get(known.discovered_via) not in PAGING]
        first.sort(key=lambda known: -known.named)
        return [known.url for known in first[:MAX_LISTS_AGAIN]]

    def _ask_next_page(self, url: str, links: Sequence[PageLink]) -> None:
        """Request the next page of a list again that names new articles: there may be more on it."""
        chain = paging_chain(url)
        number = chain[1] if chain is not None else 1
        for link in links:
            following = paging_chain(link.url)
            is_next = following is not None and following[1] == number + 1 and BY_SOURCE[link.link_class] in PAGING
            if is_next and link.url not in self._asked_again:
                candidate = self.walk.candidates.get(link.url)
                if candidate is not None and candidate.outcome is PageOutcome.LIST:
                    self._again.append(link.url)
                return

    def _restore(self, known: KnownLink) -> None:
        """Restore a link from the frontier, and what its outcome taught."""
        self.walk.add(known.url, BY_SOURCE.get(known.discovered_via, LinkClass.NAVIGATION))
        if known.article_id is not None:
            self.walk.observe(known.url, PageOutcome.ARTICLE)
        elif known.state in ("gone", "failed"):
            self.walk.observe(known.url, PageOutcome.DEAD)
        elif known.reason == OUTSIDE_DATES and self._run.scope.window == Window():
            pass  # the dates of an earlier run
        elif known.state == "refused":
            self.walk.observe(known.url, PageOutcome.OTHER)
        elif known.state == "done":
            self.walk.observe(known.url, PageOutcome.LIST, known.named)
