"""The date selector of a layout: attributes, dates in any language, and other matches than the first."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from caliber_crawler.extraction import extract_page
from caliber_crawler.items import Capture
from caliber_crawler.site import Edition, Layout, Site

DATES = {
    ("time@datetime", '<time datetime="2026-01-07T19:13:00+04:00">yesterday</time>'): "2026-01-07T15:13:00+00:00",
    ("time@datetime", '<time datetime="2026-01-07">7</time>'): "2026-01-06T20:00:00+00:00",
    (".when", '<p class="when">January 7, 2026</p>'): "2026-01-06T20:00:00+00:00",
    (".when", '<p class="when">7 January 2026, 19:13</p>'): "2026-01-07T15:13:00+00:00",
    (".meta", '<p class="meta">Economy</p><p class="meta">7 yanvar 2026</p>'): "2026-01-06T20:00:00+00:00",
    (".when", '<p class="when">01.02.2026</p>'): "2026-01-31T20:00:00+00:00",
    (".when", '<p class="when">7 January 2026 – 9 January 2026</p>'): None,
    (".when", '<p class="when">soon</p>'): None,
}


def site(date: str) -> Site:
    """A site in Azerbaijani that states no date format."""
    return Site(
        name="example",
        title="Example",
        base_url="https://news.example",
        timezone="Asia/Baku",
        article_path="/(?P<slug>[^/]+)",
        editions=(Edition(language="az", name="az"),),
        layouts=(Layout(name="new", article="article", headline="h1", date=date, body=".text"),),
    )


@pytest.mark.parametrize(("date", "markup"), DATES)
def test_the_date_of_a_layout_is_read_where_it_is_unambiguous(date: str, markup: str) -> None:
    text = "<div class='text'><p>Text of the story.</p></div>"
    page = f"<html><article><h1>Headline of it</h1>{markup}{text}</article></html>"
    capture = Capture(
        site="example",
        url="https://news.example/story",
        fetched_at=datetime(2026, 1, 8, tzinfo=UTC),
        status=200,
        headers=(("Content-Type", "text/html"),),
        body=page.encode(),
    )
    found = extract_page(capture, site(date)).article.published_at
    assert (found.astimezone(UTC).isoformat() if found else None) == DATES[date, markup]
