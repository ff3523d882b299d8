"""The report on a URL: the verdict, and the meaning and remedy of every reason code."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from caliber_crawler.archive import Archive, Entry
from caliber_crawler.commands.cli import main
from caliber_crawler.items import Problem
from caliber_crawler.reasons import reason_of
from tests.archive.newsroom import NOON, SLUG_URL, Newsroom, start_run

SITE = "https://caliber.az"
LATER = NOON + timedelta(days=1)


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """An archive with a URL in every state of the frontier, and one article."""
    path = tmp_path / "a.db"
    with Archive.open(path, mode="write") as archive:
        run = start_run(archive)
        Newsroom(archive, run).save()
        names = ("queued", "refused", "forbidden", "failed", "gone")
        archive.frontier.add(
            [
                Entry(url=f"{SITE}/en/post/{name}", site="caliber", kind="article", discovered_via="feed")
                for name in names
            ],
            run,
        )
        frontier = archive.frontier
        frontier.mark_refused(f"{SITE}/en/post/refused", NOON, status=200, reason="no_headline", due_at=None)
        frontier.mark_refused(f"{SITE}/en/post/forbidden", NOON, status=None, reason="robots", due_at=LATER)
        frontier.mark_failed(f"{SITE}/en/post/failed", NOON, status=None, reason="timeout", due_at=LATER)
        frontier.mark_gone(f"{SITE}/en/post/gone", NOON, status=410)
        problem = Problem(stage="check", reason="no_headline", message="The page has no headline.", fatal=True)
        archive.runs.record_problem(run, problem, url=f"{SITE}/en/post/refused")
    return path


def explain(archive: Path, url: str) -> Any:
    result = CliRunner().invoke(main, ["explain", url, "--archive", str(archive), "--json"])
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@pytest.mark.parametrize(
    ("path", "verdict", "reason"),
    [
        ("/en/post/queued", "Not fetched yet: due at ", None),
        ("/en/post/refused", "Refused (no_headline): not due again.", "no_headline"),
        ("/en/post/forbidden", "Not fetched, because robots.txt disallows it: due at ", "robots"),
        ("/en/post/failed", "Failed once (timeout): due at ", "timeout"),
        ("/en/post/gone", "Gone at the last visit, 2026-01-07T12:00:00Z (http_410): not due again.", "http_410"),
        ("/en/post/unknown", "Unknown URL: ", None),
        ("/en/about", "Never queued: the definition of Caliber.Az does not match the URL as an article.", None),
        ("/en/post/x?" + "&".join(f"{key}=1" for key in "abcdefghi"), "Never queued: ", "trap_query"),
        (SLUG_URL.removeprefix(SITE), "Article 1. None of its URLs is due.", None),
    ],
)
def test_the_verdict_comes_with_the_meaning_and_the_remedy_of_its_reason(
    archive: Path, path: str, verdict: str, reason: str | None
) -> None:
    report = explain(archive, SITE + path)
    assert report["verdict"].startswith(verdict)
    assert report["reason"] == reason
    assert (report["meaning"], report["remedy"]) == (reason_of(reason) if reason else (None, None))


def test_the_url_of_an_unknown_site_is_reported(archive: Path) -> None:
    assert explain(archive, "https://example.org/x")["verdict"] == "The URL belongs to no known site."


def test_every_problem_has_a_meaning_and_a_remedy(archive: Path) -> None:
    (problem,) = explain(archive, f"{SITE}/en/post/refused")["problems"]
    assert (problem["meaning"], problem["remedy"]) == reason_of("no_headline")


def test_the_text_has_every_reason_once(archive: Path) -> None:
    printed = CliRunner().invoke(main, ["explain", f"{SITE}/en/post/refused", "--archive", str(archive)]).stdout
    meaning, remedy = reason_of("no_headline")
    assert printed.count(f"  no_headline: {meaning} {remedy}\n") == 1


def test_an_unknown_reason_code_has_no_meaning(archive: Path) -> None:
    with Archive.open(archive, mode="write") as opened:
        opened.frontier.mark_refused(f"{SITE}/en/post/queued", NOON, status=200, reason="of_a_plugin", due_at=None)
    report = explain(archive, f"{SITE}/en/post/queued")
    assert (report["reason"], report["meaning"], report["remedy"]) == ("of_a_plugin", None, None)
