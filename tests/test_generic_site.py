"""A site made from the address of one of its pages."""

import pytest

from caliber_crawler.site import StartPage
from caliber_crawler.site.generic import generic_site


@pytest.mark.parametrize(
    "path",
    [
        "/2026/01/07/talks-resume",
        "/2019/11/18/politics/road/index.html",
        "/news/world-europe-67890123",
        "/1234567.html",
        "/world/talks-resume-after-winter",
        "/novosti/дорога-вновь-открыта-сегодня",
        "/news/articles/c4gd9w0p0x9o",
    ],
)
def test_addresses_of_articles_are_told_by_their_shape(path: str) -> None:
    address = generic_site("https://news.example").article_url("https://news.example" + path)
    assert address is not None
    assert address.kind == "other"


@pytest.mark.parametrize(
    "path",
    [
        *("/", "/world", "/world/europe", "/about-us", "/contact", "/tag/roads-and-mountain-passes-of-the-south"),
        *("/author/ayla-quliyeva-1234567", "/media/2026/01/07/road.jpg", "/search", "/feed/12345"),
    ],
)
def test_other_pages_are_no_articles(path: str) -> None:
    assert generic_site("https://news.example").article_url("https://news.example" + path) is None


def test_a_site_goes_by_its_host() -> None:
    site = generic_site("HTTPS://www.News.example:8443/world?page=2")
    assert (site.name, site.base_url) == ("news.example:8443", "https://www.news.example:8443")
    assert not site.has_layouts
    assert site.owns("https://www.news.example:8443/x")
    assert not site.owns("https://other.example/x")


def test_a_password_in_an_address_is_not_kept() -> None:
    site = generic_site("https://ann:secret@news.example/world?page=2")
    assert site.base_url == "https://news.example"
    assert site.sources[0] == StartPage(url="https://news.example/world?page=2")


@pytest.mark.parametrize("url", ["", "news.example", "ftp://news.example/a", "https://", "/en/post/a", "urn:sha256:0"])
def test_what_is_no_address_of_the_web_makes_no_site(url: str) -> None:
    with pytest.raises(ValueError, match="no address of a web page"):
        generic_site(url)
