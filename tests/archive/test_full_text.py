"""Full-text search."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caliber_crawler.archive import Archive, Hit
from caliber_crawler.errors import QueryError
from tests.archive.newsroom import Newsroom, minutes, start_run
from tests.properties import examples

TEXTS = {
    "summit": ("en", "The summit in Shusha", "Ministers of the community agreed. Turkic states met."),
    "minister": ("en", "A minister resigns", "He said nothing of any summit. Café owners and Əliyev watched."),
    "sanctions": ("ru", "О санкциях", "Министр заявил: ещё одна партия ушла. Новый район построен."),
    "world": ("ru", "Мир и дороги", "Все ещё говорят о дороге. Министры собрались."),
    "policy": ("hy", "Քաղաքականություն", "Նախարարը հայտարարեց քաղաքականության մասին։ Երևանում խոսեցին։"),
}


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    with Archive.open(tmp_path_factory.mktemp("library") / "archive.db", mode="write") as archive:
        newsroom = Newsroom(archive, start_run(archive))
        for name, (language, headline, body) in TEXTS.items():
            url = f"https://caliber.az/{language}/post/{name}"
            newsroom.save(article_urls=(url,), language=language, headline=headline, body=body, views=3)
        yield archive


def found(library: Archive, query: str, **filters: str) -> set[str]:
    return {hit.url.rpartition("/")[2] for hit in library.search(query, **filters)}


def marked(hit: Hit) -> str:
    return hit.marked("[", "]")


def test_a_word_in_the_headline_counts_more_than_one_in_the_body(library: Archive) -> None:
    assert [hit.headline for hit in library.search("summit")] == ["The summit in Shusha", "A minister resigns"]


def test_a_hit_has_the_fields_and_the_passage_of_its_article(library: Archive) -> None:
    (hit,) = library.search("Shusha")
    assert (hit.url, hit.language, hit.section, hit.views) == (
        "https://caliber.az/en/post/summit",
        "en",
        "analytics",
        3,
    )
    assert hit.published_at == "2026-01-06T15:13:00Z"
    assert "[Shusha]" in marked(hit)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("ministers", {"summit", "minister"}),
        ("minister", {"summit", "minister"}),
        ("communities", {"summit"}),
        ("agree", {"summit"}),
        ("министров", {"sanctions", "world"}),
        ("санкции", {"sanctions"}),
        ("дорогу", {"world"}),
        ("մեքենա", set()),
        ("նախարար", {"policy"}),
        ("քաղաքականությունը", {"policy"}),
        ("ԵՐԵՎԱՆ", set()),
        ("Երևան", {"policy"}),
    ],
)
def test_inflections_are_found(library: Archive, query: str, expected: set[str]) -> None:
    assert found(library, query) == expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("еще", {"sanctions", "world"}),
        ("ЕЩЁ", {"sanctions", "world"}),
        ("Əliyev", {"minister"}),
        ("aliyev", set()),
        ("eliyev", {"minister"}),
        ("cafe", {"minister"}),
        ("CAFÉ", {"minister"}),
        ("район", {"sanctions"}),
        ("раион", set()),
    ],
)
def test_words_typed_without_special_letters_are_found(library: Archive, query: str, expected: set[str]) -> None:
    assert found(library, query) == expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("minister summit", {"summit", "minister"}),
        ("summit resigns", {"minister"}),
        ("Shusha OR resigns", {"summit", "minister"}),
        ("summit Shusha OR resigns", {"summit", "minister"}),
        ("summit -Shusha", {"minister"}),
        ('"turkic states"', {"summit"}),
        ('"states turkic"', set()),
        ('"minister"', {"minister"}),
        ('summit -"turkic states"', {"minister"}),
        ("", set()),
        ("turkic-states", {"summit"}),
    ],
)
def test_words_phrases_minus_and_or(library: Archive, query: str, expected: set[str]) -> None:
    assert found(library, query) == expected


def test_a_search_can_be_filtered_by_edition_section_and_site(library: Archive) -> None:
    assert found(library, "summit", language="ru") == set()
    assert found(library, "министр", language="ru", section="analytics", site="caliber") == {"sanctions", "world"}
    assert found(library, "министр", section="politics") == set()
    assert found(library, "министр", site="other") == set()


def test_the_snippet_has_the_original_letters_of_the_article(library: Archive) -> None:
    (hit,) = library.search("еще", language="ru", limit=1)
    assert "[ещё]" in marked(hit)
    (hit,) = library.search("eliyev")
    assert "[Əliyev]" in marked(hit)


def test_a_snippet_is_plain_text_with_the_slices_of_its_matches(library: Archive) -> None:
    (hit,) = library.search('"community agreed" -turkish')
    assert [hit.snippet[start:end] for start, end in hit.matches] == ["community agreed"]
    assert "".join(text for text, _ in hit.parts()) == hit.snippet
    assert [text for text, is_match in hit.parts() if is_match] == ["community agreed"]


def test_a_snippet_contains_no_control_characters(newsroom: Newsroom) -> None:
    newsroom.save(body="Before \x02the \x1b[31m needle \x1b[0m\x03 and \x9b31m after")
    (hit,) = newsroom.archive.search("needle")
    assert all(unicodedata.category(letter) != "Cc" for letter in hit.snippet)
    assert "needle" in [text for text, is_match in hit.parts() if is_match]


def test_only_the_current_version_is_found(newsroom: Newsroom) -> None:
    newsroom.save(headline="Before")
    newsroom.save(minutes(1), headline="Afterwards")
    assert newsroom.archive.search("before") == []
    assert [hit.headline for hit in newsroom.archive.search("afterwards")] == ["Afterwards"]


def test_a_merged_article_is_found_once(newsroom: Newsroom) -> None:
    number, slug = "https://caliber.az/en/post/5", "https://caliber.az/en/post/five"
    newsroom.save(article_urls=(number,))
    newsroom.save(minutes(1), article_urls=(slug,))
    newsroom.save(minutes(2), article_urls=(slug, number))
    assert [hit.article_id for hit in newsroom.archive.search("formula")] == [1]


def test_the_snippet_of_a_long_text_is_cut_around_the_match(newsroom: Newsroom) -> None:
    newsroom.save(body="filler " * 500 + "needle " + "filler " * 500)
    (hit,) = newsroom.archive.search("needle")
    assert marked(hit).startswith("…")
    assert "[needle]" in marked(hit)
    assert len(hit.snippet.split()) < 40


@pytest.mark.slow
@settings(max_examples=examples(300), deadline=None)
@given(st.one_of(st.text(max_size=60), st.text(alphabet='ab "-OR*():^+{}|~5\x00éёәև\ud800', max_size=40)))
def test_any_text_is_a_query_or_has_a_wrong_place(library: Archive, query: str) -> None:
    error = error_of(library, query)
    assert error is None or 0 <= error.start < error.end <= len(query) + 1


def error_of(library: Archive, query: str) -> QueryError | None:
    try:
        library.search(query)
    except QueryError as error:
        return error
    return None


def test_a_query_is_bounded(library: Archive) -> None:
    for query in ("summit " * 10_000, "a " * 300, " OR ".join(f"w{n}" for n in range(300)), '"' + "b " * 900 + '"'):
        with pytest.raises(QueryError):
            library.search(query)
    library.search(" OR ".join(f"w{n}" for n in range(200)))
    nested = "(" * 12 + "summit" + ")" * 12
    assert found(library, nested) == {"summit", "minister"}
    with pytest.raises(QueryError, match="nested"):
        library.search(f"({nested})")
