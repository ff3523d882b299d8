from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from parsel import Selector

from tests.browse.conftest import Get
from tests.properties import examples

ODD = [
    '"',
    "'",
    "AND",
    "OR",
    "NOT",
    "NEAR(",
    "*",
    "a*",
    "-",
    "--",
    "(",
    ")",
    "col:x",
    "headline:",
    "\\",
    "%",
    "^",
    "{}",
    "+",
    ";",
    "\x00",
    "😀",
    "",
    " ",
    '"""',
]


def headlines(get: Get, table: str, query: str) -> list[str]:
    response = get(f"/archive/{table}.json?_shape=array&_search={quote(query)}")
    assert response.status_code == 200, response.text
    return [row["headline"] for row in response.json()]


def test_tables_with_texts_have_a_search_box(get: Get) -> None:
    assert Selector(get("/archive/articles").text).css("input[name=_search]")
    assert Selector(get("/archive/article_texts").text).css("input[name=_search]")
    assert Selector(get("/archive/versions").text).css("input[name=_search]")


@pytest.mark.parametrize("table", ["articles", "article_texts"])
def test_articles_are_searched_in_their_current_text(get: Get, table: str) -> None:
    assert headlines(get, table, "nothing agreed") == ["Baku’s new formula"]
    assert headlines(get, table, "sanctions") == []


def test_versions_are_searched_in_earlier_texts(get: Get) -> None:
    assert headlines(get, "versions", "sanctions") == ["Baku’s geopolitical formula"]


@pytest.mark.parametrize(
    ("query", "headline"),
    [
        ("minister", "Baku’s new formula"),
        ("министрами", "Совещание министров"),
        ("еще", "Совещание министров"),
        ("նախարար", "Բաքվի բանաձևը"),
    ],
)
def test_search_finds_inflected_words(get: Get, query: str, headline: str) -> None:
    assert headlines(get, "articles", query) == [headline]


@pytest.mark.parametrize("query", ODD)
def test_an_odd_query_has_results_or_a_message_about_its_place(get: Get, query: str) -> None:
    for table in ("articles", "article_texts", "versions"):
        response = get(f"/archive/{table}?_search={quote(query)}")
        assert response.status_code == 200 or (response.status_code == 400 and ", character " in response.text)


def test_a_wrong_query_of_a_table_has_a_message(get: Get) -> None:
    for table in ("articles", "article_texts", "versions"):
        response = get(f"/archive/{table}?_search=baku+AND")
        assert response.status_code == 400
        assert "AND needs a word on both sides" in response.text
    assert "looks at the text only" in get("/archive/articles?_search=author:x").text


@pytest.mark.slow
@settings(max_examples=examples(40), deadline=None)
@given(query=st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
def test_any_query_has_results_or_a_message(get: Get, query: str) -> None:
    response = get(f"/archive/articles.json?_size=1&_nofacet=1&_search={quote(query)}")
    assert response.status_code == 200 or ", character " in response.json()["error"]


def test_a_column_search_of_articles_is_refused(get: Get) -> None:
    response = get("/archive/articles?_search_headline=formula")
    assert response.status_code == 400
    assert "Search the column headline in the table versions" in response.text
    assert get("/archive/versions?_search_headline=formula").status_code == 200
