from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from parsel import Selector

from caliber_crawler.archive import Archive
from tests.browse.conftest import Get, browsing
from tests.browse.newsroom import article, print_hostile_newspaper, save


def found(get: Get, query: str) -> list[str]:
    response = get(f"/archive/-/search?{query}")
    assert response.status_code == 200
    return Selector(response.text).css(".hits h2 a::text").getall()


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Get]:
    """Forty-five articles about grain; those with a higher number name it more often."""
    path = tmp_path_factory.mktemp("many") / "archive.db"
    with Archive.open(path, mode="write") as archive:
        for number in range(45):
            body = "grain " * (number + 1) + "and other words " * (60 - number)
            save(archive, article(f"a{number}", headline=f"Number {number}", body=body))
    with browsing(path) as get:
        yield get


@pytest.mark.parametrize(
    ("query", "headline"),
    [("ministers", "Baku’s new formula"), ("министрами", "Совещание министров"), ("նախարար", "Բաքվի բանաձևը")],
)
def test_a_word_is_found_in_every_form_and_marked(get: Get, query: str, headline: str) -> None:
    shown = Selector(get(f"/archive/-/search?q={quote(query)}").text)
    assert shown.css(".hits h2 a::text").getall() == [headline]
    assert shown.css("mark::text").getall()
    assert "1 article, 1 to 1 shown" in " ".join(shown.css("[role=status]::text").getall())


def test_filters_narrow_and_stand_in_the_address(get: Get) -> None:
    assert len(found(get, "q=baku OR министр OR նախարար".replace(" ", "+"))) == 3
    every = "q=baku+OR+министр+OR+նախարար"
    assert found(get, f"{every}&language=ru") == ["Совещание министров"]
    assert found(get, f"{every}&section=politics") == ["Բաքվի բանաձևը"]
    assert found(get, f"{every}&from=2026-02-01") == ["Совещание министров"]
    assert len(found(get, f"{every}&to=2026-01-06")) == 2
    assert found(get, f"{every}&site=nowhere") == []


def test_the_best_stand_first_or_the_newest(many: Get, get: Get) -> None:
    assert found(many, "q=grain")[0] == "Number 44"
    assert found(get, "q=baku+OR+министр&order=newest")[0] == "Совещание министров"


def test_pages_follow_each_other_without_gap_or_repetition(many: Get) -> None:
    address, seen = "/archive/-/search?q=grain", []
    while address:
        shown = Selector(many(address).text)
        seen += shown.css(".hits h2 a::text").getall()
        address = shown.css("a[rel=next]::attr(href)").get("")
    assert sorted(seen) == sorted(f"Number {number}" for number in range(45))


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("q=***", "“***” has no word to look for: only letters and digits are."),
        ("q=-baku", "Every word of this is to be left out. Name one that is to be there."),
        ("q=baku&from=yesterday", "“yesterday” is no day: write it as 2026-01-31."),
        ("q=baku&to=2026-02-30", "“2026-02-30” is no day: write it as 2026-01-31."),
        ("q=" + "+".join(f"word{n}" for n in range(40)), "Only the first 24 words were looked for."),
    ],
)
def test_a_bad_query_is_answered_honestly(get: Get, query: str, message: str) -> None:
    shown = Selector(get(f"/archive/-/search?{query}").text)
    assert shown.css(".notice::text").get() == message
    assert get(f"/archive/-/search.json?{query}").json()["message"] == message


def test_what_is_not_found_is_said(get: Get) -> None:
    page = get("/archive/-/search?q=zebra").text
    assert "No article has all of these words in its current text." in page
    assert found(get, "q=") == []


@settings(max_examples=40, deadline=None)
@given(query=st.text(st.characters(exclude_categories=["Cs"]), max_size=40), number=st.text(max_size=4))
def test_any_query_is_no_error(get: Get, query: str, number: str) -> None:
    assert get(f"/archive/-/search?q={quote(query)}&page={quote(number)}").status_code == 200


@pytest.mark.parametrize("number", ["0", "-1", "1.5", "x", "9" * 5000, "٣", ""])
def test_a_page_that_cannot_be_is_the_first(many: Get, number: str) -> None:
    assert found(many, f"q=grain&page={quote(number)}") == found(many, "q=grain")


def test_hits_are_to_be_had_as_json_and_csv(get: Get) -> None:
    answer = get("/archive/-/search.json?q=baku").json()
    assert answer["total"] == 1
    assert answer["hits"][0]["headline"] == "Baku’s new formula"
    snippet, matches = answer["hits"][0]["snippet"], answer["hits"][0]["matches"]
    assert [snippet[start:end] for start, end in matches] == ["Baku"]
    response = get("/archive/-/search.csv?q=baku")
    assert response.headers["content-disposition"] == 'attachment; filename="search.csv"'
    (row,) = csv.DictReader(io.StringIO(response.text))
    assert (row["headline"], row["url"]) == ("Baku’s new formula", "https://caliber.az/en/post/formula")


def test_no_cell_of_the_csv_is_a_formula(tmp_path: Path) -> None:
    path = tmp_path / "archive.db"
    with Archive.open(path, mode="write") as archive:
        for sign in "=+-@":
            save(archive, article(f"x{ord(sign)}", headline=f"{sign}1+cmd|' /C calc'!A0", body="danger here"))
    with browsing(path) as get:
        rows = list(csv.DictReader(io.StringIO(get("/archive/-/search.csv?q=danger").text)))
        assert len(rows) == 4
        assert all(row["headline"].startswith("'") for row in rows)


def test_a_hostile_query_and_hostile_hits_stay_text(tmp_path: Path) -> None:
    path = tmp_path / "archive.db"
    print_hostile_newspaper(path)
    with browsing(path) as get:
        query = quote("alert headline\"><script>alert('q')</script>")
        page = get(f"/archive/-/search?q={query}&language=%22%3E%3Cscript%3Ealert(1)%3C/script%3E").text
        assert not Selector(page).css("script")
        assert not Selector(get("/archive/-/search?q=alert").text).css("script, svg")
        assert Selector(get("/archive/-/search?q=alert").text).css("mark")
