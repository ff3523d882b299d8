"""Traps: URLs and lists that never end (calendars, session numbers, self-repeating paths).

URLs left out of the frontier are counted, and each trap is reported once.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Collection
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from scrapy.settings import BaseSettings

MAX_REPETITIONS = 3
"""Maximum repetitions of one path segment; ``/a/b/a/b/a/b/a/b`` leads back to itself."""
MAX_REMEMBERED_TEASERS = 5_000
"""Number of teasers of one walk that are remembered: a list that repeats itself does so within them."""
NAMED = 3
"""Maximum variants of a URL whose path names its article: they all lead to the same one."""
RECENT_PAGES = 5
"""Listing pages that a walk may be ahead of the articles on them."""
MAX_STALE_PAGES = 3
"""Listing pages in a row without anything new that end a walk."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """How far a crawl follows endless URLs and lists; 0 disables a limit."""

    variants: int = 20
    """URLs that differ only in their query."""
    segments: int = 16
    """Segments of a path."""
    parameters: int = 8
    """Parameters of a query."""
    pages: int = 5_000
    """Pages of one listing in one walk."""

    @classmethod
    def from_settings(cls, settings: BaseSettings) -> Self:
        """The bounds that the ``TRAP_…`` settings give."""
        return cls(**{field.name: settings.getint(f"TRAP_{field.name.upper()}") for field in fields(cls)})


@dataclass(frozen=True, slots=True)
class Trap:
    """Why a URL is left out: a code to group by, a clause for a person, and what URLs of the same trap share."""

    code: str
    clause: str
    pattern: str


def url_trap(url: str, bounds: Bounds) -> Trap | None:
    """The trap that a URL alone reveals, if any."""
    parts = urlsplit(url)
    segments = [segment for segment in parts.path.split("/") if segment]
    start = f"{parts.netloc}/{'/'.join(segments[:2])}"
    if bounds.segments and len(segments) > bounds.segments:
        return Trap("trap_deep", f"its path has {len(segments)} parts", start)
    part, returns = max(Counter(segments).items(), key=lambda pair: pair[1], default=("", 0))
    if bounds.segments and returns > MAX_REPETITIONS:
        return Trap("trap_circle", f"{part[:50]!r} stands {returns} times in its path", start)
    parameters = parts.query.count("&") + 1 if parts.query else 0
    if bounds.parameters and parameters > bounds.parameters:
        return Trap("trap_query", f"its query has {parameters} parameters", parts.path)
    return None


def variant_trap(url: str, known: int, bounds: Bounds, *, named: bool = False) -> Trap | None:
    """The trap of URLs that differ only in their query, when ``known`` of them are in the frontier already.

    ``named`` says that the path alone tells which article it is.
    """
    parts = urlsplit(url)
    most = min(NAMED, bounds.variants) if named else bounds.variants
    if not parts.query or not most or known < most:
        return None
    return Trap("trap_variants", f"{known} addresses are known that differ from it in their query alone", parts.path)


class SeenPages:
    """What one walk through a listing has shown lately: does it still show anything new?"""

    def __init__(self) -> None:
        self._pages: set[int] = set()
        self._teasers: dict[int, None] = {}
        self.stale = 0
        """Listing pages in a row without anything new, the last one included."""
        self.teasers_known = False
        """Did a listing page show teasers as the site definition describes them?"""
        self.undated: deque[tuple[str, ...]] = deque(maxlen=RECENT_PAGES)
        """The last listing pages without a dated teaser."""

    def repeats(self, urls: Collection[str]) -> bool:
        """Add a listing page. True for one that was seen before, and for the last of several without a new teaser."""
        batch = hash(tuple(urls))
        known, self.stale = batch in self._pages, self.stale + 1
        self._pages.add(batch)
        for teaser in map(hash, urls):
            if teaser not in self._teasers:
                self.stale = 0
            self._teasers[teaser] = None
        while len(self._teasers) > MAX_REMEMBERED_TEASERS:
            del self._teasers[next(iter(self._teasers))]
        return bool(urls) and (known or self.stale >= MAX_STALE_PAGES)
