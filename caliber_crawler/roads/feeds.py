"""Feeds: RSS, Atom and their kin, read by feedparser, which follows no external entity and expands none of a bomb.

An item is known by its link alone. Feeds of news sites give one ``guid`` to all items, or none.
"""

from __future__ import annotations

import calendar
import html
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urljoin

import feedparser

from caliber_crawler.archive import Entry
from caliber_crawler.crawling.scope import Scope
from caliber_crawler.items import Capture, Card, Listing
from caliber_crawler.reading import Unreadable
from caliber_crawler.roads.finds import LIST
from caliber_crawler.site import Feed, Site

LARGEST_FEED = 8 * 1024 * 1024
"""Bytes."""
_TAG = re.compile(r"<[^<>]{1,200}>")


def feeds(feed: Feed, scope: Scope, started_at: datetime) -> Iterator[Entry]:
    """The feed as an address to fetch."""
    yield Entry(
        url=scope.site.normal_url(feed.path),
        site=scope.site.name,
        kind="feed",
        road=feed.name,
        priority=LIST,
        due_at=started_at,
        walk=started_at,
    )


def read_feed(capture: Capture, site: Site) -> Listing:
    """The items of a feed from top to bottom, each article once. Raises :class:`Unreadable` for what is no feed."""
    if len(capture.body) > LARGEST_FEED:
        raise Unreadable("too_large", f"{capture.address} is a feed of more than {LARGEST_FEED:,} bytes.")
    parsed = feedparser.parse(capture.body, response_headers=_headers(capture), sanitize_html=False)
    if not parsed.version and not parsed.entries:
        raise Unreadable("no_feed", f"{capture.address} is no feed.")
    cards: dict[str, Card] = {}
    passed_over = 0
    for item in parsed.entries:
        address = site.address(urljoin(capture.address, str(item.get("link") or "").strip()))
        if address is None:
            passed_over += 1
        else:
            cards.setdefault(address.url, _card(item, address.url, address.language, site))
    return Listing(capture=capture, cards=tuple(cards.values()), passed_over=passed_over)


def _card(item: Any, url: str, language: str | None, site: Site) -> Card:
    labels = [str(tag.get("term") or "") for tag in item.get("tags", ())]
    edition = site.edition(language) if language else None
    known = ((label, site.section_named(label, edition) or site.section_named(label)) for label in labels if label)
    label, section = next((pair for pair in known if pair[1]), (labels[0] if labels else None, None))
    return Card(
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
    return {"content-location": capture.address} | {
        name.lower(): value for name, value in capture.headers if name.lower() == "content-type"
    }
