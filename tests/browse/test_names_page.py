"""Names and quotations in the browser: their page, their files, and their part of an article's page."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from lxml import etree
from parsel import Selector

from caliber_crawler.archive import Archive
from tests.browse.conftest import Get, browsing
from tests.browse.newsroom import article, hour, save

HOSTILE = "<script>alert(1)</script> =cmd|x"
BODIES = {
    "first": "Aram Ghazaryan spoke in Baku. “We are <b>ready</b> to go,” Ghazaryan said.",
    "second": "Anna Petrosyan met Aram Ghazaryan. Petrosyan said: “Nobody asked us in time.”",
    "third": "Nobody came, and nobody said a word.",
}


def write(path: Path, *, is_searched: bool) -> None:
    with Archive.open(path, mode="write") as archive:
        for number, (slug, body) in enumerate(BODIES.items()):
            save(archive, article(slug, headline=f"{HOSTILE} {slug}", body=body), seen_at=hour(number))
        if is_searched:
            for _ in archive.names.find():
                pass
            # No text gives such names; a damaged or forged archive may have them.
            archive.db.execute("UPDATE mentions SET name = ? WHERE name = 'Baku'", (HOSTILE,))


@pytest.fixture(scope="module")
def get(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Get]:
    path = tmp_path_factory.mktemp("names") / "archive.db"
    write(path, is_searched=True)
    with browsing(path) as asked:
        yield asked


def page(get: Get, url: str) -> Selector:
    response = get(f"/archive/{url}")
    assert response.status_code == 200
    return Selector(response.text)


def names(selector: Selector) -> list[str]:
    return selector.css("tbody td:first-child a::text").getall()


def rows(get: Get, url: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(get(f"/archive/{url}").text)))


def test_the_page_lists_names_with_counts(get: Get) -> None:
    listed = page(get, "-/names")
    assert names(listed) == ["Aram Ghazaryan", "Anna Petrosyan", HOSTILE]
    assert listed.css("tbody tr:first-child td.number::text").getall() == ["2", "3"]
    assert listed.css("script:not([src])").getall() == []


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("kind=place", [HOSTILE]),
        ("kind=nonsense", ["Aram Ghazaryan", "Anna Petrosyan", HOSTILE]),
        ("q=nobody+asked", ["Anna Petrosyan", "Aram Ghazaryan"]),
        ("from=2030-01-01", []),
        ("language=ru", []),
    ],
)
def test_filters_are_those_of_the_search(get: Get, query: str, shown: list[str]) -> None:
    assert names(page(get, f"-/names?{query}")) == shown


def test_a_name_has_its_articles_and_quotations(get: Get) -> None:
    link = page(get, "-/names?kind=person").css("tbody tr:nth-child(2) a::attr(href)").get("")
    shown = page(get, link.removeprefix("/archive/"))
    assert shown.css("h1::text").get() == "Anna Petrosyan"
    assert shown.css("#articles li a::text").getall() == [f"{HOSTILE} second"]
    assert "".join(shown.css("#quotations blockquote::text").getall()).strip() == "Nobody asked us in time."


def test_an_unknown_name_has_similar_ones(get: Get) -> None:
    shown = page(get, "-/names?name=petrosyan")
    assert shown.css(".notice a::text").getall() == ["Anna Petrosyan"]


def test_files_have_every_row(get: Get) -> None:
    listed = page(get, "-/names")
    files = [href for href in listed.css("a::attr(href)").getall() if "/names." in href]
    assert [get(href).status_code for href in files] == [200, 200, 200]
    assert [row["name"] for row in rows(get, "-/names.csv?kind=person")] == ["Aram Ghazaryan", "Anna Petrosyan"]
    # Spreadsheets would run a cell that begins with an equals sign.
    assert rows(get, "-/names.csv?kind=place")[0]["name"] == HOSTILE
    assert [row["article_id"] for row in rows(get, "-/names.csv?name=Anna+Petrosyan")] == ["2"]
    spoken = rows(get, "-/names.csv?show=quotations&name=Aram+Ghazaryan")
    assert [row["quotation"] for row in spoken] == ["We are <b>ready</b> to go"]
    tree = etree.fromstring(get("/archive/-/names.gexf").content)
    assert [node.get("label") for node in tree.iter("{*}node")] == ["Aram Ghazaryan", "Anna Petrosyan", HOSTILE]


@pytest.mark.parametrize("file", ["names", "names.csv", "names.gexf"])
@pytest.mark.parametrize("query", ["from=tomorrow", "q=%22open"])
def test_a_mistake_of_the_visitor_is_a_sentence(get: Get, file: str, query: str) -> None:
    response = get(f"/archive/-/{file}?{query}")
    assert response.status_code in ((200,) if file == "names" else (400,))
    assert "Traceback" not in response.text
    assert ("not a date" if "from" in query else "not closed") in response.text


def test_the_page_of_an_article_has_its_names_and_quotations(get: Get) -> None:
    shown = page(get, "articles/1")
    assert shown.css("#names li a::text").getall() == ["Aram Ghazaryan", HOSTILE]
    assert "".join(shown.css("#quotations blockquote::text").getall()).strip() == "We are <b>ready</b> to go"
    assert shown.css("#quotations footer a::text").getall() == ["Aram Ghazaryan"]
    assert not page(get, "articles/3").css("#names, #quotations")


def test_counts_are_new_after_a_search_or_an_edit(tmp_path: Path) -> None:
    path = tmp_path / "archive.db"
    write(path, is_searched=True)
    with browsing(path) as get:
        assert len(names(page(get, "-/names"))) == 3
        with Archive.open(path, mode="write") as archive:
            save(archive, article("second", headline="Second", body="Nino Lomidze came."), seen_at=hour(9))
        assert names(page(get, "-/names")) == ["Aram Ghazaryan", HOSTILE]
        with Archive.open(path, mode="write") as archive:
            for _ in archive.names.find():
                pass
        assert names(page(get, "-/names")) == ["Aram Ghazaryan", HOSTILE, "Nino Lomidze"]


def test_before_a_search_the_page_says_what_to_do(tmp_path: Path) -> None:
    write(tmp_path / "archive.db", is_searched=False)
    with browsing(tmp_path / "archive.db") as get:
        assert "caliber names find" in page(get, "-/names").css(".notice").get("")
