"""Feeds: RSS, Atom and their kin, read by feedparser, which follows no external entity and expands none of a bomb.

JSON feeds (https://www.jsonfeed.org/version/1.1/) are read here. An item is known by its link. Feeds of news sites give
one ``guid`` to all items, or none; it counts only where the link is none of an article.
"""

from __future__ import annotations

import calendar
import html
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from itertools import islice
from time import struct_time
from typing import Any
from urllib.parse import urljoin

import feedparser

from caliber_crawler.archive import Entry
from caliber_crawler.crawling.scope import Scope
from caliber_crawler.discovery.entries import list_entry
from caliber_crawler.discovery.json_teasers import parse_json
from caliber_crawler.extraction import Unreadable
from caliber_crawler.extraction.page import decode_source
from caliber_crawler.extraction.tree import parse_html
from caliber_crawler.items import Capture, Listing, Teaser
from caliber_crawler.site import ArticleURL, Feed, Site

MAX_FEED_BYTES = 8 * 1024 * 1024
"""Bytes."""
MAX_LINKED_FEEDS = 5
"""Feeds that a page names are taken, from the first one on: comments and the like follow behind."""
MEDIA_TYPES = ("application/rss+xml", "application/atom+xml", "application/feed+json")
LINKS = ("link", "feedburner_origlink", "id")
"""Where an item may name its article, the surest place first."""
_TAG = re.compile(r"<[^<>]{1,200}>")


def feeds(feed: Feed, scope: Scope, started_at: datetime) -> Iterator[Entry]:
    """The feed as an address to fetch."""
    yield feed_entry(scope.site.normal_url(feed.path), scope.site, None, started_at)


def feed_entry(url: str, site: Site, found_on: str | None, traversal_started_at: datetime) -> Entry:
    """A feed as an address to fetch."""
    return list_entry(url, site, "feed", Feed.name, traversal_started_at, found_on=found_on)


def linked_feeds(capture: Capture, site: Site) -> tuple[str, ...]:
    """The feeds of the site that a page names in its head, as browsers look for them.

    See https://html.spec.whatwg.org/multipage/links.html#rel-alternate.
    """
    try:
        root = parse_html(decode_source(capture))
    except Unreadable:
        return ()
    links = (link for link in root.iter("link") if "alternate" in (link.get("rel") or "").lower().split())
    named = (link.get("href") for link in links if (link.get("type") or "").strip().lower() in MEDIA_TYPES)
    urls = (_address(capture, href, site) for href in named if href)
    return tuple(islice(dict.fromkeys(url for url in urls if url), MAX_LINKED_FEEDS))


def _address(capture: Capture, href: str, site: Site) -> str | None:
    try:
        url = site.normal_url(urljoin(capture.effective_url, href.strip()))
        return url if site.owns(url) else None
    except ValueError:
        return None


def parse_feed(capture: Capture, site: Site) -> Listing:
    """The items of a feed from top to bottom, each article once. Raises :class:`Unreadable` for what is no feed."""
    if len(capture.body) > MAX_FEED_BYTES:
        raise Unreadable("too_large", f"{capture.effective_url} is a feed of more than {MAX_FEED_BYTES:,} bytes.")
    teasers: dict[str, Teaser] = {}
    not_articles = 0
    for item in _items(capture):
        article_url = next(_named(item, capture, site), None)
        if article_url is None:
            not_articles += 1
        else:
            teasers.setdefault(article_url.url, _teaser(item, article_url.url, article_url.language, site))
    return Listing(capture=capture, teasers=tuple(teasers.values()), not_articles=not_articles)


def _named(item: Mapping[str, Any], capture: Capture, site: Site) -> Iterator[ArticleURL]:
    """The article of an item: its link, unless that is a counter's that leads there; then another address of it."""
    for name in LINKS:
        text = str(item.get(name) or "").strip()
        # An id that is no address may look like the last part of one.
        if not text or (name != "link" and not text.lower().startswith(("http://", "https://"))):
            continue
        article_url = site.article_url(urljoin(capture.effective_url, text))
        if article_url is not None:
            yield article_url


def _items(capture: Capture) -> list[Mapping[str, Any]]:
    if capture.body.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        return _json_items(capture)
    parsed = feedparser.parse(capture.body, response_headers=_headers(capture), sanitize_html=False)
    if not parsed.version and not parsed.entries:
        raise Unreadable("not_a_feed", f"{capture.effective_url} is no feed.")
    items: list[Mapping[str, Any]] = parsed.entries
    return items


def _json_items(capture: Capture) -> list[Mapping[str, Any]]:
    """The items of a JSON feed, under the names that feedparser gives to those of others."""
    feed = parse_json(capture)
    feed = feed if isinstance(feed, dict) else {}
    items = feed.get("items")
    if not isinstance(items, list) or "jsonfeed.org" not in str(feed.get("version")):
        raise Unreadable("not_a_feed", f"{capture.effective_url} is no feed.")
    return [
        {
            "link": item.get("url") or item.get("id"),
            "title": item.get("title"),
            "tags": [{"term": tag} for tag in item.get("tags") or () if isinstance(tag, str)],
            "published_parsed": _parsed(item.get("date_published")),
        }
        for item in items
        if isinstance(item, dict)
    ]


def _parsed(moment: object) -> struct_time | None:
    try:
        read = datetime.fromisoformat(str(moment))
    except ValueError:
        return None
    return read.utctimetuple() if read.tzinfo else None


def _teaser(item: Any, url: str, language: str | None, site: Site) -> Teaser:
    labels = [str(tag.get("term") or "") for tag in item.get("tags", ())]
    edition = site.edition(language) if language else None
    known = ((label, site.section_named(label, edition) or site.section_named(label)) for label in labels if label)
    label, section = next((pair for pair in known if pair[1]), (labels[0] if labels else None, None))
    return Teaser(
        url=url,
        headline=_plain(str(item.get("title") or "")),
        section=section,
        section_label=label or None,
        published_at=_moment(item.get("published_parsed")),
    )


def _plain(title: str) -> str | None:
    """A title without the markup and the doubly escaped entities that feeds put into it."""
    text = html.unescape(title).replace("<![CDATA[", "").replace("]]>", "")
    return " ".join(_TAG.sub("", text).split()) or None


def _moment(parsed: Any) -> datetime | None:
    try:
        return datetime.fromtimestamp(calendar.timegm(parsed), UTC) if parsed else None
    except (ValueError, OverflowError, OSError):
        return None


def _headers(capture: Capture) -> dict[str, str]:
    return {"content-location": capture.effective_url} | {
        name.lower(): value for name, value in capture.headers if name.lower() == "content-type"
    }
