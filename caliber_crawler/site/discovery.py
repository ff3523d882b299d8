"""The discovery sources of a site, and the schedule for revisiting its articles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscoverySource:
    """One way to find articles. A site definition lists its sources in :attr:`Site.sources`."""

    name: ClassVar[str]
    is_default: bool = False
    """Used when no discovery source is requested."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listings(DiscoverySource):
    """The listings of the requested sections, newest teaser first. :class:`ListingLayout` describes their pages."""

    name: ClassVar[str] = "listing"
    is_default: bool = True
    every: timedelta = timedelta(hours=1)
    """Interval after which a listing is due again for ``caliber crawl --due``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed(DiscoverySource):
    """An RSS, Atom or JSON feed."""

    name: ClassVar[str] = "feed"
    is_default: bool = True
    path: str
    every: timedelta = timedelta(minutes=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sitemaps(DiscoverySource):
    """Sitemaps and news sitemaps: those that robots.txt names, or those named here."""

    name: ClassVar[str] = "sitemap"
    paths: tuple[str, ...] = ("/robots.txt",)
    max_sitemaps: int = 50
    """Maximum number of sitemaps that a run fetches, including indexes."""
    every: timedelta = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Search(DiscoverySource):
    """The site's own search, for the queries of ``--search``."""

    name: ClassVar[str] = "search"
    path: str
    """URL path of the first page of results, with ``{query}``."""
    more: str = ""
    """URL of page ``{page}`` of the results, relative to the first; empty if there is only one page."""
    newest_first: bool = False
    """Results are sorted newest first, so that already crawled or too old articles end the traversal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PostIds(DiscoverySource):
    """Post IDs, from ``last`` down to ``first`` by default."""

    name: ClassVar[str] = "post_ids"
    paths: Mapping[str, str]
    """URL path of post ``{number}`` by language."""
    first: int = 1
    last: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Links(DiscoverySource):
    """Links to other articles in the text of articles."""

    name: ClassVar[str] = "links"
    depth: int = 2
    """Maximum number of links between an article and the nearest listing, feed or other list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StartPage(DiscoverySource):
    """One page chosen by the user: the article on it, and the articles that it links to."""

    name: ClassVar[str] = "start_page"
    is_default: bool = True
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Exploration(DiscoverySource):
    """The whole site, from the links of its pages, beginning with a page chosen by the user.

    The feed and the sitemaps of the site are asked, too. Any page may be an article, a list, or both.
    """

    name: ClassVar[str] = "exploration"
    is_default: bool = True
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Revisits:
    """The schedule of revisits, which give each article a series of view counts: often when new, rarely when old."""

    ages: tuple[timedelta, ...] = (
        *(timedelta(hours=hours) for hours in (1, 3, 6, 12)),
        *(timedelta(days=days) for days in (1, 2, 4, 7, 14, 30)),
    )
    """Ages at which an article is revisited, in ascending order; at least one."""
    later: timedelta = timedelta(days=91)
    """Interval between revisits after the last of these ages: quarterly."""
