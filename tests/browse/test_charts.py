"""Charts without a browser: queries, tables and invalid parameters."""

from __future__ import annotations

import csv
import io
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from parsel import Selector

from caliber_crawler.archive import Archive
from caliber_crawler.browse.charts_page import charts
from tests.browse.conftest import Get, browsing
from tests.browse.newsroom import PUBLISHED, article, hour, save


def table_of(get: Get, name: str, query: str = "") -> list[list[str]]:
    response = get(f"/archive/-/charts/{name}{query}")
    assert response.status_code == 200, response.text
    rows = Selector(response.text).css("#rows tbody tr")
    return [[cell.xpath("string()").get("") for cell in row.css("td")] for row in rows]


@pytest.mark.parametrize("name", charts())
def test_every_chart_has_a_table_of_its_query(get: Get, newspaper: Path, name: str) -> None:
    chart = charts()[name]
    with closing(sqlite3.connect(newspaper)) as connection:
        rows = connection.execute(chart.sql, chart.parameters).fetchall()
    shown = table_of(get, name)
    assert len(shown) == len(rows)
    assert [row[0] for row in shown] == [str(row[0]) for row in rows]
    response = get(f"/archive/-/charts/{name}")
    assert Selector(response.text).css("pre code::text").get("").strip() == chart.sql.strip()
    columns = set(Selector(response.text).css("th::attr(data-column)").getall())
    assert not rows or {chart.x, chart.y, *filter(None, [chart.series])} <= columns


def test_a_chart_links_to_its_sql_with_the_same_rows(get: Get) -> None:
    page = Selector(get("/archive/-/charts/published?by=language").text)
    link = page.xpath("//a[text()='Edit this query']/@href").get("")
    assert get(link).status_code == 200
    rows = get(link.replace("/archive?", "/archive.json?_shape=array&")).json()
    assert [[row["period"], row["series"], str(row["articles"])] for row in rows] == table_of(
        get, "published", "?by=language"
    )


def test_articles_are_counted_per_month_week_and_day(get: Get) -> None:
    assert table_of(get, "published", "?by=language") == [
        ["2026-01-01", "en", "1"],
        ["2026-01-01", "hy", "1"],
        ["2026-02-01", "ru", "1"],
    ]
    assert {row[0] for row in table_of(get, "published", "?per=week")} == {"2026-01-05", "2026-02-09"}
    assert {row[0] for row in table_of(get, "published", "?per=day&to=2026-01-31")} == {"2026-01-06"}


def test_view_counts_are_drawn_by_hours_since_publication(get: Get) -> None:
    rows = table_of(get, "views", "?articles=1")
    assert [row[2] for row in rows] == ["354", "900", "1,400", "1,510"]
    assert [row[1] for row in rows] == ["0.8", "3.8", "9.8", "24.8"]
    assert table_of(get, "views", "?articles=1,3") != rows


def test_accrual_is_the_median_of_the_articles(tmp_path: Path) -> None:
    path = tmp_path / "archive.db"
    with Archive.open(path, mode="write") as archive:
        for slug, early in (("a", 10), ("b", 20), ("c", 60)):
            for hours, views in ((1, early), (12, 80), (100, 100)):
                save(archive, article(slug, views=views, headline=slug), seen_at=hour(hours))
        save(archive, article("seen-twice", views=1), seen_at=hour(1))
        save(archive, article("seen-twice", views=100), seen_at=hour(100))
    with browsing(path) as get:
        assert table_of(get, "accrual") == [
            ["analytics", "2", "0.2", "3"],
            ["analytics", "16", "0.8", "3"],
            ["analytics", "128", "1.0", "3"],
        ]


def test_rhythm_uses_the_time_zone_of_the_site(get: Get) -> None:
    assert PUBLISHED.hour == 19
    assert table_of(get, "rhythm", "?language=en") == [["19", "Tuesday", "1"]]


def test_linked_hosts_exclude_the_site(get: Get) -> None:
    assert table_of(get, "hosts") == [["president.az", "1", "1"]]


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("published?per=year", "“year” is not one of month, week, day."),
        ("published?from=soon", "“soon” is not a date: write it as 2026-01-31."),
        ("views?articles=1;drop", "“1;drop” is not a list of article IDs: write it as 1, 2, 3."),
        ("views?articles=<script>", "“<script>” is not a list of article IDs: write it as 1, 2, 3."),
    ],
)
def test_an_invalid_chart_parameter_has_a_message(get: Get, address: str, message: str) -> None:
    shown = Selector(get(f"/archive/-/charts/{address}").text)
    assert shown.css(".notice::text").get() == message
    assert shown.css("#rows")


def test_scripts_are_served_from_the_package_only(get: Get) -> None:
    response = get("/archive/-/charts")
    policy = response.headers["content-security-policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    shown = Selector(response.text)
    assert not shown.css("script::text, style, [style]")
    for script in shown.css("script::attr(src)").getall():
        assert get(script).headers["content-type"].startswith(("text/javascript", "application/javascript"))


def test_third_party_libraries_are_listed_with_version_and_licence() -> None:
    vendor = Path(__file__).parents[2] / "caliber_crawler/browse/static/vendor"
    readme = (vendor / "README.md").read_text()
    for file in vendor.glob("*.js"):
        first_line = file.read_text("utf-8").partition("\n")[0]
        version = next(line.split("|")[3].strip() for line in readme.splitlines() if f"`{file.name}`" in line)
        assert f"v{version}" in first_line
        assert (vendor / f"{file.name.split('.')[0]}.LICENSE").is_file()


def test_the_rows_of_a_chart_are_available_as_csv_without_sql(newspaper: Path) -> None:
    with browsing(newspaper, metadata={"allow_sql": False}) as get:
        page = Selector(get("/archive/-/charts/published?by=language&from=2026-02-01").text)
        link = page.css("details a:contains('CSV')::attr(href)").get("")
        rows = list(csv.DictReader(io.StringIO(get(link).text)))
        assert [(row["series"], row["articles"]) for row in rows] == [("ru", "1")]
        assert get("/archive/-/charts/published.csv?from=x").status_code == 400
        assert get("/archive/-/charts/nothing.csv").status_code == 404
