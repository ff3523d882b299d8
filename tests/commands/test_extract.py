"""``caliber extract``: pages in, JSON out, nothing stored."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from click.testing import Result as Ended

from caliber_crawler.commands.cli import main
from tests.conftest import Result, command, environment

PAGES = Path(__file__).parent.parent / "pages"
SEED = PAGES / "caliber/baku-s-geopolitical-formula"
URL = "https://caliber.az/en/post/baku-s-geopolitical-formula"
ORF = PAGES / "orf/neuer-pier"


def caliber_extract(*arguments: object, stdin: str | bytes = "") -> Ended:
    return CliRunner().invoke(main, ["extract", *map(str, arguments)], input=stdin)


def line_of(folder: Path, name: str = "one", **more: Any) -> str:
    capture = json.loads((folder / "expected.json").read_text(encoding="utf-8"))["capture"]
    page = {"id": name, "url": capture["url"], "html": (folder / "page.html").read_text(encoding="utf-8")} | more
    return json.dumps(page) + "\n"


def test_the_extraction_of_a_page_is_printed() -> None:
    ended = caliber_extract(SEED / "page.html", "--url", URL)
    printed = json.loads(ended.stdout)
    expected = json.loads((SEED / "expected.json").read_text(encoding="utf-8"))["article"]
    assert ended.exit_code == 0
    assert printed["headline"] == expected["headline"]
    assert printed["body"].split("\n\n") == expected["body"]
    assert printed["published_at"] == "2026-01-06T19:13:00+04:00"
    assert printed["views"] == 354
    assert printed["methods"]["headline"] == "selector"
    assert printed["problems"] == []


def test_nothing_is_stored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert caliber_extract(SEED / "page.html", "--url", URL).exit_code == 0
    assert list(tmp_path.iterdir()) == []


def test_the_site_is_inferred_from_the_url() -> None:
    printed = json.loads(caliber_extract(ORF / "page.html", "--url", "https://orf.at/stories/3300001/").stdout)
    assert (printed["site"], printed["layout"], printed["language"]) == ("orf", "2024", "de")


def test_a_page_of_a_site_without_a_definition_is_extracted() -> None:
    printed = json.loads(
        caliber_extract(ORF / "page.html", "--url", "https://elsewhere.example/stories/3300001/").stdout
    )
    assert (printed["site"], printed["layout"]) == ("elsewhere.example", "generic")
    assert printed["published_at"].startswith("2024-11-22T07:57:50.233000+01:00")


def test_standard_input_is_read() -> None:
    ended = caliber_extract("-", "--url", URL, stdin=(SEED / "page.html").read_bytes())
    assert json.loads(ended.stdout)["section"] == "analytics"


def test_several_pages_give_a_list_in_their_order(tmp_path: Path) -> None:
    (tmp_path / "empty.html").touch()
    ended = caliber_extract(SEED / "page.html", tmp_path)
    first, second = json.loads(ended.stdout)
    assert first["page"] == str(SEED / "page.html")
    assert second["error"]["reason"] == "empty"
    assert ended.exit_code == 3


def test_a_page_without_an_article_gives_an_error() -> None:
    ended = caliber_extract("-", stdin="<p>Nothing</p>")
    assert ended.exit_code == 6
    assert json.loads(ended.stdout)["error"]["reason"] == "not_an_article"


@pytest.mark.slow
def test_warnings_are_listed() -> None:
    page = (SEED / "page.html").read_text(encoding="utf-8").replace("06 January 2026", "long ago")
    printed = json.loads(caliber_extract("-", "--url", URL, stdin=page).stdout)
    assert [problem["reason"] for problem in printed["problems"]] == ["no_date"]


def test_a_page_that_a_crawl_would_refuse_is_refused() -> None:
    page = (SEED / "page.html").read_text(encoding="utf-8").replace("06 January 2026", "06 January 2126")
    ended = caliber_extract("-", "--url", URL, stdin=page)
    assert json.loads(ended.stdout)["error"]["reason"] == "future_date"
    assert ended.exit_code == 6


def test_output_lines_have_the_order_of_the_input_and_the_documented_fields() -> None:
    lines = line_of(ORF, "b") + "\n" + line_of(SEED, "a") + line_of(SEED, "no page", html="")
    ended = caliber_extract("--jsonl", "-", stdin=lines)
    printed = [json.loads(line) for line in ended.stdout.splitlines()]
    assert [line["id"] for line in printed] == ["b", "a", "no page"]
    assert list(printed[1]) == [
        *("id", "headline", "subtitle", "published_at", "authors", "section", "language", "views", "body"),
        *("layout", "methods"),
    ]
    assert printed[2]["error"]["reason"] == "empty"
    assert ended.exit_code == 3


@pytest.mark.parametrize(
    "line", ["not json", "[1]", "17", '{"id": 1}', '{"html": 5}', "[" * 100_000, '{"html": "\\ud800"}']
)
def test_an_invalid_line_gives_an_error_line(line: str) -> None:
    ended = caliber_extract("--jsonl", "-", stdin=f"{line}\n{line_of(SEED)}")
    bad, good = [json.loads(line) for line in ended.stdout.splitlines()]
    assert bad["error"]["message"].endswith(".")
    assert good["views"] == 354
    assert ended.exit_code == 3


@pytest.mark.parametrize(
    ("arguments", "code"),
    [(["nosuch.html"], 4), (["-", "--site", "nosuch"], 2), (["--jsonl", "-", "--url", URL], 2), ([], 2)],
)
def test_wrong_usage_gives_a_message_without_a_traceback(arguments: list[str], code: int) -> None:
    ended = caliber_extract(*arguments)
    assert ended.exit_code == code
    assert "Traceback" not in ended.output


def test_no_pages_have_their_own_exit_code() -> None:
    assert caliber_extract("--jsonl", "-", stdin="\n").exit_code == 5


@pytest.mark.slow
def test_several_processes_give_the_same_output_as_one(tmp_path: Path) -> None:
    lines = tmp_path / "pages.jsonl"
    lines.write_text("".join(line_of(SEED, f"{n}") for n in range(80)), encoding="utf-8")
    done = [
        subprocess.run(
            command("extract", "--jsonl", "--jobs", jobs, lines),
            env=environment(),
            capture_output=True,
            timeout=400,
            check=True,
        )
        for jobs in (1, 2)
    ]
    assert done[0].stdout == done[1].stdout
    assert [json.loads(line)["id"] for line in done[1].stdout.splitlines()] == [f"{n}" for n in range(80)]


@pytest.mark.slow
def test_a_closed_pipe_gives_no_traceback(caliber: Callable[..., Result], tmp_path: Path) -> None:
    lines = tmp_path / "pages.jsonl"
    lines.write_text("".join(line_of(SEED, f"{n}") for n in range(200)), encoding="utf-8")
    piped = subprocess.Popen(
        command("extract", "--jsonl", lines), env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert piped.stdout is not None
    assert piped.stderr is not None
    piped.stdout.readline()
    piped.stdout.close()
    piped.wait(timeout=240)
    assert b"Traceback" not in piped.stderr.read()
    piped.stderr.close()
