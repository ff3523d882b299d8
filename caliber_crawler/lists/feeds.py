"""Feeds: RSS and Atom, parsed by feedparser, and JSON feeds (https://www.jsonfeed.org/version/1.1/), parsed here.

feedparser raises errors on invalid values of many elements, so it gets only those that are used here. An item is
identified by its link. Feeds of news sites give one ``guid`` to all items, or none, so it is used only if the link is
not an article.
"""

from __future__ import annotations

import calendar
import html
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from lxml import etree

from caliber_crawler.extraction import Unreadable
from caliber_crawler.extraction.dates.stamps import parse_stamp
from caliber_crawler.extraction.page import decode_source
from caliber_crawler.extraction.tree import parse_html
from caliber_crawler.items import Capture, Listing, Teaser
from caliber_crawler.lists.entries import ListEntries
from caliber_crawler.lists.json_teasers import parse_json_text
from caliber_crawler.lists.markup import local_name, parse_markup
from caliber_crawler.lists.source import ListSource, open_source
from caliber_crawler.site import ArticleURL, Site
from caliber_crawler.site.urls import browser_url

MAX_FEED_BYTES = 8 * 1024 * 1024
MAX_ITEMS = 10_000
"""Maximum number of items of a feed in XML that are used. Feeds have some dozens."""
MAX_LINKED_FEEDS = 5
"""Maximum number of feeds used from one page: the first ones. Feeds of comments and the like come after them."""
MEDIA_TYPES = ("application/rss+xml", "application/atom+xml", "application/feed+json")
LINKS = ("link", "feedburner_origlink", "id")
"""Fields in which an item may name its article, most reliable first."""
USED_ELEMENTS = frozenset(
    (
        "link",
        "origlink",
        "guid",
        "id",
        "title",
        "pubdate",
        "published",
        "issued",
        "updated",
        "date",
        "category",
        "subject",
    )
)
"""Names of the elements of an item that are used. The texts of articles, which some feeds contain, are not."""
_WRAPPERS = {
    "rss": (b'<rss version="2.0"><channel>', b"</channel></rss>"),
    "feed": (b'<feed xmlns="http://www.w3.org/2005/Atom">', b"</feed>"),
    "rdf": (
        b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/">',
        b"</rdf:RDF>",
    ),
}
"""The markup around the items of a feed, by the name of its root element."""
_PUBLICATION = frozenset(("pubdate", "published", "issued"))
_TAG = re.compile(r"<[^<>]{1,200}>")


def linked_feeds(capture: Capture, site: Site) -> tuple[str, ...]:
    """The feeds of the site that a page names in its head, by the rules of browsers.

    See https://html.spec.whatwg.org/multipage/links.html#rel-alternate.
    """
    try:
        root = parse_html(decode_source(capture))
    except Unreadable:
        return ()
    return feeds_named(root, capture, site)


def feeds_named(root: etree._Element, capture: Capture, site: Site) -> tuple[str, ...]:
    """The same as :func:`linked_feeds` for a parsed page."""
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


def parse_feed(capture: Capture, site: Site, source: ListSource | None = None) -> Listing:
    """The items of a feed in order, each article once; ``source`` is its text, if it is open.

    Raises :class:`Unreadable` for a page that is not a feed.
    """
    source = source or open_source(capture, max_bytes=MAX_FEED_BYTES, kind="feed")
    if len(source.text) > MAX_FEED_BYTES:
        raise Unreadable("too_large", f"{capture.effective_url} is a feed of more than {MAX_FEED_BYTES:,} bytes.")
    if source.text.startswith(b"{"):
        return _listing(_json_items(source, capture), ListEntries(capture, site))
    if not source.is_feed:
        raise Unreadable("not_a_feed", f"{capture.effective_url} is not a feed.")
    found = ListEntries(capture, site)
    markup = parse_markup(source)
    items = _xml_items(islice(markup.entries, MAX_ITEMS), source.root, capture, found)
    more = next(markup.entries, None) is not None
    return _listing(items, found, is_complete=markup.is_complete, more=more)


def _listing(
    items: Iterable[Mapping[str, Any]], found: ListEntries, *, is_complete: bool = True, more: bool = False
) -> Listing:
    for item in items:
        urls = list(_urls(item))
        if not urls and item.get("link") == "":
            # feedparser removes invalid URLs.
            found.reject(str(item.get("title") or ""))
            continue
        article_url = found.article(*urls)
        if article_url is not None:
            found.add(_teaser(item, article_url, found.site))
    return found.listing(is_complete=is_complete, used=MAX_ITEMS if more else None)


def _urls(item: Mapping[str, Any]) -> Iterator[str]:
    """The URLs of an item that may name its article: its link, or others if the link is that of a click counter."""
    for name in LINKS:
        text = str(item.get(name) or "").strip()
        # An id that is not a URL may look like a relative URL.
        if text and (name == "link" or text.lower().startswith(("http://", "https://"))):
            yield text


def _xml_items(
    entries: Iterable[etree._Element | None], root: str, capture: Capture, found: ListEntries
) -> list[Mapping[str, Any]]:
    """The items of a feed in XML. An item that feedparser cannot parse is counted, and the others are parsed."""
    sources: list[bytes] = []
    for element in entries:
        try:
            sources.append(_reduced(element))
        except (ValueError, etree.XMLSyntaxError):
            found.reject("")
    return _parse_items(sources, root, capture, found)


def _parse_items(sources: list[bytes], root: str, capture: Capture, found: ListEntries) -> list[Mapping[str, Any]]:
    # Imported here: a worker seldom parses feeds, and should start quickly.
    import feedparser

    start, end = _WRAPPERS[root]
    try:
        text = start + b"".join(sources) + end
        parsed = feedparser.parse(text, response_headers=_headers(capture), sanitize_html=False)
    except Exception:  # noqa: BLE001 - feedparser raises many kinds of errors on invalid values
        if len(sources) == 1:
            found.reject("")
            return []
        middle = len(sources) // 2
        parts = (_parse_items(part, root, capture, found) for part in (sources[:middle], sources[middle:]))
        return [item for part in parts for item in part]
    items: list[Mapping[str, Any]] = parsed.entries
    return items


def _reduced(element: etree._Element | None) -> bytes:
    """The source of an item with only those elements that are used. Raises ``ValueError`` if it cannot be encoded."""
    if element is None:
        raise ValueError("the item cannot be parsed")
    for child in list(element):
        if local_name(child) not in USED_ELEMENTS or _has_undeclared_prefix(child.tag):
            element.remove(child)
    _name_publication(element)
    for part in element.iter():
        for name in filter(_has_undeclared_prefix, part.attrib):
            del part.attrib[name]
    if element.base:
        element.set("{http://www.w3.org/XML/1998/namespace}base", element.base)
    element.tail = None
    source: bytes = etree.tostring(element, encoding="utf-8")
    etree.fromstring(source)
    return source


def _name_publication(element: etree._Element) -> None:
    """Call the Dublin Core date of an RSS item its date of publication, if it states no other; feedparser does not."""
    names = {local_name(child): child for child in element}
    if local_name(element) == "item" and "date" in names and names.keys().isdisjoint(_PUBLICATION):
        names["date"].tag = "pubDate"


def _has_undeclared_prefix(name: str | bytes | bytearray | etree.QName) -> bool:
    return ":" in str(name).rpartition("}")[2]


def _json_items(source: ListSource, capture: Capture) -> Iterator[Mapping[str, Any]]:
    """The items of a JSON feed, with the field names of feedparser."""
    feed = parse_json_text(source.text)
    feed = feed if isinstance(feed, dict) else {}
    items = feed.get("items")
    if not isinstance(items, list) or "jsonfeed.org" not in str(feed.get("version")):
        raise Unreadable("not_a_feed", f"{capture.effective_url} is not a feed.")
    for item in items:
        facts = item if isinstance(item, dict) else {}
        tags = facts.get("tags")
        yield {
            "link": next((url for url in map(facts.get, ("url", "id")) if url and isinstance(url, str)), None),
            "title": facts.get("title"),
            "tags": [{"term": tag} for tag in tags if isinstance(tag, str)] if isinstance(tags, list) else [],
            "published_parsed": _parse_date(facts.get("date_published")),
        }


def _parse_date(value: object) -> datetime | None:
    try:
        date = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return date if date.tzinfo else None


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
        published_at=_stated(item.get("published")) or _timestamp(item.get("published_parsed")),
    )


def _clean_title(title: str) -> str | None:
    """A title without markup and doubly escaped entities, which feeds put into titles."""
    text = html.unescape(title).replace("<![CDATA[", "").replace("]]>", "")
    return " ".join(_TAG.sub("", text).split()) or None


def _timestamp(parsed: Any) -> datetime | None:
    if isinstance(parsed, datetime):
        return parsed
    try:
        return datetime.fromtimestamp(calendar.timegm(parsed), UTC) if parsed else None
    except (ValueError, OverflowError, OSError):
        return None


def _stated(text: object) -> datetime | None:
    """The time that an item states, in UTC if it has no zone. feedparser knows fewer forms, and confuses some."""
    stamp = parse_stamp(text) if isinstance(text, str) else None
    if stamp is None or stamp.is_bare or stamp.other is not None:
        return None
    try:
        return stamp.at.astimezone(UTC) if stamp.at.tzinfo else stamp.at.replace(tzinfo=UTC)
    except OverflowError:  # the last hours of the year 9999 in the west
        return None


def _headers(capture: Capture) -> dict[str, str]:
    return {"content-location": capture.effective_url, "content-type": "application/xml; charset=utf-8"}
