"""The state of a site after a crawl, and when it is news."""

from __future__ import annotations

import pytest

from caliber_crawler.archive.reports.alarms import SiteState
from caliber_crawler.items import Problem
from tests.archive.newsroom import Newsroom

HEALTHY, CHECKS_FAILED = SiteState(0), SiteState(3)
DOWN, BUSY = SiteState(10), SiteState(14)
REDESIGN = SiteState(3, ("unknown_layout",))


@pytest.mark.parametrize(
    ("state", "name"),
    [
        (HEALTHY, "healthy"),
        (CHECKS_FAILED, "alarm"),
        (REDESIGN, "alarm"),
        (SiteState(0, ("unknown_layout",)), "alarm"),
        (DOWN, "failed"),
        (SiteState(1), "failed"),
    ],
)
def test_a_state_has_one_of_three_names(state: SiteState, name: str) -> None:
    assert state.name == name


@pytest.mark.parametrize(
    ("before", "after", "is_news"),
    [
        (None, HEALTHY, True),
        (HEALTHY, HEALTHY, False),
        (HEALTHY, REDESIGN, True),
        (REDESIGN, REDESIGN, False),
        (REDESIGN, SiteState(0, ("unknown_layout",)), False),
        (REDESIGN, SiteState(3, ("coverage_dropped", "unknown_layout")), True),
        (REDESIGN, HEALTHY, True),
        (REDESIGN, DOWN, True),
        (DOWN, DOWN, False),
        (DOWN, BUSY, True),
        (BUSY, HEALTHY, True),
    ],
)
def test_only_a_change_is_news(before: SiteState | None, after: SiteState, is_news: bool) -> None:
    assert after.differs_from(before) == is_news


def test_the_state_of_a_site_is_that_of_its_last_crawl_that_ended(newsroom: Newsroom) -> None:
    runs, alarms = newsroom.archive.runs, newsroom.archive.alarms
    assert alarms.state("caliber") is None
    id = runs.start("crawl", site="caliber", arguments={}, settings={}, software={})
    runs.record_problem(id, Problem(stage="run", reason="unknown_layout", message="All pages have a new layout."))
    assert alarms.state("caliber") is None, "the crawl is running"
    runs.record_exit_code(id, 3)
    assert alarms.state("caliber") == REDESIGN
    assert alarms.state("other") is None
    runs.start("crawl", site="caliber", arguments={}, settings={}, software={})
    assert alarms.state("caliber") == REDESIGN
