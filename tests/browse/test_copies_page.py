"""Copies and counterparts in the browser: their page, their part of an article's page, and the comparison of two."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

import pytest
from parsel import Selector

from caliber_crawler.archive import Archive
from tests.browse.conftest import Get, browsing
from tests.browse.newsroom import article, hour, save

TEXT = " ".join(f"word{number}" for number in range(120)) + "."
LONGER = f"{TEXT}\n\n{' '.join(f'other{number}' for number in range(300))}."
HOSTILE = "<script>alert(1)</script> =cmd|x"
NAMES = {"en": "Orkhaz Talibverdi", "ru": "Орхаз Талибверди"}
STORY = {
    "en": "The ministry will pay 2,855 families and 3,089 companies, {name} said in Baku of 356 and 17.9.",
    "ru": "Министерство выплатит 2 855 семьям и 3 089 компаниям, отметил {name} о 356 и 17,9.",
}


@pytest.fixture(scope="module")
def get(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Get]:
    """Articles 1 and 2 are near-duplicates, 1 is an excerpt of 3, and 4 and 5 have one story in two languages."""
    path = tmp_path_factory.mktemp("copies") / "archive.db"
    with Archive.open(path, mode="write") as archive:
        save(archive, article("first", headline="First", body=TEXT))
        save(archive, article("second", headline=HOSTILE, body=f"{TEXT} And more."), seen_at=hour(1))
        save(archive, article("third", headline="Third", body=LONGER), seen_at=hour(2))
        for place, (language, story) in enumerate(STORY.items()):
            url = f"https://caliber.az{'' if language == 'ru' else '/en'}/post/story-{language}"
            body = story.format(name=NAMES[language])
            found = article(f"story-{language}", headline=f"Story {language}", url=url, language=language, body=body)
            save(archive, found, seen_at=hour(3 + place))
        for number in range(12):
            language = "ru" if number % 2 else "en"
            text = f"The {number * 7919} things of {number}."
            save(archive, article(f"other-{number}", headline=f"Other {number}", language=language, body=text))
        for search in (archive.copies.find(), archive.editions.find()):
            for _ in search:
                pass
    with browsing(path) as asked:
        yield asked


def page(get: Get, url: str) -> Selector:
    return Selector(get(f"/archive/{url}").text)


def test_an_article_shows_its_copies_excerpts_and_counterparts(get: Get) -> None:
    first = page(get, "articles/1")
    assert first.css("#copies li a::text").getall() == [HOSTILE, "Compare"]
    assert "similar to the first" in " ".join(first.css("#copies li ::text").getall())
    assert first.css("#excerpts li a::text").getall() == ["Third", "Compare"]
    assert not first.css("#editions")
    story = page(get, "articles/4")
    assert story.css("#editions li a::text").getall() == ["Story ru", "Compare"]
    assert "Talibverdi = Талибверди" in " ".join(story.css("#editions ::text").getall())
    assert not page(get, "articles/6").css("#copies, #excerpts, #editions")


@pytest.mark.parametrize(
    ("kind", "shown"),
    [("", ["First"]), ("excerpts", ["First"]), ("editions", ["Story en", "Story ru"]), ("nonsense", ["First"])],
)
def test_the_page_lists_each_kind(get: Get, kind: str, shown: list[str]) -> None:
    assert sorted(page(get, f"-/copies?kind={kind}").css("h2 a::text").getall()) == shown


def test_the_page_filters_and_says_what_to_do(get: Get) -> None:
    assert page(get, "-/copies?kind=editions&language=ru").css("h2 a::text").getall() == ["Story ru"]
    assert page(get, "-/copies?q=nowhere").css(".notice::text").getall() == ["Nothing matches."]
    assert "not a date" in page(get, "-/copies?from=yesterday").css(".notice::text").get("")


def test_the_csv_has_all_rows_and_no_formulas(get: Get) -> None:
    link = page(get, "-/copies?kind=duplicates&page=1").xpath("//a[text()='CSV of all']/@href").get("")
    rows = list(csv.DictReader(io.StringIO(get(link).text)))
    assert [(row["group_id"], row["article_id"]) for row in rows] == [("1", "1"), ("1", "2")]
    pairs = list(csv.DictReader(io.StringIO(get("/archive/-/copies.csv?kind=editions").text)))
    assert {row["counterpart_headline"] for row in pairs} == {"Story en", "Story ru"}
    assert get("/archive/-/copies.csv?from=yesterday").status_code == 400


def test_two_articles_of_one_language_are_compared_word_by_word(get: Get) -> None:
    compared = page(get, "-/compare?a=1&b=https://caliber.az/en/post/second")
    assert compared.css(".body ins::text").getall() == ["And more."]
    assert "in both texts" in compared.css(".lead::text").get("")
    beside = page(get, "-/compare?a=1&b=3&show=side")
    assert len(beside.css("tr.added")) == 1


def test_articles_in_two_languages_are_beside_each_other(get: Get) -> None:
    compared = page(get, "-/compare?a=4&b=5")
    assert not compared.css("#content ins, #content del")
    assert compared.css("td[lang=ru]::text").getall() == [STORY["ru"].format(name=NAMES["ru"])]
    assert "The same story" in compared.css(".lead::text").get("")


def test_an_unknown_article_is_not_found_and_without_two_there_is_a_form(get: Get) -> None:
    assert get("/archive/-/compare?a=1&b=999").status_code == 404
    assert page(get, "-/compare").css("form.choose input[name=a]")


def test_headlines_are_inert(get: Get) -> None:
    for url in ("-/copies", "-/copies?kind=excerpts", "articles/1", "-/compare?a=1&b=2", "-/compare?a=2&b=1&show=side"):
        assert "<script>alert" not in get(f"/archive/{url}").text
