"""What a crawl is asked for."""

from __future__ import annotations

from dataclasses import dataclass, field

from caliber_crawler.crawling.traps import Bounds
from caliber_crawler.crawling.walk import Window
from caliber_crawler.site import Road, Site


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What a crawl was asked for. ``limit`` counts article pages."""

    site: Site
    languages: tuple[str, ...]
    sections: tuple[str, ...]
    window: Window = field(default_factory=Window)
    limit: int | None = None
    roads: tuple[Road, ...] = ()
    """The ways on which new articles are looked for; without any, only what is due is fetched."""
    queries: tuple[str, ...] = ()
    """What the site's own search is asked."""
    numbers: tuple[int, int] | None = None
    """Post numbers to walk, from the first to the second, which may be the smaller."""
    due_only: bool = False
    """Only what is due: listings and feeds, too, only when they are due again."""

    whole: bool = False
    """Listings are walked to their end, over known ground, too."""

    bounds: Bounds = field(default_factory=Bounds)
    """How far the site is followed where it goes on for ever."""

    def covers(self, language: str | None, section: str | None) -> bool:
        """Is an article of this language and section asked for, as far as they are known?"""
        return (language is None or language in self.languages) and (section is None or section in self.sections)

    def as_arguments(self) -> dict[str, object]:
        """The same in plain values, as the archive keeps it with the run."""
        window = self.window
        return {
            "base_url": self.site.base_url,
            "languages": list(self.languages),
            "sections": list(self.sections),
            "since": window.since.isoformat() if window.since else None,
            "until": window.until.isoformat() if window.until else None,
            "limit": self.limit,
            "roads": [road.name for road in self.roads],
            "queries": list(self.queries),
            "numbers": list(self.numbers) if self.numbers else None,
            "due_only": self.due_only,
            **({"whole": True} if self.whole else {}),
        }
