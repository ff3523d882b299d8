"""Crawler traps: endless URLs and lists (calendars, session IDs, self-repeating paths).

Their URLs are counted but not added to the frontier; each trap is reported once.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Collection
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

from caliber_crawler.quantity import quantity

if TYPE_CHECKING:
    from scrapy.settings import BaseSettings

MAX_REPETITIONS = 3
"""Maximum repetitions of one path segment; ``/a/b/a/b/a/b/a/b`` repeats itself."""
MAX_REMEMBERED_TEASERS = 5_000
"""Number of teasers remembered per traversal; a repeating list is expected to repeat within them."""
MAX_ARTICLE_VARIANTS = 3
"""Maximum variants of a URL whose path identifies the article: all variants lead to the same article."""
RECENT_PAGES = 5
"""Number of listing pages that a traversal may be ahead of the articles on them."""
MAX_STALE_PAGES = 3
"""Number of consecutive listing pages without a new teaser that ends a traversal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """Limits for endless URLs and lists; 0 disables a limit."""

    variants: int = 20
    """Maximum number of URLs that differ only in their query."""
    segments: int = 16
    """Maximum number of path segments."""
    parameters: int = 8
    """Maximum number of query parameters."""
    pages: int = 5_000
    """Maximum number of pages of one listing per traversal."""

    @classmethod
    def from_settings(cls, settings: BaseSettings) -> Self:
        """Create the limits from the ``TRAP_…`` settings."""
        return cls(**{field.name: settings.getint(f"TRAP_{field.name.upper()}") for field in fields(cls)})


@dataclass(frozen=True, slots=True)
class Trap:
    """Why a URL is skipped: a reason code, a clause for messages, and the pattern that URLs of one trap share."""

    code: str
    clause: str
    pattern: str


def url_trap(url: str, bounds: Bounds) -> Trap | None:
    """Return the trap that is evident from the URL alone, if any."""
    parts = urlsplit(url)
    segments = [segment for segment in parts.path.split("/") if segment]
    start = f"{parts.netloc}/{'/'.join(segments[:2])}"
    if bounds.segments and len(segments) > bounds.segments:
        return Trap("trap_deep", f"its path has {quantity(len(segments), 'segment')}", start)
    segment, repetitions = max(Counter(segments).items(), key=lambda pair: pair[1], default=("", 0))
    if bounds.segments and repetitions > MAX_REPETITIONS:
        return Trap("trap_circle", f"{segment[:50]!r} occurs {quantity(repetitions, 'time')} in its path", start)
    parameters = parts.query.count("&") + 1 if parts.query else 0
    if bounds.parameters and parameters > bounds.parameters:
        return Trap("trap_query", f"its query has {quantity(parameters, 'parameter')}", parts.path)
    return None


def variant_trap(url: str, known: int, bounds: Bounds, *, named: bool = False) -> Trap | None:
    """Return the trap of URLs that differ only in their query, when ``known`` of them are already in the frontier.

    ``named``: the path alone identifies the article.
    """
    parts = urlsplit(url)
    most = min(MAX_ARTICLE_VARIANTS, bounds.variants) if named else bounds.variants
    if not parts.query or not most or known < most:
        return None
    return Trap(
        "trap_variants",
        f"{quantity(known, 'known URL differs', 'known URLs differ')} from it only in their query",
        parts.path,
    )


class SeenPages:
    """The recent pages of one traversal of a listing, to detect when it shows nothing new."""

    def __init__(self) -> None:
        self._pages: set[int] = set()
        self._teasers: dict[int, None] = {}
        self.stale = 0
        """Number of consecutive listing pages without a new teaser, up to the last page."""
        self.teasers_known = False
        """Whether a listing page had teasers that match the site definition."""
        self.is_known = False
        """Whether most teasers of a page were known before this traversal."""
        self.undated: deque[tuple[str, ...]] = deque(maxlen=RECENT_PAGES)
        """The last listing pages without a dated teaser."""

    def repeats(self, urls: Collection[str]) -> bool:
        """Add a listing page; return whether it repeats a page or is the last of several without a new teaser."""
        page = hash(tuple(urls))
        known, self.stale = page in self._pages, self.stale + 1
        self._pages.add(page)
        for teaser in map(hash, urls):
            if teaser not in self._teasers:
                self.stale = 0
            self._teasers[teaser] = None
        while len(self._teasers) > MAX_REMEMBERED_TEASERS:
            del self._teasers[next(iter(self._teasers))]
        return bool(urls) and (known or self.stale >= MAX_STALE_PAGES)
