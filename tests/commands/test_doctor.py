"""A site that changed is told apart from its file, with what to change; one that did not is sound."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from caliber_crawler.demo import DemoSite, Response, running
from tests.browse.chromium import CHROMIUM
from tests.conftest import AT, Result

FAST = ("--delay", 0)


@contextmanager
def served(tmp_path: Any, change: Callable[[str, str], str] = lambda path, text: text) -> Any:
    """The demo site, its pages changed on the way out."""
    site = DemoSite(articles=120, clock=lambda: AT, sections=("analytics",))

    class Changed:
        base_url = ""

        def respond(self, target: str, now: Any = None) -> Response:
            site.base_url = self.base_url
            answer = site.respond(target, now)
            if not dict(answer.headers)["content-type"].startswith("text/"):
                return answer
            return replace(answer, body=change(target, answer.body.decode()).encode())

    log = tmp_path / "requests.jsonl"
    with running(Changed(), log=log) as base_url:
        yield base_url, log


@pytest.mark.slow
def test_a_site_that_is_as_its_file_says_is_sound(caliber: Callable[..., Result], tmp_path: Any) -> None:
    with served(tmp_path) as (base_url, log):
        result = caliber("doctor", "--base-url", base_url, *FAST, "--json")
        asked = log.read_text().splitlines()
    wrong = [finding for finding in result.json if not finding["sound"]]
    assert [finding["subject"].partition(" ")[0] for finding in wrong] == ["sitemap"], "the demo site has no site map"
    assert len(asked) <= 14
    assert {finding["subject"].partition(" ")[0] for finding in result.json} == {
        "listing",
        "feed",
        "sitemap",
        "article",
    }
    assert result.exit_code == 3


@pytest.mark.slow
def test_a_renamed_selector_and_a_new_date_form_are_named(caliber: Callable[..., Result], tmp_path: Any) -> None:
    def redesign(path: str, text: str) -> str:
        return text.replace("post_hits", "post_counter").replace("float_block_time", "float_block_when")

    with served(tmp_path, redesign) as (base_url, _):
        result = caliber("doctor", "--base-url", base_url, *FAST)
    assert result.exit_code == 3
    assert "correct the layout's views" in result.stdout
    assert "correct listing.date" in result.stdout


@pytest.mark.slow
def test_a_listing_whose_batches_repeat_is_named(caliber: Callable[..., Result], tmp_path: Any) -> None:
    site = DemoSite(articles=120, clock=lambda: AT, sections=("analytics",))

    class Deaf:
        base_url = ""

        def respond(self, target: str, now: Any = None) -> Response:
            site.base_url = self.base_url
            return site.respond(target.partition("?")[0], now)

    with running(Deaf()) as base_url:
        result = caliber("doctor", "--base-url", base_url, *FAST)
    assert "correct listing.more" in result.stdout


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None and not os.environ.get("CI"), reason="no Chromium on this machine")
def test_the_request_behind_the_scroll_is_found(caliber: Callable[..., Result], tmp_path: Any) -> None:
    with served(tmp_path) as (base_url, _):
        result = caliber("doctor", "--scroll", "--base-url", base_url, "--json")
    assert result.exit_code == 0, result.stderr
    assert result.json["more"] == "?page={page}"
    assert result.json["requests"][0].endswith("/category/analytics?page=2")
    assert result.json["cards"][0] == 20


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None and not os.environ.get("CI"), reason="no Chromium on this machine")
def test_a_site_that_does_not_answer_the_browser_is_named(caliber: Callable[..., Result]) -> None:
    result = caliber("doctor", "--scroll", "--base-url", "http://127.0.0.1:9")
    assert result.exit_code == 10
    assert len(result.stderr.splitlines()) == 1


def test_which_parameter_counts_is_seen_in_two_requests() -> None:
    from caliber_crawler.fetching.scroll_search import template

    listing = "https://caliber.az/en/category/a"
    assert template(listing, [listing + "?page=2", listing + "?page=3"]) == ("?page={page}", 0)
    api = "https://caliber.az/api/posts?cat=a&start={}"
    assert template(listing, [api.format(20), api.format(40)]) == ("/api/posts?cat=a&start={offset}", 20)
    assert template(listing, [api.format("x"), api.format("y")]) == ("", 0)
    assert template(listing, [listing + "?page=2"]) == ("", 0)
