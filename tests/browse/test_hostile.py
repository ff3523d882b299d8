"""Scraped text never runs as code."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from parsel import Selector

from caliber_crawler.browse.datasette_versions import IS_VERSION_1
from tests.browse.conftest import Get, browsing
from tests.browse.newsroom import print_hostile_newspaper

PAGES = (
    "/",
    "/archive",
    "/archive/articles",
    "/archive/articles?_columns=all",
    "/archive/articles/1",
    "/archive/article_texts?_columns=all",
    "/archive/versions?_columns=all",
    "/archive/versions/1",
    "/archive/edits",
    "/archive/article_urls",
    "/archive/authors",
    "/archive/sections",
    "/archive/sites",
    "/archive/links",
    "/archive/images",
    "/archive/captures?_columns=all",
    "/archive/articles?_search=%3Cscript%3Ealert(1)%3C/script%3E",
    "/archive/articles?section=%22%3E%3Cscript%3Ealert(1)%3C/script%3E",
    "/archive?sql=select+headline,+url,+body+from+article_texts",
)


@pytest.fixture(scope="module")
def get(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Get]:
    path = tmp_path_factory.mktemp("hostile") / "archive.db"
    print_hostile_newspaper(path)
    with browsing(path) as asked:
        yield asked


OF_DATASETTE = {"openColumnChooser()"} if IS_VERSION_1 else set()
"""Handlers of events in Datasette's own pages."""


@pytest.mark.parametrize("address", PAGES)
def test_scraped_text_is_escaped(get: Get, address: str) -> None:
    response = get(address)
    # A search for it is an error, with the query in the message.
    assert response.status_code == (400 if "_search" in address else 200)
    shown = Selector(response.text)
    scripts = shown.css("script:not([type='application/ld+json'])::text").getall()
    assert not [script for script in scripts if "alert(" in script]
    # Data for reference managers, which no browser runs; a `<` in it could end its element.
    assert not [data for data in shown.css("script[type='application/ld+json']::text").getall() if "<" in data]
    assert set(shown.xpath("//@*[starts-with(name(), 'on')]").getall()) <= OF_DATASETTE
    assert not shown.css("iframe, object, embed, img[src='x'], svg[onload], base")
    addresses = shown.css("a::attr(href), form::attr(action), link::attr(href)").getall()
    assert not [each for each in addresses if each.strip().lower().startswith(("javascript:", "data:", "//"))]


def test_hostile_text_is_shown_unchanged(get: Get) -> None:
    shown = Selector(get("/archive/articles/1").text)
    assert shown.css("h1::text").get() == "<script>alert('headline')</script>{{ 7 * 7 }}"
    assert "<img src=x onerror=alert('body')>" in shown.css(".body p::text").getall()


def test_a_javascript_url_is_not_a_link(get: Get) -> None:
    page = get("/archive/articles/1").text
    assert "javascript:alert(&#39;cover&#39;)" in page
    assert "javascript:alert(&#39;link&#39;)" in page


def test_direction_marks_remain_encoded(get: Get) -> None:
    page = get("/archive/articles/1").text
    assert "%E2%80%AE" in page
    assert "\u202e" not in page
