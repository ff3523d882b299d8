"""A run that finds less than usual is reported; a usual run, or one without a baseline, is not."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import cast

import pytest

from caliber_crawler.archive import Archive, RunRecord
from caliber_crawler.archive.core.times import utc_text
from caliber_crawler.archive.reports.alarms import ALARMS
from caliber_crawler.crawling.health import (
    coverage_dropped,
    fewer_articles,
    fewer_teasers,
    find_anomalies,
    more_refused,
    unknown_listing,
)
from caliber_crawler.items import Problem


def reasons(problems: Iterable[object]) -> list[str]:
    return [problem.reason for problem in problems]  # type: ignore[attr-defined]


def teaser_counts(teasers: int, pages: int, via: str = "listing") -> dict[str, int]:
    return {f"teasers_{via}": teasers, f"listing_pages_{via}": pages}


USUAL = [teaser_counts(60, 3)] * 4


@pytest.mark.parametrize(
    ("teasers", "pages", "expected"), [(60, 3, []), (31, 3, []), (29, 3, ["fewer_teasers"]), (0, 4, ["fewer_teasers"])]
)
def test_far_fewer_teasers_per_page_are_reported(teasers: int, pages: int, expected: list[str]) -> None:
    assert reasons(fewer_teasers(teaser_counts(teasers, pages), USUAL)) == expected


@pytest.mark.parametrize(("teasers", "expected"), [(30, []), (29, ["fewer_teasers"])])
def test_half_the_usual_number_of_teasers_is_not_reported(teasers: int, expected: list[str]) -> None:
    problems = list(fewer_teasers(teaser_counts(teasers, 3), USUAL))
    assert reasons(problems) == expected
    for problem in problems:
        assert problem.message == "Pages of discovery source listing had 9.7 teasers on average; usual: 20.0."
        assert (problem.stage, problem.fatal) == ("run", False)


def test_a_baseline_needs_three_runs_and_uses_the_latest_seven() -> None:
    assert reasons(fewer_teasers(teaser_counts(0, 3), USUAL[:3])) == ["fewer_teasers"]
    assert reasons(fewer_teasers(teaser_counts(12, 3), [teaser_counts(12, 3)] * 7 + [teaser_counts(600, 3)] * 20)) == []


@pytest.mark.parametrize("via", ["feed", "start_page"])
def test_only_steady_sources_are_compared(via: str) -> None:
    assert reasons(fewer_teasers(teaser_counts(1, 3, via), [teaser_counts(60, 3, via)] * 3)) == ["fewer_teasers"]
    assert reasons(fewer_teasers(teaser_counts(1, 3, "search"), [teaser_counts(60, 3, "search")] * 3)) == []


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        ([25, 100, 100, 100], []),
        ([24, 100, 100, 100], ["fewer_articles"]),
        ([2, 12, 12, 12], ["fewer_articles"]),
        ([2, 11, 11, 11], []),
        ([3, 12, 12, 12], []),
    ],
)
def test_the_thresholds_of_a_quiet_day_are_exact(days: list[int], expected: list[str]) -> None:
    assert reasons(fewer_articles(days)) == expected


def test_a_quiet_day_is_reported_with_its_numbers() -> None:
    (problem,) = fewer_articles([24, 1000, 1100, 1200])
    assert problem.message == "24 new articles were found in 24 hours; usual: 1,100."


@pytest.mark.parametrize(("pages", "expected"), [(9, []), (10, ["coverage_dropped"])])
def test_ten_pages_are_enough_for_a_coverage(pages: int, expected: list[str]) -> None:
    assert reasons(coverage_dropped(covered("new", pages, views=0), covered("new", 100, views=98))) == expected
    assert reasons(coverage_dropped(covered("new", 100, views=0), covered("new", pages, views=pages))) == expected


@pytest.mark.parametrize(("filled", "expected"), [(700, ["coverage_dropped"]), (701, [])])
def test_a_coverage_must_drop_by_30_percentage_points(filled: int, expected: list[str]) -> None:
    before = covered("new", 1000, views=1000)
    assert reasons(coverage_dropped(covered("new", 1000, views=filled), before)) == expected


def refusals(now: dict[str, int], earlier: Sequence[dict[str, int]]) -> list[Problem]:
    """The anomalies of a run with these counts after usual runs with those, newest first."""
    runs = [cast(RunRecord, {"id": -number, "counts": counts}) for number, counts in enumerate([now, *earlier])]
    return more_refused(runs[0], runs[1:], runs[1:])


@pytest.mark.parametrize(("refused", "expected"), [(3, ["more_refused"]), (2, [])])
def test_refusals_must_rise_by_30_percentage_points(refused: int, expected: list[str]) -> None:
    problems = refusals({"stored": 10 - refused, "refused": refused}, [{"stored": 10}] * 5)
    assert reasons(problems) == expected
    for problem in problems:
        assert problem.message == "30% of 10 pages were refused or failed; usual: 0%."


def test_failures_and_first_refusals_count_and_repeated_refusals_do_not() -> None:
    before = [{"revisited": 10}] * 5
    assert reasons(refusals({"revisited": 6, "failed": 4}, before)) == ["more_refused"]
    assert refusals({"revisited": 6, "failed": 2, "refused": 2, "refused_again": 2}, before) == []
    assert refusals({"revisited": 5, "failed": 4}, []) == [], "nine pages are too few"


def test_a_run_without_listing_pages_is_not_compared() -> None:
    assert reasons(fewer_teasers({"stored": 3}, USUAL)) == []


def listings(begun: int, guessed: int) -> dict[str, int]:
    return {"listings_begun": begun, "listings_guessed": guessed}


@pytest.mark.parametrize(
    ("now", "before", "expected"),
    [
        (listings(2, 2), [listings(2, 0)], ["unknown_listing"]),
        (listings(6, 6), [listings(6, 1)] * 3, ["unknown_listing"]),
        # A section that became empty, a definition that never matched, the first run, a run without listings.
        (listings(2, 1), [listings(2, 0)] * 3, []),
        (listings(2, 2), [listings(2, 2)] * 3, []),
        (listings(2, 2), [], []),
        ({}, [listings(2, 0)] * 3, []),
    ],
)
def test_listings_with_another_layout_are_reported(
    now: dict[str, int], before: list[dict[str, int]], expected: list[str]
) -> None:
    problems = list(unknown_listing(now, before))
    assert reasons(problems) == expected
    for problem in problems:
        assert re.fullmatch(
            r"The selector of teasers matched nothing on \d listings; usual: on (0|17)% of them\.", problem.message
        )


def test_two_earlier_runs_are_no_baseline() -> None:
    assert reasons(fewer_teasers(teaser_counts(0, 3), USUAL[:2])) == []


def test_discovery_sources_are_not_compared_with_each_other() -> None:
    feeds_alone = [teaser_counts(100, 1, "feed")] * 5
    assert reasons(fewer_teasers(teaser_counts(60, 3) | teaser_counts(100, 1, "feed"), [*feeds_alone, *USUAL])) == []
    assert reasons(fewer_teasers(teaser_counts(9, 3) | teaser_counts(100, 1, "feed"), [*feeds_alone, *USUAL])) == [
        "fewer_teasers"
    ]


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        ([210, 220, 215, 230], []),
        ([90, 220, 215, 230, 90], []),
        ([20, 220, 215, 230], ["fewer_articles"]),
        ([0, 220, 215], []),
        ([0, 5, 6, 7], []),
        ([], []),
    ],
)
def test_a_day_with_far_fewer_articles_is_reported(days: list[int], expected: list[str]) -> None:
    assert reasons(fewer_articles(days)) == expected


def covered(layout: str, pages: int, **fields: int) -> dict[tuple[str, str], tuple[int, int]]:
    return {(layout, field): (pages, filled) for field, filled in fields.items()}


def test_a_field_found_on_far_fewer_pages_is_reported() -> None:
    before = covered("new", 100, headline=100, views=98, subtitle=40)
    (problem,) = coverage_dropped(covered("new", 20, headline=20, views=0, subtitle=7), before)
    assert (problem.reason, problem.field) == ("coverage_dropped", "views")
    assert "98%" in problem.message


def test_nine_pages_are_too_few_for_a_coverage() -> None:
    assert coverage_dropped(covered("new", 9, views=0), covered("new", 100, views=98)) == []


def test_a_drop_by_chance_is_not_reported() -> None:
    before = covered("new", 400, subtitle=200)
    assert coverage_dropped(covered("new", 10, subtitle=2), before) == []
    assert reasons(coverage_dropped(covered("new", 40, subtitle=2), before)) == ["coverage_dropped"]


@pytest.mark.parametrize(("filled", "pages", "expected"), [(4, 10, []), (8, 20, []), (0, 10, ["coverage_dropped"])])
def test_a_baseline_of_few_pages_may_be_chance_too(filled: int, pages: int, expected: list[str]) -> None:
    # Seven in ten articles of a site have a subtitle; of its first 17 articles, one lacked it.
    before = covered("new", 17, subtitle=16)
    assert reasons(coverage_dropped(covered("new", pages, subtitle=filled), before)) == expected


@pytest.mark.parametrize(
    ("filled", "visits", "expected"),
    [(2, 1.0, []), (1, 1.0, ["coverage_dropped"]), (1, 3.0, []), (0, 1.2, ["coverage_dropped"]), (0, 3.0, [])],
)
def test_ten_visits_of_three_articles_are_not_ten_articles(filled: int, visits: float, expected: list[str]) -> None:
    before = covered("new", 200, subtitle=166)
    now = covered("new", 10, subtitle=filled)
    assert reasons(coverage_dropped(now, before, visits=(visits, 2.0))) == expected
    lost = coverage_dropped(covered("new", 10, views=0), covered("new", 200, views=200), visits=(visits, 2.0))
    assert reasons(lost) == ["coverage_dropped"], "a field of all articles that none has any more is no chance"


def test_a_year_of_samples_raises_no_alarm_by_chance() -> None:
    """Samples of the articles of twenty sites, of which a share has some field."""
    chance = Random(19)
    for _ in range(30_000):
        share, pages = chance.choice((0.5, 0.7, 0.75, 0.9)), chance.randint(10, 40)
        filled = sum(chance.random() < share for _ in range(pages))
        before = covered("new", 600, subtitle=round(600 * share))
        assert coverage_dropped(covered("new", pages, subtitle=filled), before) == [], (share, pages, filled)


def test_a_redesign_is_reported_as_unknown_layout() -> None:
    before = covered("new", 100, headline=100) | covered("unknown", 2, headline=2)
    now = covered("unknown", 18, headline=18) | covered("new", 2, headline=2)
    assert reasons(coverage_dropped(now, before)) == ["unknown_layout"]
    assert coverage_dropped(before, before) == []


def test_an_unknown_layout_is_reported_without_earlier_runs() -> None:
    assert reasons(coverage_dropped(covered("generic", 12, headline=12), {})) == ["unknown_layout"]


@dataclass
class Cron:
    """A crawl from cron that extracts three pages per run."""

    archive: Archive
    hour: datetime = datetime(2026, 1, 1, tzinfo=UTC)
    """The start of the last run."""
    definition: str = "1b2c3d"

    def run(self, views: int, method: str = "selector", pages: int = 3, layout: str = "new") -> list[str]:
        """Record a run that finds the counter on ``views`` of its pages; return its anomalies."""
        runs = self.archive.runs
        software = {"site_definition": self.definition}
        id = runs.start("crawl", site="caliber", arguments={}, settings={}, software=software)
        rows = [("headline", "selector", pages), ("views", method, views), ("views", "", 0)]
        runs.record_coverage(id, [("caliber", layout, field, by, pages, filled) for field, by, filled in rows if pages])
        runs.finish(id, "finished", None, {})
        self.hour += timedelta(hours=1)
        self.archive.db.execute("UPDATE runs SET started_at = ? WHERE id = ?", (utc_text(self.hour), id))
        problems = find_anomalies(self.archive, id)
        for problem in problems:
            runs.record_problem(id, problem)
        return [problem.message for problem in problems]


@pytest.fixture
def cron(tmp_path: Path) -> Iterator[Cron]:
    with Archive.open(tmp_path / "a.db", mode="write") as archive:
        yield Cron(archive)


def test_runs_of_a_few_pages_are_judged_together(cron: Cron) -> None:
    assert [cron.run(views=3) for _ in range(12)] == [[]] * 12
    assert cron.run(views=0) == [], "three of twelve pages are too few"
    assert cron.run(views=0) == ["views was found on 50% of 12 pages of layout new; usual: 100%."]
    assert cron.run(views=0, pages=0) == [], "a run without pages is not compared"
    assert cron.run(views=0) == ["views was found on 25% of 12 pages of layout new; usual: 100%."]


def test_unknown_layouts_of_a_generic_site_are_not_reported(cron: Cron) -> None:
    id = cron.archive.runs.start("crawl", site="news.example", arguments={}, settings={}, software={})
    cron.archive.runs.record_coverage(id, [("news.example", "generic", "headline", "opengraph", 30, 30)])
    cron.archive.runs.finish(id, "finished", None, {})
    assert [problem.reason for problem in find_anomalies(cron.archive, id)] == ["unknown_layout"]
    assert find_anomalies(cron.archive, id, has_layouts=False) == []


def test_refused_pages_of_small_runs_are_judged_together() -> None:
    good, bad = {"stored": 2, "revisited": 1}, {"stored": 1, "refused": 1, "failed": 1}
    assert refusals(bad, [good] * 12) == [], "one bad run of three pages"
    assert reasons(refusals(bad, [bad, *[good] * 12])) == ["more_refused"]
    assert reasons(refusals({"stored": 20, "refused": 30}, [])) == ["more_refused"]
    assert refusals({}, [bad] * 9) == []
    assert refusals(bad, [bad] * 12) == [], "the share did not change"
    assert refusals({"stored": 8, "refused": 9, "refused_again": 9}, [good] * 12) == []


def test_a_run_after_the_end_of_the_trouble_reports_nothing(cron: Cron) -> None:
    good, bad = {"revisited": 4}, {"revisited": 1, "failed": 3}
    assert reasons(refusals(bad, [bad, bad, *[good] * 12])) == ["more_refused"]
    assert refusals(good, [bad, bad, *[good] * 12]) == []
    for views in (3,) * 12 + (0,) * 3:
        found = cron.run(views)
    assert found
    assert cron.run(views=3) == [], "though most of the last twelve pages lack it"


def test_a_field_that_some_articles_have_is_missed_after_thirty_pages(cron: Cron) -> None:
    """Four in nine pages have it. That ten have none may be chance, and that thirty have none is not."""
    for views in (1, 2, 1) * 20:
        assert cron.run(views) == []
    found = [cron.run(views=0) for _ in range(12)]
    assert found[:5] == [[]] * 5
    assert all(found[10:])


def test_an_unknown_layout_is_reported_while_it_is_seen() -> None:
    now, before = covered("unknown", 8, headline=8) | covered("new", 4, headline=4), covered("new", 99, headline=99)
    assert reasons(coverage_dropped(now, before, own=covered("unknown", 3, headline=3))) == ["unknown_layout"]
    assert coverage_dropped(now, before, own=covered("new", 4, headline=4)) == []


def test_a_field_found_by_another_method_is_reported(cron: Cron) -> None:
    for _ in range(12):
        cron.run(views=3)
    cron.run(views=3, method="text")
    assert cron.run(views=3, method="text") == [
        "views was found by selector on 50% of 12 pages of layout new; usual: 100%."
    ]


@pytest.mark.slow
def test_a_redesign_that_nobody_notices_never_becomes_usual(cron: Cron) -> None:
    for _ in range(12):
        cron.run(views=3)
    found = [cron.run(views=0) for _ in range(24 * 14)]
    assert all(found[1:]), "after two weeks of hourly runs, each still reports it"
    (alarm,) = cron.archive.alarms.open()
    assert (alarm["site"], alarm["reason"], alarm["field"], alarm["runs"]) == (
        "caliber",
        "coverage_dropped",
        "views",
        335,
    )
    assert alarm["since"] == "2026-01-01T14:00:00Z"


def test_an_acknowledged_alarm_is_usual_from_then_on(cron: Cron) -> None:
    for views in (3,) * 12 + (0,) * 12:
        cron.run(views)
    (acknowledged,) = cron.archive.alarms.acknowledge("caliber", by="ada", note="no counters any more", software={})
    assert acknowledged["reason"] == "coverage_dropped"
    cron.archive.db.execute("UPDATE runs SET started_at = ? WHERE command = 'acknowledge'", (utc_text(cron.hour),))
    assert cron.archive.alarms.open() == []
    assert [cron.run(views=0) for _ in range(12)] == [[]] * 12
    assert cron.archive.alarms.acknowledge("caliber", by="ada", note="", software={}) == [], "nothing is open"
    (record,) = [run for run in cron.archive.runs.last(99) if run["command"] == "acknowledge"]
    assert record["arguments"]["by"] == "ada"
    for _ in range(3):
        cron.run(views=3)
    assert cron.archive.alarms.open() == [], "an improvement is no alarm"


def test_an_acknowledged_layout_is_usual_though_few_pages_had_it(cron: Cron) -> None:
    for _ in range(12):
        cron.run(views=3)
    assert [bool(cron.run(views=3, layout="unknown")) for _ in range(4)] == [False, True, True, True]
    (acknowledged,) = cron.archive.alarms.acknowledge("caliber", by="ada", note="a new design", software={})
    assert acknowledged["reason"] == "unknown_layout"
    cron.archive.db.execute("UPDATE runs SET started_at = ? WHERE command = 'acknowledge'", (utc_text(cron.hour),))
    assert [cron.run(views=3, layout="unknown") for _ in range(12)] == [[]] * 12


def test_a_new_site_definition_begins_a_new_baseline(cron: Cron) -> None:
    for views in (3,) * 12 + (0,) * 12:
        cron.run(views)
    cron.definition = "4e5f60"
    assert [cron.run(views=0) for _ in range(12)] == [[]] * 12


def test_an_alarm_ends_a_day_after_the_last_run_that_raised_it(cron: Cron) -> None:
    for views in (3,) * 12 + (0,) * 6:
        cron.run(views)
    for _ in range(20):
        cron.run(views=3)
    assert cron.archive.alarms.open() != []
    for _ in range(10):
        cron.run(views=3)
    assert cron.archive.alarms.open() == []


def test_every_anomaly_is_an_alarm() -> None:
    source = Path(find_anomalies.__code__.co_filename).read_text("utf-8")
    assert set(re.findall(r'_problem\("(\w+)"', source)) <= set(ALARMS)
