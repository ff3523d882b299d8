"""Views compared fairly: at the same age, and as growth curves beside each other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from parsel import Selector

from caliber_crawler.archive import Archive
from tests.browse.conftest import Get, browsing
from tests.browse.newsroom import article, hour, save

COUNTS = {
    "a": ((12, 100), (36, 300)),
    "b": ((12, 500), (36, 700)),
    "c": ((30, 9000),),
    "d": ((1, 5), (6, 50), (90, 100)),
}
"""Hours since the first visit, 47 minutes after publication, and views, by article."""


@pytest.fixture(scope="module")
def get(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Get]:
    path: Path = tmp_path_factory.mktemp("views") / "archive.db"
    with Archive.open(path, mode="write") as archive:
        for slug, counts in COUNTS.items():
            for hours, views in counts:
                seen = article(slug, headline=f"Gas {slug}", body=f"Text of {slug}", views=views)
                save(archive, seen, seen_at=hour(hours))
    with browsing(path) as asked:
        yield asked


def rows_of(page: str) -> list[list[str]]:
    rows = Selector(page).css("#rows tbody tr")
    return [[cell.xpath("string()").get("") for cell in row.css("td")] for row in rows]


def test_the_most_viewed_at_the_same_age_come_with_their_coverage(get: Get) -> None:
    page = get("/archive/-/charts/age?age=24").text
    assert [row[:2] for row in rows_of(page)] == [["2 Gas b", "593"], ["1 Gas a", "193"]]
    note = "Known for 2 of 4 articles, not for: 1 no earlier view count, 1 view counts too far apart."
    assert note in Selector(page).css("p.quiet::text").getall()
    assert Selector(page).css("#rows tbody tr::attr(data-href)").getall() == [
        "/archive/articles/2",
        "/archive/articles/1",
    ]


def test_the_chart_of_an_age_is_filtered_by_the_site_s_days(get: Get) -> None:
    assert len(rows_of(get("/archive/-/charts/age?from=2026-01-06&to=2026-01-06").text)) == 2
    assert rows_of(get("/archive/-/charts/age?from=2026-01-07").text) == []
    assert rows_of(get("/archive/-/charts/age?section=none").text) == []


def test_growth_is_shown_as_counts_or_as_share_of_the_latest(get: Get) -> None:
    page = get("/archive/-/charts/views?articles=4&articles=1&show=share&hours=log&counts=log").text
    shown = [(row[0], row[2], row[3]) for row in rows_of(page)]
    assert shown == [
        ("1 Gas a", "100", "0.333"),
        ("1 Gas a", "300", "1.0"),
        ("4 Gas d", "5", "0.05"),
        ("4 Gas d", "50", "0.5"),
        ("4 Gas d", "100", "1.0"),
    ]
    figure = Selector(page).css("figure").attrib
    assert (figure["data-y"], figure["data-scale"], figure["data-counts"]) == ("share", "log", "log")


def test_articles_are_chosen_by_ticks_in_the_search(get: Get) -> None:
    form = Selector(get("/archive/-/search?q=gas").text).xpath("//form[.//input[@name='articles']]")
    assert form.attrib["action"] == "/archive/-/charts/views"
    ids = form.css("input[name=articles]::attr(value)").getall()
    assert sorted(ids) == ["1", "2", "3", "4"]
    page = get(f"{form.attrib['action']}?articles={ids[0]}&articles={ids[1]}").text
    assert {row[-1] for row in rows_of(page)} == {ids[0], ids[1]}
    assert Selector(page).css("input[name=articles]::attr(value)").get() == f"{ids[0]}, {ids[1]}"


def test_the_home_page_compares_at_24_hours_if_it_can(tmp_path: Path) -> None:
    path = tmp_path / "archive.db"
    with Archive.open(path, mode="write") as archive:
        for number in range(8):
            # The later articles have fewer views after a day, and more at last.
            for hours, views in ((12, 100 - number), (36, 300 - number), (100, 400 + 100 * number)):
                seen = article(f"s{number}", headline=f"N{number}", body=f"Text {number}", views=views)
                save(archive, seen, seen_at=hour(hours))
    with browsing(path) as asked:
        page = Selector(asked("/archive/-/home").text)
        assert "Views 24 hours after publication" in (page.css("body").xpath("string()").get() or "")
        assert page.css(".ranked")[0].css("a::text").getall() == [f"N{number}" for number in range(8)]
        assert "193 views" in (page.css(".ranked")[0].xpath("string()").get() or "")
