"""Batches of a listing that are JSON."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from caliber_crawler.discovery import parse_list_page
from caliber_crawler.extraction import Unreadable
from caliber_crawler.items import Listing
from caliber_crawler.site import JsonTeasers
from tests.discovery.pages import SITE, capture

assert SITE.listing is not None
LAYOUT = replace(
    SITE.listing,
    more="/api/posts?category={slug}&offset={offset}&limit={size}",
    page_size=20,
    last="result.more",
    json=JsonTeasers(
        items="result.posts",
        url="slug",
        address="/en/post/{url}",
        headline="title",
        section="category.name",
        date="published",
    ),
)
POST = {
    "slug": "a-b",
    "title": "A b",
    "category": {"name": "Analytics"},
    "published": "06 January 2026 19:13",
}


def read(data: Any) -> Listing:
    page = capture(json.dumps(data), "listing", "/api/posts", "application/json")
    return parse_list_page(page, replace(SITE, listing=LAYOUT))


def test_one_object_is_one_teaser() -> None:
    listing = read({"result": {"posts": [POST, POST], "more": True}})
    (teaser,) = listing.teasers
    assert teaser.url == "https://caliber.az/en/post/a-b"
    assert (teaser.headline, teaser.section) == ("A b", "analytics")
    assert teaser.published_at == datetime(2026, 1, 6, 19, 13, tzinfo=ZoneInfo("Asia/Baku"))
    assert not listing.ended


@pytest.mark.parametrize("more", [False, 0, None, ""])
def test_the_batch_itself_says_that_it_is_the_last(more: object) -> None:
    assert read({"result": {"posts": [POST], "more": more}}).ended


def test_no_list_where_there_should_be_one_is_said() -> None:
    with pytest.raises(Unreadable, match=r"result\.posts"):
        read({"result": {"posts": "gone"}})


def test_an_empty_or_missing_list_is_an_empty_batch() -> None:
    assert read({"result": {"posts": []}}).teasers == read({"result": {}}).teasers == ()


def test_html_in_json_is_read_as_html() -> None:
    html = '<div class="float_block"><a href="/en/post/x">X</a></div>'
    page = capture(json.dumps({"html": html, "more": 0}), "listing", "/api", "application/json")
    site = replace(SITE, listing=replace(LAYOUT, json=None, last="more"))
    listing = parse_list_page(page, site)
    assert [teaser.url for teaser in listing.teasers] == ["https://caliber.az/en/post/x"]
    assert listing.ended


def test_a_later_batch_is_asked_for_as_the_sites_file_says() -> None:
    site = replace(SITE, listing=LAYOUT)
    url = site.page_url("https://caliber.az/en/category/analytics", 3)
    assert url == "https://caliber.az/api/posts?category=analytics&offset=40&limit=20"
