"""The view ``view_growth``: each count with the one before it, over an article and its duplicates."""

from __future__ import annotations

import re
import sqlite3
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caliber_crawler.archive.core import migrations
from caliber_crawler.archive.search import selection
from tests.archive.newsroom import NUMBER_URL, SLUG_URL, Newsroom, minutes

SCHEMA = (Path(migrations.__file__).parent / "schema" / "current.sql").read_text("utf-8")
TABLES = """
CREATE TABLE articles (id INTEGER PRIMARY KEY, duplicate_of INTEGER);
CREATE INDEX articles_duplicate_of ON articles (duplicate_of) WHERE duplicate_of IS NOT NULL;
CREATE TABLE view_counts (article_id INTEGER NOT NULL, observed_at TEXT NOT NULL, views INTEGER NOT NULL,
  PRIMARY KEY (article_id, observed_at, views)) STRICT, WITHOUT ROWID;
"""
TIMES = [f"2026-01-0{day}T{hour:02}:00:00Z" for day in (1, 2) for hour in (0, 7, 23)]
Count = tuple[int, str, int]
Growth = tuple[int, str, int, int | None, float | None, float | None]

articles = st.dictionaries(st.integers(1, 9), st.sampled_from([None, None, 1, 2, 3]), max_size=9)
"""Articles with the one that each is a duplicate of: 1, 2 and 3 are not duplicates themselves."""
counts = st.sets(st.tuples(st.integers(1, 9), st.sampled_from(TIMES), st.integers(0, 5)), max_size=25)


def database(duplicates: dict[int, int | None], rows: set[Count]) -> sqlite3.Connection:
    view = re.search(r"CREATE VIEW view_growth AS.*?;\n", SCHEMA, re.DOTALL)
    assert view
    made = sqlite3.connect(":memory:")
    made.executescript(TABLES + view.group())
    made.executemany("INSERT INTO articles VALUES (?, ?)", duplicates.items())
    made.executemany("INSERT INTO view_counts VALUES (?, ?, ?)", rows)
    return made


def expected(duplicates: dict[int, int | None], rows: set[Count]) -> list[Growth]:
    """The growth, computed one row after another."""
    found: list[Growth] = []
    for article in duplicates:
        of_article = sorted({(time, views, id) for id, time, views in rows if (duplicates[id] or id) == article})
        found += [(article, time, views, None, None, None) for time, views, _ in of_article[:1]]
        for (before, fewer, _), (time, views, _) in pairwise(of_article):
            hours = (datetime.fromisoformat(time) - datetime.fromisoformat(before)).total_seconds() / 3600
            rate = round((views - fewer) / hours, 2) if hours else None
            found.append((article, time, views, views - fewer, hours, rate))
    return found


@given(articles, counts)
def test_growth_is_the_difference_to_the_count_before(duplicates: dict[int, int | None], rows: set[Count]) -> None:
    # Two articles of a family with equal counts have no order, and one that is missing has no counts.
    duplicates = {id: root for id, root in duplicates.items() if id > 3} | dict.fromkeys((1, 2, 3))
    one_each = {(duplicates.get(id) or id, time, views): (id, time, views) for id, time, views in sorted(rows)}
    rows = {row for row in one_each.values() if row[0] in duplicates}
    view = database(duplicates, rows)
    found = view.execute("SELECT * FROM view_growth ORDER BY article_id, observed_at, views").fetchall()
    assert found == [
        (*row[:4], pytest.approx(row[4]), pytest.approx(row[5], abs=0.011))
        for row in sorted(expected(duplicates, rows), key=lambda row: row[:3])
    ]
    for article in duplicates:
        one = view.execute("SELECT * FROM view_growth WHERE article_id = ? ORDER BY observed_at, views", (article,))
        assert one.fetchall() == [row for row in found if row[0] == article]


@pytest.mark.parametrize("condition", ["article_id = 7", "article_id IN (7, 8)"])
def test_the_growth_of_one_article_reads_only_its_own_counts(condition: str) -> None:
    plan = database({}, set()).execute(f"EXPLAIN QUERY PLAN SELECT * FROM view_growth WHERE {condition}").fetchall()
    steps = [step for *_, step in plan]
    assert "SEARCH c USING PRIMARY KEY (article_id=?)" in steps
    assert [step for step in steps if re.match(r"SCAN [acdm]\b", step)] == []


def test_views_of_more_articles_than_one_query_has_come_by_article(
    newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(selection, "VIEWED_AT_ONCE", 1)
    newsroom.save(article_urls=(NUMBER_URL,), views=5)
    newsroom.save(minutes(1), article_urls=(SLUG_URL,), headline="Another", views=7)
    newsroom.save(minutes(60), article_urls=(NUMBER_URL,), views=8)
    assert [(row["article_id"], row["views"], row["gained"]) for row in newsroom.archive.views()] == [
        *((1, 5, None), (1, 8, 3)),
        (2, 7, None),
    ]
