from __future__ import annotations

import csv
import io
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from parsel import Selector

from caliber_crawler.archive import Archive
from caliber_crawler.browse.canned_queries import CannedQuery, canned_queries
from caliber_crawler.browse.charts_page import charts
from tests.browse.conftest import Get, browsing
from tests.browse.newsroom import PUBLISHED, article, hour, save


def answer(get: Get, name: str, **parameters: str) -> list[dict[str, Any]]:
    query = "&".join(f"{name}={value}" for name, value in parameters.items())
    response = get(f"/archive/-/queries/{name}.json?{query}")
    assert response.status_code == 200, response.text
    rows: list[dict[str, Any]] = response.json()["rows"]
    assert response.json()["total"] == len(rows)
    return rows


@pytest.mark.parametrize("name", canned_queries())
def test_every_canned_query_runs_without_parameters(get: Get, name: str) -> None:
    page = get(f"/archive/-/queries/{name}")
    assert page.status_code == 200
    shown = Selector(page.text)
    assert shown.css("h1::text").get() == canned_queries()[name].title
    assert shown.css("details pre code::text").get() == canned_queries()[name].sql
    rows = answer(get, name)
    assert len(shown.css("#rows tbody tr")) == len(rows)
    assert len(list(csv.DictReader(io.StringIO(get(f"/archive/-/queries/{name}.csv").text)))) == len(rows)


def test_an_unknown_query_does_not_exist(get: Get) -> None:
    assert [get(f"/archive/-/queries/nothing{suffix}").status_code for suffix in ("", ".csv", ".json")] == [404] * 3


@pytest.mark.parametrize("name", [name for name, query in canned_queries().items() if query.chart])
def test_the_columns_of_a_chart_are_those_of_its_query(newspaper: Path, name: str) -> None:
    query = canned_queries()[name]
    assert query.chart is not None
    with closing(sqlite3.connect(newspaper)) as connection:
        cursor = connection.execute(query.sql, dict.fromkeys(query.params, ""))
        columns = {column[0] for column in cursor.description}
    series = {query.chart.series} if query.chart.series else set()
    assert {query.chart.x, *query.chart.y.split(), *series} <= columns


def test_the_list_leads_to_every_query_and_its_form_has_a_field_for_every_parameter(get: Get) -> None:
    links = Selector(get("/archive/-/queries").text).css(".headline a::attr(href)").getall()
    assert links == [f"/archive/-/queries/{name}" for name in canned_queries()]
    for link, query in zip(links, canned_queries().values(), strict=True):
        form = Selector(get(link).text).css("main form")
        assert form.css("input::attr(name), select::attr(name)").getall() == list(query.params)


def test_a_form_offers_the_languages_of_the_archive_and_keeps_the_values(get: Get) -> None:
    form = Selector(get("/archive/-/queries/term_over_time?term=baku&language=hy").text).css("main form")
    assert form.css("input[name=term]::attr(value)").get() == "baku"
    assert form.css("select[name=language] option::text").getall() == ["any", "en", "hy", "ru"]
    assert form.css("option[selected]::text").get() == "hy"


def test_a_page_says_how_many_of_all_rows_it_shows_and_the_file_has_all(
    get: Get, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("caliber_crawler.browse.queries_page.MAX_ROWS", 2)
    shown = Selector(get("/archive/-/queries/longest").text)
    assert len(shown.css("#rows tbody tr")) == 2
    assert "The first 2 of 3 rows" in " ".join(shown.css("[role=status]::text").getall())
    assert len(answer(get, "longest")) == 3
    assert len(list(csv.DictReader(io.StringIO(get("/archive/-/queries/longest.csv").text)))) == 3


def test_a_file_that_exceeds_the_limit_is_refused_and_not_cut(newspaper: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    large = CannedQuery(title="x", description="x", sql="SELECT printf('%.*c', 1100000, 'x') AS text", params=())
    monkeypatch.setattr("caliber_crawler.browse.queries_page.canned_queries", lambda: {"large": large})
    with browsing(newspaper, settings={"max_csv_mb": 1}) as get:
        refused = get("/archive/-/queries/large.csv")
    assert refused.status_code == 400
    assert "The file would be larger than 1 MB" in refused.text
    with browsing(newspaper, settings={"max_csv_mb": 2}) as get:
        complete = get("/archive/-/queries/large.csv")
    assert complete.headers["content-disposition"] == 'attachment; filename="large.csv"'
    assert len(complete.text) > 1_100_000


def test_cells_link_to_articles_authors_and_sites_with_readable_dates(get: Get) -> None:
    row = Selector(get("/archive/-/queries/who_links_to?host=president.az").text).css("#rows tbody tr")
    assert row.css("td:nth-child(1) a::attr(href)").get() == "/archive/articles/1"
    assert row.css("td:nth-child(2) a::attr(href)").get() == "/archive/articles/1"
    assert row.css("td:nth-child(3) a::attr(rel)").get() == "noopener noreferrer"
    assert row.css("td:nth-child(5)::text").get() == "6 Jan 2026, 19:13"
    author = Selector(get("/archive/-/queries/authors_at_work?language=en").text).css("#rows td a::attr(href)").get("")
    assert Selector(get(author).text).css(".hits h2 a::text").getall() == ["Baku’s new formula"]


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


@pytest.mark.parametrize("name", [*canned_queries(), *charts()])
def test_the_sql_runs_without_functions_of_this_program(newspaper: Path, name: str) -> None:
    query, chart = canned_queries().get(name), charts().get(name)
    sql = query.sql if query else chart.sql  # type: ignore[union-attr]
    values = dict.fromkeys(query.params, "") if query else dict(chart.parameters)  # type: ignore[union-attr]
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
    for page in ("/-/queries/longest", "/-/queries/mentioned_together?first=ministers&second=agree*"):
        links = Selector(get(f"/archive{page}").text).css("#rows td a::attr(href)").getall()
        assert "/archive/articles/1" in links, page
    links = Selector(get("/archive?sql=select+1+as+article_id").text).css("td.col-article_id a::attr(href)").getall()
    assert links == ["/archive/articles/1"]


def test_a_chart_without_values_is_not_drawn(get: Get) -> None:
    assert Selector(get("/archive/-/queries/term_over_time?term=ministers").text).css("figure.chart")
    assert not Selector(get("/archive/-/queries/term_over_time?term=zebra").text).css("figure.chart")
