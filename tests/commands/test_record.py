"""``caliber record``: a page becomes a test fixture."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from click.testing import Result as Ended

from caliber_crawler.commands.cli import main
from caliber_crawler.demo import DemoSite
from tests.conftest import AT, Result
from tests.hostile.site import HostileSite, misbehaving
from tests.hostile.tricks import redirecting

PAGES = Path(__file__).parent.parent / "pages"
SEED = PAGES / "caliber/baku-s-geopolitical-formula"
URL = "https://caliber.az/en/post/baku-s-geopolitical-formula"


def caliber_record(*arguments: object) -> Ended:
    return CliRunner().invoke(main, ["record", *map(str, arguments)])


@pytest.mark.parametrize(
    "recorded", ["baku-s-geopolitical-formula", "interview-in-russian", "listing-of-analytics", "news-with-embeds"]
)
def test_the_draft_of_a_recorded_page_equals_its_expected_result(recorded: str, tmp_path: Path) -> None:
    folder = PAGES / "caliber" / recorded
    expected = json.loads((folder / "expected.json").read_text(encoding="utf-8"))
    ended = caliber_record(folder / "page.html", "--url", expected["capture"]["url"], "--pages", tmp_path)
    assert ended.exit_code == 0, ended.output
    (recording,) = tmp_path.glob("caliber/*/")
    assert (recording / "page.html").read_bytes() == (folder / "page.html").read_bytes()
    draft = json.loads((recording / "expected.json").read_text(encoding="utf-8"))
    assert draft.pop("draft")
    draft.get("article", {}).pop("body_markdown", None)
    for part in ("layout", "article", "teasers"):
        assert draft.get(part) == expected.get(part)


def test_a_recorded_page_is_never_overwritten(tmp_path: Path) -> None:
    first = caliber_record(SEED / "page.html", "--url", URL, "--pages", tmp_path)
    expected = tmp_path / "caliber/baku-s-geopolitical-formula/expected.json"
    expected.write_text("corrected by hand", encoding="utf-8")
    again = caliber_record(SEED / "page.html", "--url", URL, "--pages", tmp_path)
    assert (first.exit_code, again.exit_code) == (0, 4)
    assert expected.read_text(encoding="utf-8") == "corrected by hand"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ([SEED / "page.html"], 2),
        ([SEED / "page.html", "--url", "https://nobody.example/story/1"], 2),
        ([SEED / "page.html", "--site", "nosuch"], 2),
        (["nosuch.html", "--site", "caliber"], 4),
        ([Path(__file__), "--site", "caliber"], 6),
        (["https://caliber.az/en/post/x"], 2),
    ],
)
def test_a_failed_recording_writes_no_file(arguments: list[Any], code: int, tmp_path: Path) -> None:
    ended = caliber_record(*arguments, "--pages", tmp_path)
    assert ended.exit_code == code
    assert "Traceback" not in ended.output
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_a_page_is_recorded_from_its_url_with_its_headers(
    serve: Callable[..., Any], caliber: Callable[..., Result], tmp_path: Path
) -> None:
    with serve(articles=30) as demo:
        url, truth = next((page["url"], page) for page in demo.truth().values() if page["language"] == "en")
        found = caliber("record", url, "--site", "caliber", "--pages", tmp_path / "pages", "--delay", 0)
        requests = [request["path"] for request in demo.requests()]
        missing = f"{demo.base_url}/en/post/nosuch"
        gone = caliber("record", missing, "--site", "caliber", "--pages", tmp_path / "pages", "--delay", 0)
    assert found.exit_code == 0, found.stderr
    assert requests == ["/robots.txt", url.removeprefix(demo.base_url)], "one page needs two requests"
    (expected,) = (tmp_path / "pages").rglob("expected.json")
    draft = json.loads(expected.read_text(encoding="utf-8"))
    assert draft["article"]["headline"] == truth["headline"]
    assert "\n\n".join(draft["article"]["body"]) == truth["body"]
    assert {name.lower() for name, _ in draft["capture"]["headers"]} >= {"content-type", "vary"}
    assert (gone.exit_code, gone.stderr) == (3, f"Error: {missing} returned status 404.\n")


@pytest.mark.slow
def test_a_redirect_is_recorded_and_one_that_leaves_the_site_is_refused(
    caliber: Callable[..., Result], tmp_path: Path
) -> None:
    demo = DemoSite(articles=30, seed=1, sections=("analytics",), clock=lambda: AT)
    path = next(page["url"] for page in demo.truth(AT) if page["language"] == "en").removeprefix(demo.base_url)
    tricks = {"/en/post/old": redirecting(path), "/en/post/away": redirecting("https://elsewhere.example/")}
    with misbehaving(HostileSite(demo, tricks), log=tmp_path / "log.jsonl") as base_url:
        options = ("--site", "caliber", "--pages", tmp_path / "pages", "--delay", 0)
        moved = caliber("record", f"{base_url}/en/post/old", *options)
        away = caliber("record", f"{base_url}/en/post/away", *options)
    assert moved.exit_code == 0, moved.stderr
    (expected,) = (tmp_path / "pages").rglob("expected.json")
    capture = json.loads(expected.read_text(encoding="utf-8"))["capture"]
    assert (capture["url"], capture["final_url"]) == (f"{base_url}/en/post/old", base_url + path)
    assert away.exit_code == 3
    assert "it leads to elsewhere.example, which is not a host of the site" in away.stderr
