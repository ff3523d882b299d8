"""How many articles a site has, at least: from the pages of its longest list."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Set as AbstractSet
from math import gcd
from statistics import median

from caliber_crawler.exploration.templates import paging_chain

MAX_COMPARED = 4
"""Number of pages of one list that are compared to find how many articles each names."""


class Estimate:
    """The lists of a site: how many pages each has, and how many articles a page names.

    Articles that two pages of a list share are those of sidebars, and do not count.
    """

    def __init__(self) -> None:
        self._pages: defaultdict[str, dict[int, frozenset[str]]] = defaultdict(dict)
        self._longest: dict[str, int] = {}
        self._steps: dict[str, int] = {}
        """The greatest common divisor of the numbers of each list: above 1, they are offsets of articles, not pages."""

    def add_number(self, url: str) -> None:
        """Add a page of a list, whether requested or not."""
        if (found := paging_chain(url)) is not None:
            chain, number = found
            self._longest[chain] = max(number, self._longest.get(chain, 0))
            self._steps[chain] = gcd(number, self._steps.get(chain, 0))

    def remove_number(self, url: str) -> None:
        """Remove a page that does not exist: the one before it may be the last."""
        found = paging_chain(url)
        if found is not None and self._longest.get(found[0]) == found[1]:
            self._longest[found[0]] -= max(1, self._steps[found[0]])

    def add_page(self, url: str, articles: AbstractSet[str]) -> None:
        """Add a requested page of a list with the articles on it."""
        found = paging_chain(url)
        if found is not None and found[0] in self._longest and len(self._pages[found[0]]) < MAX_COMPARED:
            self._pages[found[0]][found[1]] = frozenset(articles)

    @property
    def articles(self) -> int:
        """The smallest number of articles that the longest list can have; 0 if no list has comparable pages."""
        return max((self._articles_of(chain, pages) for chain, pages in self._pages.items()), default=0)

    def _articles_of(self, chain: str, pages: dict[int, frozenset[str]]) -> int:
        if len(pages) < 2:
            return 0
        own = []
        for number, articles in pages.items():
            others = frozenset().union(*(each for other, each in pages.items() if other != number))
            own.append(len(articles - others))
        step, longest = self._steps[chain], self._longest[chain]
        before_last = longest // step if step > 1 else longest - 1  # an offset of 0 is the first page
        # The last page may have one article only.
        return int(median(own) * before_last) + 1 if any(own) else 0
