"""Which site a name, a URL or a line of a list stands for."""

from __future__ import annotations

import re
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from scrapy.settings import BaseSettings

from caliber_crawler.errors import InputError, SiteError
from caliber_crawler.known_sites import (
    known_spiders,
    project_settings,
    sites_in,
    spider_among,
    spider_over_http,
    start_url,
)
from caliber_crawler.site import Exploration


@pytest.mark.parametrize(
    ("name", "url"),
    [
        ("example.org", "https://example.org"),
        ("www.example.org/news?page=2", "https://www.example.org/news?page=2"),
        ("example.org:8443/x", "https://example.org:8443/x"),
        ("127.0.0.1:8300", "http://127.0.0.1:8300"),
        ("localhost:8300/a", "http://localhost:8300/a"),
        ("http://example.org/", "http://example.org/"),
        ("caliber", "caliber"),
        ("unknown", "unknown"),
        ("ftp://example.org", "ftp://example.org"),
    ],
)
def test_a_host_without_a_scheme_is_a_url(name: str, url: str) -> None:
    assert start_url(name, {"caliber"}) == url


def test_only_a_host_without_a_scheme_has_a_spider_over_http() -> None:
    spiders = known_spiders(project_settings())
    over_http = spider_over_http("news.example/world", spiders)
    assert over_http is not None
    assert over_http.site.base_url == "http://news.example"
    for name in ("https://news.example/world", "caliber", "caliber.az/en/post/x", "127.0.0.1:8300"):
        assert spider_over_http(name, spiders) is None


def test_a_site_without_a_definition_is_explored() -> None:
    spiders = known_spiders(project_settings())
    site = spider_among(spiders, "news.example/world").site
    assert site.sources[0] == Exploration(url="https://news.example/world")
    # A page of a site with a definition is not.
    assert not any(isinstance(each, Exploration) for each in spider_among(spiders, "caliber.az/en/post/x").site.sources)


def test_a_list_of_sites_has_one_start_url_a_line(tmp_path: Path) -> None:
    path = tmp_path / "sites.txt"
    path.write_text("# news\n\nhttps://a.example/\n b.example/news \nhttps://a.example/\n", encoding="utf-8")
    assert sites_in(path) == {"https://a.example/": False, "https://b.example/news": True}


@pytest.mark.parametrize(
    "line", ["news of the day", "ftp://a.example/", "http://", "http://[bad/x", "https://a b.example/"]
)
def test_a_line_that_is_not_a_url_is_named(line: str, tmp_path: Path) -> None:
    path = tmp_path / "sites.txt"
    path.write_text(f"a.example\n{line}\n", encoding="utf-8")
    with pytest.raises(
        SiteError, match=rf"Line 2 of {re.escape(str(path))} is not the URL of a site: {re.escape(repr(line))}"
    ):
        sites_in(path)


def test_a_missing_list_of_sites_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="Cannot read the list of sites"):
        sites_in(tmp_path / "missing.txt")


def test_settings_are_copied_with_their_priorities_and_change_apart() -> None:
    settings = project_settings(LOG_LEVEL="ERROR", CDX_SERVICES={"a": "b"})
    copied = settings.copy()
    assert plain(copied) == plain(settings) == plain(deepcopy(settings))
    assert type(copied) is type(settings)
    copied.set("LOG_LEVEL", "DEBUG", priority="cmdline")
    copied["CDX_SERVICES"]["c"] = "d"
    copied["DOWNLOADER_MIDDLEWARES"].set("tests.Middleware", 1)
    assert settings["LOG_LEVEL"] == "ERROR"
    assert settings["CDX_SERVICES"] == {"a": "b"}
    assert "tests.Middleware" not in settings["DOWNLOADER_MIDDLEWARES"]


def plain(settings: BaseSettings) -> dict[str, Any]:
    """The values and priorities of settings."""
    return {
        name: (plain(value) if isinstance(value, BaseSettings) else value, settings.getpriority(name))
        for name, value in settings.items()
    }
