from __future__ import annotations

import asyncio
import csv
import io
import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from datasette.app import Datasette
from parsel import Selector

from caliber_crawler.archive import Archive
from caliber_crawler.browse.datasette_versions import IS_VERSION_1
from caliber_crawler.browse.metadata import metadata_of
from tests.browse.conftest import Get, browsing
from tests.browse.datasette_json import count_of
from tests.browse.newsroom import article, save

HIDDEN = {
    *(
        "bodies",
        "dictionaries",
        "takedown_keys",
        "totals",
        "article_totals",
        "versions_fts",
        "versions_vocab",
        "versions_tokens",
        "_sqlite_migrations",
    ),
}


def rows_of(page: str) -> list[list[str]]:
    return [
        [" ".join(cell.xpath("string()").get("").split()) for cell in row.css("td")]
        for row in Selector(page).css("table.rows-and-columns tbody tr")
    ]


def facets_of(page: str) -> dict[str, list[str]]:
    return {
        facet.attrib["data-column"]: facet.css("li a::text").getall() for facet in Selector(page).css(".facet-info")
    }


@pytest.fixture
def described(newspaper: Path) -> dict[str, dict[str, Any]]:
    """What the plugin states of each table, in both versions of Datasette."""
    served = Datasette([str(newspaper)])

    async def start() -> None:
        await served.invoke_startup()
        await served.get_database("archive").execute("SELECT 1")

    asyncio.run(start())
    metadata: dict[str, Any] = metadata_of(served)
    return metadata["databases"]["archive"]["tables"]


def test_articles_are_sorted_newest_first(get: Get) -> None:
    rows = rows_of(get("/archive/articles").text)
    assert [row[1] for row in rows] == ["Совещание министров", "Բաքվի բանաձևը", "Baku’s new formula"]


def test_articles_have_facets(get: Get) -> None:
    assert list(facets_of(get("/archive/articles").text).items()) == [
        ("site", ["caliber"]),
        ("language", ["en", "hy", "ru"]),
        ("section", ["analytics", "politics"]),
        ("published_year", ["2026"]),
        ("published_month", ["2026-02", "2026-01"]),
        ("authors", ["Tural Heybatov"]),
    ]


def test_a_facet_filters_the_table(get: Get) -> None:
    rows = rows_of(get("/archive/articles?section=politics").text)
    assert [row[1] for row in rows] == ["Բաքվի բանաձևը"]


@pytest.mark.slow
def test_author_names_link_to_their_articles(tmp_path: Path) -> None:
    path = tmp_path / "archive.db"
    with Archive.open(path, mode="write") as archive:
        save(archive, article("both", headline="Both", authors=("Leyla “L.” Əliyeva", "Tural Heybatov")))
        save(archive, article("one", headline="One", authors=("Leyla",)))
        save(archive, article("none", headline="None", authors=()))
    with browsing(path) as get:
        table = get("/archive/articles?_columns=all&_sort=id").text
        cells = Selector(table).css("td.col-authors")
        shown = [cell.xpath("string()").get("").strip() for cell in cells]
        assert shown == ["Leyla “L.” Əliyeva, Tural Heybatov", "Leyla", ""]
        assert facets_of(table)["authors"] == ["Leyla", "Leyla “L.” Əliyeva", "Tural Heybatov"]
        assert "author)" not in Selector(table).css(".facet-info-name").xpath("string()").getall()[-1]
        links = cells.css("a::attr(href)").getall()
        found = [Selector(get(link).text).css(".hits .headline a::text").getall() for link in links]
        assert found[:2] == [["Both"], ["Both"]]
        assert "One" in found[2]
        (facet,) = Selector(table).css("[data-column=authors] li:first-child a::attr(href)").getall()
        assert [row[1] for row in rows_of(get(facet.removeprefix("http://localhost")).text)] == ["One"]


def test_a_headline_links_to_its_article(get: Get) -> None:
    for table in ("articles", "article_texts"):
        links = Selector(get(f"/archive/{table}").text).css("td.col-headline a::attr(href)").getall()
        assert links == ["/archive/articles/3", "/archive/articles/2", "/archive/articles/1"]


def test_a_table_shows_few_columns_and_all_on_request(get: Get) -> None:
    def columns(address: str) -> list[str]:
        return Selector(get(address).text).css("table.rows-and-columns th::attr(data-column)").getall()

    few = ["id", "headline", "published_at", "language", "section", "views", "word_count", "version_count"]
    assert columns("/archive/articles") == few
    more = Selector(get("/archive/articles?language=en").text).css(".more-columns a")
    assert more.css("::text").get() == "Show 19 more columns"
    assert len(columns(more.attrib["href"])) == 27
    assert columns("/archive/articles?_col=slug&_col=layout") == ["id", "slug", "layout"]


def test_every_visible_table_and_column_has_a_description(described: dict[str, Any], newspaper: Path) -> None:
    with closing(sqlite3.connect(newspaper)) as connection:
        columns = connection.execute(
            """SELECT m.name, c.name FROM sqlite_master m JOIN pragma_table_xinfo(m.name) c
            WHERE m.type IN ('table', 'view') AND m.name NOT LIKE 'sqlite_%'"""
        ).fetchall()
    tables = described
    seen = [(table, column) for table, column in columns if not any(table.startswith(hidden) for hidden in HIDDEN)]
    assert {"article_texts", "run_health", "frontier"} <= {table for table, _ in seen}
    assert [(table, column) for table, column in seen if column not in tables.get(table, {}).get("columns", {})] == []
    assert [table for table, _ in seen if not tables[table]["description"].endswith(".")] == []


@pytest.mark.slow
def test_every_described_column_exists(get: Get, described: dict[str, Any]) -> None:
    for table, shown in described.items():
        if table == "_sqlite_migrations":
            continue
        known = get(f"/archive/{table}.json?_size=0&_extra=columns").json()["columns"]
        facets = {facet if isinstance(facet, str) else facet["author"] for facet in shown.get("facets", [])}
        wanted = set(shown["columns"]) | facets
        assert wanted <= set(known), table
        assert shown.get("sort_desc", known[0]) in known


@pytest.mark.slow
def test_every_table_and_view_can_be_opened(get: Get, described: dict[str, Any]) -> None:
    for table in described:
        assert get(f"/archive/{table}").status_code == 200, table


def test_internal_tables_are_hidden(get: Get) -> None:
    tables = get("/archive.json").json()["tables"]
    shown = {table["name"] for table in tables if not table["hidden"]}
    hidden = {table["name"] for table in tables if table["hidden"]}
    # Datasette 1.0 does not list the vocabulary at all.
    assert hidden >= HIDDEN - {"versions_vocab", "versions_tokens"}
    assert not shown & HIDDEN
    assert shown >= {"articles", "versions", "view_counts", "captures", "frontier", "runs", "problems"}


@pytest.mark.slow
def test_the_database_page_lists_articles_first(get: Get) -> None:
    shown = Selector(get("/archive").text)
    assert shown.css(".db-table h3 a::text").getall()[:3] == ["articles", "versions", "view_counts"]
    assert shown.css("#views ~ ul a::text").getall()[:2] == ["article_texts", "edits"]
    links = shown.css(".metadata-description a::attr(href)").getall()
    assert links[0] == "/archive/articles"
    assert all(get(link).status_code == 200 for link in links)


def test_table_pagination_reaches_every_row(newspaper: Path) -> None:
    with browsing(newspaper) as get:
        address, headlines = "/archive/articles?_size=1", []
        while address:
            page = get(address).text
            headlines += [row[1] for row in rows_of(page)]
            address = Selector(page).xpath("//a[text()='Next page']/@href").get("").removeprefix("http://localhost")
        assert len(headlines) == 3


def test_an_edit_has_both_headlines(get: Get) -> None:
    (edit,) = get("/archive/edits.json?_shape=array").json()
    assert (edit["old_headline"], edit["new_headline"]) == ("Baku’s geopolitical formula", "Baku’s new formula")
    assert 'href="/archive/articles/1"' in get("/archive/edits").text


def test_computed_columns_of_views_can_be_filtered(get: Get) -> None:
    def count(query: str) -> int:
        return count_of(get, f"/archive/{query}")

    assert count("edits.json?article_id=1&headline_changed=1&body_changed=1") == 1
    assert count("edits.json?headline_changed=0") == 0
    assert count("view_growth.json?article_id=1") == 4


OURS = [
    *("/", "/archive", "/archive/articles", "/archive/articles/1", "/archive/-/search?q=baku", "/archive/-/edits"),
    *("/archive/-/changes/1", "/archive/-/captures/1", "/archive/-/charts/hosts", "/archive/-/queries"),
    "/archive/-/queries/longest",
    "/archive/-/health",
]


@pytest.mark.slow
@pytest.mark.parametrize("base_url", ["/news/"])
def test_links_have_the_base_url_of_a_proxy(newspaper: Path, base_url: str) -> None:
    with browsing(newspaper, settings={"base_url": base_url}) as get:
        for address in OURS:
            links = Selector(get(address).text).css("a::attr(href), link::attr(href), form::attr(action)").getall()
            inside = [link for link in links if link.startswith("/")]
            assert inside
            assert [link for link in inside if not link.startswith(base_url)] == []


@pytest.mark.slow
def test_metadata_of_the_user_takes_precedence(newspaper: Path) -> None:
    mine = {"databases": {"archive": {"tables": {"articles": {"description": "Mine.", "columns_shown": 3}}}}}
    with browsing(newspaper, metadata=mine) as get:
        shown = Selector(get("/archive/articles").text)
        assert shown.css(".metadata-description::text").get("").strip() == "Mine."
        assert len(shown.css("th")) == 3
    with browsing(newspaper) as get:
        assert "Mine." not in get("/archive/articles").text


@pytest.mark.parametrize(
    "page",
    [
        "/archive",
        "/archive/articles",
        "/archive/versions/1",
        "/archive/-/queries/longest",
        "/archive?sql=select+1",
        "/",
    ],
)
def test_every_page_has_the_navigation(get: Get, page: str) -> None:
    links = Selector(get(page).text).css("nav a::attr(href), .places a::attr(href)").getall()
    assert {"/archive/-/search", "/archive/-/attention", "/archive/-/edits", "/archive/-/charts"} <= set(links)
    assert {"/archive/-/queries", "/archive/-/health", "/archive"} <= set(links)


def export_link(page: str) -> str:
    (link,) = Selector(page).css(".export-links a:contains('CSV')::attr(href)").getall()
    return link


FEW = {"max_returned_rows": 2, "default_page_size": 1}
FEW_ROWS = {"databases": {"archive": {"tables": {name: {"size": 1} for name in ("articles", "view_growth")}}}}


def test_the_csv_of_a_table_has_all_rows(newspaper: Path) -> None:
    with browsing(newspaper, settings=FEW, metadata=FEW_ROWS) as get:
        for table in (
            "articles",
            "articles?_sort=language",
            "articles?_sort=id&_next=1,1",
            "article_urls",
            "view_growth",
        ):
            page = get(f"/archive/{table}").text
            with closing(sqlite3.connect(newspaper)) as connection:
                (total,) = connection.execute(f"SELECT count(*) FROM {table.partition('?')[0]}").fetchone()
            assert total > 2
            assert Selector(page).css(".first-rows::text").get("").startswith(f"The CSV link gives all {total} rows")
            rows = list(csv.DictReader(io.StringIO(get(export_link(page)).text)))
            assert len({json.dumps(row) for row in rows}) == len(rows) == total, table


ENDLESS = "with+recursive+n(i)+as+(select+1+union+all+select+i%2B1+from+n)+select+i+from+n"


def test_where_a_file_has_only_the_first_rows_the_page_says_how_many(newspaper: Path) -> None:
    with browsing(newspaper, settings={**FEW, "allow_csv_stream": False}, metadata=FEW_ROWS) as get:
        page = get("/archive/articles").text
        assert Selector(page).css(".first-rows::text").get("").startswith("The CSV link gives the first 2 of 3 rows.")
        assert len(list(csv.DictReader(io.StringIO(get(export_link(page)).text)))) == 2
        assert not Selector(get("/archive/articles?language=ru").text).css(".first-rows")
        query = "/archive?sql=select+id+from+articles"
        assert "have the first 2 of 3 rows." in Selector(get(query).text).css(".first-rows").get("")
        assert "of 3 rows." in Selector(get(f"{query}+where+id+>+:id%3B&id=0").text).css(".first-rows").get("")
        assert not Selector(get(f"{query}+limit+2").text).css(".first-rows")
        # Rows that cannot be counted.
        said = "may have more" if IS_VERSION_1 else "has more"
        assert f"rows; the result {said}" in Selector(get(f"/archive?sql={ENDLESS}").text).css(".first-rows").get("")
