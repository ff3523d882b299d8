"""Sitemaps and news sitemaps (sitemaps.org and Google's news extension), found through robots.txt.

The parser does not use the network, load document types or expand entities, so that a sitemap can neither read files
nor exhaust memory.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import islice
from urllib.parse import urljoin

from lxml import etree
from protego import Protego

from caliber_crawler.archive import Entry
from caliber_crawler.crawling.scope import Scope
from caliber_crawler.discovery.entries import SITEMAP, site_list_entry
from caliber_crawler.discovery.feeds import parse_feed
from caliber_crawler.extraction import Unreadable
from caliber_crawler.items import Capture, Listing, Teaser
from caliber_crawler.site import Site, Sitemaps

MAX_SITEMAP_BYTES = 50 * 1024 * 1024
"""Bytes, uncompressed: the limit of https://www.sitemaps.org/protocol.html."""
MAX_URLS = 50_000
"""Maximum number of URLs in one sitemap, by the same protocol."""
MAX_ROBOTS_BYTES = 500 * 1024
"""Bytes of robots.txt that are parsed (RFC 9309, section 2.5)."""
_GZIP = b"\x1f\x8b"


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


def parse_sitemap(capture: Capture, site: Site) -> Listing:
    """The articles or further sitemaps that a sitemap names; robots.txt names only sitemaps.

    Raises :class:`Unreadable` for any other page, and for a sitemap larger than the protocol allows.
    """
    body = _decompress(capture)
    if not body.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        return _parse_lines(capture, body, site)
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, recover=True, remove_comments=True
    )
    try:
        root = etree.fromstring(body, parser)
    except etree.XMLSyntaxError:
        root = None
    if root is not None and _name(root) in ("rss", "feed", "rdf"):
        return parse_feed(replace(capture, body=body), site)
    if root is None or _name(root) not in ("urlset", "sitemapindex"):
        raise Unreadable("not_a_sitemap", f"{capture.effective_url} is not a sitemap.")
    if _name(root) == "sitemapindex":
        return Listing(capture=capture, teasers=(), sitemaps=tuple(_locations(root, capture)))
    teasers: dict[str, Teaser] = {}
    not_articles = 0
    for element in islice(root, MAX_URLS):
        # Images and videos of an article have URLs and titles of their own, in nested elements.
        texts = _texts(element)
        news = next((_texts(part) for part in element if isinstance(part.tag, str) and _name(part) == "news"), {})
        article_url = site.article_url(urljoin(capture.effective_url, texts["loc"])) if texts.get("loc") else None
        if article_url is None:
            not_articles += 1
        else:
            teasers.setdefault(
                article_url.url,
                Teaser(
                    url=article_url.url,
                    request_url=article_url.request_url,
                    headline=news.get("title") or None,
                    published_at=_timestamp(news.get("publication_date", ""), site),
                    modified_at=_end_of(texts.get("lastmod", ""), site),
                ),
            )
    return Listing(capture=capture, teasers=tuple(teasers.values()), not_articles=not_articles)


def _texts(element: etree._Element) -> dict[str, str]:
    return {_name(part): (part.text or "").strip() for part in element if isinstance(part.tag, str)}


def _parse_lines(capture: Capture, body: bytes, site: Site) -> Listing:
    """A robots.txt, or a sitemap in text form with one URL per line."""
    found = _sitemaps_in_robots(capture, body)
    lines = body[:MAX_SITEMAP_BYTES].decode("utf-8-sig", "replace").split() if not found else []
    urls = [line for line in islice(lines, MAX_URLS) if line.lower().startswith(("http://", "https://"))]
    articles: dict[str, Teaser] = {}
    for article_url in site.article_urls(urls):
        articles.setdefault(article_url.url, Teaser(url=article_url.url, request_url=article_url.request_url))
    return Listing(
        capture=capture, teasers=tuple(articles.values()), sitemaps=found, not_articles=len(urls) - len(articles)
    )


def _decompress(capture: Capture) -> bytes:
    body = capture.body
    if body.startswith(_GZIP):
        unzip = zlib.decompressobj(wbits=31)
        try:
            body = unzip.decompress(body, MAX_SITEMAP_BYTES + 1)
        except zlib.error as error:
            raise Unreadable("not_a_sitemap", f"{capture.effective_url} is a damaged gzip file.") from error
    if len(body) > MAX_SITEMAP_BYTES:
        raise Unreadable(
            "too_large",
            f"{capture.effective_url} is larger than the limit for sitemaps of {MAX_SITEMAP_BYTES:,} bytes.",
        )
    if not body.strip():
        raise Unreadable("empty", f"{capture.effective_url} is empty.")
    return body


def _sitemaps_in_robots(capture: Capture, body: bytes) -> tuple[str, ...]:
    rules = Protego.parse(body[:MAX_ROBOTS_BYTES].decode("utf-8-sig", "replace"))
    return tuple(dict.fromkeys(urljoin(capture.effective_url, found.strip()) for found in rules.sitemaps))


def _locations(root: etree._Element, capture: Capture) -> Iterator[str]:
    for element in islice(root, MAX_URLS):
        for part in element:
            if isinstance(part.tag, str) and _name(part) == "loc" and part.text:
                yield urljoin(capture.effective_url, part.text.strip())


def _name(element: etree._Element) -> str:
    return str(element.tag).rpartition("}")[2].lower()


def _end_of(text: str, site: Site) -> datetime | None:
    """The end of the time that a sitemap states, which may be a whole day."""
    try:
        date = datetime.fromisoformat(text)
    except ValueError:
        return None
    date = date if date.tzinfo else date.replace(tzinfo=site.zone)
    return date if "T" in text else date + timedelta(days=1)


def _timestamp(text: str, site: Site) -> datetime | None:
    """A W3C date and time. A date without a time is too imprecise to exclude an article, so it gives ``None``."""
    if "T" not in text:
        return None
    try:
        date = datetime.fromisoformat(text)
    except ValueError:
        return None
    return date if date.tzinfo else date.replace(tzinfo=site.zone)
