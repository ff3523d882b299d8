"""Parsing of sitemaps and robots.txt, including hostile ones."""

from __future__ import annotations

import gzip
import socket
from datetime import UTC, datetime

import pytest

from caliber_crawler.extraction import Unreadable
from caliber_crawler.lists import sitemaps
from caliber_crawler.lists.sitemaps import parse_sitemap
from tests.discovery.pages import SITE, capture

NAMESPACES = (
    'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"'
)


def urlset(*entries: str) -> str:
    return f'<?xml version="1.0"?><urlset {NAMESPACES}>{"".join(f"<url>{e}</url>" for e in entries)}</urlset>'


def loc(slug: str) -> str:
    return f"<loc>https://caliber.az/en/post/{slug}</loc>"


def test_a_sitemap_names_articles() -> None:
    listing = parse_sitemap(capture(urlset(loc("a"), loc("b"), loc("a/")), "sitemap"), SITE)
    assert [teaser.url for teaser in listing.teasers] == [
        "https://caliber.az/en/post/a",
        "https://caliber.az/en/post/b",
    ]
    assert all(teaser.published_at is None for teaser in listing.teasers)


def test_a_news_sitemap_has_headlines_and_dates() -> None:
    time = "<news:publication_date>2026-01-06T19:13:00+04:00</news:publication_date>"
    news = f"<news:news>{time}<news:title>A &amp; B</news:title></news:news>"
    (teaser,) = parse_sitemap(capture(urlset(loc("a") + news), "sitemap"), SITE).teasers
    assert teaser.headline == "A & B"
    assert teaser.published_at == datetime(2026, 1, 6, 15, 13, tzinfo=UTC)


def test_lastmod_is_not_a_publication_date() -> None:
    (teaser,) = parse_sitemap(
        capture(urlset(loc("a") + "<lastmod>2026-01-06T19:13:00Z</lastmod>"), "sitemap"), SITE
    ).teasers
    assert teaser.published_at is None


def test_images_of_an_article_do_not_replace_its_url_and_title() -> None:
    spaces = 'xmlns:image="http://www.google.com/schemas/sitemap-image/1.1"'
    image = f"<image:image {spaces}><image:loc>https://caliber.az/a.webp</image:loc><image:title>P</image:title></image:image>"
    (teaser,) = parse_sitemap(capture(urlset(loc("a") + image), "sitemap"), SITE).teasers
    assert (teaser.url, teaser.headline) == ("https://caliber.az/en/post/a", None)


@pytest.mark.parametrize(
    ("lastmod", "modified_at"),
    [
        ("2026-01-06T19:13:00+04:00", datetime(2026, 1, 6, 15, 13, tzinfo=UTC)),
        ("2026-01-06", datetime(2026, 1, 6, 20, 0, tzinfo=UTC)),
        ("lately", None),
    ],
)
def test_lastmod_is_an_upper_bound_of_the_publication_date(lastmod: str, modified_at: datetime | None) -> None:
    (teaser,) = parse_sitemap(capture(urlset(loc("a") + f"<lastmod>{lastmod}</lastmod>"), "sitemap"), SITE).teasers
    assert teaser.modified_at == modified_at


def test_a_sitemap_may_be_a_list_of_urls_or_a_feed() -> None:
    lines = "https://caliber.az/en/post/a\r\nhttps://caliber.az/en/post/b/\nhttps://caliber.az/about\n"
    listing = parse_sitemap(capture(lines, "sitemap", "/sitemap.txt", "text/plain"), SITE)
    assert [teaser.url[-1] for teaser in listing.teasers] == ["a", "b"]
    assert listing.not_articles == 1
    feed = "<rss version='2.0'><channel><item><link>https://caliber.az/en/post/a</link></item></channel></rss>"
    assert len(parse_sitemap(capture(feed, "sitemap"), SITE).teasers) == 1


def test_an_index_names_sitemaps() -> None:
    text = f"<sitemapindex {NAMESPACES}><sitemap><loc>/map-1.xml.gz</loc></sitemap></sitemapindex>"
    assert parse_sitemap(capture(text, "sitemap"), SITE).sitemaps == ("https://caliber.az/map-1.xml.gz",)


def test_robots_txt_names_sitemaps() -> None:
    text = "User-agent: *\nDisallow: /search\nSitemap: https://caliber.az/sitemap.xml\nSitemap: /news.xml\n"
    maps = parse_sitemap(capture(text, "sitemap", "/robots.txt", "text/plain"), SITE).sitemaps
    assert maps == ("https://caliber.az/sitemap.xml", "https://caliber.az/news.xml")


def test_a_gzipped_sitemap_is_decompressed() -> None:
    packed = gzip.compress(urlset(loc("a")).encode())
    assert len(parse_sitemap(capture(packed, "sitemap", media_type="application/gzip"), SITE).teasers) == 1


def test_urls_that_are_not_articles_are_counted() -> None:
    listing = parse_sitemap(capture(urlset(loc("a"), "<loc>https://caliber.az/en/about</loc>"), "sitemap"), SITE)
    assert (len(listing.teasers), listing.not_articles) == (1, 1)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"<html><body>404</body></html>", "is not a sitemap"),
        (b"   ", "is empty"),
        (b"\x1f\x8bnonsense", "damaged gzip"),
        (gzip.compress(b" " * (60 * 1024 * 1024), 1), "larger than the limit for sitemaps"),
    ],
)
def test_other_files_are_refused_with_a_message(body: bytes, words: str) -> None:
    with pytest.raises(Unreadable, match=words):
        parse_sitemap(capture(body, "sitemap"), SITE)


def test_urls_beyond_the_limit_of_the_protocol_are_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sitemaps, "MAX_URLS", 3)
    assert len(parse_sitemap(capture(urlset(*map(loc, "abcdef")), "sitemap"), SITE).teasers) == 3


@pytest.mark.timeout(60)
def test_an_entity_bomb_is_not_expanded_and_reads_no_file() -> None:
    entities = "".join(f'<!ENTITY e{i} "{f"&e{i - 1};" * 10}">' for i in range(1, 10))
    text = (
        f'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY e0 "lol">{entities}<!ENTITY x SYSTEM "file:///etc/passwd">]>'
        f"<urlset {NAMESPACES}><url>{loc('a')}</url><url><loc>https://caliber.az/en/post/&e9;&x;</loc></url></urlset>"
    )
    urls = [teaser.url for teaser in parse_sitemap(capture(text, "sitemap"), SITE).teasers]
    assert urls[:1] == ["https://caliber.az/en/post/a"]
    assert all(len(url) < 100 and "root" not in url for url in urls)


def test_a_sitemap_that_names_a_document_type_requests_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        place = f"http://127.0.0.1:{listener.getsockname()[1]}"
        text = (
            f'<?xml version="1.0"?><!DOCTYPE urlset SYSTEM "{place}/a.dtd" [<!ENTITY % b SYSTEM "{place}/b.dtd"> %b;'
            f'<!ENTITY c SYSTEM "{place}/c">]><urlset {NAMESPACES}><url>{loc("a")}</url><url>&c;</url></urlset>'
        )
        teasers = parse_sitemap(capture(text, "sitemap"), SITE).teasers
        assert [teaser.url for teaser in teasers] == ["https://caliber.az/en/post/a"]
        with pytest.raises(BlockingIOError):
            listener.accept()


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize(("over", "is_parsed"), [(0, True), (1, False)])
def test_a_sitemap_of_the_maximum_size_is_parsed(
    monkeypatch: pytest.MonkeyPatch, packed: bool, over: int, is_parsed: bool
) -> None:
    body = urlset(loc("a")).encode()
    monkeypatch.setattr(sitemaps, "MAX_SITEMAP_BYTES", len(body) - over)
    page = capture(gzip.compress(body) if packed else body, "sitemap")
    if is_parsed:
        assert len(parse_sitemap(page, SITE).teasers) == 1
        return
    with pytest.raises(Unreadable) as error:
        parse_sitemap(page, SITE)
    assert error.value.reason == "too_large"


@pytest.mark.parametrize(
    ("date", "published_at"),
    [
        ("2026-01-06T19:13:00", datetime(2026, 1, 6, 15, 13, tzinfo=UTC)),
        ("2026-01-06T19:13:00Z", datetime(2026, 1, 6, 19, 13, tzinfo=UTC)),
        ("2026-01-06", None),
        ("Tuesday", None),
        ("", None),
    ],
)
def test_only_a_date_with_a_time_is_a_publication_date(date: str, published_at: datetime | None) -> None:
    news = f"<news:news><news:publication_date>{date}</news:publication_date></news:news>"
    (teaser,) = parse_sitemap(capture(urlset(loc("a") + news), "sitemap"), SITE).teasers
    assert teaser.published_at == published_at


@pytest.mark.parametrize("date", ["2026-01-06T19:13:00", "2026-01-06T15:13:00Z"])
def test_a_modification_date_without_a_zone_is_in_that_of_the_site(date: str) -> None:
    (teaser,) = parse_sitemap(capture(urlset(loc("a") + f"<lastmod>{date}</lastmod>"), "sitemap"), SITE).teasers
    assert teaser.modified_at == datetime(2026, 1, 6, 15, 13, tzinfo=UTC)


def test_comments_and_empty_locations_are_skipped() -> None:
    listing = parse_sitemap(capture(urlset("<!-- a --><loc> </loc>", f"<!-- b -->{loc('a')}"), "sitemap"), SITE)
    assert (len(listing.teasers), listing.not_articles) == (1, 1)
    text = f"<sitemapindex {NAMESPACES}><sitemap><loc/><!-- c --><loc> /m.xml </loc></sitemap></sitemapindex>"
    assert parse_sitemap(capture(text, "sitemap"), SITE).sitemaps == ("https://caliber.az/m.xml",)


def test_the_limit_of_urls_applies_to_text_and_to_indexes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sitemaps, "MAX_URLS", 2)
    lines = "\n".join(f"https://caliber.az/en/post/{slug}" for slug in "abc")
    assert len(parse_sitemap(capture(lines, "sitemap", "/map.txt", "text/plain"), SITE).teasers) == 2
    maps = "".join(f"<sitemap><loc>/{slug}.xml</loc></sitemap>" for slug in "abc")
    assert len(parse_sitemap(capture(f"<sitemapindex>{maps}</sitemapindex>", "sitemap"), SITE).sitemaps) == 2
