"""The forms in which servers send lists: compressed, in other encodings, with text around them, cut, or wrong."""

from __future__ import annotations

import bz2
import gzip
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import zstandard

from caliber_crawler.decompression import MAX_LAYERS
from caliber_crawler.discovery.url_lists import open_list
from caliber_crawler.errors import InputError
from caliber_crawler.extraction import Unreadable
from caliber_crawler.items import Listing
from caliber_crawler.lists import parse_list_page
from caliber_crawler.lists.cdx_lines import MAX_LINE_LENGTH, InvalidLines, parse_cdx
from caliber_crawler.lists.feeds import parse_feed
from caliber_crawler.lists.sitemaps import parse_sitemap
from caliber_crawler.site.generic import generic_site
from tests.discovery.pages import SITE, capture

A, B = "https://caliber.az/en/post/a-talks", "https://caliber.az/en/post/b-talks"
URLSET = f"<urlset><url><loc>{A}</loc></url><url><loc>{B}</loc></url></urlset>"
RSS = f"<rss version='2.0'><channel><item><link>{A}</link></item><item><link>{B}</link></item></channel></rss>"
LINES = f"{A}\n{B}\n"
DECLARED = '<?xml version="1.0" encoding="{}"?>'
NAMESPACE = "http://www.sitemaps.org/schemas/sitemap/0.9"

FORMS: dict[str, Callable[[str], bytes]] = {
    "gzip": lambda text: gzip.compress(text.encode()),
    "gzip twice": lambda text: gzip.compress(gzip.compress(text.encode())),
    "gzip of several members": lambda text: gzip.compress(text.encode()[:40]) + gzip.compress(text.encode()[40:]),
    "gzip with padding": lambda text: gzip.compress(text.encode()) + b"\0\0",
    "bzip2": lambda text: bz2.compress(text.encode()),
    "bzip2 of several streams": lambda text: bz2.compress(text.encode()[:40]) + bz2.compress(text.encode()[40:]),
    "zstandard": lambda text: zstandard.compress(text.encode()),
    "gzip of bzip2": lambda text: gzip.compress(bz2.compress(text.encode())),
    "byte order mark": lambda text: b"\xef\xbb\xbf" + text.encode(),
    "UTF-16": lambda text: text.encode("utf-16"),
    "UTF-16 without a mark": lambda text: text.encode("utf-16-le"),
    "UTF-16, big-endian": lambda text: text.encode("utf-16-be"),
    "UTF-32": lambda text: text.encode("utf-32"),
    "gzip of UTF-16": lambda text: gzip.compress(text.encode("utf-16")),
    "blank lines first": lambda text: b"\n\n  " + text.encode(),
}
XML_FORMS: dict[str, Callable[[str], bytes]] = {
    "gzip without its checksum": lambda text: gzip.compress(text.encode())[:-8],
    "zero bytes": lambda text: text.encode() + b"\0" * 50,
    "declared as UTF-16, but UTF-8": lambda text: (DECLARED.format("UTF-16") + text).encode(),
    "declared as UTF-16": lambda text: (DECLARED.format("UTF-16") + text).encode("utf-16"),
    "windows-1251": lambda text: (DECLARED.format("windows-1251") + text + "<!-- мост -->").encode("cp1251"),
    "undeclared Latin-1": lambda text: (text + "<!-- café -->").encode("latin-1"),
    "an unknown encoding": lambda text: (DECLARED.format("x-unknown") + text + "<!-- café -->").encode("latin-1"),
    "text first": lambda text: b"Warning: the database is gone in line 7\n" + text.encode(),
    "HTML first": lambda text: b"<br />\n<b>Warning</b>: a & b < c<br>" + text.encode(),
    "text last": lambda text: text.encode() + b"\n<!-- cached --> Warning: a < b",
    "an element around it": lambda text: f"<root>{text}</root>".encode(),
    "a document type": lambda text: f"<?xml version='1.0'?><!DOCTYPE urlset SYSTEM 'http://x/'>{text}".encode(),
    "control characters": lambda text: text.replace("><", ">\x0b\x01<").encode(),
    "upper case": lambda text: (
        text.upper()
        .replace("HTTPS://CALIBER.AZ/EN/POST/A-TALKS", A)
        .replace("HTTPS://CALIBER.AZ/EN/POST/B-TALKS", B)
        .encode()
    ),
}


def urls(listing: Listing) -> list[str]:
    return [teaser.url for teaser in listing.teasers]


@pytest.mark.parametrize("form", [*FORMS, *XML_FORMS])
@pytest.mark.parametrize("text", [URLSET, RSS, LINES], ids=["sitemap", "feed", "lines"])
def test_a_list_is_read_in_any_form(form: str, text: str) -> None:
    if form in XML_FORMS and text is LINES:
        return
    body = (FORMS | XML_FORMS)[form](text)
    listing = parse_sitemap(capture(body, "sitemap"), SITE)
    assert (urls(listing), listing.invalid_entries, listing.cut) == ([A, B], 0, False)
    if text is RSS:
        assert urls(parse_feed(capture(body, "feed"), SITE)) == [A, B]


@pytest.mark.parametrize(
    "text",
    [
        URLSET.replace("<urlset", f"<urlset xmlns='{NAMESPACE}'"),
        URLSET.replace("<urlset", "<urlset xmlns='http://www.google.com/schemas/sitemap/0.84'"),
        URLSET.replace("<", "<sm:")
        .replace("<sm:/", "</sm:")
        .replace("<sm:urlset", f"<sm:urlset xmlns:sm='{NAMESPACE}'"),
        URLSET.replace("<", "<sm:").replace("<sm:/", "</sm:"),
        URLSET.replace("</loc>", "</loc><news:news><news:title>A & B</news:title></news:news>"),
        URLSET.replace("<loc>", "<loc><!-- a -->").replace("</loc>", "<!-- b --></loc>"),
        URLSET.replace("<loc>", "<loc>\n<![CDATA[ ").replace("</loc>", " ]]>\n</loc>"),
        URLSET.replace("</loc>", ""),
        URLSET.replace("</url>", ""),
        URLSET + URLSET,
        f"<urlset><url><loc>{A}</loc></url></urlset><urlset><url><loc>{B}</loc></url></urlset>",
        f"<sitemapindex><url><loc>{A}</loc></url><url><loc>{B}</loc></url></sitemapindex>",
    ],
)
def test_the_entries_of_faulty_xml_are_found(text: str) -> None:
    listing = parse_sitemap(capture(text, "sitemap"), SITE)
    assert (urls(listing), listing.invalid_entries) == ([A, B], 0)


def test_a_bare_ampersand_is_part_of_the_url() -> None:
    for ampersand in ("&", "&amp;", "&amp;amp;", "<![CDATA[&]]>"):
        text = f"<urlset><url><loc>{A}?x=1{ampersand}copy=2</loc></url></urlset>"
        assert urls(parse_sitemap(capture(text, "sitemap"), SITE)) == [f"{A}?x=1&copy=2"]


@pytest.mark.parametrize(
    ("text", "sitemaps"),
    [
        ("<sitemapindex><sitemap><loc>/1.xml</loc></sitemap></sitemapindex>", ("/1.xml",)),
        ("<urlset><sitemap><loc>/1.xml</loc></sitemap></urlset>", ("/1.xml",)),
        ("<urlset><url><loc>/1.xml.gz</loc></url></urlset>", ("/1.xml.gz",)),
        ("<sitemapindex><url><loc>/map/1</loc></url></sitemapindex>", ("/map/1",)),
        (f"<sitemapindex><sitemap><loc>/1.xml</loc></sitemap><url><loc>{A}</loc></url></sitemapindex>", ("/1.xml",)),
    ],
)
def test_an_index_is_found_in_any_form(text: str, sitemaps: tuple[str, ...]) -> None:
    for kind in ("sitemap", "feed"):
        listing = parse_list_page(capture(text, kind), SITE)  # type: ignore[arg-type]
        assert listing.sitemaps == tuple(f"https://caliber.az{path}" for path in sitemaps)


def test_further_columns_of_a_list_in_text_form_are_ignored() -> None:
    text = f'{A},2026-01-07\n{B}\t0.5\n"{A}c";"News"\n{A}d {A}e\n//caliber.az/en/post/f\ncaliber.az/en/post/g\nnews\n'
    found = urls(parse_sitemap(capture(text, "sitemap", "/sitemap.txt", "text/plain"), SITE))
    assert [url.rpartition("/")[2] for url in found] == [
        "a-talks",
        "b-talks",
        "a-talksc",
        "a-talksd",
        "a-talkse",
        "f",
        "g",
    ]


@pytest.mark.parametrize(
    "body",
    [
        *(URLSET[: -len("</urlset>")], URLSET[: URLSET.index("b-talks") + 3], URLSET[: URLSET.index("</urlset>") - 3]),
        *(RSS[: RSS.index("b-talks") + 3], gzip.compress(LINES.encode() * 9999, 0)[:70_000]),
    ],
)
def test_the_complete_entries_of_a_list_without_an_end_are_used(body: bytes | str) -> None:
    listing = parse_sitemap(capture(body, "sitemap"), SITE)
    assert listing.cut
    assert urls(listing)[:1] == [A]
    assert set(urls(listing)) <= {A, B} or isinstance(body, bytes)
    assert [warning.reason for warning in listing.warnings] == ["list_incomplete"]


@pytest.mark.parametrize(
    "body",
    [
        *(
            b'{"error": "internal"}',
            b"[]",
            b"Not found",
            b"<!doctype html><p>Not found",
            b"<html/>",
            b"%PDF-1.7",
            b"\xff" * 99,
        ),
        *(b"BZh9nonsense", b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"PK\x03\x04" + b"\0" * 99, b"\0" * 99, b"\xff\xfe"),
    ],
)
def test_a_response_that_is_not_a_list_is_an_error(body: bytes) -> None:
    for kind in ("sitemap", "feed"):
        with pytest.raises(Unreadable) as error:
            parse_list_page(capture(body, kind), SITE)  # type: ignore[arg-type]
        assert error.value.reason in (f"not_a_{kind}", "empty")


def test_a_list_is_unpacked_a_limited_number_of_times() -> None:
    body = URLSET.encode()
    for _ in range(MAX_LAYERS):
        body = gzip.compress(body)
    with pytest.raises(Unreadable, match="more than 3 times"):
        parse_sitemap(capture(body, "sitemap"), SITE)


def test_broken_json_is_an_error_and_not_the_end_of_a_listing() -> None:
    assert SITE.listing is not None
    site = replace(SITE, listing=replace(SITE.listing, more="/api?page={page}"))
    for body in (b'{"posts": [', b"[" * 100_000, b'\xef\xbb\xbf{"a": }'):
        with pytest.raises(Unreadable, match="is not valid JSON"):
            parse_list_page(capture(body, "listing", "/api", "application/json"), site)
    assert parse_list_page(capture("[AD] <p>Text</p>", "listing", "/api", "text/html"), site).teasers == ()


@pytest.mark.parametrize("text", [URLSET, RSS])
def test_the_start_page_of_a_generic_site_may_be_a_list(text: str) -> None:
    site = generic_site("https://caliber.az/")
    listing = parse_list_page(capture(text.replace("/en/post/", "/2026/01/07/"), "listing"), site)
    assert [url.rpartition("/")[2] for url in urls(listing)] == ["a-talks", "b-talks"]


DATES = [
    *("9999-12-31T00:00:00Z", "9999-12-31T23:59:59-12:00", "2026-01-10T00:00:00Z", "1970-01-01T00:00:00Z"),
    "0001-01-01T00:00:00+14:00",
]


@pytest.mark.parametrize("date", DATES)
def test_an_impossible_date_is_unknown(date: str) -> None:
    news = f"<lastmod>{date}</lastmod><news:news><news:publication_date>{date}</news:publication_date></news:news>"
    sitemap = f"<urlset xmlns:news='n'><url><loc>{A}</loc>{news}</url></urlset>"
    entry = f'<entry><link href="{A}"/><published>{date}</published></entry>'
    atom = f'<feed xmlns="http://www.w3.org/2005/Atom">{entry}</feed>'
    json_feed = (
        f'{{"version": "https://jsonfeed.org/version/1", "items": [{{"url": "{A}", "date_published": "{date}"}}]}}'
    )
    for text in (sitemap, atom, json_feed):
        (teaser,) = parse_list_page(capture(text, "feed"), SITE).teasers
        assert (teaser.published_at, teaser.modified_at) == (None, None)


def test_the_date_of_an_article_that_is_announced_for_tomorrow_is_known() -> None:
    text = URLSET.replace("</loc>", "</loc><lastmod>2026-01-08T23:00:00Z</lastmod>")
    assert parse_sitemap(capture(text, "sitemap"), SITE).teasers[0].modified_at == datetime(2026, 1, 8, 23, tzinfo=UTC)


def test_the_later_pages_of_an_article_lead_to_its_first_page() -> None:
    text = "\n".join((f"{A}?page=2", f"{A}?id=7&page=3", f"{A}?page=2&id=8", f"{A}?page=2026", A))
    found = urls(parse_sitemap(capture(text, "sitemap", "/sitemap.txt"), SITE))
    assert found == [A, f"{A}?id=7", f"{A}?id=8", f"{A}?page=2026"]


def test_an_invalid_link_to_the_next_page_cuts_the_listing() -> None:
    assert SITE.listing is not None
    site = replace(SITE, listing=replace(SITE.listing, next="a.next"))
    page = f'<div class="float_block"><a href="{A}">A</a></div><a class="next" href="http://[bad">More</a>'
    listing = parse_list_page(capture(f"<html><body>{page}", "listing", "/en", "text/html"), site)
    assert (urls(listing), listing.next_url, listing.cut) == ([A], None, True)
    assert [warning.reason for warning in listing.warnings] == ["invalid_entries"]


# --- files ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["gzip", "gzip of several members", "byte order mark", "UTF-16"])
def test_a_list_of_urls_is_read_from_a_file_in_any_form(form: str, tmp_path: Path) -> None:
    (tmp_path / "urls").write_bytes(FORMS[form](LINES))
    lines = open_list(str(tmp_path / "urls"), "url_list").lines
    assert [line.strip().lstrip("\ufeff") for line in lines] == [A, B]


def test_only_the_beginning_of_a_very_long_line_is_read(tmp_path: Path) -> None:
    (tmp_path / "urls").write_text("x" * (3 * MAX_LINE_LENGTH) + f"\n{A}\n")
    first, second = open_list(str(tmp_path / "urls"), "url_list").lines
    assert (len(first), second) == (MAX_LINE_LENGTH + 1, f"{A}\n")


def test_a_damaged_file_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "urls").write_bytes(gzip.compress(LINES.encode())[:-12])
    with pytest.raises(InputError, match="cannot be read"):
        list(open_list(str(tmp_path / "urls"), "url_list").lines)


def test_an_invalid_line_of_a_cdx_affects_no_other() -> None:
    invalid = InvalidLines()
    lines = [f'{{"url": "{A}"}}', "?", "{", '{"status": "200"}', f'{{"url": "{B}"}}']
    assert list(parse_cdx(lines, invalid)) == [A, B]
    assert (invalid.count, invalid.first) == (3, "Line 2 is not a CDX entry: it is neither JSON nor columns.")


# --- time -------------------------------------------------------------------------------------------------------------

REPEATED = [
    *(
        "<url>",
        "</url>",
        "</",
        "<",
        "&",
        "&#1;",
        "<url><loc>",
        "<urlset>",
        " ",
        "\n",
        "https://",
        ",",
        "<item>",
        "<entry ",
    ),
    *(
        "xmlns:a='b' ",
        "xmlns",
        "<![CDATA[",
        "<!--",
        "a=b ",
        "[",
        "{",
        '"',
        "{}",
        "\t",
        "<x>",
        "]]>",
        "-->",
        "<?",
        "<!DOCTYPE ",
    ),
]


@pytest.mark.slow
@pytest.mark.parametrize("repeated", REPEATED)
def test_the_time_for_a_list_grows_with_its_length(repeated: str) -> None:
    for start in ("", "<urlset>", "<rss><channel><item>", "https://caliber.az/en/post/a", '{"a": '):
        started = time.process_time()
        body = (start + repeated * (100_000 // len(repeated))).encode()
        for kind in ("sitemap", "feed"):
            try:
                parse_list_page(capture(body, kind), SITE)  # type: ignore[arg-type]
            except Unreadable:
                continue
        # Quadratic time would be several minutes.
        assert time.process_time() - started < (20 if sys.gettrace() else 5)
