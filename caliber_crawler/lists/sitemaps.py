"""Sitemaps and news sitemaps (sitemaps.org and Google's news extension), and the sitemaps that robots.txt names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from html import unescape
from itertools import islice
from urllib.parse import urlsplit

from lxml import etree

from caliber_crawler.extraction import Unreadable
from caliber_crawler.items import Capture, Listing, Teaser
from caliber_crawler.lists.dates import parse_list_date
from caliber_crawler.lists.entries import ListEntries
from caliber_crawler.lists.feeds import MAX_FEED_BYTES, parse_feed
from caliber_crawler.lists.markup import child_texts, local_name, parse_markup
from caliber_crawler.lists.source import ListSource, open_source
from caliber_crawler.site import ArticleURL, Site

MAX_SITEMAP_BYTES = 50 * 1024 * 1024
"""Bytes, uncompressed: the limit of https://www.sitemaps.org/protocol.html."""
MAX_URLS = 50_000
"""Maximum number of URLs in one sitemap, by the same protocol."""
ROBOTS = "/robots.txt"
USUAL_PATHS = ("/sitemap.xml", "/sitemap_index.xml", "/wp-sitemap.xml")
"""Where sites have their sitemaps if robots.txt does not name one. A site without a definition is searched there."""
USUAL_FEEDS = ("/feed", "/rss.xml", "/rss", "/feed.xml")
"""Where sites have their feed if no page states one. A site without a definition is searched there at last."""
_SITEMAP_LINE = re.compile(r"\s*site-?map\s*:", re.I)
_URL = re.compile(r"(?:https?:)?//", re.I)
_NEXT_URL = re.compile(r"(?<=\s)(?=https?://)", re.I)
_NEXT_COLUMN = re.compile(r"\t|[,;](?=[\s\"]|https?://|\d{4}-\d\d-\d\d)", re.I)
_XML_FILE = re.compile(r"\.xml(?:\.gz)?$", re.I)


def is_tried_path(url: str, site: Site) -> bool:
    """Whether a robots.txt, a sitemap or a feed at this URL is tried on every site without a definition."""
    return not site.has_layouts and urlsplit(url).path in (ROBOTS, *USUAL_PATHS, *USUAL_FEEDS)


def parse_sitemap(capture: Capture, site: Site, source: ListSource | None = None) -> Listing:
    """The articles or further sitemaps that a sitemap names; robots.txt names only sitemaps. A feed is parsed as one.

    ``source`` is its text, if it is open. Raises :class:`Unreadable` for any other page, and for a sitemap larger than
    the protocol allows.
    """
    source = source or open_source(capture, max_bytes=MAX_SITEMAP_BYTES, kind="sitemap")
    if source.is_feed:
        return parse_feed(capture, site, source)
    if not source.is_sitemap:
        return _parse_lines(source, capture, site)
    markup = parse_markup(source)
    found = ListEntries(capture, site)
    for element in islice(markup.entries, MAX_URLS):
        _add(element, source.root, found)
    more = next(markup.entries, None) is not None
    return found.listing(is_complete=markup.is_complete, used=MAX_URLS if more else None)


def parse_feed_or_sitemap(capture: Capture, site: Site) -> Listing:
    """The entries of a feed, or of a sitemap in the place of one. Raises :class:`Unreadable`."""
    source = open_source(capture, max_bytes=MAX_FEED_BYTES, kind="feed")
    parse = parse_sitemap if source.is_sitemap else parse_feed
    return parse(capture, site, source)


def _add(element: etree._Element | None, root: str, found: ListEntries) -> None:
    if element is None:
        found.reject("")
        return
    try:
        texts = child_texts(element)
        # Images and videos of an article have URLs and titles of their own, in nested elements.
        news = next((child_texts(part) for part in element if local_name(part) == "news"), {})
    except ValueError:
        found.reject("")
        return
    if local_name(element) == "sitemap" and texts.get("loc"):
        found.add_sitemap(texts["loc"])
    elif article_url := _article(texts.get("loc"), root, found):
        found.add(
            Teaser(
                url=article_url.url,
                request_url=article_url.request_url,
                headline=unescape(news.get("title", "")) or None,
                published_at=parse_list_date(news.get("publication_date", ""), found.site),
                modified_at=_end_of(texts.get("lastmod", ""), found.site),
            )
        )


def _article(url: str | None, root: str, found: ListEntries) -> ArticleURL | None:
    # Some indexes have the form of a sitemap.
    is_index = url is not None and (root == "sitemapindex" or _XML_FILE.search(url) is not None)
    return found.article(*filter(None, (url,)), or_sitemap=is_index)


def _parse_lines(source: ListSource, capture: Capture, site: Site) -> Listing:
    """A robots.txt, or a sitemap in text form with one URL per line."""
    found = ListEntries(capture, site)
    if source.text.startswith((b"<", b"{", b"[")):
        raise Unreadable("not_a_sitemap", f"{capture.effective_url} is not a sitemap.")
    lines = source.text.decode("utf-8", errors="replace").splitlines()
    named = [line.partition(":")[2].partition("#")[0] for line in lines if _SITEMAP_LINE.match(line)]
    for url in named:
        found.add_sitemap(url)
    if named or urlsplit(capture.url).path == ROBOTS:
        return found.listing()
    urls = [url for line in lines for url in _urls_in(line, site)]
    if not urls:
        raise Unreadable("not_a_sitemap", f"{capture.effective_url} is not a sitemap.")
    for url in urls[:MAX_URLS]:
        if (article_url := found.article(url)) is not None:
            found.add(Teaser(url=article_url.url, request_url=article_url.request_url))
    return found.listing(is_complete=source.is_complete, used=MAX_URLS if len(urls) > MAX_URLS else None)


def _urls_in(line: str, site: Site) -> Iterator[str]:
    """The URLs in a line of a sitemap in text form, which may have further columns."""
    for part in _NEXT_URL.split(line.strip()):
        url = _NEXT_COLUMN.split(part, maxsplit=1)[0].strip().strip('"<>')
        if _URL.match(url):
            yield url
        elif url.lower().startswith(f"{site.host}/"):
            yield f"//{url}"


def _end_of(text: str, site: Site) -> datetime | None:
    """The end of the time that a sitemap states, which may be a whole day."""
    date = parse_list_date(text, site, whole_days=True)
    try:
        return date + timedelta(days=1) if date is not None and len(text) <= len("2026-01-06") else date
    except OverflowError:
        return None
