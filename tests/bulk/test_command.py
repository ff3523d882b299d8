"""The command ``caliber bulk extract``."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from caliber_crawler.archive import Archive
from tests.bulk.warehouse import articles_in, pages, shards, web_archives, write_web_archive
from tests.warc.newsstand import crawled, held, run, take_in


def bulk_extract(*arguments: object) -> tuple[int, dict[str, Any]]:
    result = run("bulk", "extract", *arguments, "--jobs", 1, "--json")
    return result.exit_code, json.loads(result.stdout) if result.stdout.strip() else {}


@pytest.mark.slow
def test_path_list_of_common_crawl_is_accepted(tmp_path: Path) -> None:
    (tmp_path / "copies/crawl-data").mkdir(parents=True)
    files = web_archives(tmp_path / "copies/crawl-data", 2)
    lines = [*(f"crawl-data/{file.name}" for file in files), "crawl-data/not-copied.warc.gz"]
    paths = tmp_path / "warc.paths.gz"
    paths.write_bytes(gzip.compress("\n".join(lines).encode()))
    exit_code, report = bulk_extract(paths, "--prefix", tmp_path / "copies", "--out", tmp_path / "out")
    assert (exit_code, report["inputs"], report["refused_inputs"]) == (3, 2, 1)
    assert (report["articles"], articles_in(tmp_path / "out")) == (2, 2)


def test_bad_inputs_are_reported_and_counted(tmp_path: Path) -> None:
    (file,) = web_archives(tmp_path, 1)
    page = tmp_path / "page.html"
    page.write_text("<h1>A page</h1>")
    truncated = tmp_path / "truncated.wacz"
    truncated.write_bytes(b"PK\x03\x04 truncated")
    result = run(
        "bulk", "extract", file, page, truncated, tmp_path / "absent.warc", "--out", tmp_path / "out", "--jobs", 1
    )
    assert result.exit_code == 3
    lines = [line for line in result.stderr.splitlines() if line.startswith("Refused: ")]
    assert len(lines) == 3
    assert any("truncated.wacz is not a WACZ" in line for line in lines)
    assert "Inputs: 2. Parts: 2 (1 extracted, 0 finished before, 1 failed)." in result.stdout


def test_pages_before_a_truncation_are_extracted(tmp_path: Path) -> None:
    file = write_web_archive(tmp_path / "truncated.warc.gz", pages(3))
    file.write_bytes(file.read_bytes()[:-1_500])
    exit_code, report = bulk_extract(file, "--out", tmp_path / "out")
    assert (exit_code, report["articles"], report["skipped"]) == (3, 2, {"damaged": 1})


@pytest.mark.parametrize(
    ("name", "content", "exit_code"),
    [("absent.warc.gz", None, 4), ("page.html", b"<p>", 6), ("broken.warc.gz", b"\x1f\x8b\x08\x00 broken", 6)],
)
def test_exit_code_gives_the_cause_if_no_input_is_usable(
    tmp_path: Path, name: str, content: bytes | None, exit_code: int
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    result = run("bulk", "extract", tmp_path / name, "--out", tmp_path / "out", "--jobs", 1)
    assert result.exit_code == exit_code
    assert name in result.stderr


def test_a_path_instead_of_a_scheduler_address_is_a_usage_error(tmp_path: Path) -> None:
    result = run("bulk", "extract", "--out", tmp_path / "out", "--dask", tmp_path / "a.warc", tmp_path / "b.warc")
    assert result.exit_code == 2
    assert "is not the URL of a scheduler" in result.stderr


@pytest.mark.slow
def test_extracting_an_archive_again_and_merging_the_shards_changes_nothing(tmp_path: Path) -> None:
    archive = tmp_path / "archive.db"
    take_in(archive, crawled())
    before = held(archive)
    exit_code, report = bulk_extract(archive, "--out", tmp_path / "out")
    # One of the pages is not an article and is refused again; this is not an error.
    assert (exit_code, report["refused"]) == (0, 1)
    others = [shard / "archive.db" for shard in shards(tmp_path / "out")]
    assert run("merge", *others, "--archive", archive).exit_code == 0
    assert held(archive) == before


@pytest.mark.slow
def test_opted_out_articles_are_in_the_archive_but_not_in_parquet(tmp_path: Path) -> None:
    first, second = pages(2)
    reserved = replace(first, headers=(*first.headers, ("X-Robots-Tag", "noarchive")))
    write_web_archive(tmp_path / "a.warc.gz", [reserved, second])
    exit_code, report = bulk_extract(tmp_path / "a.warc.gz", "--out", tmp_path / "out")
    assert (exit_code, report["articles"], report["left_out"]) == (0, 1, 1)
    assert articles_in(tmp_path / "out") == 2
    assert bulk_extract(tmp_path / "a.warc.gz", "--out", tmp_path / "all", "--include-opted-out")[1]["articles"] == 2


@pytest.mark.slow
def test_shards_merge_into_one_archive(tmp_path: Path) -> None:
    files = web_archives(tmp_path, 3, pages_each=2)
    assert bulk_extract(*files, "--out", tmp_path / "out")[0] == 0
    others = [shard / "archive.db" for shard in shards(tmp_path / "out")]
    assert run("merge", *others, "--archive", tmp_path / "one.db").exit_code == 0
    assert run("ingest", *files, "--archive", tmp_path / "ingested.db", "--jobs", 1).exit_code == 0
    assert held(tmp_path / "one.db") == held(tmp_path / "ingested.db")
    with Archive.open(tmp_path / "one.db") as archive:
        assert archive.db["articles"].count == 6
