"""What is read in site maps and in robots.txt, and what is not done with hostile ones."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime

import pytest

from caliber_crawler.reading import Unreadable
from caliber_crawler.roads import sitemaps
from caliber_crawler.roads.sitemaps import read_sitemap
from tests.roads.pages import SITE, capture

NAMESPACES = (
    'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"'
)


def urlset(*entries: str) -> str:
    return f'<?xml version="1.0"?><urlset {NAMESPACES}>{"".join(f"<url>{e}</url>" for e in entries)}</urlset>'


def loc(slug: str) -> str:
    return f"<loc>https://caliber.az/en/post/{slug}</loc>"


def test_a_site_map_names_articles() -> None:
    listing = read_sitemap(capture(urlset(loc("a"), loc("b"), loc("a/")), "sitemap"), SITE)
    assert [card.url for card in listing.cards] == ["https://caliber.az/en/post/a", "https://caliber.az/en/post/b"]
    assert all(card.published_at is None for card in listing.cards)


def test_a_news_site_map_tells_headline_and_time() -> None:
    time = "<news:publication_date>2026-01-06T19:13:00+04:00</news:publication_date>"
    news = f"<news:news>{time}<news:title>A &amp; B</news:title></news:news>"
    (card,) = read_sitemap(capture(urlset(loc("a") + news), "sitemap"), SITE).cards
    assert card.headline == "A & B"
    assert card.published_at == datetime(2026, 1, 6, 15, 13, tzinfo=UTC)


def test_a_change_is_no_publication() -> None:
    (card,) = read_sitemap(capture(urlset(loc("a") + "<lastmod>2026-01-06T19:13:00Z</lastmod>"), "sitemap"), SITE).cards
    assert card.published_at is None


def test_pictures_and_videos_of_an_article_are_not_taken_for_it() -> None:
    spaces = 'xmlns:image="http://www.google.com/schemas/sitemap-image/1.1"'
    image = f"<image:image {spaces}><image:loc>https://caliber.az/a.webp</image:loc><image:title>P</image:title></image:image>"
    (card,) = read_sitemap(capture(urlset(loc("a") + image), "sitemap"), SITE).cards
    assert (card.url, card.headline) == ("https://caliber.az/en/post/a", None)


@pytest.mark.parametrize(
    ("told", "last_moment"),
    [
        ("2026-01-06T19:13:00+04:00", datetime(2026, 1, 6, 15, 13, tzinfo=UTC)),
        ("2026-01-06", datetime(2026, 1, 6, 20, 0, tzinfo=UTC)),
        ("lately", None),
    ],
)
def test_an_article_was_published_no_later_than_it_changed(told: str, last_moment: datetime | None) -> None:
    (card,) = read_sitemap(capture(urlset(loc("a") + f"<lastmod>{told}</lastmod>"), "sitemap"), SITE).cards
    assert card.modified_at == last_moment


def test_a_site_map_may_be_a_list_of_addresses_or_a_feed() -> None:
    lines = "https://caliber.az/en/post/a\r\nhttps://caliber.az/en/post/b/\nhttps://caliber.az/about\n"
    listing = read_sitemap(capture(lines, "sitemap", "/sitemap.txt", "text/plain"), SITE)
    assert [card.url[-1] for card in listing.cards] == ["a", "b"]
    assert listing.passed_over == 1
    feed = "<rss version='2.0'><channel><item><link>https://caliber.az/en/post/a</link></item></channel></rss>"
    assert len(read_sitemap(capture(feed, "sitemap"), SITE).cards) == 1


def test_an_index_names_maps() -> None:
    text = f"<sitemapindex {NAMESPACES}><sitemap><loc>/map-1.xml.gz</loc></sitemap></sitemapindex>"
    assert read_sitemap(capture(text, "sitemap"), SITE).maps == ("https://caliber.az/map-1.xml.gz",)


def test_robots_txt_names_maps() -> None:
    text = "User-agent: *\nDisallow: /search\nSitemap: https://caliber.az/sitemap.xml\nSitemap: /news.xml\n"
    maps = read_sitemap(capture(text, "sitemap", "/robots.txt", "text/plain"), SITE).maps
    assert maps == ("https://caliber.az/sitemap.xml", "https://caliber.az/news.xml")


def test_a_packed_map_is_unpacked() -> None:
    packed = gzip.compress(urlset(loc("a")).encode())
    assert len(read_sitemap(capture(packed, "sitemap", media_type="application/gzip"), SITE).cards) == 1


def test_addresses_that_are_no_articles_are_counted() -> None:
    listing = read_sitemap(capture(urlset(loc("a"), "<loc>https://caliber.az/en/about</loc>"), "sitemap"), SITE)
    assert (len(listing.cards), listing.passed_over) == (1, 1)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"<html><body>404</body></html>", "is no site map"),
        (b"   ", "is empty"),
        (b"\x1f\x8bnonsense", "damaged gzip"),
        (gzip.compress(b" " * (60 * 1024 * 1024), 1), "larger than a site map may be"),
    ],
)
def test_what_is_no_site_map_is_refused_in_a_sentence(body: bytes, words: str) -> None:
    with pytest.raises(Unreadable, match=words):
        read_sitemap(capture(body, "sitemap"), SITE)


def test_more_addresses_than_the_protocol_allows_are_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sitemaps, "MOST_ADDRESSES", 3)
    assert len(read_sitemap(capture(urlset(*map(loc, "abcdef")), "sitemap"), SITE).cards) == 3


@pytest.mark.timeout(60)
def test_an_entity_bomb_neither_blows_up_nor_reads_a_file() -> None:
    entities = "".join(f'<!ENTITY e{i} "{f"&e{i - 1};" * 10}">' for i in range(1, 10))
    text = (
        f'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY e0 "lol">{entities}<!ENTITY x SYSTEM "file:///etc/passwd">]>'
        f"<urlset {NAMESPACES}><url>{loc('a')}</url><url><loc>https://caliber.az/en/post/&e9;&x;</loc></url></urlset>"
    )
    urls = [card.url for card in read_sitemap(capture(text, "sitemap"), SITE).cards]
    assert urls[:1] == ["https://caliber.az/en/post/a"]
    assert all(len(url) < 100 and "root" not in url for url in urls)
