"""Frontier entries of feeds."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from caliber_crawler.archive import Entry
from caliber_crawler.crawling.scope import Scope
from caliber_crawler.discovery.entries import site_list_entry
from caliber_crawler.site import Feed, Site


def feeds(feed: Feed, scope: Scope, started_at: datetime) -> Iterator[Entry]:
    """The frontier entry of a site's feed."""
    yield feed_entry(feed.path, scope.site, None, started_at)


def feed_entry(url: str, site: Site, found_on: str | None, traversal_started_at: datetime) -> Entry:
    """The frontier entry of a feed, at a URL as printed."""
    return site_list_entry(url, site, "feed", Feed.name, traversal_started_at, found_on=found_on)
