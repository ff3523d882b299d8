"""Items of feeds that are parsed without feedparser: the same as with it."""

from __future__ import annotations

from datetime import UTC, datetime
from html import escape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caliber_crawler.extraction.dates.stamps import parse_stamp
from caliber_crawler.lists import feeds
from caliber_crawler.lists.feeds import parse_feed
from tests.discovery.pages import SITE, capture
from tests.discovery.test_feeds import rss

TEXTS = st.one_of(
    st.text(st.sampled_from("ab <>&;/'\"«»éÃ©â\u0080\u0099\u00a0Баку]-\n"), max_size=24),
    st.sampled_from(
        ("Baku&rsquo;s plan", "<b>Bold</b> news", "AT&T; more", "CafÃ©", "a < b", "&#8217;", "<![CDATA[x]]>")
    ),
)
URLS = st.one_of(
    st.sampled_from(
        (
            *("https://caliber.az/en/post/a", "https://caliber.az/en/post/b?a=1&b=2", "https://caliber.az/en/post/c#x"),
            *("http://caliber.az:80/en/post/d", "/en/post/e", "https:///caliber.az/en/post/f", "caliber.az", ""),
            *("https://caliber.az/en/post/%D5%B0", "https://caliber.az/en/post/баку", "https://caliber.az/en/post/g?"),
            *(
                " https://caliber.az/en/post/h\n",
                "HTTPS://caliber.az/en/post/i",
                "https://caliber.az/a;b&c;",
                "javascript:1",
            ),
            *(
                "https://caliber.az/en/../en/post/j",
                "https://caliber.az/en/post/k?a&amp;b",
                "https://caliber.az/en/post/l#",
            ),
        )
    ),
    st.text(st.sampled_from("ahtps:/?#.&;=%2 \\"), max_size=20).map("https://caliber.az/en/post/".__add__),
)
DATES = st.one_of(
    st.integers(10**9, 3 * 10**9).map(lambda at: f"{datetime.fromtimestamp(at, UTC):%a, %d %b %Y %H:%M:%S} +0400"),
    st.sampled_from(("Tue, 31 Feb 2025 10:00:00 GMT", "2025-01-02T10:00:00Z", "yesterday", "1 Jan 2025", "")),
)


def element(name: str, texts: st.SearchStrategy[str], *attributes: str) -> st.SearchStrategy[str]:
    given_attributes = st.sampled_from(("", "", "", *attributes))
    return st.builds(lambda text, attribute: f"<{name}{attribute}>{escape(text)}</{name}>", texts, given_attributes)


ELEMENTS = st.one_of(
    element("title", TEXTS, ' type="html"'),
    element("link", URLS, ' href="https://caliber.az/en/post/z"'),
    element("guid", URLS, ' isPermaLink="false"', ' isPermaLink="true"', ' isPermaLink="no"', ' ispermalink="false"'),
    element("pubDate", DATES),
    element("category", TEXTS, ' domain="d"', ' term="t"'),
    element("description", TEXTS),
    st.sampled_from(
        ("<id>https://caliber.az/en/post/y</id>", "<title><b>x</b></title>", "<svg/>", "<updated>x</updated>")
    ),
)
USUAL = st.tuples(
    element("title", TEXTS),
    element("link", URLS),
    element("guid", URLS, ' isPermaLink="false"'),
    element("pubDate", DATES),
)
ITEMS = st.one_of(USUAL, st.lists(ELEMENTS, max_size=6)).map("".join)


@settings(max_examples=150, deadline=None)
@given(st.lists(ITEMS, min_size=1, max_size=3))
def test_plain_items_are_the_same_without_feedparser(items: list[str]) -> None:
    page = capture(rss(*items), "feed")
    found = parse_feed(page, SITE)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(feeds, "plain_item", lambda *arguments: None)
        by_feedparser = parse_feed(page, SITE)
    assert found == by_feedparser


def test_a_usual_item_is_parsed_without_feedparser(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeds, "_parse_items", None)
    item = (
        "<title>Plan — «Мир»</title><link>https://caliber.az/en/post/a?b=1&amp;c=2</link>"
        "<description>&lt;p&gt;</description><category>Politics</category>"
        '<guid isPermaLink="false">7</guid><pubDate>Sun, 14 Mar 2021 10:00:00 GMT</pubDate>'
    )
    (teaser,) = parse_feed(capture(rss(item), "feed"), SITE).teasers
    assert (teaser.headline, teaser.published_at) == ("Plan — «Мир»", datetime(2021, 3, 14, 10, tzinfo=UTC))
    assert teaser.section_label == "Politics"


@pytest.mark.parametrize("language", [None, "en", "fi", "de"])
@pytest.mark.parametrize("month", range(1, 13))
def test_internet_dates_have_english_names_in_any_language(language: str | None, month: int) -> None:
    for day in range(1, 29):
        at = datetime(2021, month, day, 22, 49, 42, tzinfo=UTC)
        stamp = parse_stamp(f"{at:%a, %d %b %Y %H:%M:%S} GMT", language)
        assert stamp is not None
        assert (stamp.at, stamp.is_bare, stamp.other) == (at, False, None)
