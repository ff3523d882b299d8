"""The table and the queries in docs/explanation/scale.md are correct."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest

from benchmarks.scale import DAY, YEAR, Cost, Outlet, report, visits_of_an_article
from caliber_crawler.archive import Archive
from caliber_crawler.site import Revisits
from tests.bulk.warehouse import extract_all, pages, parts, write_web_archive
from tests.warc.newsstand import run

DOCS = (Path(__file__).parent.parent.parent / "docs/explanation/scale.md").read_text(encoding="utf-8")
QUERIES = re.findall(r"```sql\n(.*?)```", DOCS, re.DOTALL)


def test_table_equals_the_output_of_the_simulation() -> None:
    table = re.search(r"<!-- python -m benchmarks.scale -->\n(.*?)\n<!-- end -->", DOCS, re.DOTALL)
    assert table is not None
    assert table[1] == report([Cost(sites=1_000), Cost(sites=100_000)], Outlet(), 1)


def test_visits_follow_the_revisit_plan() -> None:
    plan = Revisits(ages=(timedelta(hours=1), timedelta(days=1)), later=timedelta(days=10))
    hourly = Outlet(crawls_per_day=24)
    # Fetched at an age of one hour, at an age of one day, then every ten days.
    assert [visits_of_an_article(age, hourly, plan) for age in (2 * DAY, 12 * DAY, 22 * DAY)] == [2, 3, 4]


def test_daily_crawls_visit_less_often_than_hourly_ones() -> None:
    once, hourly = (visits_of_an_article(YEAR, Outlet(crawls_per_day=count), Revisits()) for count in (1, 24))
    assert once < hourly


@pytest.mark.slow
def test_queries_agree_with_the_merged_archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    captures = pages(12)
    files = [
        write_web_archive(tmp_path / f"{number}.warc.gz", captures[first:last])
        for number, first, last in ((1, 0, 8), (2, 4, 12))
    ]
    extract_all(tmp_path / "shards", parts(files))
    assert run("merge", *(tmp_path / "shards").glob("*/archive.db"), "--archive", tmp_path / "one.db").exit_code == 0
    monkeypatch.chdir(tmp_path)
    with duckdb.connect() as connection:
        answers = [connection.execute(query).fetchall() for query in QUERIES]
        compacted = connection.execute("SELECT count(*) FROM read_parquet('articles/*/*/*.parquet')").fetchone()
    with Archive.open(tmp_path / "one.db") as archive:
        months = archive.db.execute(
            "SELECT site, substr(published_at, 1, 7) AS month, count(*), round(avg(word_count)) FROM articles"
            " GROUP BY site, month ORDER BY site, month"
        ).fetchall()
    assert compacted == (12,)
    assert [(site, f"{month:%Y-%m}", count, words) for site, month, count, words in answers[1]] == months


@pytest.mark.slow
def test_exported_parquet_works_with_the_queries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    extract_all(tmp_path / "read", parts([write_web_archive(tmp_path / "a.warc.gz", pages(3))]))
    (shard,) = (tmp_path / "read").glob("*/archive.db")
    parquet = tmp_path / "shards/one/articles.parquet"
    assert run("export", "parquet", "--archive", shard, "-o", parquet).exit_code == 0
    monkeypatch.chdir(tmp_path)
    with duckdb.connect() as connection:
        connection.execute(QUERIES[0])
        assert connection.execute("SELECT count(*) FROM articles").fetchone() == (3,)
