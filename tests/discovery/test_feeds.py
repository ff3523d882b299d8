"""Parsing of feeds, including the peculiarities of feeds of news sites."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import feedparser
import pytest

from caliber_crawler.extraction import Unreadable
from caliber_crawler.lists import feeds
from caliber_crawler.lists.feeds import linked_feeds, parse_feed
from tests.discovery.pages import SITE, capture


def rss(*items: str) -> str:
    joined = "".join(f"<item>{item}</item>" for item in items)
    return f'<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"><channel><title>C</title>{joined}</channel></rss>'


def link(slug: str) -> str:
    return f"<link>https://caliber.az/en/post/{slug}</link>"


def urls(text: str) -> list[str]:
    return [teaser.url for teaser in parse_feed(capture(text, "feed"), SITE).teasers]


def test_a_guid_that_all_items_share_hides_none_of_them() -> None:
    guid = '<guid isPermaLink="false">caliber.az</guid>'
    assert urls(rss(link("a") + guid, link("b") + guid)) == [
        "https://caliber.az/en/post/a",
        "https://caliber.az/en/post/b",
    ]


def test_items_without_a_guid_are_parsed() -> None:
    assert len(urls(rss(link("a"), link("b")))) == 2


def test_an_item_whose_link_is_a_click_counter_gets_the_url_of_another_field() -> None:
    counter = "<link>https://counter.example/click?to=17</link>"
    guid = '<guid isPermaLink="true">https://caliber.az/en/post/a</guid>'
    origin = "<feedburner:origLink>https://caliber.az/en/post/b</feedburner:origLink>"
    feed = rss(counter + guid, counter + origin).replace(
        "<rss ", '<rss xmlns:feedburner="http://rssnamespace.org/feedburner/ext/1.0" '
    )
    assert urls(feed) == ["https://caliber.az/en/post/a", "https://caliber.az/en/post/b"]


def test_an_article_named_twice_is_one_teaser() -> None:
    assert urls(rss(link("a"), link("a?utm_source=rss"), link("a/"))) == ["https://caliber.az/en/post/a"]


@pytest.mark.parametrize(
    ("title", "headline"),
    [
        ("Baku&amp;rsquo;s plan", "Baku’s plan"),
        ("&laquo;Мир&raquo; &amp; война", "«Мир» & война"),
        ("<![CDATA[A & <b>B</b>]]>", "A & B"),
        ("&lt;![CDATA[A]]&gt; B", "A B"),
    ],
)
def test_titles_are_unescaped_and_stripped_of_markup(title: str, headline: str) -> None:
    (teaser,) = parse_feed(capture(rss(f"<title>{title}</title>{link('a')}"), "feed"), SITE).teasers
    assert teaser.headline == headline


def test_a_link_in_cdata_with_white_space_is_parsed() -> None:
    assert urls(rss("<link><![CDATA[\n https://caliber.az/en/post/a \n]]></link>")) == ["https://caliber.az/en/post/a"]


def test_the_date_and_the_section_come_from_the_item() -> None:
    item = "<pubDate>Tue, 06 Jan 2026 19:13:00 +0400</pubDate><category>ANALYTICS</category>" + link("a")
    (teaser,) = parse_feed(capture(rss(item), "feed"), SITE).teasers
    assert teaser.published_at == datetime(2026, 1, 6, 15, 13, tzinfo=UTC)
    assert teaser.section == "analytics"


@pytest.mark.parametrize("name", ["pubDate", "dc:date"])
@pytest.mark.parametrize(
    "written",
    [
        "Tue, 06 Jan 2026 15:13:00 GMT", "2026-01-06T19:13:00+04:00", "Tue, 06-Jan-2026 15:13:00 GMT", "1767712380",
        "Вт, 06 янв 2026 18:13:00 +0300", "Dienstag, 06 Jan 2026 16:13:00 +0100", "20260106T151300Z",
        "06.01.2026 15:13",
        "Tue, 06 Jan 2026 19:13:00 GMT+4", "6 Ocak 2026 18:13 +0300", "2026-01-06 15:13",
    ],
)  # fmt: skip
def test_the_date_of_an_item_is_read_in_any_form(name: str, written: str) -> None:
    item = f'<{name} xmlns:dc="http://purl.org/dc/elements/1.1/">{written}</{name}>' + link("a")
    (teaser,) = parse_feed(capture(rss(item), "feed"), SITE).teasers
    assert teaser.published_at == datetime(2026, 1, 6, 15, 13, tzinfo=UTC)


@pytest.mark.parametrize("written", ["yesterday", "01/02/2026 10:00", "6 January"])
def test_a_date_that_is_not_exact_is_not_read(written: str) -> None:
    (teaser,) = parse_feed(capture(rss(f"<pubDate>{written}</pubDate>" + link("a")), "feed"), SITE).teasers
    assert teaser.published_at is None


def test_an_update_of_an_atom_entry_is_not_its_publication() -> None:
    text = (
        '<feed xmlns="http://www.w3.org/2005/Atom"><entry><title>A</title><link href="/post/a"/>'
        "<updated>2026-01-06T19:13:00+04:00</updated></entry></feed>"
    )
    (teaser,) = parse_feed(capture(text, "feed"), SITE).teasers
    assert teaser.published_at is None


def test_an_atom_feed_is_parsed() -> None:
    text = (
        '<feed xmlns="http://www.w3.org/2005/Atom"><entry><title>A</title>'
        '<link rel="alternate" href="/post/a"/><published>2026-01-06T19:13:00+04:00</published></entry></feed>'
    )
    (teaser,) = parse_feed(capture(text, "feed"), SITE).teasers
    assert (teaser.url, teaser.headline) == ("https://caliber.az/post/a", "A")
    assert teaser.published_at == datetime(2026, 1, 6, 15, 13, tzinfo=UTC)


def test_items_that_are_not_articles_of_the_site_are_counted() -> None:
    listing = parse_feed(
        capture(rss(link("a"), "<link>https://example.org/post/b</link>", "<title>t</title>"), "feed"), SITE
    )
    assert len(listing.teasers) == 1
    assert listing.not_articles == 2


def test_an_html_page_is_not_a_feed() -> None:
    with pytest.raises(Unreadable, match="is not a feed"):
        parse_feed(capture("<html><body><h1>RSS</h1></body></html>", "feed", media_type="text/html"), SITE)


def test_a_truncated_feed_gives_its_complete_items() -> None:
    complete = rss(link("a"), link("b"), link("c"))
    assert urls(complete[: complete.index("post/c")])[:2] == urls(complete)[:2]


@pytest.mark.timeout(60)
def test_an_entity_bomb_is_not_expanded_and_reads_no_file() -> None:
    entities = "".join(f'<!ENTITY e{i} "{f"&e{i - 1};" * 10}">' for i in range(1, 10))
    bomb = (
        f'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY e0 "lol">{entities}<!ENTITY x SYSTEM "file:///etc/passwd">]>'
        f'<rss version="2.0"><channel><item><title>&e9; &x;</title>{link("a")}</item></channel></rss>'
    )
    (teaser,) = parse_feed(capture(bomb, "feed"), SITE).teasers
    assert teaser.url == "https://caliber.az/en/post/a"
    assert len(teaser.headline or "") < 100
    assert "root" not in (teaser.headline or "")


def json_feed(*items: dict[str, object]) -> str:
    return json.dumps({"version": "https://jsonfeed.org/version/1.1", "title": "C", "items": items})


def test_a_json_feed_is_parsed() -> None:
    text = json_feed(
        {
            "id": "1",
            "url": "https://caliber.az/en/post/a?utm_source=feed",
            "title": "Baku &amp; Shusha",
            "date_published": "2026-01-06T19:13:00+04:00",
            "tags": ["ANALYTICS", 7],
        },
        {"id": "https://caliber.az/en/post/b", "date_published": "yesterday"},
        {"id": "3", "url": "https://caliber.az/about"},
    )
    listing = parse_feed(capture(text, "feed", "/feed.json", "application/feed+json"), SITE)
    assert [(teaser.url, teaser.headline, teaser.section) for teaser in listing.teasers] == [
        ("https://caliber.az/en/post/a", "Baku & Shusha", "analytics"),
        ("https://caliber.az/en/post/b", None, None),
    ]
    assert listing.teasers[0].published_at == datetime(2026, 1, 6, 15, 13, tzinfo=UTC)
    assert listing.teasers[1].published_at is None
    assert listing.not_articles == 1


@pytest.mark.parametrize(
    "text", ["{}", '{"items": []}', '{"version": "https://jsonfeed.org/version/1", "items": 7}', "{"]
)
def test_other_json_is_not_a_feed(text: str) -> None:
    with pytest.raises(Unreadable, match="is not a feed"):
        parse_feed(capture(text, "feed", "/feed.json", "application/json"), SITE)


def feeds_linked_in(head: str) -> tuple[str, ...]:
    page = f"<html><head>{head}</head><body><p>Text.</p></body></html>"
    return linked_feeds(capture(page, "listing", "/world/", "text/html"), SITE)


@pytest.mark.parametrize("media_type", ["application/rss+xml", "application/atom+xml", " Application/Feed+JSON "])
def test_the_feeds_linked_in_a_page_are_found(media_type: str) -> None:
    assert feeds_linked_in(f'<link rel="Alternate home" type="{media_type}" href="feed.xml">') == (
        "https://caliber.az/world/feed.xml",
    )


def test_only_the_first_feeds_of_the_site_itself_are_used() -> None:
    some = "".join(f'<link rel=alternate type="application/rss+xml" href="/{n}.xml">' for n in range(20))
    others = (
        '<link rel=alternate type="application/rss+xml" href="https://elsewhere.example/feed">'
        '<link rel=alternate type="application/rss+xml" href="http://[::1">'
        '<link rel=alternate hreflang="ru" href="/ru">'
        '<link rel=stylesheet type="application/rss+xml" href="/style">'
    )
    assert feeds_linked_in(others + some) == tuple(f"https://caliber.az/{n}.xml" for n in range(5))


@pytest.mark.parametrize(("over", "is_parsed"), [(0, True), (1, False)])
def test_a_feed_of_the_maximum_size_is_parsed(monkeypatch: pytest.MonkeyPatch, over: int, is_parsed: bool) -> None:
    text = rss(link("a"))
    monkeypatch.setattr(feeds, "MAX_FEED_BYTES", len(text) - over)
    if is_parsed:
        assert len(urls(text)) == 1
        return
    with pytest.raises(Unreadable) as error:
        urls(text)
    assert error.value.reason == "too_large"


@pytest.mark.parametrize(
    ("item", "found"),
    [
        ({"url": "/en/post/a", "id": "https://caliber.az/en/post/b"}, ["https://caliber.az/en/post/a"]),
        ({"id": "https://caliber.az/en/post/b"}, ["https://caliber.az/en/post/b"]),
        ({"url": "", "id": "https://caliber.az/en/post/b"}, ["https://caliber.az/en/post/b"]),
        ({"title": "No URL"}, []),
    ],
)
def test_an_item_of_a_json_feed_is_identified_by_its_url_or_id(item: dict[str, object], found: list[str]) -> None:
    assert urls(json_feed(item)) == found


def test_an_id_that_is_not_a_url_does_not_name_an_article() -> None:
    assert urls(rss('<guid isPermaLink="false">/en/post/a</guid>')) == []


@pytest.mark.parametrize(
    ("date", "published_at"),
    [
        ("2026-01-06T19:13:00+04:00", datetime(2026, 1, 6, 15, 13, tzinfo=UTC)),
        ("2026-01-06T19:13:00", None),
        (None, None),
        (7, None),
    ],
)
def test_a_date_of_a_json_feed_needs_a_time_zone(date: object, published_at: datetime | None) -> None:
    item = {"url": "https://caliber.az/en/post/a", "date_published": date, "tags": None}
    (teaser,) = parse_feed(capture(json_feed(item), "feed"), SITE).teasers
    assert teaser.published_at == published_at


@pytest.mark.parametrize(
    ("labels", "section", "label"),
    [
        (("Football", "ANALYTICS"), "analytics", "ANALYTICS"),
        (("Football", "Chess"), None, "Football"),
        ((), None, None),
    ],
)
def test_the_first_known_section_among_the_tags_counts(
    labels: tuple[str, ...], section: str | None, label: str | None
) -> None:
    item = link("a") + "".join(f"<category>{name}</category>" for name in labels)
    (teaser,) = parse_feed(capture(rss(item), "feed"), SITE).teasers
    assert (teaser.section, teaser.section_label) == (section, label)


def test_an_item_with_an_invalid_link_is_reported_by_its_title() -> None:
    bad = "<link>http://[bad/2026</link>"
    listing = parse_feed(capture(rss(bad, f"<title>Talks resume</title>{bad}", link("a")), "feed"), SITE)
    assert (len(listing.teasers), listing.invalid_entries, listing.not_articles) == (1, 2, 0)
    assert listing.warnings[0].message.endswith("which do not have a valid URL, such as 'Talks resume'.")


@pytest.mark.parametrize("item", ["<title>&#xD800;</title>", "<textinput/>", "<title>a & b &nbsp; < c</title>"])
def test_an_item_that_feedparser_cannot_parse_affects_no_other(item: str) -> None:
    assert urls(rss(item + link("a"), link("b"))) == ["https://caliber.az/en/post/a", "https://caliber.az/en/post/b"]


def test_the_items_of_a_feed_that_fail_together_are_parsed_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    parse = feedparser.parse

    def fail_for_one(text: bytes, **options: object) -> object:
        if b"post/d<" in text:
            raise KeyError("textinput")
        return parse(text, **options)

    monkeypatch.setattr(feedparser, "parse", fail_for_one)
    listing = parse_feed(capture(rss(*map(link, "abcdefg")), "feed"), SITE)
    assert [teaser.url[-1] for teaser in listing.teasers] == list("abcefg")
    assert listing.invalid_entries == 1
