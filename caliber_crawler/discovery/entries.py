"""Frontier entries that discovery creates: pages that name articles, and the articles that they name.

All such entries are created here. A page that names articles is a *list*: a listing, a page of search results, a feed,
a sitemap, an index of a web archive, a start page.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from caliber_crawler.archive import Entry
from caliber_crawler.items import PageKind
from caliber_crawler.site import Site

LIST_PAGE, SITEMAP, LATER_PAGE = 100, 95, 40
"""Priorities of lists: first pages come before any article, later pages after the articles of earlier pages.
Sitemaps come after listings and feeds, which name news first."""

PRIORITIES = {
    "listing": 50,
    "feed": 50,
    "start_page": 45,
    "exploration": 45,
    "url_list": 45,
    "search": 30,
    "sitemap": 30,
    "links": 30,
    "cdx": 20,
    "post_ids": 10,
}
"""Priorities of articles by discovery source: news before a backfill."""


def list_entry(
    url: str,
    site: Site,
    kind: PageKind,
    source: str,
    started_at: datetime,
    *,
    found_on: str | None = None,
    language: str | None = None,
    section: str | None = None,
    priority: int = LIST_PAGE,
    request_url: str | None = None,
) -> Entry:
    """The first page of a list, due at once.

    ``source`` is the name of the discovery source. ``started_at`` is the start of the crawl that traverses the list:
    articles discovered before it count as already crawled, and the crawl fetches each list only once.
    """
    return Entry(
        url=url,
        request_url=request_url,
        site=site.name,
        kind=kind,
        language=language,
        section=section,
        discovered_on=found_on,
        discovered_via=source,
        priority=priority,
        due_at=started_at,
        traversal_started_at=started_at,
    )


def site_list_entry(url: str, site: Site, kind: PageKind, source: str, started_at: datetime, **more: Any) -> Entry:
    """The first page of a list of the site, at a URL as printed. Raises ``ValueError`` for an invalid URL."""
    page = site.parse_url(url)
    return list_entry(page.url, site, kind, source, started_at, request_url=page.request_url, **more)


def next_page(
    entry: Entry, url: str, *, found_on: str, due_at: datetime | None = None, request_url: str | None = None
) -> Entry:
    """The page of a list after ``entry``, with a lower priority than the articles discovered so far."""
    return replace(
        entry,
        id=None,
        discovered_at=None,
        url=url,
        request_url=request_url,
        discovered_on=found_on,
        priority=LATER_PAGE,
        due_at=due_at or entry.due_at,
        page_number=entry.page_number + 1,
    )


def article_entry(
    url: str,
    site: Site,
    source: str,
    due_at: datetime,
    *,
    found_on: str,
    language: str | None = None,
    section: str | None = None,
    depth: int = 1,
    request_url: str | None = None,
) -> Entry:
    """An article that a list, a person or another article names.

    ``depth`` counts the links from the nearest list. The language defaults to that of the URL.
    """
    if language is None:
        article_url = site.article_url(url)
        language = article_url.language if article_url else None
    return Entry(
        url=url,
        request_url=request_url,
        site=site.name,
        kind="article",
        language=language,
        section=section,
        discovered_on=found_on,
        discovered_via=source,
        priority=PRIORITIES[source],
        due_at=due_at,
        page_number=depth,
    )
