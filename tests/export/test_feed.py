"""The RSS feed."""

from __future__ import annotations

import io
import re
from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib.parse import urlsplit

import feedparser
import pytest
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


def test_the_newest_entry_comes_first(three_editions: Path) -> None:
    with Archive.open(three_editions) as archive:
        channel = feed(archive, limit=2)
    assert channel.findtext("title") == "Caliber.Az"
    assert channel.findtext("link") == "https://caliber.az/"
    assert [item.findtext("link") for item in channel.iter("item")] == [
        "https://caliber.az/arm/post/22",
        "https://caliber.az/post/12",
    ]
    assert channel.findtext("item/pubDate") == "Sat, 07 Feb 2026 14:00:00 GMT"


def test_every_entry_has_source_and_terms_of_use(three_editions: Path) -> None:
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


def test_an_empty_feed_is_valid(newsroom: Newsroom) -> None:
    channel = feed(newsroom.archive)
    assert channel.findtext("title")
    assert channel.findtext("link")
    assert list(channel.iter("item")) == []


def test_hostile_texts_are_escaped(newsroom: Newsroom) -> None:
    print_hostile_articles(newsroom)
    channel = feed(newsroom.archive)
    assert len(list(channel.iter("item"))) == len(HOSTILE)
    assert {child.tag for child in channel} == {"title", "link", "description", "copyright", "item"}
    for item in channel.iter("item"):
        shown = html.fromstring(f"<div>{item.findtext('description')}</div>")
        assert {element.tag for element in shown.iter()} == {"div", "p", "a"}
        assert all(set(element.attrib) <= {"href"} for element in shown.iter())


ITEM = {"title", "link", "description", "author", "category", "comments", "enclosure", "guid", "pubDate", "source"}
CHANNEL = {"title", "link", "description", "language", "copyright", "pubDate", "lastBuildDate", "ttl", "item"}
WEEKDAY_DATE = re.compile(r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT")


@pytest.mark.parametrize("articles", ["hostile", "usual", "none"])
def test_a_feed_follows_the_rules_of_feed_validators(newsroom: Newsroom, three_editions: Path, articles: str) -> None:
    if articles == "hostile":
        print_hostile_articles(newsroom)
    file = io.BytesIO()
    with Archive.open(three_editions) as usual:
        write_rss((usual if articles == "usual" else newsroom.archive).rows(EVERYTHING, newest_first=True), file)
    rss = etree.fromstring(file.getvalue(), etree.XMLParser(resolve_entities=False))
    assert (rss.tag, rss.get("version"), len(rss)) == ("rss", "2.0", 1)
    (channel,) = rss
    # https://www.rssboard.org/rss-specification, and https://validator.w3.org/feed/docs/ for additional rules.
    assert {"title", "link", "description"} <= {child.tag for child in channel} <= CHANNEL
    for child in channel.iterchildren("title", "link", "description", "copyright"):
        assert (child.text or "").strip()
        assert len(channel.findall(str(child.tag))) == 1
    guids = [item.findtext("guid") for item in channel.iter("item")]
    assert len(set(guids)) == len(guids)
    for item in channel.iter("item"):
        own = [child.tag for child in item if not str(child.tag).startswith("{")]
        assert set(own) <= ITEM
        assert max(own.count(tag) for tag in own if tag != "category") == 1
        assert (item.findtext("title") or "").strip() or (item.findtext("description") or "").strip()
        link = urlsplit(item.findtext("link") or "")
        assert link.scheme in ("http", "https")
        assert link.netloc
        assert not re.search(r"\s", item.findtext("link") or "")
        guid = item.find("guid")
        assert guid is not None
        assert guid.get("isPermaLink") == "true"
        if (published := item.findtext("pubDate")) is not None:
            assert WEEKDAY_DATE.fullmatch(published)
            assert parsedate_to_datetime(published).strftime("%a") == published[:3]
        assert re.fullmatch(r"[a-z]{2,3}(-[A-Za-z0-9]+)*", item.findtext(f"{{{DC}}}language") or "")


def test_an_entry_without_a_subtitle_shows_the_first_paragraph(newsroom: Newsroom) -> None:
    newsroom.archive.sites.store(SITE)
    newsroom.save(subtitle=None, body="The first.\n\nThe second.")
    (item,) = feed(newsroom.archive).iter("item")
    shown = html.fromstring(item.findtext("description") or "").text_content()
    assert shown.startswith("The first.")
    assert "The second." not in shown


def row_of(**fields: object) -> dict[str, object]:
    usual: dict[str, object] = {
        "site_title": "Caliber.Az",
        "url": "https://caliber.az/en/post/1",
        "headline": "Headline",
        "subtitle": None,
        "body": "First paragraph.\n\nSecond paragraph.\n\nThird paragraph.",
        "published_at": None,
        "section": None,
        "section_label": None,
        "authors": None,
        "language": "en",
        "reuse": "Reuse with a link",
        "retrieved_at": "2026-01-07",
    }
    return usual | fields


def channel_of(*rows: dict[str, object]) -> etree._Element:
    file = io.BytesIO()
    assert write_rss(rows, file) == len(rows)
    assert file.getvalue().startswith(b"<?xml version='1.0' encoding='utf-8'?>\n<rss")
    channel = etree.fromstring(file.getvalue()).find("channel")
    assert channel is not None
    return channel


def test_the_link_of_a_feed_is_the_site_of_its_first_article() -> None:
    other = row_of(site_title="ORF", url="https://orf.at/stories/1/", reuse="None")
    channel = channel_of(row_of(), other)
    texts = [channel.findtext(tag) for tag in ("title", "link", "copyright")]
    assert texts == ["Caliber.Az, ORF", "https://caliber.az/", "Reuse with a link None"]
    assert channel_of(other, row_of()).findtext("link") == "https://orf.at/"


def test_a_feed_without_articles_says_so() -> None:
    texts = [(element.tag, element.text) for element in channel_of()]
    assert texts == [("title", "Empty archive"), ("link", "about:blank"), ("description", "No articles.")]


@pytest.mark.parametrize(("subtitle", "summary"), [(None, "First paragraph."), ("A subtitle", "A subtitle")])
def test_the_summary_is_the_subtitle_or_the_first_paragraph(subtitle: str | None, summary: str) -> None:
    text = channel_of(row_of(subtitle=subtitle)).findtext("item/description")
    assert html.fromstring(text or "").xpath("string(//p[1])") == summary


def test_unknown_values_have_no_element() -> None:
    tags = {etree.QName(element).localname for element in channel_of(row_of()).iterfind("item/*")}
    assert tags == {"title", "link", "guid", "description", "language", "publisher", "rights"}
    known = row_of(published_at="2026-01-07T12:00:00+00:00", section="analytics", authors="A. One; B. Two")
    item = channel_of(known).find("item")
    assert item is not None
    assert [item.findtext("pubDate"), item.findtext("category")] == ["Wed, 07 Jan 2026 12:00:00 GMT", "analytics"]
    assert [creator.text for creator in item.iterfind(f"{{{DC}}}creator")] == ["A. One", "B. Two"]
