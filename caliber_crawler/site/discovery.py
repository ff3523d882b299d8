"""The ways to find articles that a site offers, and when those found are asked for again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscoverySource:
    """One way to find articles. A site's file switches roads on by naming them in :attr:`Site.sources`."""

    name: ClassVar[str]
    is_default: bool = False
    """Taken when no road is asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listings(DiscoverySource):
    """The listings of the asked-for sections, from the newest teaser back; :class:`ListingLayout` says how."""

    name: ClassVar[str] = "listing"
    is_default: bool = True
    every: timedelta = timedelta(hours=1)
    """After how long a listing is due again for ``caliber crawl --due``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed(DiscoverySource):
    """An RSS, Atom or JSON feed."""

    name: ClassVar[str] = "feed"
    is_default: bool = True
    path: str
    every: timedelta = timedelta(minutes=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sitemaps(DiscoverySource):
    """Site maps and news site maps: those that robots.txt names, or those named here."""

    name: ClassVar[str] = "sitemap"
    paths: tuple[str, ...] = ("/robots.txt",)
    most: int = 50
    """How many site maps a run reads, indexes included."""
    every: timedelta = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Search(DiscoverySource):
    """The site's own search, for what ``--search`` asks."""

    name: ClassVar[str] = "search"
    path: str
    """With ``{query}``."""
    more: str = ""
    """Address of page ``{page}`` of the results, relative to the first; empty when there is one page."""
    newest_first: bool = False
    """Results run from the newest to the oldest, so that known ones, and old ones, end a walk as in a listing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PostIds(DiscoverySource):
    """The walk through post numbers, from ``last`` down to ``first`` unless asked otherwise."""

    name: ClassVar[str] = "post_ids"
    paths: Mapping[str, str]
    """By language, the address of post ``{number}``."""
    first: int = 1
    last: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Links(DiscoverySource):
    """Links to other articles in the text of articles."""

    name: ClassVar[str] = "links"
    depth: int = 2
    """How many links away from a listing, feed or other list an article may be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StartPage(DiscoverySource):
    """One page somebody named: the article on it, and the articles it links to."""

    name: ClassVar[str] = "start_page"
    is_default: bool = True
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Revisits:
    """When an article is visited again: young ones often, old ones rarely, so that each gets a curve of view counts."""

    ages: tuple[timedelta, ...] = (
        *(timedelta(hours=hours) for hours in (1, 3, 6, 12)),
        *(timedelta(days=days) for days in (1, 2, 4, 7, 14, 30)),
    )
    """Ages of an article, rising, at which it is visited; at least one."""
    later: timedelta = timedelta(days=91)
    """The interval once it has outgrown all of them: quarterly."""
