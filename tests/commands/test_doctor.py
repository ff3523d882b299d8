"""The doctor reports where a live site differs from its definition, and what to change."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from caliber_crawler.archive import Archive
from caliber_crawler.demo import DemoSite, Response, running
from caliber_crawler.doctor.judgement import Finding, check_site
from caliber_crawler.doctor.judgement import Page as SampledPage
from caliber_crawler.items import Capture
from caliber_crawler.spiders.caliber import CaliberSpider
from tests.browse.chromium import CHROMIUM
from tests.conftest import AT, Result
from tests.discovery.pages import Around, Page

FAST = ("--delay", 0)


EVERY_SOURCE = {"listing", "feed", "sitemap", "search", "post_ids", "links", "article", "articles:"}


@contextmanager
def served(
    tmp_path: Path, change: Callable[[str, str], str] = lambda path, text: text, pages: Mapping[str, Page] | None = None
) -> Iterator[tuple[str, Path]]:
    """The demo site with further pages; ``change`` is applied to every page."""
    site = Around(DemoSite(articles=120, clock=lambda: AT, sections=("analytics",)), pages or {})

    class Changed:
        base_url = ""

        def respond(self, target: str, now: Any = None) -> Response:
            site.base_url = self.base_url
            response = site.respond(target, now)
            if not dict(response.headers)["content-type"].startswith("text/"):
                return response
            return replace(response, body=change(target, response.body.decode()).encode())

    log = tmp_path / "requests.jsonl"
    with running(Changed(), log=log) as base_url:
        yield base_url, log


def sitemap_pages() -> dict[str, Page]:
    """A sitemap that robots.txt names, with the numeric URL of an article."""
    site = DemoSite(articles=120, clock=lambda: AT, sections=("analytics",))
    numbered = next(page for page in site.truth(AT) if page["post_number"] and page["language"] == "en")
    return {
        "/robots.txt": lambda base_url: f"User-agent: *\nSitemap: {base_url}/sitemap.xml\n",
        "/sitemap.xml": lambda base_url: (
            '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">'
            f"<url><loc>{base_url}/en/post/{numbered['post_number']}/</loc></url></urlset>"
        ),
    }


def subjects(findings: list[dict[str, Any]], *, sound: bool | None) -> list[str]:
    """The checks with this result: the discovery source or the kind of page, without the URL."""
    return [finding["subject"].partition(" ")[0] for finding in findings if finding["sound"] is sound]


@pytest.mark.slow
def test_a_site_that_matches_its_definition_passes_every_check(caliber: Callable[..., Result], tmp_path: Path) -> None:
    with served(tmp_path, pages=sitemap_pages()) as (base_url, log):
        result = caliber("doctor", "--base-url", base_url, *FAST, "--json")
        paths = [json.loads(line)["path"] for line in log.read_text().splitlines()]
    assert result.exit_code == 0, result.stdout
    assert subjects(result.json, sound=False) == []
    assert {finding["subject"].partition(" ")[0] for finding in result.json} == EVERY_SOURCE
    assert {"listing", "feed", "sitemap", "search", "post_ids", "article"} <= set(subjects(result.json, sound=True))
    assert len(paths) <= 13, paths
    languages = {path.split("/")[1] for path in paths if "/post/" in path}
    assert {"en", "arm"} < languages, "an article of several editions"


WRONG_PATHS = """
from dataclasses import replace
from caliber_crawler.news_spider import NewsSpider
from caliber_crawler.site import Feed, Listings, PostIds, Search, Sitemaps
from caliber_crawler.spiders.caliber import CaliberSpider


class WrongPathsSpider(NewsSpider):
    name = "wrong_paths"
    site = replace(
        CaliberSpider.site,
        name="wrong_paths",
        sources=(
            Listings(),
            Sitemaps(),
            Feed(path="/news.xml"),
            Search(path="/find/{query}"),
            PostIds(paths={"en": "/en/story/{number}/"}, last=250_000),
        ),
    )
"""


@pytest.mark.slow
def test_a_discovery_source_that_fails_is_reported_with_advice(caliber: Callable[..., Result], tmp_path: Path) -> None:
    (tmp_path / "wrong_paths.py").write_text(WRONG_PATHS)
    with served(tmp_path, pages=sitemap_pages()) as (base_url, _):
        arguments = ("doctor", "wrong_paths", "--base-url", base_url, *FAST, "--json")
        result = caliber(*arguments, CALIBER_SPIDERS="wrong_paths", PYTHONPATH=str(tmp_path))
    assert result.exit_code == 3, result.stderr
    wrong = {f["subject"].partition(" ")[0]: (f["found"], f["advice"]) for f in result.json if f["sound"] is False}
    assert wrong == {
        "feed": ("answered 404", "correct the feed's path, or remove the source"),
        "search": ("answered 404", "correct the search's path, or remove the source"),
        "post_ids": ("answered 404", "correct the paths of the post IDs, or remove the source"),
    }


@pytest.mark.slow
def test_an_uncertain_result_is_not_an_error(caliber: Callable[..., Result], tmp_path: Path) -> None:
    def forbid(path: str, text: str) -> str:
        return "User-agent: *\nDisallow: /search\n" if path == "/robots.txt" else text

    with served(tmp_path, forbid) as (base_url, _):
        result = caliber("doctor", "--base-url", base_url, *FAST, "--json")
    assert subjects(result.json, sound=False) == ["sitemap", "search"], (
        "no sitemap is named; robots.txt disallows the search"
    )
    assert "robots.txt disallows it" in next(f["advice"] for f in result.json if f["subject"].startswith("search"))
    assert set(subjects(result.json, sound=None)) >= {"post_ids"}, "no post ID is known"


@pytest.mark.slow
def test_an_unreachable_site_is_reported(caliber: Callable[..., Result]) -> None:
    result = caliber("doctor", "--base-url", "http://127.0.0.1:9", *FAST)
    assert (result.exit_code, result.stdout) == (10, "")
    assert "the connection was refused" in result.stderr


@pytest.mark.slow
def test_the_doctor_does_not_run_while_another_command_writes_to_the_archive(
    caliber: Callable[..., Result], tmp_path: Path
) -> None:
    with Archive.open(tmp_path / "a.db", mode="write"):
        result = caliber("doctor", "--archive", tmp_path / "a.db")
    assert result.exit_code == 9
    assert result.stderr.splitlines()[-1].startswith("Error: Another command is writing to ")
    assert "Traceback" not in result.stderr


@pytest.mark.slow
def test_a_renamed_selector_and_a_new_date_format_are_reported(caliber: Callable[..., Result], tmp_path: Any) -> None:
    def redesign(path: str, text: str) -> str:
        return text.replace("post_hits", "post_counter").replace("float_block_time", "float_block_when")

    with served(tmp_path, redesign) as (base_url, _):
        result = caliber("doctor", "--base-url", base_url, *FAST)
    assert result.exit_code == 3
    assert "correct the layout's views" in result.stdout
    assert "correct listing.date" in result.stdout


@pytest.mark.slow
def test_a_listing_whose_pages_repeat_is_reported(caliber: Callable[..., Result], tmp_path: Any) -> None:
    site = DemoSite(articles=120, clock=lambda: AT, sections=("analytics",))

    class IgnoresQueries:
        base_url = ""

        def respond(self, target: str, now: Any = None) -> Response:
            site.base_url = self.base_url
            return site.respond(target.partition("?")[0], now)

    with running(IgnoresQueries()) as base_url:
        result = caliber("doctor", "--base-url", base_url, *FAST)
    assert "correct listing.more" in result.stdout


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None and not os.environ.get("CI"), reason="no Chromium on this machine")
def test_the_request_behind_infinite_scroll_is_found(caliber: Callable[..., Result], tmp_path: Any) -> None:
    with served(tmp_path) as (base_url, _):
        result = caliber("doctor", "--scroll", "--base-url", base_url, "--json")
    assert result.exit_code == 0, result.stderr
    assert result.json["more"] == "?page={page}"
    assert result.json["requests"][0].endswith("/category/analytics?page=2")
    assert result.json["teasers"][0] == 20


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None and not os.environ.get("CI"), reason="no Chromium on this machine")
def test_a_site_that_is_unreachable_for_the_browser_is_reported(caliber: Callable[..., Result]) -> None:
    result = caliber("doctor", "--scroll", "--base-url", "http://127.0.0.1:9")
    assert result.exit_code == 10
    assert result.stderr.splitlines()[-1].startswith("Error: ")
    assert "the connection was refused" in result.stderr


def test_two_requests_show_which_parameter_is_the_counter() -> None:
    from caliber_crawler.doctor.scroll_search import template

    listing = "https://caliber.az/en/category/a"
    assert template(listing, [listing + "?page=2", listing + "?page=3"]) == ("?page={page}", 0)
    api = "https://caliber.az/api/posts?cat=a&start={}"
    assert template(listing, [api.format(20), api.format(40)]) == ("/api/posts?cat=a&start={offset}", 20)
    assert template(listing, [api.format("x"), api.format("y")]) == ("", 0)
    assert template(listing, [listing + "?page=2"]) == ("", 0)


def test_two_requests_show_which_form_field_is_the_counter() -> None:
    from caliber_crawler.doctor.scroll_search import ScrollRequest, posted_template

    posted = [
        "https://caliber.az/ajax?x=1#action=more&cat=17&page=2",
        "https://caliber.az/ajax?x=1#action=more&cat=17&page=3",
    ]
    more, form, size = posted_template(posted)
    assert (more, form, size) == ("/ajax?x=1", "action=more&cat=17&page={page}", 0)
    assert "form='action=more&cat=17&page={page}'" in ScrollRequest("", posted, [9, 9], more, form, size).sentence
    assert posted_template(["https://caliber.az/a#{}", "https://caliber.az/a#{}"]) == ("", "", 0)
    assert posted_template([posted[0], "https://caliber.az/b#page=3"]) == ("", "", 0)


def check_article(change: Callable[[str], str]) -> list[Finding]:
    """The results of the checks of a changed article page."""
    demo = DemoSite(articles=30, clock=lambda: AT, sections=("analytics",))
    site = CaliberSpider.site.served_at(demo.base_url)
    url = next(page["url"] for page in demo.truth(AT) if page["language"] == "en")
    body = change(demo.respond(url.removeprefix(demo.base_url)).body.decode()).encode()
    capture = Capture(site="caliber", url=url, fetched_at=AT, status=200, body=body)
    return [
        found
        for found in check_site([SampledPage(capture=capture, discovered_via="listing")], site)
        if "article " in found.subject
    ]


@pytest.mark.slow
def test_a_date_in_an_unknown_format_is_reported() -> None:
    assert all(finding.sound for finding in check_article(lambda page: page))
    odd = check_article(lambda page: re.sub(r'(class="post_time">)[^<]*', r"\1Jan. 6th, 2026, 7:13pm", page))
    (finding,) = (finding for finding in odd if not finding.sound)
    assert (finding.sound, finding.subject.rpartition(" ")[2]) == (None, "date_formats")
    assert "date_formats" in finding.advice


def test_a_date_in_an_attribute_needs_no_format() -> None:
    element = '<time datetime="2026-01-06T19:13:00+04:00">two hours ago</time>'
    assert all(f.sound for f in check_article(lambda page: re.sub(r'(class="post_time">)[^<]*', rf"\1{element}", page)))
