"""Feeds: RSS and Atom, parsed by feedparser, and JSON feeds (https://www.jsonfeed.org/version/1.1/), parsed here.

feedparser neither fetches external entities nor expands entity bombs. An item is identified by its link. Feeds of news
sites give one ``guid`` to all items, or none, so it is used only if the link is not an article.
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
from caliber_crawler.discovery.entries import site_list_entry
from caliber_crawler.discovery.json_teasers import parse_json
from caliber_crawler.extraction import Unreadable
from caliber_crawler.extraction.page import decode_source
from caliber_crawler.extraction.tree import parse_html
from caliber_crawler.items import Capture, Listing, Teaser
from caliber_crawler.site import ArticleURL, Feed, Site
from caliber_crawler.site.urls import browser_url

MAX_FEED_BYTES = 8 * 1024 * 1024
MAX_LINKED_FEEDS = 5
"""Maximum number of feeds used from one page: the first ones. Feeds of comments and the like come after them."""
MEDIA_TYPES = ("application/rss+xml", "application/atom+xml", "application/feed+json")
LINKS = ("link", "feedburner_origlink", "id")
"""Fields in which an item may name its article, most reliable first."""
_TAG = re.compile(r"<[^<>]{1,200}>")


def feeds(feed: Feed, scope: Scope, started_at: datetime) -> Iterator[Entry]:
    """The frontier entry of a site's feed."""
    yield feed_entry(feed.path, scope.site, None, started_at)


def feed_entry(url: str, site: Site, found_on: str | None, traversal_started_at: datetime) -> Entry:
    """The frontier entry of a feed, at a URL as printed."""
    return site_list_entry(url, site, "feed", Feed.name, traversal_started_at, found_on=found_on)


def linked_feeds(capture: Capture, site: Site) -> tuple[str, ...]:
    """The feeds of the site that a page names in its head, by the rules of browsers.

    See https://html.spec.whatwg.org/multipage/links.html#rel-alternate.
    """
    try:
        root = parse_html(decode_source(capture))
    except Unreadable:
        return ()
    links = (link for link in root.iter("link") if "alternate" in (link.get("rel") or "").lower().split())
    named = (link.get("href") for link in links if (link.get("type") or "").strip().lower() in MEDIA_TYPES)
    urls = (_own_url(capture, href, site) for href in named if href)
    return tuple(islice(dict.fromkeys(url for url in urls if url), MAX_LINKED_FEEDS))


def _own_url(capture: Capture, href: str, site: Site) -> str | None:
    try:
        url = browser_url(href, capture.effective_url)
        return url if site.owns(url) else None
    except ValueError:
        return None


def parse_feed(capture: Capture, site: Site) -> Listing:
    """The items of a feed in order, each article once. Raises :class:`Unreadable` for a page that is not a feed."""
    if len(capture.body) > MAX_FEED_BYTES:
        raise Unreadable("too_large", f"{capture.effective_url} is a feed of more than {MAX_FEED_BYTES:,} bytes.")
    teasers: dict[str, Teaser] = {}
    not_articles = 0
    for item in _items(capture):
        article_url = next(_article_urls(item, capture, site), None)
        if article_url is None:
            not_articles += 1
        else:
            teasers.setdefault(article_url.url, _teaser(item, article_url, site))
    return Listing(capture=capture, teasers=tuple(teasers.values()), not_articles=not_articles)


def _article_urls(item: Mapping[str, Any], capture: Capture, site: Site) -> Iterator[ArticleURL]:
    """The article URLs of an item: its link, or another field if the link is that of a click counter."""
    for name in LINKS:
        text = str(item.get(name) or "").strip()
        # An id that is not a URL may look like a relative URL.
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
        raise Unreadable("not_a_feed", f"{capture.effective_url} is not a feed.")
    items: list[Mapping[str, Any]] = parsed.entries
    return items


def _json_items(capture: Capture) -> list[Mapping[str, Any]]:
    """The items of a JSON feed, with the field names of feedparser."""
    feed = parse_json(capture)
    feed = feed if isinstance(feed, dict) else {}
    items = feed.get("items")
    if not isinstance(items, list) or "jsonfeed.org" not in str(feed.get("version")):
        raise Unreadable("not_a_feed", f"{capture.effective_url} is not a feed.")
    return [
        {
            "link": item.get("url") or item.get("id"),
            "title": item.get("title"),
            "tags": [{"term": tag} for tag in item.get("tags") or () if isinstance(tag, str)],
            "published_parsed": _parse_date(item.get("date_published")),
        }
        for item in items
        if isinstance(item, dict)
    ]


def _parse_date(value: object) -> struct_time | None:
    try:
        date = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return date.utctimetuple() if date.tzinfo else None


def _teaser(item: Any, article_url: ArticleURL, site: Site) -> Teaser:
    labels = [str(tag.get("term") or "") for tag in item.get("tags", ())]
    edition = site.edition(article_url.language) if article_url.language else None
    known = ((label, site.section_named(label, edition) or site.section_named(label)) for label in labels if label)
    label, section = next((pair for pair in known if pair[1]), (labels[0] if labels else None, None))
    return Teaser(
        url=article_url.url,
        request_url=article_url.request_url,
        headline=_clean_title(str(item.get("title") or "")),
        section=section,
        section_label=label or None,
        published_at=_timestamp(item.get("published_parsed")),
    )


def _clean_title(title: str) -> str | None:
    """A title without markup and doubly escaped entities, which feeds put into titles."""
    text = html.unescape(title).replace("<![CDATA[", "").replace("]]>", "")
    return " ".join(_TAG.sub("", text).split()) or None


def _timestamp(parsed: Any) -> datetime | None:
    try:
        return datetime.fromtimestamp(calendar.timegm(parsed), UTC) if parsed else None
    except (ValueError, OverflowError, OSError):
        return None


def _headers(capture: Capture) -> dict[str, str]:
    return {"content-location": capture.effective_url} | {
        name.lower(): value for name, value in capture.headers if name.lower() == "content-type"
    }
