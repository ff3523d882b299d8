"""The page of attention over time, without a browser."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from parsel import Selector

from caliber_crawler.archive import Archive
from caliber_crawler.browse import attention_page
from tests.browse.conftest import Get, browsing
from tests.browse.newsroom import article, print_hostile_newspaper, save

BAKU = timezone(timedelta(hours=4))


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Get, Archive]]:
    path = tmp_path_factory.mktemp("library") / "archive.db"
    with Archive.open(path, mode="write") as archive:
        for number in range(12):
            # The first one at half past one in Baku: still the day before in UTC.
            at = datetime(2026, 1 + number % 3, 1, 1, 30, tzinfo=BAKU)
            body = "gas and oil" if number % 2 else "gas only"
            section = "politics" if number % 4 else "economics"
            save(archive, article(f"a{number}", headline=f"H{number}", body=body, section=section, published_at=at))
    with browsing(path) as get, Archive.open(path) as archive:
        yield get, archive


def rows_of(page: str) -> list[list[str]]:
    return [[cell.xpath("string()").get("") for cell in row.css("td")] for row in Selector(page).css("#rows tbody tr")]


def test_the_table_has_the_numbers_of_the_archive(library: tuple[Get, Archive]) -> None:
    get, archive = library
    page = get("/archive/-/attention?q=gas&q=oil&by=month&measure=share").text
    assert rows_of(page) == [
        [r["query"], r["period"], str(r["articles"]), str(r["of_all"]), f"{r['share']:.1%}"]
        for r in archive.attention(["gas", "oil"])
    ]
    figure = Selector(page).css("figure")
    assert json.loads(figure.attrib["data-domain"]) == ["gas", "oil"]
    assert figure.attrib["data-y"] == "share"


def test_a_point_leads_to_its_articles(library: tuple[Get, Archive]) -> None:
    get, _ = library
    page = Selector(get("/archive/-/attention?q=oil&breakdown=section&language=en").text)
    for row in page.css("#rows tbody tr"):
        query, section, period, articles, *_ = (cell.xpath("string()").get("") for cell in row.css("td"))
        url = row.attrib.get("data-href")
        assert (url is None) == (articles == "0")
        if url:
            assert row.css("a::attr(href)").get() == url
            assert parse_qs(urlsplit(url).query)["section"] == [section]
            found = Selector(get(url).text)
            assert len(found.css(".hits h2")) == int(articles), (query, period)


def test_csv_and_json_have_every_row(library: tuple[Get, Archive]) -> None:
    get, archive = library
    rows = list(csv.DictReader(io.StringIO(get("/archive/-/attention.csv?q=gas&q=oil&by=week").text)))
    expected = list(archive.attention(["gas", "oil"], by="week"))
    assert [(row["query"], row["period"], int(row["articles"])) for row in rows] == [
        (row["query"], row["period"], row["articles"]) for row in expected
    ]
    answer = get("/archive/-/attention.json?q=gas").json()
    assert answer["state"] == archive.attention("gas").state
    assert answer["rows"] == list(archive.attention("gas"))


def test_sections_have_the_same_colours_whatever_is_asked(library: tuple[Get, Archive]) -> None:
    get, _ = library
    domains = {
        Selector(get(f"/archive/-/{page}").text).css("figure::attr(data-domain)").get()
        for page in (
            "attention?q=gas&breakdown=section",
            "attention?q=gas&breakdown=section&section=politics",
            "charts/published",
            "charts/published?section=politics&from=2026-02-01",
        )
    }
    assert [json.loads(domain or "") for domain in domains] == [["economics", "politics", "none"]]


def test_the_permalink_names_the_state_of_the_archive(library: tuple[Get, Archive]) -> None:
    get, _ = library
    page = Selector(get("/archive/-/attention?q=gas&q=oil&by=week&to=2026-02-01").text)
    permalink = page.xpath("//a[text()='Permalink']/@href").get("")
    again = get(permalink)
    assert rows_of(again.text) == rows_of(page.get() or "")
    assert "has changed since" not in again.text
    changed = permalink.replace("state=", "state=0000")
    assert "The archive has changed since this link was made" in get(changed).text


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ("q=gas+AND", "AND needs a word on both sides"),
        ("q=gas&from=soon", "“soon” is not a date"),
        ("q=gas&within=(", "A word is missing here"),
        ("&".join(f"q=w{n}" for n in range(11)), "At most 10 queries"),
    ],
)
def test_a_wrong_question_has_a_message(library: tuple[Get, Archive], parameters: str, message: str) -> None:
    get, _ = library
    for page in ("attention", "attention.csv", "attention.json"):
        response = get(f"/archive/-/{page}?{parameters}")
        assert response.status_code == 400
        assert message in response.text


def test_too_many_points_have_a_message_and_a_csv(
    library: tuple[Get, Archive], monkeypatch: pytest.MonkeyPatch
) -> None:
    get, _ = library
    monkeypatch.setattr(attention_page, "MAX_POINTS", 2)
    page = get("/archive/-/attention?q=gas")
    assert page.status_code == 200
    assert "This gives 3 points" in page.text
    assert not rows_of(page.text)
    assert len(get("/archive/-/attention.csv?q=gas").text.splitlines()) == 4


def test_a_page_without_queries_says_what_to_do(library: tuple[Get, Archive]) -> None:
    get, _ = library
    assert "Enter one or more queries" in get("/archive/-/attention").text
    assert "no articles with a date" in get("/archive/-/attention?q=gas&language=hy").text


def test_hostile_queries_are_inert(tmp_path: Path) -> None:
    path = tmp_path / "archive.db"
    print_hostile_newspaper(path)
    with browsing(path) as get:
        hostile = "%22%3E%3Cscript%3Ealert(1)%3C/script%3E"
        for parameters in (f"q=alert&q=%22{hostile}%22", f"q=alert&within={hostile}", f"q=alert&state={hostile}"):
            page = Selector(get(f"/archive/-/attention?{parameters}").text)
            assert not [script for script in page.css("script::text").getall() if script.strip()]
            assert not page.css("script:not([src])")
        for each in ("section", "author", "language"):
            page = Selector(get(f"/archive/-/attention?q=alert&breakdown={each}").text)
            assert not page.css("script:not([src]), svg")
