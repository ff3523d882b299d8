"""``caliber bulk extract``, as its user runs it."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from caliber_crawler.archive import Archive
from tests.bulk.warehouse import articles_in, pages, shards, web_archives, written
from tests.warc.newsstand import crawled, held, run, take_in


def bulk_read(*arguments: object) -> tuple[int, dict[str, Any]]:
    result = run("bulk", "extract", *arguments, "--jobs", 1, "--json")
    return result.exit_code, json.loads(result.stdout) if result.stdout.strip() else {}


def test_a_list_of_paths_as_common_crawl_publishes_is_read(tmp_path: Path) -> None:
    (tmp_path / "copies/crawl-data").mkdir(parents=True)
    files = web_archives(tmp_path / "copies/crawl-data", 2)
    listed = [*(f"crawl-data/{file.name}" for file in files), "crawl-data/not-copied.warc.gz"]
    paths = tmp_path / "warc.paths.gz"
    paths.write_bytes(gzip.compress("\n".join(listed).encode()))
    exit_code, said = bulk_read(paths, "--prefix", tmp_path / "copies", "--out", tmp_path / "out")
    assert (exit_code, said["inputs"], said["refused_inputs"]) == (3, 2, 1)
    assert (said["articles"], articles_in(tmp_path / "out")) == (2, 2)


def test_a_bad_input_costs_one_sentence_and_is_counted(tmp_path: Path) -> None:
    (file,) = web_archives(tmp_path, 1)
    page = tmp_path / "page.html"
    page.write_text("<h1>A page</h1>")
    torn = tmp_path / "torn.wacz"
    torn.write_bytes(b"PK\x03\x04 and no more")
    result = run("bulk", "extract", file, page, torn, tmp_path / "absent.warc", "--out", tmp_path / "out", "--jobs", 1)
    assert result.exit_code == 3
    lines = [line for line in result.stderr.splitlines() if line.startswith("Refused: ")]
    assert len(lines) == 3
    assert any("torn.wacz is not a WACZ" in line for line in lines)
    assert "Inputs: 2. Parts: 2 (1 extracted, 0 finished before, 1 failed)." in result.stdout


def test_the_pages_before_a_tear_are_read(tmp_path: Path) -> None:
    there = written(tmp_path / "torn.warc.gz", pages(3))
    there.write_bytes(there.read_bytes()[:-1_500])
    exit_code, said = bulk_read(there, "--out", tmp_path / "out")
    assert (exit_code, said["articles"], said["skipped"]) == (3, 2, {"damaged": 1})


@pytest.mark.parametrize(
    ("name", "content", "exit_code"),
    [("absent.warc.gz", None, 4), ("page.html", b"<p>", 6), ("broken.warc.gz", b"\x1f\x8b\x08\x00 broken", 6)],
)
def test_where_nothing_can_be_read_the_exit_code_names_the_cause(
    tmp_path: Path, name: str, content: bytes | None, exit_code: int
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    result = run("bulk", "extract", tmp_path / name, "--out", tmp_path / "out", "--jobs", 1)
    assert result.exit_code == exit_code
    assert name in result.stderr


def test_a_path_where_the_address_of_a_scheduler_should_be_is_told(tmp_path: Path) -> None:
    result = run("bulk", "extract", "--out", tmp_path / "out", "--dask", tmp_path / "a.warc", tmp_path / "b.warc")
    assert result.exit_code == 2
    assert "is not the URL of a scheduler" in result.stderr


@pytest.mark.slow
def test_rereading_an_archive_and_merging_the_shards_changes_nothing(tmp_path: Path) -> None:
    archive = tmp_path / "archive.db"
    take_in(archive, crawled())
    before = held(archive)
    exit_code, said = bulk_read(archive, "--out", tmp_path / "out")
    # One of the pages is no article and is refused again; that is no fault of the reading.
    assert (exit_code, said["refused"]) == (0, 1)
    others = [shard / "archive.db" for shard in shards(tmp_path / "out")]
    assert run("merge", *others, "--archive", archive).exit_code == 0
    assert held(archive) == before


@pytest.mark.slow
def test_what_a_site_reserves_is_in_the_archive_and_in_no_parquet(tmp_path: Path) -> None:
    first, second = pages(2)
    reserved = replace(first, headers=(*first.headers, ("X-Robots-Tag", "noarchive")))
    written(tmp_path / "a.warc.gz", [reserved, second])
    exit_code, said = bulk_read(tmp_path / "a.warc.gz", "--out", tmp_path / "out")
    assert (exit_code, said["articles"], said["left_out"]) == (0, 1, 1)
    assert articles_in(tmp_path / "out") == 2
    assert bulk_read(tmp_path / "a.warc.gz", "--out", tmp_path / "all", "--include-opted-out")[1]["articles"] == 2


@pytest.mark.slow
def test_shards_become_one_archive(tmp_path: Path) -> None:
    files = web_archives(tmp_path, 3, pages_each=2)
    assert bulk_read(*files, "--out", tmp_path / "out")[0] == 0
    others = [shard / "archive.db" for shard in shards(tmp_path / "out")]
    assert run("merge", *others, "--archive", tmp_path / "one.db").exit_code == 0
    assert run("ingest", *files, "--archive", tmp_path / "ingested.db", "--jobs", 1).exit_code == 0
    assert held(tmp_path / "one.db") == held(tmp_path / "ingested.db")
    with Archive.open(tmp_path / "one.db") as archive:
        assert archive.db["articles"].count == 6
