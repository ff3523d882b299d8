"""``caliber record``: a page becomes a test."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from click.testing import Result as Ended

from caliber_crawler.commands.cli import main
from tests.conftest import Result

PAGES = Path(__file__).parent.parent / "pages"
SEED = PAGES / "caliber/baku-s-geopolitical-formula"
URL = "https://caliber.az/en/post/baku-s-geopolitical-formula"


def caliber_record(*arguments: object) -> Ended:
    return CliRunner().invoke(main, ["record", *map(str, arguments)])


@pytest.mark.parametrize(
    "recorded", ["baku-s-geopolitical-formula", "interview-in-russian", "listing-of-analytics", "news-with-embeds"]
)
def test_the_draft_of_a_recorded_page_is_what_was_expected_of_it(recorded: str, tmp_path: Path) -> None:
    folder = PAGES / "caliber" / recorded
    expected = json.loads((folder / "expected.json").read_text(encoding="utf-8"))
    ended = caliber_record(folder / "page.html", "--url", expected["capture"]["url"], "--pages", tmp_path)
    assert ended.exit_code == 0, ended.output
    (made,) = tmp_path.glob("caliber/*/")
    assert (made / "page.html").read_bytes() == (folder / "page.html").read_bytes()
    draft = json.loads((made / "expected.json").read_text(encoding="utf-8"))
    assert draft.pop("draft")
    draft.get("article", {}).pop("body_markdown", None)
    for part in ("layout", "article", "cards"):
        assert draft.get(part) == expected.get(part)


def test_what_was_recorded_is_never_overwritten(tmp_path: Path) -> None:
    first = caliber_record(SEED / "page.html", "--url", URL, "--pages", tmp_path)
    expected = tmp_path / "caliber/baku-s-geopolitical-formula/expected.json"
    expected.write_text("mended by hand", encoding="utf-8")
    again = caliber_record(SEED / "page.html", "--url", URL, "--pages", tmp_path)
    assert (first.exit_code, again.exit_code) == (0, 4)
    assert expected.read_text(encoding="utf-8") == "mended by hand"


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
def test_what_cannot_be_recorded_leaves_nothing_behind(arguments: list[Any], code: int, tmp_path: Path) -> None:
    ended = caliber_record(*arguments, "--pages", tmp_path)
    assert ended.exit_code == code
    assert "Traceback" not in ended.output
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_a_page_is_recorded_from_its_address(
    serve: Callable[..., Any], caliber: Callable[..., Result], tmp_path: Path
) -> None:
    with serve(articles=30) as demo:
        url, truth = next((page["url"], page) for page in demo.truth().values() if page["language"] == "en")
        there = caliber("record", url, "--site", "caliber", "--pages", tmp_path / "pages")
        gone = caliber("record", f"{demo.base_url}/en/post/nosuch", "--site", "caliber", "--pages", tmp_path / "pages")
    assert there.exit_code == 0, there.stderr
    (expected,) = (tmp_path / "pages").rglob("expected.json")
    draft = json.loads(expected.read_text(encoding="utf-8"))
    assert draft["article"]["headline"] == truth["headline"]
    assert "\n\n".join(draft["article"]["body"]) == truth["body"]
    assert gone.exit_code == 10
