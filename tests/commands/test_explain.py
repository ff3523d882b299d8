"""``caliber explain`` on crawled archives."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from caliber_crawler.commands.explain import explain
from caliber_crawler.demo import DemoSite, running
from caliber_crawler.reasons import reason_of
from tests.conftest import AT, Result
from tests.discovery.pages import Around
from tests.hostile import tricks
from tests.hostile.site import HostileSite, answering, misbehaving

pytestmark = pytest.mark.slow
FAST = ("--delay", 0, "--concurrency", 8)


def test_every_outcome_of_a_page_is_explained(
    serve: Callable[..., Any], caliber: Callable[..., Result], tmp_path: Path
) -> None:
    archive = tmp_path / "a.db"
    with serve() as demo:
        truth = list(demo.truth(language="en", section="analytics").values())
        urls = tmp_path / "urls.txt"
        urls.write_text(f"{demo.base_url}/en/post/not-there\n")
        arguments = ("crawl", "--base-url", demo.base_url, "--archive", archive, *FAST, "--language", "en")
        caliber(*arguments, "--urls", urls, "--via", "listing")
        base_url = demo.base_url

    def explain(path: str) -> Any:
        return caliber(
            "explain", f"{base_url}{path}" if path.startswith("/") else path, "--archive", archive, "--json"
        ).json

    stored = explain(truth[0]["url"].removeprefix(base_url) + "/?utm_source=x")
    assert stored["article"]["headline"] == truth[0]["headline"]
    assert stored["article"]["methods"]["views"] == "selector"
    assert stored["frontier"]["discovered_via"] == "listing"
    assert stored["frontier"]["discovered_on"] == f"{base_url}/en/category/analytics"
    assert "due at" in stored["verdict"]
    assert stored["captures"][0]["status"] == 200
    assert "(http_404)" in explain("/en/post/not-there")["verdict"]
    assert explain("/en/post/not-there")["meaning"] == reason_of("http_404").meaning
    assert explain("/en/post/unknown")["verdict"].startswith("Unknown URL:")
    assert "does not match the URL as an article" in explain("/en/about")["verdict"]
    assert "belongs to no known site" in explain("https://example.org/x")["verdict"]
    printed = caliber("explain", truth[0]["url"], "--archive", archive)
    assert printed.exit_code == 0
    assert "by selector" in printed.stdout
    missing = caliber("explain", f"{base_url}/en/post/not-there", "--archive", archive).stdout
    assert reason_of("http_404").remedy in missing


def test_robots_txt_rules_and_opt_outs_of_a_page_are_printed(
    serve: Callable[..., Any], caliber: Callable[..., Result], tmp_path: Path
) -> None:
    archive, site = tmp_path / "a.db", DemoSite(articles=3, clock=lambda: AT, sections=("analytics",))
    pages = {
        "/robots.txt": "User-agent: *\nCrawl-delay: 0.2\nDisallow: /en/post/secret\n",
        "/.well-known/tdmrep.json": '[{"location": "/", "tdm-reservation": 1}]',
    }
    with running(Around(site, pages)) as base_url:
        crawl = ("crawl", "--base-url", base_url, "--archive", archive, *FAST, "--via", "listing")
        assert caliber(*crawl).exit_code == 0
        url = next(site.truth(AT))["url"]
    known = caliber("explain", url, "--archive", archive, "--json").json
    assert (known["robots"]["status"], known["robots"]["allowed"], known["robots"]["delay"]) == (200, True, 0.2)
    printed = caliber("explain", url, "--archive", archive).stdout
    assert "  allowed, fetched at" in printed
    assert "opt-out tdm (site)" in printed
    assert "  disallowed, fetched at" in caliber("explain", f"{base_url}/en/post/secret", "--archive", archive).stdout


def test_the_cause_of_every_missing_page_is_printed(caliber: Callable[..., Result], tmp_path: Path) -> None:
    archive, demo = tmp_path / "a.db", DemoSite(articles=12, clock=lambda: AT, sections=("analytics",))
    endless = "/en/post/x?" + "&".join(f"{letter}=1" for letter in "abcdefghi")
    seed = "/en/post/baku-s-geopolitical-formula"
    site = HostileSite(
        demo,
        tricks={
            "/en/post/broken": answering(500),
            "/en/post/taken-away": answering(410),
            "/en/post/forbidden": answering(200),
            "/en/post/elsewhere": tricks.redirecting("https://elsewhere.example/"),
            "/en/post/home": tricks.redirecting("/en"),
            "/en/post/other-name": tricks.redirecting(seed),
            endless: answering(200),
        },
        instead={"/robots.txt": answering(200, b"User-agent: *\nDisallow: /en/post/forbidden\n")},
    )
    with misbehaving(site, log=tmp_path / "log.jsonl") as base_url:
        arguments = ("crawl", "--base-url", base_url, "--archive", archive, *FAST, "--language", "en")
        caliber(*arguments, "--via", "listing")
        taken_down = next(
            page["url"] for page in demo.truth(AT) if page["language"] == "en" and seed not in page["url"]
        )
    assert caliber("takedown", taken_down, "--reason", "on request", "--archive", archive).exit_code == 0

    def verdict(path: str) -> str:
        url = path if "://" in path else base_url + path
        result = CliRunner().invoke(explain, [url, "--archive", str(archive), "--json"])
        assert result.exit_code == 0, result.output
        return str(json.loads(result.stdout)["verdict"])

    assert verdict("/en/post/broken").startswith("Failed once (http_500): due at ")
    assert "(http_410)" in verdict("/en/post/taken-away")
    assert "(redirect_home)" in verdict("/en/post/home")
    assert "robots.txt disallows it" in verdict("/en/post/forbidden")
    assert verdict("/en/post/elsewhere").startswith("Refused (offsite): due at ")
    assert "its query has 9 parameters" in verdict(endless)
    assert "Taken down on request" in verdict(taken_down)
    assert "due in every crawl" in verdict("/en/category/analytics")
    for name in ("/en/post/other-name", seed, f"{seed}/?utm_source=x"):
        assert verdict(name).startswith("Article "), name
        assert "due at " in verdict(name)
        assert "None" not in verdict(name)
