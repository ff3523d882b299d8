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
from caliber_crawler.crawling.scope import Scope
from caliber_crawler.crawling.traps import Trap
from caliber_crawler.discovery.discoveries import Discoveries
from caliber_crawler.discovery.entries import site_list_entry
from caliber_crawler.discovery.explored_links import LATER_PAGE, LIKELY, ExploredLinks
from caliber_crawler.discovery.feeds import feed_entry
from caliber_crawler.discovery.sitemaps import sitemap_entry, usual_feed
from caliber_crawler.exploration import LinkClass, PageOutcome, Walk
from caliber_crawler.exploration.link_classes import BY_SOURCE, FOLLOWING, PAGING
from caliber_crawler.exploration.templates import paging_chain, template
from caliber_crawler.extraction.further_pages import successor
from caliber_crawler.items import Article, Capture, Extraction, Listing, PageLink
from caliber_crawler.lists.sitemaps import ROBOTS
from caliber_crawler.quantity import quantity
from caliber_crawler.site import Exploration
from caliber_crawler.site.page_series import first_page

if TYPE_CHECKING:
    from caliber_crawler.crawling.run import CrawlRun

MAX_FEEDS = 1
"""Number of feeds that are asked of those which a start page declares: the others are of comments and sections."""
MAX_SILENT = 5
"""Number of articles from which on a feed is not searched for that no page states."""
MAX_SCROLLED, MAX_IDLE_SCROLLS = 10, 2
"""Number of lists that are scrolled in one run, and of those in a row that show nothing new."""
MAX_OUTSIDE = 50
"""Number of articles in a row outside the requested dates after which an exploration ends."""
MIN_USEFUL_VARIANTS = 0.2
"""Share of URLs that differ only in their query which must be or name articles, so that more are requested."""
MIN_TEASERS = 2
"""Number of probable articles that a page which is no article names if it is a list."""
MIN_DATED = 0.15
"""Probability from which on a dated page without such a link is one: pages of tags and authors are not."""
NOT_ARTICLE = "not_an_article"
_DATE_IN_URL = re.compile(r"/((?:19|20)\d\d)/(\d\d?)/")


def exploration_seeds(source: Exploration, scope: Scope, started_at: datetime) -> Iterator[Entry]:
    """The pages with which an exploration begins: the start page, and robots.txt for the sitemaps that it names."""
    yield site_list_entry(source.url, scope.site, "listing", source.name, started_at)
    yield sitemap_entry(ROBOTS, scope.site, None, started_at)


class Explorer:
    """Processes the pages of an exploration, and selects the next one."""

    def __init__(self, source: Exploration, run: CrawlRun, discoveries: Discoveries) -> None:
        self._run, self._discoveries = run, discoveries
        self._frontier = run.archive.frontier
        self._start_urls = {run.scope.site.normal_url(source.url), run.scope.site.normal_url("/")}
        self.walk = Walk(self._start_urls)
        self._asked_feeds = 0
        self._again: deque[str] = deque()
        self._asked_again: set[str] = set()
        self._variants: dict[str, tuple[int, int]] = {}
        """Requested URLs with a query by their path: how many, and how many of them named or were articles."""
        self._scrollable: deque[str] = deque()
        """Lists without further pages, of which more may appear in a browser."""
        self._scrolled: set[str] = set()
        self._idle_scrolls = 0
        self.is_wordpress = True
        """Whether the site may be made with WordPress: its start page names files of it, or is not known yet."""
        self._outside = 0
        """Number of articles in a row that were published outside the requested dates."""
        self._links = ExploredLinks(self.walk, run, discoveries)
        site, run_id = run.scope.site, run.id
        self._frontier.add([sitemap_entry(url, site, None, run.started_at) for url in self._links.feeds_again], run_id)
        self._again.extend(url for url in self._links.lists_again if url not in self._start_urls)
        home = self._frontier.get(run.scope.site.normal_url("/"))
        if home is None or home.state == "queued":
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
        while self._outside < MAX_OUTSIDE and (url := self._next_url(is_idle=is_idle)) is not None:
            entry = self._frontier.get(url)
            if entry is None:
                entry = self._links.add([PageLink(url, LinkClass.NAVIGATION.value)], None)[0]
            if (trap := self._variant_trap(url)) is not None:
                self._discoveries.report_trap(trap, url, entry.discovered_on)
            elif self._is_dated_before(url):
                self._run.accounts.counts["out_of_scope"] += 1
            elif entry.priority == CANDIDATE and not self._run.settlement.skip_alias(entry):
                return entry
        if is_idle and not self._asked_feeds and self.walk.articles < MAX_SILENT:
            self._ask_usual_feeds()
            return None
        return self._next_scrolled() if is_idle and self._outside < MAX_OUTSIDE else None

    def _next_scrolled(self) -> Entry | None:
        """The next list to be scrolled, as long as scrolling finds new articles."""
        while self._scrollable and len(self._scrolled) < MAX_SCROLLED and self._idle_scrolls < MAX_IDLE_SCROLLS:
            url = self._scrollable.popleft()
            if url not in self._scrolled and (entry := self._frontier.get(url)) is not None:
                self._scrolled.add(url)
                return entry
        return None

    def is_scrolled(self, url: str) -> bool:
        """Whether a browser scrolls a page, because its list has no further pages."""
        return url in self._scrolled

    def _ask_usual_feeds(self) -> None:
        """Ask for a feed where sites have theirs. It is due then, before any link."""
        self._asked_feeds += 1
        self._frontier.add([usual_feed(self._run.scope.site, self._run.started_at)], self._run.id)

    def _next_url(self, *, is_idle: bool) -> str | None:
        """The URL to request next, in its usual spelling."""
        while True:
            url = self.walk.next(is_idle=False)
            if url is None and self._links.read_more():
                continue
            if url is None and (url := self.walk.next(is_idle=is_idle)) is None:
                return None
            usual = self._links.spellings.usual(url)
            if usual == url and self._links.spellings.is_copy(url):
                self._links.refuse_copy(url)
                continue
            if usual == url:
                return url
            if usual not in self.walk.candidates and self._frontier.get(usual) is None:
                for group in self.walk.candidates[url].groups:
                    self.walk.add(usual, group.link_class, group.signature)
                self.walk.mark_requested(usual)
                return usual

    def _variant_trap(self, url: str) -> Trap | None:
        """The trap of URLs that differ only in their query, if many were requested and few were of use."""
        path, mark, _ = url.partition("?")
        bound = self._run.scope.bounds.variants
        requested, useful = self._variants.get(path, (0, 0))
        if not mark or not bound or requested < bound or useful >= MIN_USEFUL_VARIANTS * requested:
            return None
        return Trap(
            "trap_variants",
            f"{quantity(requested, 'requested URL differs', 'requested URLs differ')} from it only in their query",
            path,
        )

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
        if entry.url in self._start_urls:
            self.is_wordpress = b"/wp-" in listing.capture.body
        self._run.accounts.counts["invalid_entries"] += listing.invalid_entries
        if listing.extraction is not None and self._is_outside(listing.extraction):
            await settlement.commits(partial(self._commit_outside, listing, entry))
            return None
        if listing.extraction is not None and self._is_article(listing, listing.extraction, entry):
            capture = replace(listing.capture, kind="article")
            extraction = replace(listing.extraction, capture=capture)
            if entry.priority != CANDIDATE and entry.kind != "article":
                self._run.accounts.counts["discovered"] += 1
            saved = await settlement.save(extraction, lambda extraction: self._commit_article(listing, entry))
            if saved is None:
                return None
            if entry.article_id is None:
                self._note_article(extraction, is_known=saved.outcome == "unchanged")
            return saved.article or extraction.article
        await settlement.commits(partial(self._commit_other, listing, entry))
        return None

    def _is_article(self, listing: Listing, extraction: Extraction, entry: Entry) -> bool:
        url = extraction.capture.url
        candidate = self.walk.candidates.get(url)
        if url == self._run.scope.site.normal_url("/") or self._is_more(url):
            return False
        if candidate is None or entry.article_id is not None:
            return True
        is_dated = extraction.article.published_at is not None
        is_named = is_dated or listing.is_declared or self.walk.is_in_feed(url)
        if not is_named and self._links.confirmed.is_unlike(url):
            return False
        if self.walk.is_evident(url):
            return True
        if self.walk.is_in_menu(url):
            return False
        return self.walk.article_probability(url) >= (MIN_DATED if is_dated else LIKELY)

    def _note_article(self, extraction: Extraction, *, is_known: bool) -> None:
        """Learn from an article that was not at this URL before. ``is_known``: it was known under another one."""
        url, stated = extraction.capture.url, extraction.article.url
        self._links.confirmed.add(url, is_dated=extraction.article.published_at is not None)
        if stated == url or is_known:
            self._links.spellings.learn(url, stated if stated != url else None)
        if stated == url:
            self._links.spellings.compare(url, f"{extraction.article.headline}\n{extraction.article.body}")

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
            self._links.refuse_outside(capture)
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
            page = self._links.entry(PageLink(after, LinkClass.MORE.value), entry.url)
            self._frontier.add([replace(page, page_number=entry.page_number + 1)], self._run.id)
            urls.append(after)
        return [url for url in urls if url in self.walk.candidates]

    def _commit_article(self, listing: Listing, entry: Entry) -> None:
        self._outside = 0
        self._count_variant(entry.url, is_useful=True)
        self._run.dispatcher.count_as(entry.url, "article")
        self._frontier.set_kind(entry.url, "article")
        self._add_links(listing, entry)
        if entry.article_id is None:
            self.walk.observe(entry.url, PageOutcome.ARTICLE)
        else:
            self.walk.mark_requested(entry.url)

    def _commit_other(self, listing: Listing, entry: Entry) -> None:
        capture = replace(listing.capture, kind="listing")
        with self._run.archive.transaction():
            new = self._add_links(listing, entry, is_list=True)
            self._count_variant(entry.url, is_useful=bool(new))
            if new:
                self.walk.follow(self._next_pages(listing, entry))
            articles = self.walk.probable_articles(listing.links or ())
            probable = len(articles)
            if new and entry.url in (self._asked_again | self._start_urls):
                self._ask_next_page(entry.url, listing.links or ())
            self.walk.estimate.add_page(entry.url, set(articles))
            is_later = self._is_later_page(listing)
            is_list = probable >= MIN_TEASERS and not is_later
            self.walk.observe(entry.url, PageOutcome.LIST if is_list else PageOutcome.OTHER, new)
            if self._run.scope.scroll:
                self._note_scrolling(listing, entry.url, new, is_list=is_list)
            if not is_list:
                self.walk.add_hub(entry.url, entry.discovered_on, [link.url for link in listing.links or ()])
            self._run.dispatcher.count_as(entry.url, "listing")
            if entry.kind != "listing":
                self._frontier.set_kind(entry.url, "listing")
            if is_list or entry.url in self._start_urls:
                self._discoveries.mark_fetched(capture)
                counts = self._run.accounts.counts
                counts["listing_pages"] += 1
                counts["teasers"] += probable
            else:
                reason = LATER_PAGE if is_later else NOT_ARTICLE
                self._frontier.mark_refused(
                    entry.url, capture.fetched_at, status=capture.status, reason=reason, due_at=None
                )
                if listing.refusal is not None and (is_later or self.walk.is_evident(entry.url)):
                    # A list names it as an article: `caliber explain` prints why it is not one.
                    self._run.accounts.record_problem(listing.refusal, capture)
            self._run.settlement.mark_done(capture, "traversed")

    def _is_later_page(self, listing: Listing) -> bool:
        """Whether a page is a later page of an article, not of a list."""
        if listing.refusal is None or listing.refusal.reason != LATER_PAGE:
            return False
        first = self._frontier.get(listing.first_page or "")
        return first is not None and first.article_id is not None

    def _note_scrolling(self, listing: Listing, url: str, new: int, *, is_list: bool) -> None:
        """Note a list without further pages, or what scrolling it found."""
        if url in self._scrolled:
            self._idle_scrolls = 0 if new else self._idle_scrolls + 1
            return
        further = {each.value for each in PAGING}
        is_start = url in self._start_urls
        if is_start or (is_list and not any(link.link_class in further for link in listing.links or ())):
            (self._scrollable.appendleft if is_start else self._scrollable.append)(url)

    def observe(self, capture: Capture, outcome: str) -> None:
        """Learn from a page that could not be fetched or is not a page."""
        if capture.kind in ("article", "listing") and outcome in ("refused", "missing", "failed"):
            self.walk.observe(capture.url, PageOutcome.DEAD)

    def account(self, counts: MutableMapping[str, int]) -> None:
        """Count what the exploration leaves: the known URLs that were not requested, and the size of the site."""
        left = len(list(self.walk.left())) + self._links.count_unread()
        counts["articles_left"] = len(self.walk.articles_left())
        counts["lists_left"] = left - counts["articles_left"]
        counts["articles_known"] = self.walk.articles
        counts["site_size"] = self.walk.size

    # --- links --------------------------------------------------------------------------------------------------------

    def add_entries(self, entries: Sequence[Entry]) -> list[Entry]:
        """Add the articles that feeds and sitemaps name; return the new ones."""
        return self._links.add_entries(entries)

    def _add_links(self, listing: Listing, entry: Entry, *, is_list: bool = False) -> int:
        """Commit the links of a page; return the number of probable articles among those that were unknown."""
        links = [
            link
            for link in map(self._links.usual, listing.links or ())
            if link.url != entry.url and (is_list or self._is_followed_from_article(link, entry.url))
        ]
        if listing.first_page is not None:
            links.append(PageLink(listing.first_page, LinkClass.PAGER.value))
        if not is_list:
            later = (link for link in listing.links or () if first_page(link.url) == entry.url)
            self._links.add_later_pages([link for link in later if BY_SOURCE[link.link_class] in PAGING], entry.url)
        added = self._links.add_page(links, entry.url, is_start=entry.url in self._start_urls)
        if entry.url in self._start_urls and self._asked_feeds < MAX_FEEDS:
            started_at = entry.traversal_started_at or self._run.started_at
            feeds = listing.feeds[: MAX_FEEDS - self._asked_feeds]
            self._asked_feeds += len(feeds)
            site = self._run.scope.site
            self._frontier.add([feed_entry(url, site, entry.url, started_at) for url in feeds], self._run.id)
        new = {each.url for each in added}
        return len(self.walk.probable_articles(link for link in links if link.url in new))

    @staticmethod
    def _is_followed_from_article(link: PageLink, url: str) -> bool:
        """Whether to follow a link of an article: not to its own later pages, or to further teasers."""
        return link.link_class != LinkClass.MORE.value and first_page(link.url) != url

    def _ask_next_page(self, url: str, links: Sequence[PageLink]) -> None:
        """Request the next page of a list again that names new articles: there may be more on it."""
        chain = paging_chain(url)
        number = chain[1] if chain is not None else 1
        for link in links:
            following = paging_chain(link.url)
            is_next = following is not None and following[1] == number + 1 and BY_SOURCE[link.link_class] in PAGING
            if is_next and link.url not in self._asked_again:
                entry = self._frontier.get(link.url)
                if entry is not None and entry.kind == "listing" and entry.state == "done":
                    self._again.append(link.url)
                return
