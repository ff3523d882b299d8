"""Lists with any content: every good entry is found, and a list is never worse than unreadable."""

from __future__ import annotations

import bz2
import gzip
import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from html import escape

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from caliber_crawler.extraction import Unreadable
from caliber_crawler.items import Listing, PageKind
from caliber_crawler.lists import parse_list_page
from caliber_crawler.lists.cdx_indexes import MARK, parse_index
from caliber_crawler.lists.cdx_lines import teaser_of
from caliber_crawler.site import JsonTeasers
from caliber_crawler.site.generic import generic_site
from tests.discovery.pages import SITE, capture
from tests.properties import examples

GENERIC = generic_site("https://caliber.az/world")
assert SITE.listing is not None
JSON_SITE = replace(SITE, listing=replace(SITE.listing, json=JsonTeasers(items="", url="url", url_template="{url}")))

# --- one bad entry costs one entry ------------------------------------------------------------------------------------

BAD_URLS = (
    *("http://[bad/2026/01/07/x", "http://[::1", "https://" + "é" * 80 + ".test/2026/01/07/x", "https://a..b/x"),
    *("https://caliber.az:abc/en/post/x", "https://caliber.az/en/post/" + "9" * 5000, "javascript:void(0)"),
    *("https://caliber.az/en/post/" + "x" * 3000, "//[", "https://"),
    "https://caliber.az/en/post/\ufffd",
)
BAD_DATES = (
    *(
        "9999-12-31",
        "9999-12-31T23:59:59-12:00",
        "0000-00-00",
        "0001-01-01T00:00:00+14:00",
        "Mon, 31 Dec 9999 23:59:59 GMT",
    ),
    "?" * 500,
)
BAD_MARKUP = (
    *("<loc>https://caliber.az/en/post/&#xD800;</loc>", "<loc>", "<loc>http://x/<b></loc>", "</loc>", "<![CDATA[<loc>"),
    *("<loc>&#0;&#x110000;&#99999999;</loc>", "<x:y>", "<loc>a & b &nbsp; &copy=1</loc>", '<link href="http://[x"/>'),
    *("<title>a < b</title>", "<textinput/>", "<!-- ", "<!DOCTYPE x [<!ENTITY a 'b'>]>", "<title>\x0b\x01</title>"),
    *('<psc:chapter start="x"/>', "<item", "<link>http://[x</link>", '<guid isPermaLink="true">http://[</guid>'),
)


def slugs_of(listing: Listing) -> set[str]:
    return {teaser.url.rpartition("/")[2] for teaser in listing.teasers}


good = st.integers(0, 99).map(lambda number: ("good", f"talks-resume-{number}"))
bad_url = st.sampled_from(BAD_URLS).map(lambda url: ("url", url))
bad_date = st.sampled_from(BAD_DATES).map(lambda date: ("date", date))
bad_markup = st.sampled_from(BAD_MARKUP).map(lambda markup: ("markup", markup))
entries = st.lists(good | bad_url | bad_date, max_size=12)
marked_up = st.lists(good | bad_url | bad_date | bad_markup, max_size=12)


def url_of(kind: str, value: str) -> str:
    return value if kind == "url" else f"https://caliber.az/en/post/{value if kind == 'good' else 'dated-badly-2026'}"


def sitemap_of(found: list[tuple[str, str]]) -> str:
    def entry(kind: str, value: str) -> str:
        if kind == "markup":
            return f"<url>{value}</url>"
        date = f"<lastmod>{value}</lastmod>" if kind == "date" else ""
        return f"<url><loc>{escape(url_of(kind, value))}</loc>{date}</url>"

    return f"<?xml version='1.0'?><urlset>{''.join(entry(*each) for each in found)}</urlset>"


def rss_of(found: list[tuple[str, str]]) -> str:
    def entry(kind: str, value: str) -> str:
        if kind == "markup":
            return f"<item>{value}</item>"
        date = f"<pubDate>{value}</pubDate>" if kind == "date" else ""
        return f"<item><title>T</title><link>{escape(url_of(kind, value))}</link>{date}</item>"

    return f"<rss version='2.0'><channel><title>T</title>{''.join(entry(*each) for each in found)}</channel></rss>"


def atom_of(found: list[tuple[str, str]]) -> str:
    def entry(kind: str, value: str) -> str:
        if kind == "markup":
            return f"<entry>{value}</entry>"
        date = f"<published>{value}</published>" if kind == "date" else ""
        return f'<entry><title>T</title><link href="{escape(url_of(kind, value))}"/>{date}</entry>'

    return f'<feed xmlns="http://www.w3.org/2005/Atom">{"".join(entry(*each) for each in found)}</feed>'


def json_feed_of(found: list[tuple[str, str]]) -> str:
    items = [{"url": url_of(*each), "date_published": each[1], "tags": each[1], "id": 7} for each in found]
    return json.dumps({"version": "https://jsonfeed.org/version/1.1", "items": [None, *items, 7, {"id": {}}]})


def json_teasers_of(found: list[tuple[str, str]]) -> str:
    return json.dumps([None, 7, *({"url": url_of(*each), "date": each[1]} for each in found), {"url": "\ud800"}])


def text_of(found: list[tuple[str, str]]) -> str:
    return "\n".join(["https://caliber.az/about", "# text", *(url_of(*each) for each in found)])


def cdx_of(found: list[tuple[str, str]]) -> str:
    rows = [json.dumps({"url": url_of(*each), "status": "200"}) for each in found]
    return "\n".join(['{"url": "https://caliber.az/about"}', "{broken", "a b", "[" * 5000, *rows, "\x00"])


def good_slugs(found: list[tuple[str, str]]) -> set[str]:
    return {value for kind, value in found if kind == "good"}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "write"),
    [("sitemap", sitemap_of), ("feed", rss_of), ("feed", atom_of), ("feed", sitemap_of), ("sitemap", rss_of)],
)
@settings(max_examples=examples(60), deadline=None)
@given(found=marked_up)
def test_a_broken_entry_in_xml_affects_no_other(
    kind: PageKind, write: Callable[[list[tuple[str, str]]], str], found: list[tuple[str, str]]
) -> None:
    listing = parse_list_page(capture(write(found), kind), SITE)
    assert good_slugs(found) <= slugs_of(listing)
    dates = [date for teaser in listing.teasers for date in (teaser.published_at, teaser.modified_at) if date]
    assert all(1995 <= date.year <= 2026 for date in dates)


@pytest.mark.parametrize(
    ("kind", "path", "write"),
    [
        ("feed", "/feed.json", json_feed_of),
        ("sitemap", "/sitemap.txt", text_of),
        ("sitemap", f"/cdx#{MARK}", cdx_of),
        ("listing", "/api", json_teasers_of),
    ],
)
@settings(max_examples=examples(50), deadline=None)
@given(found=entries)
def test_an_invalid_url_affects_no_other(
    kind: PageKind, path: str, write: Callable[[list[tuple[str, str]]], str], found: list[tuple[str, str]]
) -> None:
    listing = parse_list_page(capture(write(found), kind, path, "application/json"), JSON_SITE)
    assert good_slugs(found) <= slugs_of(listing)


@given(found=st.lists(st.sampled_from(BAD_URLS) | st.just("https://caliber.az/sitemap-1.xml"), max_size=9))
def test_an_invalid_url_in_robots_txt_or_an_index_affects_no_other(found: list[str]) -> None:
    robots = "".join(f"Sitemap: {url}\n" for url in found)
    index = f"<sitemapindex>{''.join(f'<sitemap><loc>{escape(url)}</loc></sitemap>' for url in found)}</sitemapindex>"
    for text, path, media_type in ((robots, "/robots.txt", "text/plain"), (index, "/index.xml", "text/xml")):
        if found or path == "/robots.txt":
            listing = parse_list_page(capture(text or "#", "sitemap", path, media_type), SITE)
            assert ("https://caliber.az/sitemap-1.xml" in listing.sitemaps) == (
                "https://caliber.az/sitemap-1.xml" in found
            )


@pytest.mark.parametrize("url", BAD_URLS)
def test_an_invalid_url_is_counted_and_reported(url: str) -> None:
    listing = parse_list_page(capture(sitemap_of([("url", url), ("good", "a"), ("url", url)]), "sitemap"), SITE)
    (warning,) = listing.warnings
    assert (listing.invalid_entries, listing.not_articles, warning.reason) == (2, 0, "invalid_entries")
    assert warning.message.startswith("Skipped 2 of 3 entries of https://caliber.az/rss.xml")
    assert warning.message.isprintable()
    assert url[:50] in warning.message
    assert teaser_of(url, SITE) is None


# --- any bytes --------------------------------------------------------------------------------------------------------

FRAGMENTS = st.sampled_from(
    [
        *(
            b"<urlset>",
            b"</urlset>",
            b"<url>",
            b"</url>",
            b"<loc>",
            b"</loc>",
            b"<sitemapindex>",
            b"<sitemap>",
            b"<rss>",
        ),
        *(b"<channel>", b"<item>", b"</item>", b"<link>", b"</link>", b"<feed>", b"<entry>", b"<rdf:RDF>", b"</feed>"),
        *(b"https://caliber.az/en/post/a", b"http://[", b"&#xD800;", b"&", b"<![CDATA[", b"]]>", b"<!--", b"-->", b"<"),
        *(
            b"<?xml version='1.0' encoding='UTF-16'?>",
            b"encoding='undefined'",
            b"\xff\xfe",
            b"\xfe\xff",
            b"\xef\xbb\xbf",
        ),
        *(b"\x1f\x8b", b"BZh9", b"\x28\xb5\x2f\xfd", b"\x00", b"\x0b", b"\xed\xa0\x80", b"\xff", b"Sitemap: ", b"\n"),
        *(b'{"version": "https://jsonfeed.org/version/1", "items": [', b"]}", b"{", b"[", b'"', b",", b'{"url": "a"}'),
        *(b"xmlns:a='b'", b" xmlns='http://www.w3.org/2005/Atom'", b"xml:base='http://['", b"<title type='xhtml'>"),
        *(b"<news:news>", b"<news:publication_date>", b"9999-12-31T23:59:59-12:00", b"<lastmod>", b"<guid>", b"/>"),
    ]
)
CONTENT = st.binary(max_size=80) | st.lists(FRAGMENTS | st.binary(max_size=4), max_size=25).map(b"".join)
PACKED = st.sampled_from([bytes, gzip.compress, bz2.compress, zstandard.compress])
KINDS: list[PageKind] = ["feed", "sitemap", "listing"]
MEDIA_TYPES = ["text/xml", "application/json", "text/html; charset=undefined", "text/plain; charset=utf-16", ""]


@pytest.mark.slow
@settings(max_examples=examples(300), deadline=None)
@given(
    CONTENT,
    PACKED,
    st.sampled_from(KINDS),
    st.sampled_from(["/rss.xml", "/robots.txt", f"/cdx#{MARK}", f"/collinfo.json#{MARK}"]),
    st.sampled_from(MEDIA_TYPES),
    st.sampled_from([SITE, JSON_SITE, GENERIC]),
)
def test_any_content_is_parsed_or_unreadable(content, pack, kind, path, media_type, site) -> None:  # type: ignore[no-untyped-def]
    with suppress(Unreadable):
        listing = parse_list_page(capture(pack(content), kind, path, media_type), site)
        assert all(warning.message.isprintable() for warning in listing.warnings)
        for teaser in listing.teasers:
            teaser.url.encode()
            (teaser.headline or "").encode()


@given(st.text(max_size=300))
def test_any_text_is_a_cdx_or_unreadable(text: str) -> None:
    with suppress(Unreadable):
        parse_index(capture(text.encode("utf-8", "surrogatepass"), "sitemap", f"/cdx#{MARK}"), SITE)
