"""A generic site, created from the URL of one of its pages."""

import pytest

from caliber_crawler.site import Exploration
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
        *("/archives/12345", "/archive/12347-bridge", "/technology/archive/2026/11/bridge-rebuilt/12346/"),
        *("/topic/world/2026/11/20/bridge-rebuilt", "/node/412", "/story/12"),
    ],
)
def test_article_urls_are_recognized_by_their_form(path: str) -> None:
    article_url = generic_site("https://news.example").article_url("https://news.example" + path)
    assert article_url is not None
    assert article_url.kind == "other"


@pytest.mark.parametrize(
    "path",
    [
        *("/", "/world", "/world/europe", "/about-us", "/contact", "/tag/roads-and-mountain-passes-of-the-south"),
        *("/archives/2026/11", "/archive/20261120", "/archives/2026/11/20", "/archive/2026/11/page/2", "/story/"),
        *("/topics/climate-change-and-energy-news", "/category/news/12345", "/archives/page/12345"),
        *("/author/ayla-quliyeva-1234567", "/media/2026/01/07/road.jpg", "/search", "/feed/12345"),
    ],
)
def test_other_pages_are_not_articles(path: str) -> None:
    assert generic_site("https://news.example").article_url("https://news.example" + path) is None


def test_the_name_of_a_generic_site_is_its_host() -> None:
    site = generic_site("HTTPS://www.News.example:8443/world?page=2")
    assert (site.name, site.base_url) == ("news.example:8443", "https://www.news.example:8443")
    assert not site.has_layouts
    assert site.owns("https://www.news.example:8443/x")
    assert not site.owns("https://other.example/x")


def test_a_password_in_a_url_is_not_stored() -> None:
    site = generic_site("https://ann:secret@news.example/world?page=2")
    assert site.base_url == "https://news.example"
    assert site.sources[0] == Exploration(url="https://news.example/world?page=2")


@pytest.mark.parametrize("url", ["", "news.example", "ftp://news.example/a", "https://", "/en/post/a", "urn:sha256:0"])
def test_other_than_http_urls_are_refused(url: str) -> None:
    with pytest.raises(ValueError, match="is not the URL of a web page"):
        generic_site(url)
