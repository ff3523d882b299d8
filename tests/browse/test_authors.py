"""Who wrote how much, and what."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from caliber_crawler.archive import Archive
from tests.browse.conftest import Get, browsing
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


def counted(get: Get, query: str = "") -> dict[str, int]:
    facet = get(f"/archive/articles.json?{query}").json()["facet_results"]["authors"]
    return {result["value"]: result["count"] for result in facet["results"]}


def test_authors_are_counted_the_busiest_first(get: Get) -> None:
    assert list(counted(get).items()) == [(ANNA, 3), (BORIS, 1)]


def test_only_the_articles_shown_are_counted(get: Get) -> None:
    assert counted(get, "language=ru") == {ANNA: 1}
    assert counted(get, f"_author={quote(BORIS)}") == {ANNA: 1, BORIS: 1}


def test_one_author_or_two_narrow_the_table(get: Get) -> None:
    assert headlines(get, f"_author={quote(ANNA)}") == ["one", "two", "three"]
    assert headlines(get, f"_author={quote(ANNA)}&_author={quote(BORIS)}") == ["two"]
    assert headlines(get, f"_author={quote(ANNA)}&language=ru") == ["three"]
    assert headlines(get, "_author=Nobody") == []


def test_an_author_who_was_chosen_can_be_taken_back(get: Get) -> None:
    facet = get(f"/archive/articles.json?_author={quote(ANNA)}").json()["facet_results"]["authors"]
    chosen = next(result for result in facet["results"] if result["value"] == ANNA)
    assert chosen["selected"]
    assert "_author" not in chosen["toggle_url"]


def test_the_page_says_by_whom(get: Get) -> None:
    assert "by Boris &amp; Sons" in get(f"/archive/articles?_author={quote(BORIS)}").text


def test_other_tables_know_nothing_of_it(get: Get) -> None:
    assert len(get(f"/archive/versions.json?_author={quote(BORIS)}").json()["rows"]) == 4
