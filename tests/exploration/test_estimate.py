"""The smallest number of articles that a site can have."""

from __future__ import annotations

import pytest

from caliber_crawler.exploration.estimate import MAX_COMPARED, Estimate

BASE = "https://site.example"


def stories(page: int, number: int = 10) -> set[str]:
    return {f"/story-{page}-{each}" for each in range(number)}


def estimate_of(longest: int, *, compared: tuple[int, ...] = (2, 3), path: str = "/page/{}", step: int = 1) -> Estimate:
    """Of a list with pages up to ``longest``, of which some were requested."""
    estimate = Estimate()
    for number in (*compared, longest):
        estimate.add_number(BASE + path.format(step * number))
    for number in compared:
        estimate.add_page(BASE + path.format(step * number), stories(number))
    return estimate


def test_every_page_but_the_last_is_full() -> None:
    assert estimate_of(30).articles == 29 * 10 + 1


def test_numbers_with_a_common_divisor_are_offsets() -> None:
    """An offset of 300 follows thirty full pages: the first has the offset 0."""
    assert estimate_of(30, path="/list?start={}", step=10).articles == 30 * 10 + 1


@pytest.mark.parametrize("pages", [(), (2,)])
def test_a_list_of_which_fewer_than_two_pages_are_known_says_nothing(pages: tuple[int, ...]) -> None:
    assert estimate_of(30, compared=pages).articles == 0


def test_articles_on_several_pages_do_not_count() -> None:
    estimate = Estimate()
    for number in (2, 3, 9):
        estimate.add_number(f"{BASE}/page/{number}")
    for number in (2, 3):
        estimate.add_page(f"{BASE}/page/{number}", {"/popular", "/pinned"})
    assert estimate.articles == 0
    estimate.add_number(f"{BASE}/tag/4")
    for number in (3, 4):
        estimate.add_number(f"{BASE}/tag/{number}")
        estimate.add_page(f"{BASE}/tag/{number}", {"/popular"} | stories(number, 5))
    assert estimate.articles == 3 * 5 + 1, "the longest list with comparable pages"


def test_a_missing_last_page_makes_the_list_one_page_shorter() -> None:
    estimate = estimate_of(30)
    estimate.remove_number(f"{BASE}/page/30")
    assert estimate.articles == 28 * 10 + 1
    for other in ("/page/12", "/about", "/tag/29"):
        estimate.remove_number(BASE + other)
    assert estimate.articles == 28 * 10 + 1


def test_a_missing_last_offset_makes_the_list_one_page_shorter() -> None:
    estimate = estimate_of(30, path="/list?start={}", step=10)
    estimate.remove_number(f"{BASE}/list?start=300")
    assert estimate.articles == 29 * 10 + 1


def test_a_page_of_an_unknown_list_and_one_without_a_number_are_ignored() -> None:
    estimate = Estimate()
    for number in (2, 3):
        estimate.add_page(f"{BASE}/page/{number}", stories(number))
        estimate.add_page(f"{BASE}/about-{number}-us", stories(number))
    assert estimate.articles == 0


def test_a_few_pages_of_a_list_are_compared() -> None:
    estimate = estimate_of(30, compared=tuple(range(2, 2 + MAX_COMPARED)))
    for number in range(10, 20):  # poorer pages, too late to count
        estimate.add_page(f"{BASE}/page/{number}", stories(number, 1))
    assert estimate.articles == 29 * 10 + 1
