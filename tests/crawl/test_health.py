"""A run that brings less than usual is noticed; one that is as usual, or has nothing to be held against, is not."""

from __future__ import annotations

import pytest

from caliber_crawler.crawling.health import fallen_coverage, fewer_cards, fewer_news


def reasons(problems: list[object]) -> list[str]:
    return [problem.reason for problem in problems]  # type: ignore[attr-defined]


USUAL = [{"cards": 60, "listing_pages": 3}] * 4


@pytest.mark.parametrize(
    ("cards", "pages", "told"), [(60, 3, []), (31, 3, []), (29, 3, ["fewer_cards"]), (0, 4, ["fewer_cards"])]
)
def test_pages_that_name_far_fewer_articles_are_noticed(cards: int, pages: int, told: list[str]) -> None:
    assert reasons(fewer_cards({"cards": cards, "listing_pages": pages}, USUAL)) == told


def test_a_run_that_asked_for_no_lists_names_no_fewer() -> None:
    assert fewer_cards({"stored": 3}, USUAL) == []


def test_two_earlier_runs_are_no_rule() -> None:
    assert fewer_cards({"cards": 0, "listing_pages": 3}, USUAL[:2]) == []


@pytest.mark.parametrize(
    ("days", "told"),
    [
        ([210, 220, 215, 230], []),
        ([90, 220, 215, 230, 90], []),
        ([20, 220, 215, 230], ["fewer_news"]),
        ([0, 220, None, 215, None, 230], ["fewer_news"]),
        ([0, 220, 215], []),
        ([0, 5, 6, 7], []),
        ([None, 220, 215, 230], []),
        ([], []),
    ],
)
def test_a_day_with_far_less_news_is_noticed(days: list[int | None], told: list[str]) -> None:
    assert reasons(fewer_news(days)) == told


def covered(layout: str, pages: int, **fields: int) -> dict[tuple[str, str], tuple[int, int]]:
    return {(layout, field): (pages, filled) for field, filled in fields.items()}


def test_a_field_that_is_found_on_far_fewer_pages_is_named() -> None:
    before = covered("new", 100, headline=100, views=98, subtitle=40)
    (problem,) = fallen_coverage(covered("new", 20, headline=20, views=0, subtitle=7), before)
    assert (problem.reason, problem.field) == ("fallen_coverage", "views")
    assert "98%" in problem.message


def test_a_few_pages_say_nothing_of_a_field() -> None:
    assert fallen_coverage(covered("new", 9, views=0), covered("new", 100, views=98)) == []


def test_a_redesign_shows_as_pages_of_unknown_layout() -> None:
    before = covered("new", 100, headline=100) | covered("unknown", 2, headline=2)
    now = covered("unknown", 18, headline=18) | covered("new", 2, headline=2)
    assert reasons(fallen_coverage(now, before)) == ["unknown_layout"]
    assert fallen_coverage(before, before) == []


def test_a_redesign_shows_without_any_earlier_run() -> None:
    assert reasons(fallen_coverage(covered("general", 12, headline=12), {})) == ["unknown_layout"]
