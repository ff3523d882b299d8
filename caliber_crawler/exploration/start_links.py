"""The links of the start page, which are requested before a walk ends: any of them may lead to articles of its own.

Some kinds of links are given up when several in a row named nothing new: days or months of a calendar, tags, authors.
Calendars are tried from both ends, because lists often show only the newest articles. Pages about the site itself, such
as its imprint, are not requested.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Collection, Iterable
from itertools import chain

from caliber_crawler.exploration.link_classes import LinkClass
from caliber_crawler.exploration.templates import template
from caliber_crawler.extraction.static_pages import is_static_path

MAX_DATED_MISSES, MAX_LABEL_MISSES = 6, 10
"""Links of one kind in a row that led to nothing new, after which no more are requested."""
_LABELS = frozenset((LinkClass.TAG, LinkClass.AUTHOR))
Kind = tuple[str, int]
"""A kind of links, and how many of them in a row may lead to nothing new."""


def kind_of(url: str, classes: Collection[LinkClass]) -> Kind | None:
    """The kind by which links are given up: a day, month or year in the URL, a tag or an author; else ``None``."""
    if classes and _LABELS.issuperset(classes):
        return min(each.value for each in classes), MAX_LABEL_MISSES
    segments = template(url).split("/")
    is_dated = "Y" in segments and segments[-1] in ("N", "Y")
    return ("/".join(segments), MAX_DATED_MISSES) if is_dated else None


class StartLinks:
    """Links of start pages that were not requested, in the order in which they should be."""

    def __init__(self) -> None:
        self._plain: deque[str] = deque()
        self._of_kind: dict[Kind, deque[str]] = {}
        self._misses: Counter[Kind] = Counter()
        self._is_back: set[Kind] = set()
        """Kinds whose next link is the last one."""

    def add(self, urls: Iterable[str], classes_of: Callable[[str], Collection[LinkClass]]) -> None:
        for url in urls:
            kind = kind_of(url, classes_of(url))
            if kind is not None:
                self._of_kind.setdefault(kind, deque()).append(url)
            elif not is_static_path(url):
                self._plain.append(url)

    def next(self, is_waiting: Callable[[str], bool]) -> str | None:
        """The next link that is waiting to be requested."""
        while self._plain:
            if is_waiting(url := self._plain.popleft()):
                return url
        for kind, urls in self._of_kind.items():
            while urls and self._misses[kind] < kind[1]:
                url = urls.pop() if kind in self._is_back else urls.popleft()
                if is_waiting(url):
                    self._is_back ^= {kind}
                    return url
        return None

    def note(self, url: str, classes: Collection[LinkClass], *, is_useful: bool) -> None:
        """Note whether a requested page was an article or named new ones."""
        if (kind := kind_of(url, classes)) is not None:
            self._misses[kind] = 0 if is_useful else self._misses[kind] + 1

    def __len__(self) -> int:
        return sum(map(len, chain((self._plain,), self._of_kind.values())))
