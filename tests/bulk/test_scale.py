"""docs/scale.md says what the programs print, and its queries answer."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest

from benchmarks.scale import DAY, YEAR, Cost, Outlet, report, visits_of_an_article
from caliber_crawler.archive import Archive
from caliber_crawler.site import Revisits
from tests.bulk.warehouse import pages, parts, read_all, written
from tests.warc.newsstand import run

DOCS = (Path(__file__).parent.parent.parent / "docs/scale.md").read_text(encoding="utf-8")
QUERIES = re.findall(r"```sql\n(.*?)```", DOCS, re.DOTALL)


def test_the_table_is_what_the_simulation_prints() -> None:
    shown = re.search(r"<!-- python -m benchmarks.scale -->\n(.*?)\n<!-- end -->", DOCS, re.DOTALL)
    assert shown is not None
    assert shown[1] == report([Cost(sites=1_000), Cost(sites=100_000)], Outlet(), 1)


def test_an_article_is_visited_as_its_plan_says() -> None:
    plan = Revisits(ages=(timedelta(hours=1), timedelta(days=1)), later=timedelta(days=10))
    hourly = Outlet(crawls_a_day=24)
    # Fetched by the first crawl, an hour old; a day old; then every ten days.
    assert [visits_of_an_article(age, hourly, plan) for age in (2 * DAY, 12 * DAY, 22 * DAY)] == [2, 3, 4]


def test_a_crawl_once_a_day_visits_less_often() -> None:
    once, hourly = (visits_of_an_article(YEAR, Outlet(crawls_a_day=count), Revisits()) for count in (1, 24))
    assert once < hourly


@pytest.mark.slow
def test_the_queries_give_what_the_merged_archive_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    there = pages(12)
    files = [
        written(tmp_path / f"{number}.warc.gz", there[first:last]) for number, first, last in ((1, 0, 8), (2, 4, 12))
    ]
    read_all(tmp_path / "shards", parts(files))
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
def test_an_archive_gets_its_parquet_by_export(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read_all(tmp_path / "read", parts([written(tmp_path / "a.warc.gz", pages(3))]))
    (shard,) = (tmp_path / "read").glob("*/archive.db")
    parquet = tmp_path / "shards/one/articles.parquet"
    assert run("export", "parquet", "--archive", shard, "-o", parquet).exit_code == 0
    monkeypatch.chdir(tmp_path)
    with duckdb.connect() as connection:
        connection.execute(QUERIES[0])
        assert connection.execute("SELECT count(*) FROM articles").fetchone() == (3,)
