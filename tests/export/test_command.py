"""The command ``caliber export``."""

from __future__ import annotations

import csv
import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from caliber_crawler.archive.core.side_files import files_of
from tests.warc.newsstand import run


def test_text_is_written_to_stdout_and_the_count_to_stderr(three_editions: Path) -> None:
    result = run("export", "jsonl", "--archive", three_editions, "--language", "en, hy", "--until", "2026-02-01")
    assert result.exit_code == 0
    assert [json.loads(line)["headline"] for line in result.stdout.splitlines()] == [
        "Headline 1, changed",
        "Headline 21",
    ]
    assert "2 articles" in result.stderr


def test_a_dash_is_stdout(three_editions: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    plain, named = (run("export", "jsonl", "--archive", three_editions, *more) for more in ((), ("-o", "-")))
    assert named.stdout == plain.stdout
    assert not (tmp_path / "-").exists()


@pytest.mark.parametrize("format", ["csv", "jsonl", "parquet", "rss", "sqlite", "warc", "wacz"])
def test_every_format_is_written_to_a_file(three_editions: Path, tmp_path: Path, format: str) -> None:
    path = tmp_path / "out" / f"export.{format}"
    result = run("export", format, "--archive", three_editions, "-o", path)
    assert result.exit_code == 0, result.stderr
    assert ("7 captures" if format in ("warc", "wacz") else "6 articles") in result.stderr
    assert [file.name for file in path.parent.iterdir()] == [path.name]
    assert path.stat().st_size > 500


def test_a_csv_file_opens_in_a_spreadsheet(three_editions: Path, tmp_path: Path) -> None:
    path = tmp_path / "export.csv"
    run("export", "csv", "--archive", three_editions, "-o", path)
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    with path.open(encoding="utf-8-sig", newline="") as file:
        assert len(list(csv.DictReader(file))) == 6
    piped = run("export", "csv", "--archive", three_editions).stdout
    assert piped.startswith('"id",')


def test_a_light_archive_can_be_searched_and_shown(three_editions: Path, tmp_path: Path) -> None:
    path = tmp_path / "light.db"
    run("export", "sqlite", "--archive", three_editions, "--search", "corridor", "-o", path)
    assert len(json.loads(run("search", "corridor", "--archive", path, "--json").stdout)) == 3
    assert json.loads(run("show", "https://caliber.az/en/post/2", "--archive", path, "--json").stdout)["views"] == 2


@pytest.mark.parametrize(
    ("arguments", "exit_code", "said"),
    [
        (("parquet",), 2, "needs an output file"),
        (("csv", "--language", "arm"), 2, "has no articles with language 'arm'; available: en, hy, ru"),
        (("csv", "--section", "sport"), 2, "has no articles with section 'sport'"),
        (("csv", "--site", "bbc"), 2, "has no articles with site 'bbc'"),
        (("csv", "--since", "yesterday"), 2, "is not a time"),
        (("doc",), 2, "'doc' is not one of"),
        (("csv", "-o", "/dev/null/x.csv"), 11, "cannot be written"),
    ],
)
def test_an_invalid_argument_has_a_message(
    three_editions: Path, arguments: tuple[str, ...], exit_code: int, said: str
) -> None:
    result = run("export", *arguments, "--archive", three_editions)
    assert result.exit_code == exit_code
    assert said in result.stderr
    assert result.stdout == ""


def test_no_file_of_the_archive_is_overwritten(three_editions: Path, tmp_path: Path) -> None:
    linked = tmp_path / "linked.db"
    linked.symlink_to(three_editions)
    before = three_editions.read_bytes()
    names = (linked, *files_of(three_editions))
    existing = {name for name in names if name.exists()}
    for path in names:
        result = run("export", "csv", "--archive", three_editions, "-o", path)
        assert result.exit_code == 2
        assert "the archive" in result.stderr
    assert three_editions.read_bytes() == before
    assert {name for name in names if name.exists()} == existing


def test_a_database_with_a_journal_is_not_replaced(three_editions: Path, tmp_path: Path) -> None:
    path = tmp_path / "light.db"
    path.write_bytes(b"in use")
    Path(f"{path}-wal").write_bytes(b"changes")
    result = run("export", "sqlite", "--archive", three_editions, "-o", path)
    assert result.exit_code == 2
    assert "light.db-wal exists" in result.stderr
    assert path.read_bytes() == b"in use"


@pytest.mark.parametrize("format", ["csv", "jsonl", "parquet", "rss", "sqlite", "warc", "wacz"])
def test_every_format_is_written_to_a_named_pipe(three_editions: Path, tmp_path: Path, format: str) -> None:
    pipe = tmp_path / "out" / "pipe"
    pipe.parent.mkdir()
    os.mkfifo(pipe)
    with ThreadPoolExecutor(1) as pool:
        received = pool.submit(pipe.read_bytes)
        result = run("export", format, "--archive", three_editions, "-o", pipe, "--max-size", "1kB")
        assert result.exit_code == 0, result.stderr
        assert len(received.result(10)) > 500
    assert list(pipe.parent.iterdir()) == [pipe]
    assert pipe.is_fifo()


def test_a_missing_archive_is_an_error(tmp_path: Path) -> None:
    result = run("export", "csv", "--archive", tmp_path / "nowhere.db", "-o", tmp_path / "x.csv")
    assert result.exit_code == 4
    assert not (tmp_path / "x.csv").exists()
