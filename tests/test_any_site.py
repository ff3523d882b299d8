"""Commands on pages of generic sites."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from caliber_crawler.demo import DemoSite, running
from tests.conftest import AT, Result
from tests.discovery.pages import Around
from tests.extraction.generic.newspage import HEADLINE, PARAGRAPHS, URL, article, linked

pytestmark = pytest.mark.slow

HEAD = linked(
    _type='"NewsArticle"',
    headline=f'"{HEADLINE}"',
    datePublished='"2026-01-07T10:30:00+04:00"',
    author='"Ayla Quliyeva"',
    articleSection='"World"',
)


def test_a_page_of_any_site_is_ingested_under_its_host(caliber: Callable[..., Result], tmp_path: Path) -> None:
    saved = tmp_path / "page.html"
    saved.write_text(article(head=HEAD), encoding="utf-8")
    assert caliber("ingest", saved, "--url", URL, "--fetched-at", "2026-01-08T00:00:00Z").exit_code == 0
    shown = caliber("show", URL, "--json").json
    assert (shown["site"], shown["language"], shown["headline"]) == ("news.example", "en", HEADLINE)
    assert (shown["published_at"], shown["published_local"]) == ("2026-01-07T06:30:00Z", "2026-01-07T10:30:00+04:00")
    assert shown["body"] == "\n\n".join(PARAGRAPHS)


@pytest.mark.parametrize("url", ["ftp://news.example/a", "http://"])
def test_an_invalid_url_is_a_usage_error(caliber: Callable[..., Result], tmp_path: Path, url: str) -> None:
    saved = tmp_path / "page.html"
    saved.write_text(article(), encoding="utf-8")
    refused = caliber("ingest", saved, "--url", url)
    assert refused.exit_code == 2
    assert "is not the URL of a web page" in refused.stderr


def test_a_crawl_may_start_at_an_article_of_any_site(caliber: Callable[..., Result], serve: Callable[..., Any]) -> None:
    with serve() as demo:
        truth = next(iter(demo.truth(language="en").values()))
        crawled = caliber("crawl", truth["url"], "--delay", 0, "--limit", 5, "--json").json
    shown = caliber("show", truth["url"], "--json").json
    assert shown["site"] == demo.base_url.removeprefix("http://")
    assert (shown["headline"], shown["language"]) == (truth["headline"], "en")
    assert truth["body"].split("\n\n")[1] in shown["body"]
    assert crawled["new"] == crawled["stored"] == crawled["discovered"] == 5


def test_a_crawl_may_start_at_a_list_of_articles_of_any_site(
    caliber: Callable[..., Result], serve: Callable[..., Any]
) -> None:
    with serve() as demo:
        crawled = caliber("crawl", f"{demo.base_url}/en/category/analytics", "--delay", 0, "--limit", 4, "--json")
        asked = [request["path"] for request in demo.requests()]
    assert crawled.json["new"] == 4
    assert asked[:3] == ["/robots.txt", "/.well-known/tdmrep.json", "/en/category/analytics"]
    assert sum("/post/" in path for path in asked[3:]) == 4


def test_a_page_of_a_known_site_uses_its_definition(caliber: Callable[..., Result]) -> None:
    refused = caliber("crawl", "https://caliber.az/en/post/talks-resume", CALIBER_CONTACT="")
    assert refused.exit_code == 2
    assert "caliber.az must be able to contact you" in refused.stderr


def test_an_invalid_start_url_is_reported_in_one_line(caliber: Callable[..., Result]) -> None:
    refused = caliber("crawl", "ftp://news.example/a")
    assert (refused.exit_code, refused.stderr.count("\n")) == (2, 1)


def test_a_feed_linked_in_the_start_page_is_crawled(caliber: Callable[..., Result], tmp_path: Path) -> None:
    site = DemoSite(articles=40, clock=lambda: AT, sections=("analytics",))
    page = (
        '<html><head><link rel="alternate" type="application/rss+xml" href="/rss.xml"></head><body>Hello.</body></html>'
    )
    with running(Around(site, {"/world": page}, media_type="text/html")) as base_url:
        crawled = caliber("crawl", f"{base_url}/world", "--delay", 0, "--json").json
        entry = caliber("explain", next(site.truth(AT))["url"], "--json").json["frontier"]
    assert crawled["new"] == 40  # the feed names 30, and these link to the others
    assert (entry["discovered_via"], entry["discovered_on"]) == ("feed", f"{base_url}/rss.xml")
