"""Frontier entries of sitemaps, and where the search for them begins."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from urllib.parse import urlsplit

from caliber_crawler.archive import Entry
from caliber_crawler.crawling.scope import Scope
from caliber_crawler.discovery.entries import SITEMAP, site_list_entry
from caliber_crawler.lists.sitemaps import (
    ROBOTS,
    USUAL_FEEDS,
    USUAL_PATHS,
    is_tried_path,
)
from caliber_crawler.site import Site, Sitemaps


def sitemaps(source: Sitemaps, scope: Scope, started_at: datetime) -> Iterator[Entry]:
    """The URLs at which the search for sitemaps begins."""
    for path in source.paths:
        yield sitemap_entry(path, scope.site, None, started_at)


def sitemap_entry(url: str, site: Site, found_on: str | None, traversal_started_at: datetime) -> Entry:
    """The frontier entry of a sitemap, at a URL as printed.

    A traversal fetches each sitemap once, so that circular indexes end.
    """
    return site_list_entry(
        url, site, "sitemap", Sitemaps.name, traversal_started_at, found_on=found_on, priority=SITEMAP
    )


def is_robots(entry: Entry) -> bool:
    """Whether a list is robots.txt, as a list of sitemaps."""
    return entry.kind == "sitemap" and urlsplit(entry.url).path == ROBOTS


def may_be_missing(entry: Entry, site: Site) -> bool:
    """Whether this robots.txt or sitemap is only tried, because it is not named by any page or site definition."""
    return entry.kind == "sitemap" and entry.discovered_on is None and is_tried_path(entry.url, site)


def usual_sitemaps(site: Site, traversal_started_at: datetime) -> Iterator[Entry]:
    """The sitemap to try if robots.txt does not name one. Unlike others, it was not found on another page."""
    yield sitemap_entry(USUAL_PATHS[0], site, None, traversal_started_at)


def usual_feed(site: Site, traversal_started_at: datetime) -> Entry:
    """The feed to try if no page states one. What is found there is parsed as a feed or a sitemap."""
    return sitemap_entry(USUAL_FEEDS[0], site, None, traversal_started_at)


def next_usual_sitemap(
    missing: Entry, site: Site, traversal_started_at: datetime, *, is_wordpress: bool = True
) -> Iterator[Entry]:
    """The sitemap, or the feed, to try after one that is missing. ``is_wordpress``: whether the site may use it."""
    path = urlsplit(missing.url).path
    for usual in (USUAL_PATHS if is_wordpress else USUAL_PATHS[:-1], USUAL_FEEDS):
        if path in usual[:-1]:
            yield sitemap_entry(usual[usual.index(path) + 1], site, None, traversal_started_at)
