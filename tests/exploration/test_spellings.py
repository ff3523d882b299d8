"""Spellings of URLs that lead to one page."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caliber_crawler.exploration.confirmed import ConfirmedArticles
from caliber_crawler.exploration.spellings import Spellings, session_parameters, without_parameters
from caliber_crawler.site.page_series import first_page

BASE = "https://site.example"
NAMES = st.sampled_from(["from", "id", "page", "ref", "view"])
URLS = st.builds(
    lambda path, query: f"{BASE}/{path}" + ("?" if query else "") + "&".join(f"{name}={n}" for name, n in query),
    st.sampled_from(["story", "Story", "news/one"]),
    st.lists(st.tuples(NAMES, st.integers(0, 9)), max_size=3),
)


@given(st.lists(st.tuples(URLS, st.none() | URLS), max_size=20), URLS)
def test_the_usual_spelling_of_a_usual_spelling_is_itself(seen: list[tuple[str, str | None]], url: str) -> None:
    spellings = Spellings()
    for each, known in seen:
        spellings.learn(each, known)
    usual = spellings.usual(url)
    assert spellings.usual(usual) == usual
    assert usual.lower().startswith(f"{BASE}/")


def test_a_parameter_is_idle_after_three_articles_that_were_known_without_it() -> None:
    spellings = Spellings()
    for number in range(3):
        assert spellings.usual(f"{BASE}/x?from=a&id=1") == f"{BASE}/x?from=a&id=1"
        spellings.learn(f"{BASE}/story-{number}?from=b", f"{BASE}/story-{number}")
    assert spellings.usual(f"{BASE}/x?from=a&id=1") == f"{BASE}/x?id=1"


def test_a_parameter_that_selected_an_article_once_is_kept() -> None:
    spellings = Spellings()
    spellings.learn(f"{BASE}/show?id=7", None)
    for number in range(9):
        spellings.learn(f"{BASE}/story-{number}?id=1", f"{BASE}/story-{number}")
    assert spellings.usual(f"{BASE}/show?id=8") == f"{BASE}/show?id=8"


def test_the_case_of_letters_is_kept_where_an_article_needs_it() -> None:
    spellings = Spellings()
    for number in range(3):
        spellings.learn(f"{BASE}/Story-{number}", f"{BASE}/story-{number}")
    assert spellings.usual(f"{BASE}/Other") == f"{BASE}/other"
    spellings.learn(f"{BASE}/Watch", None)
    assert spellings.usual(f"{BASE}/Other") == f"{BASE}/Other"


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("oid=8f14e45fceea167a5a36dedd4bea2543", {"oid"}),
        ("sid=ab12", {"sid"}),
        ("lang=english", set()),
        ("edition=international-edition-of-today", set()),
    ],
)
def test_all_links_of_a_page_have_a_session_id(query: str, names: set[str]) -> None:
    urls = [f"{BASE}/story-{number}?{query}" for number in range(12)]
    found = session_parameters(urls)
    assert found == names
    assert {without_parameters(url, found) for url in urls} == (
        {url.partition("?")[0] for url in urls} if names else set(urls)
    )


def test_an_id_of_each_link_is_no_session_id() -> None:
    urls = [f"{BASE}/story-{number % 7}?id={number:032x}" for number in range(12)]
    assert session_parameters(urls) == frozenset()


@pytest.mark.parametrize(
    ("url", "first"),
    [
        ("/talks-resume/2", "/talks-resume"),
        ("/talks-resume/page/3/", "/talks-resume"),
        ("/talks-resume?page=2", "/talks-resume"),
        ("/talks-resume", None),
        ("/2", None),
        ("/?page=2", None),
        ("/story-2", None),
        ("/archive/2026", None),
    ],
)
def test_the_first_page_of_an_article(url: str, first: str | None) -> None:
    assert first_page(BASE + url) == (None if first is None else BASE + first)


def test_an_undated_page_elsewhere_is_unlike_dated_articles() -> None:
    confirmed = ConfirmedArticles()
    for number in range(7):
        confirmed.add(f"{BASE}/news/story-{number}", is_dated=True)
    assert not confirmed.is_unlike(f"{BASE}/products/chair")
    confirmed.add(f"{BASE}/news/story-7", is_dated=True)
    assert confirmed.is_unlike(f"{BASE}/products/chair")
    assert not confirmed.is_unlike(f"{BASE}/news/chair")
    for number in range(3):
        confirmed.add(f"{BASE}/notes/note-{number}", is_dated=False)
    assert not confirmed.is_unlike(f"{BASE}/products/chair"), "this site has undated articles"


def test_an_article_is_not_requested_under_another_value_of_a_parameter_that_selects_nothing() -> None:
    spellings = Spellings()
    for number in range(5):
        spellings.compare(f"https://a.example/story-{number}?source=home-{number}&page=1", f"Text {number}")
        assert not spellings.is_copy(f"https://a.example/story-{number}?source=read_next&page=1")
    for number in range(3):
        spellings.compare(f"https://a.example/story-{number}?source=profile&page=1", f"Text {number}")
    assert spellings.is_copy("https://a.example/story-4?source=read_next&page=1")
    assert spellings.is_copy("https://a.example/story-4?page=1&source=x")
    assert not spellings.is_copy("https://a.example/story-9?source=home&page=1"), "its article was not requested"
    assert not spellings.is_copy("https://a.example/story-4?source=x&page=2")


def test_a_parameter_that_selects_an_article_is_kept() -> None:
    spellings = Spellings()
    for number in range(9):
        spellings.compare(f"https://a.example/?p={number}", f"Text {number}")
    for number in range(3):
        spellings.compare(f"https://a.example/?p={number}&q=1", "Text 0")
    assert not spellings.is_copy("https://a.example/?p=10")
