"""A page of a list: which parser reads it."""

from __future__ import annotations

from dataclasses import replace

from caliber_crawler.extraction import Unreadable, extract_listing
from caliber_crawler.extraction.listing import count_links
from caliber_crawler.items import SCROLLED, Capture, Listing
from caliber_crawler.lists import cdx_indexes
from caliber_crawler.lists.entries import usable_teasers
from caliber_crawler.lists.feeds import linked_feeds
from caliber_crawler.lists.json_teasers import dig, is_json, parse_json, parse_json_teasers
from caliber_crawler.lists.sitemaps import parse_feed_or_sitemap, parse_sitemap
from caliber_crawler.site import Site

ANY_PAGE = r"(?!.*\.(?:xml|xml\.gz|rss|atom|json|jpe?g|png|gif|webp|svg|pdf|mp[34]|zip|css|js)$)/.+"
"""Matches the path of every page except the home page. Other files are sitemaps or media."""


def parse_list_page(capture: Capture, site: Site) -> Listing:
    """Parse a page of a listing, a feed or a sitemap. Raises ``Unreadable``."""
    match capture.kind:
        case "feed":
            return parse_feed_or_sitemap(capture, any_page(site))
        case "sitemap":
            parse = cdx_indexes.parse_index if cdx_indexes.is_index_url(capture.url) else parse_sitemap
            return parse(capture, any_page(site))
    listing = _parse_listing_page(capture, site)
    return replace(listing, teasers=usable_teasers(listing.teasers, site, capture.fetched_at))


def any_page(site: Site) -> Site:
    """A generic site with a URL pattern that all pages match: what a feed or sitemap names, the page decides on."""
    return site if site.has_layouts else replace(site, article_path=ANY_PAGE)


def _parse_listing_page(capture: Capture, site: Site) -> Listing:
    if any(name == SCROLLED and "cut" in value for name, value in capture.headers):
        return replace(extract_listing(capture, site), cut=True)
    if not site.has_layouts:
        return _parse_start_page(capture, site)
    layout = site.listing
    if layout is None or not is_json(capture):
        return extract_listing(capture, site)
    data = parse_json(capture)
    if data is None:
        if layout.json is None and "json" not in capture.media_type:
            return extract_listing(capture, site)
        raise Unreadable("invalid_json", f"{capture.effective_url} is not valid JSON.")
    ended = bool(layout.last) and not dig(data, layout.last)
    if layout.json is None:
        listing = extract_listing(capture, site)
        return replace(listing, ended=ended or listing.ended)
    return replace(parse_json_teasers(data, capture, site, layout.json), ended=ended)


def _parse_start_page(capture: Capture, site: Site) -> Listing:
    """A page of a generic site, which may link to feeds. The operator may also name a feed or a sitemap."""
    try:
        listing = extract_listing(capture, site)
    except Unreadable as unreadable:
        if unreadable.reason not in ("not_html", "not_text"):
            raise
        try:
            return parse_feed_or_sitemap(capture, site)
        except Unreadable:
            raise unreadable from None
    others = 0 if listing.teasers else count_links(capture, site)
    return replace(listing, feeds=linked_feeds(capture, site), not_articles=others)
