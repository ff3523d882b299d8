"""``caliber words``."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from caliber_crawler.archive import Archive
from tests.archive.newsroom import NOON, Newsroom, start_run

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("words") / "archive.db"
    with Archive.open(path, mode="write") as opened:
        newsroom = Newsroom(opened, start_run(opened))
        for number, (section, body) in enumerate(
            [
                ("politics", "The ministers discussed the Middle Corridor.\n\n=1+1 the corridor opens."),
                ("politics", "Ministers met. The Middle Corridor grows; the corridor pays."),
                ("economy", "Gas prices fell. The market of gas is calm."),
            ]
        ):
            newsroom.save(
                NOON + timedelta(hours=number),
                article_urls=(f"https://caliber.az/en/post/{number + 1}",),
                headline=f"Headline {number}",
                section=section,
                body=body,
                published_at=NOON + timedelta(days=number),
            )
    return path


def test_a_concordance_on_a_terminal(caliber: Callable[..., Any], archive: Path) -> None:
    result = caliber("words", "concordance", "middle corridor", "--sort", "1R", "--archive", archive)
    assert result.exit_code == 0
    assert [line.strip() for line in result.stdout.splitlines()] == [
        "The ministers discussed the Middle Corridor.  [1]",
        "Ministers met. The Middle Corridor grows; the corridor pays.  [2]",
    ]
    assert result.stderr.startswith("2 rows. ")


def test_the_command_has_the_numbers_of_python(caliber: Callable[..., Any], archive: Path) -> None:
    keyness = [
        "words",
        "keyness",
        "--section",
        "politics",
        "--min-frequency",
        "1",
        "--limit",
        "0",
        "--archive",
        archive,
    ]
    with Archive.open(archive) as opened:
        expected = opened.words.keyness(section="politics", min_frequency=1, limit=None)
    assert caliber(*keyness, "--json").json == expected.as_dict()
    rows = list(csv.DictReader(io.StringIO(caliber(*keyness, "--csv").stdout)))
    assert [(row["word"], float(row["log_likelihood"])) for row in rows] == [
        (row.word, row.log_likelihood) for row in expected
    ]


def test_rows_that_are_not_printed_are_counted(caliber: Callable[..., Any], archive: Path) -> None:
    result = caliber("words", "list", "--limit", "2", "--stop-words", "--archive", archive)
    assert result.stdout.splitlines()[2].split() == ["en", "corridor", "4", *result.stdout.splitlines()[2].split()[3:]]
    assert "Rows 1 to 2 of" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "message", "exit_code"),
    [
        (["concordance", "—"], "has no word to look for", 4),
        (["concordance", "gas", "--sort", "1X"], "'1X' is not a sort key", 4),
        (["list", "--section", "sport"], "has no articles with section 'sport'", 2),
        (["list", "--stop-word-file", "missing.txt"], "missing.txt cannot be read", 4),
        (["list", "--no-update", "--archive", "missing.db"], "There is no archive at", 4),
    ],
)
def test_a_mistake_is_one_sentence(
    caliber: Callable[..., Any], archive: Path, arguments: list[str], message: str, exit_code: int
) -> None:
    given = arguments if "--archive" in arguments else [*arguments, "--archive", archive]
    result = caliber("words", *given)
    assert (result.exit_code, result.stdout) == (exit_code, "")
    assert message in result.stderr
    assert "Traceback" not in result.stderr


def test_stop_words_of_a_file(caliber: Callable[..., Any], archive: Path, tmp_path: Path) -> None:
    (tmp_path / "stop.txt").write_text("The\nof\n\n", encoding="utf-8")
    result = caliber(
        "words", "ngrams", "--stop-word-file", tmp_path / "stop.txt", "--node", "gas", "--min-frequency", "1",
        "--json", "--archive", archive,
    )  # fmt: skip
    assert sorted(row["words"] for row in result.json["rows"]) == ["gas is", "gas prices"]


def test_build_says_what_changed(caliber: Callable[..., Any], archive: Path) -> None:
    result = caliber("words", "build", "--json", "--archive", archive)
    assert (result.json["texts"], result.json["path"]) == (3, f"{archive}.words.db")
    assert "contains 3 articles" in caliber("words", "build", "--archive", archive).stdout
