"""Candidate selectors: short and stable names of an element, without positions.

A name counts only if it stands on most pages of the sample. This alone keeps out the IDs of posts, hashes and the names
of categories.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from caliber_crawler.learning.page_index import PageIndex

OWN_SHARE, ANCESTOR_SHARE = 0.6, 0.9
"""The share of the pages on which a token of the element itself, and of an ancestor, must stand."""
LEVELS = 8
_ANCESTOR_TAGS = frozenset(("article", "main", "header"))


class Selector(NamedTuple):
    """A selector of one or two compounds: ``own`` inside ``above``."""

    tag: str
    """The tag, if the selector names it beside a token; else empty."""
    token: str
    above: str = ""

    @property
    def css(self) -> str:
        own = f"{self.tag}{self.token}"
        return f"{self.above} {own}" if self.above else own

    @property
    def rank(self) -> tuple[int, int, str]:
        """Names before tags, single names before names of a place, then the shorter selector."""
        is_tag = self.token.isalnum()
        return 2 * is_tag + (not self.above if is_tag else bool(self.above)), len(self.css), self.css


class Frequencies:
    """On how many pages each token stands."""

    def __init__(self, pages: Sequence[PageIndex]) -> None:
        self._count = len(pages)
        self._pages: Counter[str] = Counter()
        for page in pages:
            self._pages.update(page.postings.keys())

    def share(self, token: str) -> float:
        return self._pages[token] / self._count if self._count else 0.0

    def own(self, page: PageIndex, place: int) -> list[str]:
        """The tokens of an element that may name it."""
        return [token for token in page.tokens[place] if self.share(token) >= OWN_SHARE]

    def above(self, page: PageIndex, place: int) -> list[str]:
        """The tokens of the nearest ancestors that may name the place of an element."""
        found: dict[str, None] = {}
        for level, ancestor in enumerate(page.ancestors(place)):
            if level >= LEVELS:
                break
            for token in page.tokens[ancestor]:
                if (token in _ANCESTOR_TAGS or token[0] in "#.") and self.share(token) >= ANCESTOR_SHARE:
                    found[token] = None
        return list(found)


def selectors_of(page: PageIndex, place: int, frequencies: Frequencies) -> Iterator[Selector]:
    """The candidate selectors of an element."""
    tag, own = page.tokens[place][0], frequencies.own(page, place)
    for token in own:
        yield Selector("", token)
        if token != tag:
            yield Selector(tag, token)
    for above in frequencies.above(page, place):
        for token in own:
            yield Selector("", token, above)
        if tag not in own and frequencies.share(tag) >= OWN_SHARE:
            yield Selector("", tag, above)


def matches(page: PageIndex, selector: Selector) -> list[int]:
    """The elements that a selector finds, in document order."""
    found: Iterable[int] = page.postings.get(selector.token, ())
    if selector.tag:
        found = (place for place in found if page.tokens[place][0] == selector.tag)
    if selector.above:
        holders = [(place, page.ends[place]) for place in page.postings.get(selector.above, ())]
        found = (place for place in found if any(start < place < end for start, end in holders))
    return list(found)
