"""An archive before schema 5 finds its articles again, although the normal form of some URLs has changed."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caliber_crawler.archive import Entry
from caliber_crawler.archive.core.earlier_urls import earlier_form, rename_urls
from caliber_crawler.items import Link
from caliber_crawler.site.urls import normal_url
from caliber_crawler.spiders.caliber import CaliberSpider
from tests.archive.newsroom import Newsroom, minutes

SITE, BASE = CaliberSpider.site, "https://caliber.az"
EARLIER = f"{BASE}/en/post/a?q=x%2Cy&id="
TODAY = f"{BASE}/en/post/a?q=x,y&id"


@pytest.fixture
def migrated(newsroom: Newsroom) -> Newsroom:
    """An archive with the earlier form of a URL in every table, and with rows that stay."""
    archive = newsroom.archive
    archive.sites.store(SITE)
    entries = [
        Entry(url=url, site="caliber", kind="article", discovered_via="listing")
        for url in (EARLIER, f"{BASE}/en/post/b", f"{BASE}/en/post/c?a=%3A", f"{BASE}/en/post/c?a=:")
    ]
    archive.frontier.add([*entries, Entry(url="https://x.az/cdx?a=%2C#cdx", site="caliber", kind="sitemap",
                                          discovered_via="cdx")], newsroom.run_id)  # fmt: skip
    newsroom.save(article_urls=(EARLIER,), links=(Link(url=EARLIER), Link(url="https://other.example/?utm_source=a")))
    newsroom.save(minutes(1), article_urls=(f"{BASE}/en/post/b",))
    with archive.transaction():
        rename_urls(archive.db)
    return newsroom


def test_the_article_has_its_url_of_today(migrated: Newsroom) -> None:
    articles = migrated.archive.articles
    assert articles.find(TODAY) == 1
    assert articles.show(1)["url"] == TODAY
    again = migrated.save(minutes(2), article_urls=(TODAY,))
    assert (again.article_id, again.outcome) == (1, "unchanged")


def test_its_page_is_requested_as_before(migrated: Newsroom) -> None:
    entry = migrated.archive.frontier.get(TODAY)
    assert entry is not None
    assert entry.requested == EARLIER
    assert migrated.archive.frontier.get(EARLIER) is None
    (capture,) = (each for each in migrated.archive.captures.each() if each.url == TODAY)
    assert capture.final_url == EARLIER


def test_everything_else_stays(migrated: Newsroom) -> None:
    urls = migrated.values("SELECT url FROM frontier ORDER BY id")
    assert urls == [TODAY, f"{BASE}/en/post/b", f"{BASE}/en/post/c?a=%3A", f"{BASE}/en/post/c?a=:",
                    "https://x.az/cdx?a=%2C#cdx"]  # fmt: skip
    assert migrated.values("SELECT url FROM links ORDER BY position") == [TODAY, "https://other.example/?utm_source=a"]


def test_the_checksums_fit(migrated: Newsroom) -> None:
    assert [finding for finding in migrated.archive.verify() if finding is not None] == []


def test_a_damaged_row_stays_visibly_damaged(newsroom: Newsroom) -> None:
    newsroom.save(article_urls=(EARLIER,))
    newsroom.archive.db.execute("UPDATE article_urls SET first_seen_at = '2020-01-01T00:00:00Z'")
    with newsroom.archive.transaction():
        rename_urls(newsroom.archive.db)
    assert newsroom.values("SELECT url FROM article_urls") == [TODAY]
    assert any(finding is not None for finding in newsroom.archive.verify())


@given(st.dictionaries(st.text(min_size=1, max_size=5), st.text(max_size=5), max_size=4))
def test_the_earlier_form_leads_to_the_form_of_today(parameters: dict[str, str]) -> None:
    try:
        earlier = f"{BASE}/en/post/a?{urlencode(parameters)}".removesuffix("?")
    except UnicodeEncodeError:  # a lone surrogate
        return
    today = normal_url(earlier, BASE)
    assert normal_url(today, BASE) == today
    # A parameter that does not select a page is removed today.
    if [today.count(sign) for sign in "?&"] == [earlier.count(sign) for sign in "?&"] and "amp%3B" not in earlier:
        assert earlier_form(today) == earlier
