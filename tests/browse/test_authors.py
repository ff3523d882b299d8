"""Facet and filter by author."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from caliber_crawler.archive import Archive
from tests.browse.conftest import Get, browsing
from tests.browse.datasette_json import facet_results
from tests.browse.newsroom import article, save

ANNA, BORIS = "Anna “A.” Əliyeva", "Boris & Sons"


@pytest.fixture(scope="module")
def get(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Get]:
    path: Path = tmp_path_factory.mktemp("authors") / "archive.db"
    with Archive.open(path, mode="write") as archive:
        for name, language, authors in (
            ("one", "en", (ANNA,)),
            ("two", "en", (ANNA, BORIS)),
            ("three", "ru", (ANNA,)),
            ("four", "ru", ()),
        ):
            save(archive, article(name, headline=name, language=language, authors=authors))
    with browsing(path) as get:
        yield get


def headlines(get: Get, query: str) -> list[str]:
    rows = get(f"/archive/articles.json?_shape=objects&_sort=id&{query}").json()["rows"]
    return [row["headline"] for row in rows]


def author_counts(get: Get, query: str = "") -> dict[str, int]:
    facet = facet_results(get, f"/archive/articles.json?{query}")["authors"]
    return {result["value"]: result["count"] for result in facet["results"]}


def test_authors_are_sorted_by_number_of_articles(get: Get) -> None:
    assert list(author_counts(get).items()) == [(ANNA, 3), (BORIS, 1)]


def test_the_author_facet_counts_filtered_articles(get: Get) -> None:
    assert author_counts(get, "language=ru") == {ANNA: 1}
    assert author_counts(get, f"_author={quote(BORIS)}") == {ANNA: 1, BORIS: 1}


def test_articles_are_filtered_by_one_or_two_authors(get: Get) -> None:
    assert headlines(get, f"_author={quote(ANNA)}") == ["one", "two", "three"]
    assert headlines(get, f"_author={quote(ANNA)}&_author={quote(BORIS)}") == ["two"]
    assert headlines(get, f"_author={quote(ANNA)}&language=ru") == ["three"]
    assert headlines(get, "_author=Nobody") == []


def test_a_selected_author_can_be_deselected(get: Get) -> None:
    facet = facet_results(get, f"/archive/articles.json?_author={quote(ANNA)}")["authors"]
    chosen = next(result for result in facet["results"] if result["value"] == ANNA)
    assert chosen["selected"]
    assert "_author" not in chosen["toggle_url"]


def test_the_page_describes_the_author_filter(get: Get) -> None:
    assert "by Boris &amp; Sons" in get(f"/archive/articles?_author={quote(BORIS)}").text


def test_other_tables_ignore_the_author_filter(get: Get) -> None:
    assert len(get(f"/archive/versions.json?_author={quote(BORIS)}").json()["rows"]) == 4
