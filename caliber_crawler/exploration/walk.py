"""The walk through a site: which of its known links to request next, and when to stop.

Each step requests the link of the highest value. A link to a probable article is worth its probability; a link to a
list is worth a part of the articles that lists like it have named for the first time. So the known articles come first,
and lists are requested when the articles run out. When nothing valuable is left, four checks come before the end:

1. the next page of every list that named new articles;
2. the far end of every pager, because the first pages of a list often show only what is known already;
3. the links of the start page: see :mod:`caliber_crawler.exploration.start_links`;
4. the links of hubs: pages without articles that the start page or a hub links to, such as a section of sections.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from itertools import islice

from caliber_crawler.exploration.chains import Chains
from caliber_crawler.exploration.estimate import Estimate
from caliber_crawler.exploration.link_classes import BY_SOURCE, EVIDENT, MENU, PAGING, LinkClass
from caliber_crawler.exploration.outcomes import PageOutcome
from caliber_crawler.exploration.probabilities import Group, LearnedProbabilities
from caliber_crawler.exploration.start_links import StartLinks
from caliber_crawler.exploration.templates import template
from caliber_crawler.extraction.static_pages import is_static_path
from caliber_crawler.items import PageLink

LIST_WEIGHT, MAX_YIELD = 0.05, 20.0
"""The value of a list for each new article that lists like it name, and the number of articles beyond which it ends."""
YIELD_DECAY = 0.7
"""How much less each earlier page of a group of lists counts."""
MIN_VALUE = 0.1
"""Value below which no link is requested, except by the checks before the end."""
MIN_PROBABLE = 0.4
"""Probability from which on a link counts as one to an article."""
MAX_GROUPS = 4
"""Number of groups of one link that are remembered."""
MAX_CANDIDATES = 200_000
"""Number of URLs of a site that are remembered at a time. Those whose outcome is known are forgotten first."""
FORGOTTEN_AT_ONCE = 1_000
"""Number of outcomes that are known before URLs are forgotten, at least."""
MAX_HUB_LINKS = 60
"""Number of links of one hub that are requested."""
MAX_HUB_MISSES = 20
"""Number of links of hubs in a row that lead to nothing new, after which no more are requested."""
GROUPS_PER_STEP = 100
"""Number of groups whose values are computed anew for each step, on average."""


class Phase(Enum):
    """What the walk requests."""

    VALUE = "the links of the highest value"
    FOLLOWING = "the next pages of lists that named new articles"
    CHAINS = "the far ends of pagers"
    START = "the links of the start page"
    HUBS = "the links of hubs"
    END = "nothing: it is complete"


@dataclass(slots=True)
class Candidate:
    """One known URL of the site."""

    groups: list[Group]
    outcome: PageOutcome | None = None
    is_requested: bool = False
    links: int = 0
    """Number of pages that link to it."""


@dataclass(slots=True)
class Queue:
    """The links of one group that are not requested, in the order in which they were found, and the group's yield."""

    urls: deque[str] = field(default_factory=deque)
    pages: float = 0.0
    """Number of its lists that were requested, each earlier one counting less."""
    found: float = 0.0
    """Number of articles that they named first, decayed alike."""
    value: float | None = None


class Walk:
    """The links of one site, those requested and those not."""

    def __init__(self, start_urls: Collection[str] = ()) -> None:
        self.start_urls = frozenset(start_urls)
        self.candidates: dict[str, Candidate] = {}
        self.probabilities = LearnedProbabilities()
        self.chains = Chains()
        self.estimate = Estimate()
        self.phase = Phase.VALUE
        self.pages = 0
        """Number of pages whose links are known."""
        self._queues: dict[Group, Queue] = {}
        self._start_links = StartLinks()
        self._following: deque[str] = deque()
        self._hubs: set[str] = set()
        self._hub_links: deque[str] = deque()
        self._hub_misses = 0
        self._lists, self._articles_on_lists = 0, 0
        self._observed = self._forgettable = 0
        self.articles = 0
        """Number of pages that turned out to be articles."""
        self.has_ignored = False
        """Whether a link was not remembered, because too many are not requested."""

    # --- links --------------------------------------------------------------------------------------------------------

    def add(self, url: str, link_class: LinkClass, signature: str = "") -> bool:
        """Add a link, and remember it if there is room. Return whether its URL was unknown."""
        candidate = self.candidates.get(url)
        is_new = candidate is None
        if candidate is None:
            if not self.has_room:
                self.has_ignored = True
                return True
            candidate = self.candidates[url] = Candidate([])
        group = Group(link_class, template(url), signature)
        if group not in candidate.groups and len(candidate.groups) < MAX_GROUPS:
            candidate.groups.append(group)
            if not candidate.is_requested:
                self._queue(group).urls.append(url)
                if link_class in PAGING:
                    self.chains.add(url)
                    self.estimate.add_number(url)
            elif candidate.outcome is not None:
                self.probabilities.observe(group, candidate.outcome)
        return is_new

    def add_page(self, links: Iterable[PageLink], *, is_start: bool = False) -> list[PageLink]:
        """Add the links of a page; return those to unknown URLs, each once.

        ``is_start``: it is the start page, all of whose links are requested before the walk ends.
        """
        self.pages += 1
        seen: dict[str, None] = {}
        new = []
        for link in links:
            if self.add(link.url, BY_SOURCE[link.link_class], link.signature):
                new.append(link)
            if link.url not in seen and link.url in self.candidates:
                seen[link.url] = None
                self.candidates[link.url].links += 1
        if is_start:
            self._start_links.add(seen, self._classes_of)
        return new

    def probable_articles(self, links: Iterable[PageLink]) -> list[str]:
        """The URLs that are probably articles, each once, as far as these and the remembered links say."""
        probable: dict[str, float] = {}
        for link in links:
            if link.url not in probable and link.url in self.candidates:
                probable[link.url] = self.article_probability(link.url)
            elif link.url not in self.candidates:
                group = Group(BY_SOURCE[link.link_class], template(link.url), link.signature)
                probability = self.probabilities.of(group)[PageOutcome.ARTICLE]
                probable[link.url] = max(probable.get(link.url, 0.0), probability)
        return [url for url, probability in probable.items() if probability >= MIN_PROBABLE]

    def article_probability(self, url: str) -> float:
        """The probability that a remembered URL is an article's."""
        groups = self.candidates[url].groups
        return max((self.probabilities.of(group)[PageOutcome.ARTICLE] for group in groups), default=0.0)

    def is_evident(self, url: str) -> bool:
        """Whether the links to a URL say that it is an article's.

        They do if one is a headline or a long text, and not most pages have such a link, as in a menu.
        """
        candidate = self.candidates.get(url)
        if candidate is None or not any(group.link_class in EVIDENT for group in candidate.groups):
            return False
        return self.pages < MANY_PAGES or candidate.links <= self.pages / 2

    def is_in_feed(self, url: str) -> bool:
        """Whether a feed names a URL."""
        candidate = self.candidates.get(url)
        return candidate is not None and any(group.link_class is LinkClass.FEED for group in candidate.groups)

    def is_in_menu(self, url: str) -> bool:
        """Whether all links to a URL are in navigation (or a sitemap), and nearly every page has one."""
        candidate = self.candidates.get(url)
        if candidate is None or self.pages < MANY_PAGES or candidate.links < MENU_SHARE * self.pages:
            return False
        return all(group.link_class in MENU for group in candidate.groups)

    # --- outcomes -----------------------------------------------------------------------------------------------------

    def mark_requested(self, url: str) -> None:
        """Mark a URL as requested: it is not returned again."""
        candidate = self.candidates.setdefault(url, Candidate([]))
        candidate.is_requested = True
        self.chains.remove(url)

    def observe(self, url: str, outcome: PageOutcome, new_articles: int = 0) -> None:
        """Learn from the outcome of a requested page. ``new_articles``: probable articles that it was first to name."""
        self.mark_requested(url)
        candidate = self.candidates[url]
        if candidate.outcome is not None:
            return
        candidate.outcome = outcome
        self._forgettable += 1
        self.articles += outcome is PageOutcome.ARTICLE
        self._learn(url, candidate.groups, outcome, new_articles)
        is_useful = bool(new_articles) or outcome is PageOutcome.ARTICLE
        if self.phase is Phase.START:
            self._start_links.note(url, self._classes_of(url), is_useful=is_useful)
        if new_articles and self.phase is Phase.CHAINS:
            self.chains.reward(url)
        if self.phase is Phase.HUBS:
            self._hub_misses = 0 if is_useful else self._hub_misses + 1
        if self._observed % (len(self._queues) // GROUPS_PER_STEP + 1) == 0:
            for queue in self._queues.values():
                queue.value = None

    def recall(self, url: str, link_class: LinkClass, outcome: PageOutcome, new_articles: int = 0) -> None:
        """Learn from a page that an earlier run requested, without remembering it."""
        if link_class in PAGING:
            self.estimate.add_number(url)
        self._learn(url, [Group(link_class, template(url))], outcome, new_articles)

    def remember(self, url: str, link_class: LinkClass, outcome: PageOutcome) -> None:
        """Remember a page that an earlier run requested, and that this one requests again."""
        self.candidates[url] = Candidate([Group(link_class, template(url))], outcome, is_requested=True)

    def _learn(self, url: str, groups: Collection[Group], outcome: PageOutcome, new_articles: int) -> None:
        self._observed += 1
        for group in groups:
            self.probabilities.observe(group, outcome)
        if outcome is PageOutcome.DEAD:
            self.estimate.remove_number(url)
        if outcome is PageOutcome.LIST:
            self._lists += 1
            self._articles_on_lists += new_articles
            for group in groups:
                queue = self._queue(group)
                queue.pages = YIELD_DECAY * queue.pages + 1
                queue.found = YIELD_DECAY * queue.found + new_articles

    @property
    def has_room(self) -> bool:
        """Whether further links can be remembered."""
        return len(self.candidates) < MAX_CANDIDATES or self._forget()

    def _forget(self) -> bool:
        """Forget the URLs whose outcome is known, if they are many; return whether there is room now."""
        if self._forgettable < FORGOTTEN_AT_ONCE:
            return False
        self.candidates = {url: each for url, each in self.candidates.items() if each.outcome is None}
        self._forgettable = 0
        return len(self.candidates) < MAX_CANDIDATES

    def withdraw(self, url: str | None) -> None:
        """Take one article from the yield of the list that named it: it does not count."""
        candidate = self.candidates.get(url) if url is not None else None
        for group in candidate.groups if candidate is not None else ():
            queue = self._queue(group)
            queue.found = max(0.0, queue.found - 1)

    # --- the next link ------------------------------------------------------------------------------------------------

    def next(self, *, is_idle: bool = True) -> str | None:
        """The URL to request next, which is marked as requested.

        ``None``: nothing for now while other pages are requested (not ``is_idle``), otherwise the walk is complete.
        """
        url = self._most_valuable()
        if url is None and is_idle:
            url = self._last_checks()
        if url is not None:
            self.mark_requested(url)
        return url

    def _most_valuable(self) -> str | None:
        best, best_value = None, MIN_VALUE
        for group, queue in self._queues.items():
            if not self._has_links(queue):
                continue
            if queue.value is None:
                queue.value = self._value(group, queue)
            if queue.value > best_value:
                best, best_value = queue, queue.value
        if best is None:
            return None
        self.phase = Phase.VALUE
        return best.urls.popleft()

    def follow(self, urls: Iterable[str]) -> None:
        """Request these before the end: the next pages of a list that named new articles."""
        self._following.extend(urls)

    def add_hub(self, url: str, found_on: str | None, links: Collection[str]) -> None:
        """Request the links of a page without articles before the end, if the start page or a hub links to it."""
        if found_on in self._hubs or found_on in self.start_urls:
            self._hubs.add(url)
            self._hub_links.extend(islice((each for each in links if not is_static_path(each)), MAX_HUB_LINKS))

    def _last_checks(self) -> str | None:
        while self._following:
            if self._is_waiting(following := self._following.popleft()):
                self.phase = Phase.FOLLOWING
                return following
        if (far := self.chains.far_end()) is not None:
            self.phase = Phase.CHAINS
            return far
        if (url := self._start_links.next(self._is_waiting)) is not None:
            self.phase = Phase.START
            return url
        while self._hub_links and self._hub_misses < MAX_HUB_MISSES:
            if self._is_waiting(linked := self._hub_links.popleft()):
                self.phase = Phase.HUBS
                return linked
        self.phase = Phase.END
        return None

    def _has_links(self, queue: Queue) -> bool:
        while queue.urls and not self._is_waiting(queue.urls[0]):
            queue.urls.popleft()
        return bool(queue.urls)

    def _classes_of(self, url: str) -> frozenset[LinkClass]:
        candidate = self.candidates.get(url)
        return frozenset(group.link_class for group in candidate.groups) if candidate is not None else frozenset()

    def _is_waiting(self, url: str) -> bool:
        candidate = self.candidates.get(url)
        return candidate is not None and not candidate.is_requested

    def _value(self, group: Group, queue: Queue) -> float:
        article, listed, _, _ = self.probabilities.of(group)
        mean = self._articles_on_lists / self._lists if self._lists else MAX_YIELD
        expected = (queue.found + mean) / (queue.pages + 1)
        return article + LIST_WEIGHT * listed * min(expected, MAX_YIELD)

    def _queue(self, group: Group) -> Queue:
        return self._queues.setdefault(group, Queue())

    # --- what is left -------------------------------------------------------------------------------------------------

    def left(self) -> Iterator[str]:
        """The known URLs that were not requested."""
        return (url for url, candidate in self.candidates.items() if not candidate.is_requested)

    def articles_left(self) -> list[str]:
        """The known URLs that were not requested and are probably articles."""
        return [url for url in self.left() if self.article_probability(url) >= MIN_PROBABLE]

    @property
    def size(self) -> int:
        """The number of articles that the site has at least, as far as its pages say."""
        return max(self.articles + len(self.articles_left()), self.estimate.articles)


MENU_SHARE = 0.8
"""Share of the pages that have a link of a menu."""
MANY_PAGES = 8
"""Number of pages from which on a link on most of them is one of a menu."""
