"""A run that brings less than usual is noticed; one that is as usual, or has nothing to be held against, is not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from caliber_crawler.archive import Archive
from caliber_crawler.crawling.health import (
    coverage_dropped,
    fewer_articles,
    fewer_teasers,
    find_anomalies,
    more_refused,
)


def reasons(problems: Iterable[object]) -> list[str]:
    return [problem.reason for problem in problems]  # type: ignore[attr-defined]


def asked(teasers: int, pages: int, via: str = "listing") -> dict[str, int]:
    return {f"teasers_{via}": teasers, f"listing_pages_{via}": pages}


USUAL = [asked(60, 3)] * 4


@pytest.mark.parametrize(
    ("teasers", "pages", "told"), [(60, 3, []), (31, 3, []), (29, 3, ["fewer_teasers"]), (0, 4, ["fewer_teasers"])]
)
def test_pages_that_name_far_fewer_articles_are_noticed(teasers: int, pages: int, told: list[str]) -> None:
    assert reasons(fewer_teasers(asked(teasers, pages), USUAL)) == told


@pytest.mark.parametrize(("teasers", "told"), [(30, []), (29, ["fewer_teasers"])])
def test_half_the_usual_number_of_teasers_is_still_usual(teasers: int, told: list[str]) -> None:
    problems = list(fewer_teasers(asked(teasers, 3), USUAL))
    assert reasons(problems) == told
    for problem in problems:
        assert problem.message == "A page of road listing named 9.7 articles; usual are 20.0."
        assert (problem.stage, problem.fatal) == ("run", False)


def test_three_earlier_runs_are_a_rule_and_only_the_newest_seven_count() -> None:
    assert reasons(fewer_teasers(asked(0, 3), USUAL[:3])) == ["fewer_teasers"]
    assert reasons(fewer_teasers(asked(12, 3), [asked(12, 3)] * 7 + [asked(600, 3)] * 20)) == []


@pytest.mark.parametrize("via", ["feed", "start_page"])
def test_each_even_source_is_compared(via: str) -> None:
    assert reasons(fewer_teasers(asked(1, 3, via), [asked(60, 3, via)] * 3)) == ["fewer_teasers"]
    assert reasons(fewer_teasers(asked(1, 3, "search"), [asked(60, 3, "search")] * 3)) == []


@pytest.mark.parametrize(
    ("days", "told"),
    [
        ([25, 100, 100, 100], []),
        ([24, 100, 100, 100], ["fewer_articles"]),
        ([2, 12, 12, 12], ["fewer_articles"]),
        ([2, 11, 11, 11], []),
        ([3, 12, 12, 12], []),
    ],
)
def test_a_quiet_day_has_exact_bounds(days: list[int | None], told: list[str]) -> None:
    assert reasons(fewer_articles(days)) == told


def test_a_quiet_day_is_told_in_numbers() -> None:
    (problem,) = fewer_articles([24, 1000, 1100, 1200])
    assert problem.message == "24 new articles were found in 24 hours; usual are 1,100."


@pytest.mark.parametrize(("pages", "told"), [(9, []), (10, ["coverage_dropped"])])
def test_ten_pages_are_enough_to_judge_a_field(pages: int, told: list[str]) -> None:
    assert reasons(coverage_dropped(covered("new", pages, views=0), covered("new", 100, views=98))) == told
    assert reasons(coverage_dropped(covered("new", 100, views=0), covered("new", pages, views=pages))) == told


@pytest.mark.parametrize(("filled", "told"), [(700, ["coverage_dropped"]), (701, [])])
def test_a_field_has_to_fall_by_three_tenths(filled: int, told: list[str]) -> None:
    before = covered("new", 1000, views=1000)
    assert reasons(coverage_dropped(covered("new", 1000, views=filled), before)) == told


@pytest.mark.parametrize(("refused", "told"), [(3, ["more_refused"]), (2, [])])
def test_more_refusals_are_a_rise_by_three_tenths(refused: int, told: list[str]) -> None:
    problems = more_refused({"stored": 10 - refused, "refused": refused}, [{"stored": 10}] * 5)
    assert reasons(problems) == told
    for problem in problems:
        assert problem.message == "30% of 10 pages were refused or could not be had; usual is 0%."


def test_failures_and_refusals_count_alike_and_repeated_ones_do_not() -> None:
    before = [{"revisited": 10}] * 5
    assert reasons(more_refused({"revisited": 6, "failed": 4}, before)) == ["more_refused"]
    assert more_refused({"revisited": 6, "failed": 2, "refused": 2, "refused_again": 2}, before) == []
    assert more_refused({"revisited": 5, "failed": 4}, []) == [], "nine pages are too few"


def test_a_run_that_asked_for_no_lists_names_no_fewer() -> None:
    assert reasons(fewer_teasers({"stored": 3}, USUAL)) == []


def test_two_earlier_runs_are_no_rule() -> None:
    assert reasons(fewer_teasers(asked(0, 3), USUAL[:2])) == []


def test_lists_of_different_roads_are_not_held_against_each_other() -> None:
    feeds_alone = [asked(100, 1, "feed")] * 5
    assert reasons(fewer_teasers(asked(60, 3) | asked(100, 1, "feed"), [*feeds_alone, *USUAL])) == []
    assert reasons(fewer_teasers(asked(9, 3) | asked(100, 1, "feed"), [*feeds_alone, *USUAL])) == ["fewer_teasers"]


@pytest.mark.parametrize(
    ("days", "told"),
    [
        ([210, 220, 215, 230], []),
        ([90, 220, 215, 230, 90], []),
        ([20, 220, 215, 230], ["fewer_articles"]),
        ([0, 220, None, 215, None, 230], ["fewer_articles"]),
        ([0, 220, 215], []),
        ([0, 5, 6, 7], []),
        ([None, 220, 215, 230], []),
        ([], []),
    ],
)
def test_a_day_with_far_less_news_is_noticed(days: list[int | None], told: list[str]) -> None:
    assert reasons(fewer_articles(days)) == told


def covered(layout: str, pages: int, **fields: int) -> dict[tuple[str, str], tuple[int, int]]:
    return {(layout, field): (pages, filled) for field, filled in fields.items()}


def test_a_field_that_is_found_on_far_fewer_pages_is_named() -> None:
    before = covered("new", 100, headline=100, views=98, subtitle=40)
    (problem,) = coverage_dropped(covered("new", 20, headline=20, views=0, subtitle=7), before)
    assert (problem.reason, problem.field) == ("coverage_dropped", "views")
    assert "98%" in problem.message


def test_a_few_pages_say_nothing_of_a_field() -> None:
    assert coverage_dropped(covered("new", 9, views=0), covered("new", 100, views=98)) == []


def test_a_field_that_is_often_missing_is_not_named_for_missing_by_chance() -> None:
    before = covered("new", 400, subtitle=200)
    assert coverage_dropped(covered("new", 10, subtitle=2), before) == []
    assert reasons(coverage_dropped(covered("new", 40, subtitle=2), before)) == ["coverage_dropped"]


def test_a_redesign_shows_as_pages_of_unknown_layout() -> None:
    before = covered("new", 100, headline=100) | covered("unknown", 2, headline=2)
    now = covered("unknown", 18, headline=18) | covered("new", 2, headline=2)
    assert reasons(coverage_dropped(now, before)) == ["unknown_layout"]
    assert coverage_dropped(before, before) == []


def test_a_redesign_shows_without_any_earlier_run() -> None:
    assert reasons(coverage_dropped(covered("generic", 12, headline=12), {})) == ["unknown_layout"]


@dataclass
class Cron:
    """A crawl from cron, which reads three pages each time."""

    archive: Archive

    def run(self, views: int, method: str = "selector", pages: int = 3) -> list[str]:
        """One more run that finds the counter on so many of its pages; gives what was unusual about it."""
        runs = self.archive.runs
        id = runs.start("crawl", site="caliber", arguments={}, settings={}, software={})
        rows = [("headline", "selector", pages), ("views", method, views), ("views", "", 0)]
        runs.record_coverage(id, [("caliber", "new", field, by, pages, filled) for field, by, filled in rows if pages])
        runs.finish(id, "finished", None, {})
        return [problem.message for problem in find_anomalies(self.archive, id)]


@pytest.fixture
def cron(tmp_path: Path) -> Iterator[Cron]:
    with Archive.open(tmp_path / "a.db", mode="write") as archive:
        yield Cron(archive)


def test_runs_of_a_few_pages_are_judged_together(cron: Cron) -> None:
    assert [cron.run(views=3) for _ in range(12)] == [[]] * 12
    assert cron.run(views=0) == [], "three pages in twelve say little"
    assert cron.run(views=0) == ["views was found on 50% of 12 pages of layout new; usual is 100%."]
    assert cron.run(views=0, pages=0) == [], "a run that read nothing says nothing"
    assert cron.run(views=0) == ["views was found on 25% of 12 pages of layout new; usual is 100%."]


def test_a_site_that_nobody_described_has_no_layout_to_lose(cron: Cron) -> None:
    id = cron.archive.runs.start("crawl", site="news.example", arguments={}, settings={}, software={})
    cron.archive.runs.record_coverage(id, [("news.example", "generic", "headline", "opengraph", 30, 30)])
    cron.archive.runs.finish(id, "finished", None, {})
    assert [problem.reason for problem in find_anomalies(cron.archive, id)] == ["unknown_layout"]
    assert find_anomalies(cron.archive, id, has_layouts=False) == []


def test_pages_refused_in_many_small_runs_are_noticed_as_in_a_large_one() -> None:
    sound, bad = {"stored": 2, "revisited": 1}, {"stored": 1, "refused": 1, "failed": 1}
    assert more_refused(bad, [sound] * 12) == [], "one bad run of three pages"
    assert reasons(more_refused(bad, [bad, *[sound] * 12])) == ["more_refused"]
    assert reasons(more_refused({"stored": 20, "refused": 30}, [])) == ["more_refused"]
    assert more_refused({}, [bad] * 9) == []
    assert more_refused(bad, [bad] * 12) == [], "it was ever so"
    assert more_refused({"stored": 8, "refused": 9, "refused_again": 9}, [sound] * 12) == []


def test_a_field_that_another_rung_has_to_give_is_named(cron: Cron) -> None:
    for _ in range(12):
        cron.run(views=3)
    cron.run(views=3, method="text")
    assert cron.run(views=3, method="text") == [
        "views was found by its selector on 50% of 12 pages of layout new; usual is 100%."
    ]
