"""Redirects to front pages, which mean that an article is gone."""

from __future__ import annotations

import pytest

from caliber_crawler.extraction import non_articles
from caliber_crawler.items import Capture
from tests.extraction.pages import READ_AT, site_named

SITE = site_named("caliber")
ARTICLE = "https://caliber.az/en/post/a"


def redirected(location: str, status: int = 302) -> str | None:
    headers = (("Location", location),)
    return non_articles._target(
        Capture(site="caliber", url=ARTICLE, fetched_at=READ_AT, status=status, headers=headers, body=b"")
    )


@pytest.mark.parametrize(
    ("location", "status", "target"),
    [
        ("/en", 302, "https://caliber.az/en"),
        ("https://caliber.az/", 399, "https://caliber.az/"),
        ("/en", 300, "https://caliber.az/en"),
        ("/en", 200, None),
        ("/en", 400, None),
        ("http://[", 302, None),
        ("", 302, None),
    ],
)
def test_the_location_of_a_redirect_is_its_target(location: str, status: int, target: str | None) -> None:
    assert redirected(location, status) == target


@pytest.mark.parametrize(
    ("url", "expected"),
    [("/", True), ("/en", True), ("/en/", True), ("/index.html", True), ("/en/index.php", True), ("/en/post/a", False)],
)
def test_a_front_page_is_that_of_an_edition(url: str, expected: bool) -> None:
    assert non_articles.is_front_page(SITE.base_url + url, SITE) is expected
