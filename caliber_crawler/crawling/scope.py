"""The scope of a crawl: the articles of a site that it fetches, and how it discovers them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from caliber_crawler.crawling.pagination import Window
from caliber_crawler.crawling.traps import Bounds
from caliber_crawler.site import DiscoverySource, Site


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """The scope of one crawl. ``limit`` is the maximum number of article pages."""

    site: Site
    languages: tuple[str, ...]
    sections: tuple[str, ...]
    window: Window = field(default_factory=Window)
    limit: int | None = None
    requests: int | None = None
    """The maximum number of pages of any kind."""
    sources: tuple[DiscoverySource, ...] = ()
    """The discovery sources; without any, the crawl fetches only what is due."""
    queries: tuple[str, ...] = ()
    """Queries for the site's own search."""
    ids: tuple[int, int] | None = None
    """Post IDs to try, from the first to the second; the second may be smaller."""
    due_only: bool = False
    """Fetch only what is due, listings and feeds included."""

    stated: frozenset[str] = frozenset()
    """Which of the options ``language``, ``section``, ``since`` and ``until`` were given."""

    backfill: bool = False
    """Crawl listings to the end, even past known articles."""

    relisting: timedelta = timedelta(days=30)
    """After which time a listing is crawled past known articles; 0 for never."""

    scroll: bool = False
    """Scroll lists without further pages in a browser, on a site that is explored."""

    bounds: Bounds = field(default_factory=Bounds)
    """Limits for endless lists and URLs."""

    def covers(self, language: str | None, section: str | None) -> bool:
        """Return whether a language and section are in scope; unknown ones (``None``) are."""
        return (language is None or language in self.languages) and (section is None or section in self.sections)

    def as_arguments(self) -> dict[str, object]:
        """The scope as plain values, to be stored with the run."""
        window = self.window
        return {
            "base_url": self.site.base_url,
            "languages": list(self.languages),
            "sections": list(self.sections),
            "since": window.since.isoformat() if window.since else None,
            "until": window.until.isoformat() if window.until else None,
            "limit": self.limit,
            "sources": [source.name for source in self.sources],
            "queries": list(self.queries),
            "ids": list(self.ids) if self.ids else None,
            "due_only": self.due_only,
            **({"backfill": True} if self.backfill else {}),
            **({"scroll": True} if self.scroll else {}),
            **({"requests": self.requests} if self.requests is not None else {}),
        }
