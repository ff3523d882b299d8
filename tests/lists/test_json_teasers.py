"""Listing pages in JSON."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from caliber_crawler.extraction import Unreadable
from caliber_crawler.items import Listing
from caliber_crawler.lists import parse_list_page
from caliber_crawler.lists.json_teasers import dig, parse_json
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
        url_template="/en/post/{url}",
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


def parse(data: Any) -> Listing:
    page = capture(json.dumps(data), "listing", "/api/posts", "application/json")
    return parse_list_page(page, replace(SITE, listing=LAYOUT))


def test_one_object_is_one_teaser() -> None:
    listing = parse({"result": {"posts": [POST, POST], "more": True}})
    (teaser,) = listing.teasers
    assert teaser.url == "https://caliber.az/en/post/a-b"
    assert (teaser.headline, teaser.section) == ("A b", "analytics")
    assert teaser.published_at == datetime(2026, 1, 6, 19, 13, tzinfo=ZoneInfo("Asia/Baku"))
    assert not listing.ended


@pytest.mark.parametrize("more", [False, 0, None, ""])
def test_a_field_marks_the_last_page(more: object) -> None:
    assert parse({"result": {"posts": [POST], "more": more}}).ended


def test_a_missing_list_of_teasers_is_an_error() -> None:
    with pytest.raises(Unreadable, match=r"result\.posts"):
        parse({"result": {"posts": "gone"}})


def test_an_empty_or_null_list_is_a_page_without_teasers() -> None:
    assert parse({"result": {"posts": []}}).teasers == parse({"result": {}}).teasers == ()


def test_html_in_json_is_parsed_as_html() -> None:
    html = '<div class="float_block"><a href="/en/post/x">X</a></div>'
    page = capture(json.dumps({"html": html, "more": 0}), "listing", "/api", "application/json")
    site = replace(SITE, listing=replace(LAYOUT, json=None, last="more"))
    listing = parse_list_page(page, site)
    assert [teaser.url for teaser in listing.teasers] == ["https://caliber.az/en/post/x"]
    assert listing.ended


def test_the_definition_gives_the_url_of_a_later_page() -> None:
    site = replace(SITE, listing=LAYOUT)
    url = site.page_url("https://caliber.az/en/category/analytics", 3)
    assert url == "https://caliber.az/api/posts?category=analytics&offset=40&limit=20"


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("", {"a": {"b": [1]}, "c": None}),
        ("a", {"b": [1]}),
        ("a.b", [1]),
        ("a.x", None),
        ("a.b.x", None),
        ("c.x", None),
        ("x.y", None),
    ],
)
def test_a_dotted_path_leads_to_a_value(path: str, value: object) -> None:
    assert dig({"a": {"b": [1]}, "c": None}, path) == value


@pytest.mark.parametrize(
    ("body", "data"),
    [(b' {"a": 1}', {"a": 1}), (b"[1]", [1]), (b"7", None), (b'{"a"', None), (b"<p>", None), (b"[" * 100_000, None)],
)
def test_only_an_object_or_a_list_is_parsed_as_json(body: bytes, data: object) -> None:
    assert parse_json(capture(body, "listing", "/api", "application/json")) == data


def test_a_list_at_the_top_level_has_teasers() -> None:
    assert LAYOUT.json is not None
    layout = replace(LAYOUT, last="", json=replace(LAYOUT.json, items=""))
    page = capture(json.dumps([POST, 7, {**POST, "slug": "c/d e"}]), "listing", "/api/posts", "application/json")
    assert [teaser.url[-4:] for teaser in parse_list_page(page, replace(SITE, listing=layout)).teasers][:1] == ["/a-b"]


@pytest.mark.parametrize(
    ("facts", "section", "label", "dated"),
    [
        ({"category": {"name": "Long reads"}}, None, "Long reads", True),
        ({"category": None, "published": 0}, None, None, False),
        ({"category": {"name": " Analytics "}, "published": ""}, "analytics", "Analytics", False),
    ],
)
def test_a_teaser_may_lack_a_known_section_or_a_date(
    facts: dict[str, object], section: str | None, label: str | None, dated: bool
) -> None:
    (teaser,) = parse({"result": {"posts": [{**POST, **facts}, {"title": "No URL"}], "more": 1}}).teasers
    assert (teaser.section, teaser.section_label, teaser.published_at is not None) == (section, label, dated)
