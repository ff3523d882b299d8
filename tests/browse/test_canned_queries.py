from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from parsel import Selector

from caliber_crawler.archive import Archive
from caliber_crawler.browse.canned_queries import load_canned_queries
from caliber_crawler.browse.charts_page import charts
from tests.browse.conftest import Get, browsing
from tests.browse.newsroom import PUBLISHED, article, hour, save


def answer(get: Get, name: str, **parameters: str) -> list[dict[str, Any]]:
    named = dict.fromkeys(load_canned_queries()[name]["params"], "") | parameters
    query = "&".join(f"{name}={value}" for name, value in named.items())
    response = get(f"/archive/{name}.json?_shape=array&{query}")
    assert response.status_code == 200, response.text
    rows: list[dict[str, Any]] = response.json()
    return rows


@pytest.mark.parametrize("name", load_canned_queries())
def test_every_canned_query_runs_without_parameters(get: Get, name: str) -> None:
    page = get(f"/archive/{name}")
    assert page.status_code == 200
    assert load_canned_queries()[name]["title"] in page.text
    answer(get, name)


def test_the_queries_page_has_a_field_for_every_parameter(get: Get) -> None:
    shown = Selector(get("/archive/-/queries").text)
    for form, (name, question) in zip(shown.css(".question form"), load_canned_queries().items(), strict=True):
        assert form.attrib["action"] == f"/archive/{name}"
        assert form.css("input::attr(name)").getall() == question["params"]


def test_term_over_time_counts_a_word_a_prefix_or_a_phrase(get: Get) -> None:
    rows = answer(get, "term_over_time", term="ministers", language="en")
    assert rows == [{"month": "2026-01", "articles": 1, "of_all": 1, "percent": 100.0}]
    assert [row["articles"] for row in answer(get, "term_over_time", term="zebra")] == [0, 0]
    assert [row["articles"] for row in answer(get, "term_over_time", term="совещан*")] == [0, 1]
    assert [row["articles"] for row in answer(get, "term_over_time", term="совещан")] == [0, 0]
    assert [row["articles"] for row in answer(get, "term_over_time", term="new formula")] == [1, 0]


@pytest.mark.parametrize(
    "term", ['"', '""', "*", "**", 'zz"*', "AND", "NEAR(", "-x", "headline:x", "a AND b", "'", "(", " "]
)
def test_no_term_is_an_error_of_sql(get: Get, term: str) -> None:
    assert [row["articles"] for row in answer(get, "term_over_time", term=quote(term))] == [0, 0]
    assert answer(get, "mentioned_together", first=quote(term), second="minister") == []


def test_mentioned_together_requires_both_words(get: Get) -> None:
    assert [row["article_id"] for row in answer(get, "mentioned_together", first="minister*", second="agree*")] == [1]
    assert answer(get, "mentioned_together", first="minister*", second="agre") == []
    assert answer(get, "mentioned_together", first="minister*", second="") == []


def test_views_after_an_age_are_interpolated(get: Get) -> None:
    (row,) = answer(get, "views_after", hours="6")
    assert (row["article_id"], row["hours"], row["views"]) == (1, 6, 1085)
    assert [row["hours"] for row in answer(get, "views_after")] == [24]
    assert answer(get, "views_after", hours="7") == []


@pytest.mark.parametrize("name", [*load_canned_queries(), *charts()])
def test_the_sql_runs_without_functions_of_this_program(newspaper: Path, name: str) -> None:
    query, chart = load_canned_queries().get(name), charts().get(name)
    sql = query["sql"] if query else chart.sql  # type: ignore[union-attr]
    values = dict.fromkeys(query["params"], "") if query else dict(chart.parameters)  # type: ignore[union-attr]
    with closing(sqlite3.connect(newspaper)) as connection:
        connection.execute(sql, values).fetchall()


def test_authors_at_work_counts_articles_and_views(get: Get) -> None:
    rows = answer(get, "authors_at_work", language="en")
    assert [(row["author"], row["articles"], row["views"]) for row in rows] == [("Tural Heybatov", 1, 1510)]


def test_longest_articles_come_first(get: Get) -> None:
    counts = [row["word_count"] for row in answer(get, "longest")]
    assert counts == sorted(counts, reverse=True)
    assert len(counts) == 3


def test_most_edited_counts_edits(get: Get) -> None:
    assert [(row["article_id"], row["edits"]) for row in answer(get, "most_edited")] == [(1, 1)]
    assert answer(get, "most_edited", section="politics") == []


def test_fastest_growing_computes_views_per_hour(get: Get) -> None:
    (row,) = answer(get, "fastest_growing")
    assert (row["article_id"], row["gained"], row["hours"], row["per_hour"]) == (1, 1156, 24.0, 48.2)
    assert answer(get, "fastest_growing", days="x") == []


def test_the_most_inactive_section_comes_first(tmp_path: Path) -> None:
    path = tmp_path / "archive.db"
    with Archive.open(path, mode="write") as archive:
        for section, days in (("politics", range(10)), ("economics", range(0, 40, 4))):
            for day in days:
                published = PUBLISHED + timedelta(days=day)
                save(archive, article(f"{section}{day}", section=section, published_at=published), seen_at=hour(1000))
    with browsing(path) as get:
        rows = answer(get, "silent_sections")
        assert [(row["section"], row["days_silent"], row["times_the_usual"]) for row in rows] == [
            ("politics", 27.0, 27.0),
            ("economics", 0.0, 0.0),
        ]


def test_links_to_a_site_have_their_text(get: Get) -> None:
    (row,) = answer(get, "who_links_to", host="president.az")
    assert (row["article_id"], row["text"]) == (1, "the interview")


def test_article_ids_in_results_are_links(get: Get) -> None:
    for page in ("longest", "mentioned_together?first=ministers&second=agree*", "?sql=select+1+as+article_id"):
        links = Selector(get(f"/archive{'' if page[0] == '?' else '/'}{page}").text).css("td.col-article_id a")
        assert "/archive/articles/1" in links.css("::attr(href)").getall(), page
