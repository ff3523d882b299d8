"""The feed of the newest."""

from __future__ import annotations

import io
from pathlib import Path

import feedparser
from lxml import etree, html

from caliber_crawler.archive import Archive, Selection
from caliber_crawler.export import write_rss
from caliber_crawler.export.feed import DC
from tests.archive.newsroom import Newsroom
from tests.export.newspaper import HOSTILE, SITE, print_hostile_articles

EVERYTHING = Selection()


def feed(archive: Archive, selection: Selection = EVERYTHING, limit: int | None = None) -> etree._Element:
    file = io.BytesIO()
    write_rss(archive.rows(selection, newest_first=True, limit=limit), file)
    parsed = etree.fromstring(file.getvalue(), etree.XMLParser(resolve_entities=False))
    channel = parsed.find("channel")
    assert channel is not None
    return channel


def test_the_newest_stands_first(three_editions: Path) -> None:
    with Archive.open(three_editions) as archive:
        channel = feed(archive, limit=2)
    assert channel.findtext("title") == "Caliber.Az"
    assert channel.findtext("link") == "https://caliber.az/"
    assert [item.findtext("link") for item in channel.iter("item")] == [
        "https://caliber.az/arm/post/22",
        "https://caliber.az/post/12",
    ]
    assert channel.findtext("item/pubDate") == "Sat, 07 Feb 2026 14:00:00 GMT"


def test_every_entry_says_where_it_is_from_and_how_it_may_be_used(three_editions: Path) -> None:
    with Archive.open(three_editions) as archive:
        items = list(feed(archive).iter("item"))
    assert len(items) == 6
    for item in items:
        assert item.findtext(f"{{{DC}}}publisher") == "Caliber.Az"
        assert item.findtext(f"{{{DC}}}rights") == SITE.reuse
        shown = html.fromstring(item.findtext("description") or "")
        assert shown.xpath("string(.//a/@href)") == item.findtext("link")
        assert "retrieved 2026-01-0" in shown.text_content()
        assert SITE.reuse in shown.text_content()


def test_a_feed_reader_understands_it(three_editions: Path) -> None:
    file = io.BytesIO()
    with Archive.open(three_editions) as archive:
        write_rss(archive.rows(EVERYTHING, newest_first=True), file)
    read = feedparser.parse(file.getvalue())
    assert (read.bozo, read.version) == (False, "rss20")
    assert read.entries[0].title == "Headline 22 of the corridor"
    assert read.entries[0].published_parsed[:5] == (2026, 2, 7, 14, 0)


def test_an_empty_feed_is_a_feed(newsroom: Newsroom) -> None:
    channel = feed(newsroom.archive)
    assert channel.findtext("title")
    assert channel.findtext("link")
    assert list(channel.iter("item")) == []


def test_hostile_texts_stay_text(newsroom: Newsroom) -> None:
    print_hostile_articles(newsroom)
    channel = feed(newsroom.archive)
    assert len(list(channel.iter("item"))) == len(HOSTILE)
    assert {child.tag for child in channel} == {"title", "link", "description", "copyright", "item"}
    for item in channel.iter("item"):
        shown = html.fromstring(f"<div>{item.findtext('description')}</div>")
        assert {element.tag for element in shown.iter()} == {"div", "p", "a"}
        assert all(set(element.attrib) <= {"href"} for element in shown.iter())
