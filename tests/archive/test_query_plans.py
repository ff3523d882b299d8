"""Queries do not read a table through an index that only repeats its values, row by row."""

from __future__ import annotations

import re
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from caliber_crawler.archive import Archive, Selection
from caliber_crawler.browse.edits import CHANGED
from caliber_crawler.commands.merge import merge_one
from tests.archive.newsroom import Newsroom, minutes

IS_QUERY = re.compile(r"\s*(?:SELECT|WITH|INSERT|UPDATE|DELETE)\b", re.IGNORECASE)
DETOUR = re.compile(r"SCAN \S+ USING INDEX \w+_repetition")
"""A scan in the order of such an index, which looks up each row of the table. A *covering* index is read alone."""
LOOKUP = re.compile(r"SELECT t\.")
"""The statements of a merge that look up many rows by their keys."""
ROWS = {"articles": 100_000, "captures": 250_000, "frontier": 300_000, "problems": 50_000}
TINY = dict.fromkeys(ROWS, 13)


@pytest.fixture
def statements(newsroom: Newsroom, valid: Path) -> set[str]:
    """The statements of a merge, a verification, an export and several reports."""
    found: set[str] = set()
    here = newsroom.archive
    with Archive.open(valid) as there:
        for archive in (here, there):
            archive.db.conn.set_trace_callback(found.add)
        merge_one(here, there)
        here.verify()
        here.status()
        here.explain(["https://caliber.az/en/post/1001"])
        list(here.selected_captures(Selection()))
        here.opted_out_articles()
        list(here.search("treaty"))
    return {statement for statement in found if IS_QUERY.match(statement)}


def steps(path: Path, statements: set[str], rows: dict[str, int] | None) -> dict[str, list[str]]:
    """The plans of statements in an archive without statistics, or with those of tables with so many rows."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("ANALYZE")
        connection.execute("DELETE FROM sqlite_stat1")
        for table, name in connection.execute(
            "SELECT tbl_name, name FROM sqlite_schema WHERE type = 'index'"
        ).fetchall():
            if rows is not None and table in rows:
                # A value of the repeating indexes is that of half the rows; others are in two.
                same = rows[table] // 2 if name.endswith("_repetition") else 2
                columns = len(connection.execute(f"PRAGMA index_info({name})").fetchall())
                statistics = " ".join(map(str, (rows[table], *[same] * columns)))
                connection.execute("INSERT INTO sqlite_stat1 VALUES (?, ?, ?)", (table, name, statistics))
        connection.commit()
    with closing(sqlite3.connect(path)) as connection:
        return {
            statement: [step for *_, step in connection.execute(f"EXPLAIN QUERY PLAN {statement}")]
            for statement in statements
            if "json_each" in statement or "temp." not in statement
        }


@pytest.mark.parametrize("rows", [None, ROWS], ids=["without statistics", "large"])
def test_no_table_is_read_by_way_of_an_index_that_repeats_it(
    statements: set[str], blank_copy: Path, rows: dict[str, int] | None
) -> None:
    plans = steps(blank_copy, statements, rows)
    assert len(plans) > 100
    assert {statement: plan for statement, plan in plans.items() if any(map(DETOUR.match, plan))} == {}


def test_a_merge_looks_rows_up_by_key_whatever_the_statistics_say(statements: set[str], blank_copy: Path) -> None:
    """The statistics of an archive that was closed when it was tiny stay for a while."""
    plans = steps(blank_copy, {statement for statement in statements if LOOKUP.match(statement)}, TINY)
    assert len(plans) > 5
    for statement, plan in plans.items():
        assert any(re.match(r"SEARCH t ", step) for step in plan), statement


@pytest.fixture
def blank_copy(blank: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(blank, tmp_path / "plans.db"))


OF_A_WHOLE_SITE = re.compile(
    r"(?:SEARCH|SCAN) (?:articles|versions|captures|article_urls|[auvmc])\b(?!.*\((?!site=\?\)))"
)
"""A step that reads every article of a site, or a whole table."""


def test_saving_an_article_reads_no_other_articles_of_its_site_in_a_new_archive(
    newsroom: Newsroom, blank_copy: Path
) -> None:
    """The first crawl of a site has no statistics: SQLite must find the way by the statement alone."""
    found: set[str] = set()
    newsroom.archive.db.conn.set_trace_callback(found.add)
    for minute, url in enumerate(("https://caliber.az/en/post/1001", "https://caliber.az/en/post/1002")):
        newsroom.save(minutes(minute), article_urls=(url,), headline=f"Headline {minute}", page=b"page", views=minute)
    wrong = {
        statement: plan
        for statement, plan in steps(blank_copy, set(filter(IS_QUERY.match, found)), None).items()
        if any(OF_A_WHOLE_SITE.match(step) for step in plan)
    }
    assert len(found) > 40
    assert wrong == {}


@pytest.mark.parametrize("rows", [None, TINY, ROWS], ids=["without statistics", "tiny", "large"])
def test_a_merge_looks_identifiers_up_without_reading_the_articles_of_their_site(
    statements: set[str], blank_copy: Path, rows: dict[str, int] | None
) -> None:
    plans = steps(blank_copy, {*filter(re.compile(r"SELECT u\.(?:slug|post_number) FROM").match, statements)}, rows)
    assert plans
    for statement, plan in plans.items():
        assert not any(map(OF_A_WHOLE_SITE.match, plan)), (statement, plan)


@pytest.mark.parametrize("rows", [None, TINY, ROWS], ids=["without statistics", "tiny", "large"])
def test_the_newest_edits_are_found_without_sorting(blank_copy: Path, rows: dict[str, int] | None) -> None:
    (plan,) = steps(blank_copy, {CHANGED}, rows).values()
    assert plan == ["SCAN articles USING INDEX articles_of_several_versions"]


@pytest.mark.parametrize(
    "rows", [None, TINY, ROWS | {"view_counts": 400_000}], ids=["without statistics", "tiny", "large"]
)
def test_the_growth_of_views_reads_counts_in_the_order_of_their_key(
    blank_copy: Path, rows: dict[str, int] | None
) -> None:
    """An index that has every column has another order: all counts would be sorted."""
    (plan,) = steps(blank_copy, {"SELECT count(*), sum(per_hour) FROM view_growth"}, rows).values()
    assert "SCAN c" in plan
    assert plan.index("SCAN c") < plan.index("UNION ALL") < plan.index("USE TEMP B-TREE FOR ORDER BY")


@pytest.mark.parametrize(
    "counts", [None, {"view_counts": 1_000, "articles": 1_000}], ids=["without statistics", "known"]
)
def test_the_views_at_an_age_read_only_the_counts_of_their_article(
    blank_copy: Path, counts: dict[str, int] | None
) -> None:
    """With one count for each article, SQLite would read all counts up to that age instead."""
    recent = "SELECT id FROM articles WHERE published_at > '2026'"
    query = f"SELECT * FROM views_at WHERE hours = 24 AND article_id IN ({recent})"
    (plan,) = steps(blank_copy, {query}, counts).values()
    assert [step for step in plan if step.startswith("SEARCH c ")] == [
        "SEARCH c USING PRIMARY KEY (article_id=? AND observed_at<?)",
        "SEARCH c USING PRIMARY KEY (article_id=? AND observed_at>?)",
    ]
