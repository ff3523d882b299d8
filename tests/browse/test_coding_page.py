"""Content analysis in the browser: codebook, counts, agreement and samples."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

import pytest
from parsel import Selector

from caliber_crawler.archive import Archive
from caliber_crawler.archive.analysis.coding import Variable
from tests.browse.conftest import Get, browsing
from tests.browse.datasette_json import facet_results
from tests.browse.newsroom import article, hour, save

HOSTILE = "<script>alert('code')</script>"


@pytest.fixture(scope="module")
def coded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Get]:
    path = tmp_path_factory.mktemp("coding") / "archive.db"
    with Archive.open(path, mode="write") as archive:
        for number in range(4):
            save(archive, article(f"story-{number}", headline=f"Story {number}"), seen_at=hour(number))
        archive.coding.replace_codebook(
            [Variable(name="tone", label="How?", codes=("good", "bad")), Variable(name="remark", label=HOSTILE)]
        )
        units = archive.coding.sample(4, seed=1).units
        for coder, tones in (("Aida", ["good", "good", "bad"]), ("Bahar", ["good", "bad", "bad"])):
            rows = [
                {"unit": unit["unit"], "url": unit["url"], "tone": tone, "remark": HOSTILE}
                for unit, tone in zip(units, tones, strict=False)
            ]
            assert not archive.coding.import_codes(list(rows[0]), rows, coder=coder).issues
        # The first article is edited after it was coded.
        slug = units[0]["url"].rpartition("/")[2]
        save(archive, article(slug, headline="Edited"), seen_at=hour(20))
    with browsing(path) as get:
        yield get


def rows(get: Get, path: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(get(path).text)))


def test_the_page_counts_articles_by_code_and_coder(coded: Get) -> None:
    page = Selector(coded("/archive/-/coding").text)
    (tone,) = [section for section in page.css("section") if section.css("h2::text").get() == "tone"]
    assert tone.css("thead th::text").getall() == ["Code", "Aida", "Bahar"]
    assert [row.css("th::text, td::text").getall() for row in tone.css("tbody tr")] == [
        ["good", "2", "1"],
        ["bad", "1", "2"],
    ]


def test_the_page_shows_agreement(coded: Get) -> None:
    assert (
        "Aida, Bahar: 3 articles coded by at least two, 66.7% equal, Cohen’s κ 0.400, Krippendorff’s α 0.444."
        in coded("/archive/-/coding").text
    )


def test_codes_of_coders_are_escaped(coded: Get) -> None:
    for path in ("/archive/-/coding", "/archive/articles/1", "/archive/articles/2"):
        response = coded(path)
        assert response.status_code == 200
        assert HOSTILE not in response.text


def test_every_code_is_in_the_csv(coded: Get) -> None:
    assert len(rows(coded, "/archive/-/coding.csv")) == 12


def test_the_article_page_shows_codes_and_that_they_are_of_an_earlier_text(coded: Get) -> None:
    shown = [Selector(coded(f"/archive/articles/{id}").text).css("#codes tbody tr") for id in range(1, 5)]
    assert sorted(len(table) for table in shown) == [0, 4, 4, 4]
    (edited,) = [table for table in shown if table and all("(an earlier text)" in (row.get() or "") for row in table)]
    assert edited.css("td::text").get() == "remark"


def test_a_sample_is_a_coding_sheet(coded: Get) -> None:
    drawn = rows(coded, "/archive/-/sample.csv?n=2&seed=7&by=section")
    assert len(drawn) == 2
    assert drawn == rows(coded, "/archive/-/sample.csv?n=2&seed=7&by=section")
    assert list(drawn[0])[-4:] == ["coder", "coded_at", "remark", "tone"]
    assert {row["stratum"] for row in drawn} == {"analytics"}


def test_an_empty_sample_says_so(coded: Get) -> None:
    response = coded("/archive/-/sample.csv?language=xx")
    assert response.status_code == 400
    assert "nothing to sample" in response.text


def test_without_a_codebook_the_page_says_how_to_make_one(get: Get) -> None:
    page = get("/archive/-/coding")
    assert page.status_code == 200
    assert "caliber codes codebook codebook.toml" in page.text


def test_coded_articles_have_facets(coded: Get) -> None:
    facets = facet_results(coded, "/archive/coded_articles.json?_facet=code&_facet=coder&_size=0")
    assert {each["value"]: each["count"] for each in facets["coder"]["results"]} == {"Aida": 6, "Bahar": 6}
