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
from tests.properties import examples


def headlines(get: Get, query: str) -> list[str]:
    response = get(f"/archive/-/search?{query}")
    assert response.status_code == 200
    return Selector(response.text).css(".hits h2 a::text").getall()


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Get]:
    """45 articles with the word grain, which is more frequent in those with a higher number."""
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
def test_inflections_are_found_and_marked(get: Get, query: str, headline: str) -> None:
    shown = Selector(get(f"/archive/-/search?q={quote(query)}").text)
    assert shown.css(".hits h2 a::text").getall() == [headline]
    assert shown.css("mark::text").getall()
    assert "1 article, showing 1 to 1" in " ".join(shown.css("[role=status]::text").getall())


def test_search_is_filtered_by_url_parameters(get: Get) -> None:
    assert len(headlines(get, "q=baku OR министр OR նախարար".replace(" ", "+"))) == 3
    every = "q=baku+OR+министр+OR+նախարար"
    assert headlines(get, f"{every}&language=ru") == ["Совещание министров"]
    assert headlines(get, f"{every}&section=politics") == ["Բաքվի բանաձևը"]
    assert headlines(get, f"{every}&from=2026-02-01") == ["Совещание министров"]
    assert len(headlines(get, f"{every}&to=2026-01-06")) == 2
    assert headlines(get, f"{every}&site=nowhere") == []


def test_hits_are_sorted_by_relevance_or_date(many: Get, get: Get) -> None:
    assert headlines(many, "q=grain")[0] == "Number 44"
    assert headlines(get, "q=baku+OR+министр&order=newest")[0] == "Совещание министров"


def test_pagination_has_no_gaps_or_repetitions(many: Get) -> None:
    address, seen = "/archive/-/search?q=grain", []
    while address:
        shown = Selector(many(address).text)
        seen += shown.css(".hits h2 a::text").getall()
        address = shown.css("a[rel=next]::attr(href)").get("")
    assert sorted(seen) == sorted(f"Number {number}" for number in range(45))


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("q=…", "The query has no search terms: use letters or digits."),
        ("q=-baku", "The query only excludes. Add a word to search for."),
        ("q=baku&from=yesterday", "“yesterday” is not a date: write it as 2026-01-31."),
        ("q=baku&to=2026-02-30", "“2026-02-30” is not a date: write it as 2026-01-31."),
        ("q=" + "+".join(f"word{n}" for n in range(240)), "The query has more than 200 words."),
    ],
)
def test_an_invalid_query_has_a_message(get: Get, query: str, message: str) -> None:
    response = get(f"/archive/-/search?{query}")
    assert response.status_code == 400
    assert Selector(response.text).css(".notice p::text").get() == message
    answer = get(f"/archive/-/search.json?{query}")
    assert (answer.status_code, answer.json()["message"]) == (400, message)
    assert get(f"/archive/-/search.csv?{query}").status_code == 400
    assert get(f"/archive/-/feeds/articles?{query}").status_code == 400


def test_the_place_of_a_mistake_is_marked(get: Get) -> None:
    shown = Selector(get("/archive/-/search?q=baku+AND+(OR+pact)").text)
    assert shown.css(".wrong mark::text").get() == "OR"
    assert "".join(shown.css(".wrong code ::text").getall()) == "baku AND (OR pact)"
    assert get("/archive/-/search.json?q=baku+AND+(OR+pact)").json()["place"] == [10, 12]
    lines = get("/archive/-/feeds/articles?q=baku+AND+(OR+pact)").text.splitlines()
    assert lines[2].index("^") == lines[1].index("OR")


def test_a_query_with_operators_is_shown_as_understood(get: Get) -> None:
    page = get("/archive/-/search?q=baku+or+pact+not+gas").text
    assert Selector(page).css("p.quiet code::text").get() == "baku OR (pact NOT gas)"


def test_a_query_without_hits_has_a_message(get: Get) -> None:
    page = get("/archive/-/search?q=zebra").text
    assert "No articles match in their current text." in page


def test_an_empty_search_lists_all_articles_newest_first(get: Get) -> None:
    assert headlines(get, "") == ["Совещание министров", "Բաքվի բանաձևը", "Baku’s new formula"]
    assert headlines(get, "q=+") == headlines(get, "")
    shown = Selector(get("/archive/-/search").text)
    assert shown.css("h1::text").get() == "Articles"
    assert shown.css("nav a[aria-current]::text").get() == "Articles"
    assert "3 articles, newest first, showing 1 to 3" in " ".join(shown.css("[role=status]::text").getall())
    assert shown.css(".histogram a")
    assert shown.css(".facet b::text").getall() == ["Language", "Section"]


def test_the_list_of_all_articles_is_filtered_like_a_search(get: Get) -> None:
    assert headlines(get, "language=ru") == ["Совещание министров"]
    assert headlines(get, "section=politics&from=2026-01-01&to=2026-01-31") == ["Բաքվի բանաձևը"]
    assert headlines(get, "site=nowhere") == []
    assert "No articles with these filters." in get("/archive/-/search?site=nowhere").text
    rows = list(csv.DictReader(io.StringIO(get("/archive/-/search.csv?language=ru").text)))
    assert [row["headline"] for row in rows] == ["Совещание министров"]
    assert get("/archive/-/search.json").json()["total"] == 3
    assert get("/archive/-/citations.ris?language=ru").text.count("TY  - ") == 1


def test_the_list_of_all_articles_has_pages_without_gaps(many: Get) -> None:
    address, seen = "/archive/-/search", []
    while address:
        shown = Selector(many(address).text)
        seen += shown.css(".hits h2 a::text").getall()
        address = shown.css("a[rel=next]::attr(href)").get("")
    assert sorted(seen) == sorted(f"Number {number}" for number in range(45))


def test_the_last_page_says_that_there_are_more_articles(many: Get, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("caliber_crawler.browse.search_page.MAX_PAGES", 2)
    assert not Selector(many("/archive/-/search").text).css(".notice")
    notice = Selector(many("/archive/-/search?page=2").text).css(".notice::text").get("")
    assert notice.startswith("The pages end at article 40 of 45.")


def test_a_file_of_the_first_articles_says_how_many_it_leaves_out(many: Get, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("caliber_crawler.browse.search_page.MAX_EXPORTED", 10)
    assert "(the first 10 of 45;" in " ".join(
        Selector(many("/archive/-/search").text).css("[role=status] ::text").getall()
    )
    assert len(list(csv.DictReader(io.StringIO(many("/archive/-/search.csv").text)))) == 10


@pytest.mark.slow
@settings(max_examples=examples(40), deadline=None)
@given(query=st.text(st.characters(exclude_categories=["Cs"]), max_size=40), number=st.text(max_size=4))
def test_any_query_has_results_or_a_message(get: Get, query: str, number: str) -> None:
    response = get(f"/archive/-/search?q={quote(query)}&page={quote(number)}")
    assert response.status_code == (400 if 'class="notice"' in response.text else 200)


@pytest.mark.parametrize("number", ["0", "-1", "1.5", "x", "9" * 5000, "٣", ""])
def test_an_invalid_page_number_is_the_first_page(many: Get, number: str) -> None:
    assert headlines(many, f"q=grain&page={quote(number)}") == headlines(many, "q=grain")


def test_hits_are_available_as_json_and_csv(get: Get) -> None:
    answer = get("/archive/-/search.json?q=baku").json()
    assert answer["total"] == 1
    assert answer["hits"][0]["headline"] == "Baku’s new formula"
    snippet, matches = answer["hits"][0]["snippet"], answer["hits"][0]["matches"]
    assert [snippet[start:end] for start, end in matches] == ["Baku"]
    response = get("/archive/-/search.csv?q=baku")
    assert response.headers["content-disposition"] == 'attachment; filename="search.csv"'
    (row,) = csv.DictReader(io.StringIO(response.text))
    assert (row["headline"], row["url"]) == ("Baku’s new formula", "https://caliber.az/en/post/formula")


def test_csv_cells_are_not_formulas(tmp_path: Path) -> None:
    path = tmp_path / "archive.db"
    with Archive.open(path, mode="write") as archive:
        for sign in "=+-@":
            save(archive, article(f"x{ord(sign)}", headline=f"{sign}1+cmd|' /C calc'!A0", body="danger here"))
    with browsing(path) as get:
        rows = list(csv.DictReader(io.StringIO(get("/archive/-/search.csv?q=danger").text)))
        assert len(rows) == 4
        assert all(row["headline"].startswith("'") for row in rows)


def test_hostile_queries_and_hits_are_escaped(tmp_path: Path) -> None:
    path = tmp_path / "archive.db"
    print_hostile_newspaper(path)
    with browsing(path) as get:
        query = quote("alert headline\"><script>alert('q')</script>")
        page = get(f"/archive/-/search?q={query}&language=%22%3E%3Cscript%3Ealert(1)%3C/script%3E").text
        assert not Selector(page).css("script")
        assert not Selector(get("/archive/-/search?q=alert").text).css("script, svg")
        assert Selector(get("/archive/-/search?q=alert").text).css("mark")
