"""URLs of later listing pages, from the site definition."""

from __future__ import annotations

from dataclasses import replace

import pytest

from caliber_crawler.lists import parse_list_page
from tests.discovery.pages import SITE, capture

assert SITE.listing is not None
LISTING = "https://caliber.az/en/category/analytics"


@pytest.mark.parametrize(
    ("facts", "second", "third"),
    [
        ({"more": "?page={page}"}, LISTING + "?page=2", LISTING + "?page=3"),
        ({"more": "?page={page}", "first_page": 0}, LISTING + "?page=1", LISTING + "?page=2"),
        (
            {"more": "/more?cat={slug}&start={offset}", "page_size": 24},
            "https://caliber.az/more?cat=analytics&start=24",
            "https://caliber.az/more?cat=analytics&start=48",
        ),
        ({"more": "{path}/page/{page}"}, LISTING + "/page/2", LISTING + "/page/3"),
        ({"more": ""}, None, None),
    ],
)
def test_the_definition_gives_the_url_of_a_later_page(
    facts: dict[str, object], second: str | None, third: str | None
) -> None:
    assert SITE.listing is not None
    site = replace(SITE, listing=replace(SITE.listing, **facts))
    assert [site.page_url(LISTING, number) for number in (2, 3)] == [second, third]


def test_the_next_page_may_be_a_link() -> None:
    assert SITE.listing is not None
    site = replace(SITE, listing=replace(SITE.listing, more="", next="a.next"))
    teaser = '<div class="float_block"><a href="/en/post/x">X</a></div>'
    page = capture(f'{teaser}<a class="next" href="?p=2">Older</a>', "listing", "/en/category/analytics", "text/html")
    assert parse_list_page(page, site).next_url == LISTING + "?p=2"
    last = capture(teaser, "listing", "/en/category/analytics", "text/html")
    assert parse_list_page(last, site).next_url is None
