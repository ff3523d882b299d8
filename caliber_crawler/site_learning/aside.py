"""Pages that were put aside after a redesign: they show what the learned layout of a definition leaves in the text.

The layout was learned from a few pages. A block that occurs on none of them, such as an advertisement, has no rule yet.
"""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Iterator

from caliber_crawler.archive.core.rows import VersionRow
from caliber_crawler.archive.core.times import utc_text_or_none
from caliber_crawler.items import Article, Capture
from caliber_crawler.learning.layout import MIN_PAGES
from caliber_crawler.learning.markup import names_of
from caliber_crawler.site import Layout

MAX_KEPT, MAX_FITTING = 20, 10
_NAME = re.compile(r"[.#]([A-Za-z_-][\w-]*)", re.ASCII)


class AsidePages:
    """The newest page of each URL that was put aside, and pages of the same design that the layout fits.

    The fitting pages are counter-evidence: what belongs to their text must not be dropped.
    """

    def __init__(self) -> None:
        self._pages: dict[str, Capture] = {}
        self._ids: dict[int, None] = {}
        self._fitting: deque[Capture] = deque(maxlen=MAX_FITTING)
        self._untried, self._needed = 0, MIN_PAGES

    def add(self, capture: Capture) -> None:
        """Add a page that is put aside."""
        self._pages.pop(capture.url, None)
        self._pages[capture.url] = capture
        if len(self._pages) > MAX_KEPT:
            del self._pages[next(iter(self._pages))]
        if capture.id is not None:
            self._ids[capture.id] = None
        self._untried += 1

    def add_fitting(self, capture: Capture) -> None:
        """Add a page on which the layout found the known text."""
        self._fitting.append(capture)

    def __iter__(self) -> Iterator[Capture]:
        """The pages to learn from: those that were put aside first."""
        yield from self._pages.values()
        yield from (page for page in self._fitting if page.url not in self._pages)

    def is_due(self) -> bool:
        """Whether enough pages were put aside since the last time that this was true: twice as many each time.

        Learning may find nothing, and takes time.
        """
        if self._untried < self._needed or len(self._pages) < MIN_PAGES:
            return False
        self._untried = 0
        self._needed *= 2
        return True

    def take(self) -> list[int]:
        """The IDs of the pages that were put aside; they are then forgotten."""
        ids, self._ids = list(self._ids), {}
        self._pages.clear()
        self._untried, self._needed = 0, MIN_PAGES
        return ids


def lacks_layout(source: bytes, layout: Layout) -> bool:
    """Whether a page lacks a class or ID by which a layout finds headline and text, so that it is of another design."""
    selectors = f"{layout.headline} {layout.body}"
    if "\\" in selectors:
        return False
    return not {name.encode() for name in _NAME.findall(selectors)} <= names_of(source)


def is_changed(row: VersionRow, article: Article) -> bool:
    """Whether a page states another value than the known text has; a value that it lost is kept."""
    stated = (
        (article.subtitle, row["subtitle"]),
        (list(article.authors), json.loads(row["authors"])),
        (utc_text_or_none(article.published_at), row["published_at"]),
    )
    return (row["headline"], row["body"]) != (article.headline, article.body) or any(
        new and new != known for new, known in stated
    )
