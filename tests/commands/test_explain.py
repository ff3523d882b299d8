"""All that is known of an address."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Result

pytestmark = pytest.mark.slow
FAST = ("--delay", 0, "--concurrency", 8)


def test_a_page_is_explained_whatever_became_of_it(
    serve: Callable[..., Any], caliber: Callable[..., Result], tmp_path: Path
) -> None:
    archive = tmp_path / "a.db"
    with serve() as demo:
        truth = list(demo.truth(language="en", section="analytics").values())
        urls = tmp_path / "urls.txt"
        urls.write_text(f"{demo.base_url}/en/post/not-there\n")
        arguments = ("crawl", "--base-url", demo.base_url, "--archive", archive, *FAST, "--language", "en")
        caliber(*arguments, "--urls", urls, "--road", "listing")
        base_url = demo.base_url

    def explain(path: str) -> Any:
        return caliber(
            "explain", f"{base_url}{path}" if path.startswith("/") else path, "--archive", archive, "--json"
        ).json

    stored = explain(truth[0]["url"].removeprefix(base_url) + "/?utm_source=x")
    assert stored["article"]["headline"] == truth[0]["headline"]
    assert stored["article"]["rungs"]["views"] == "selector"
    assert stored["frontier"]["road"] == "listing"
    assert stored["frontier"]["discovered_on"] == f"{base_url}/en/category/analytics"
    assert "due at" in stored["verdict"]
    assert stored["captures"][0]["status"] == 200
    assert "gone (404)" in explain("/en/post/not-there")["verdict"]
    assert "never met" in explain("/en/post/unheard-of")["verdict"]
    assert "does not take it for an article" in explain("/en/about")["verdict"]
    assert "on no site" in explain("https://example.org/x")["verdict"]
    told = caliber("explain", truth[0]["url"], "--archive", archive)
    assert told.exit_code == 0
    assert "by selector" in told.stdout
