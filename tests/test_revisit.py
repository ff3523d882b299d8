"""When an article is due again."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from caliber_crawler.revisit import (
    DEFAULT_PLAN,
    MAX_RETRY_DELAY,
    RECHECK_DELAYS,
    next_recheck,
    next_retry,
    next_robots_check,
    next_visit,
)
from caliber_crawler.site import Revisits

NOW = datetime(2026, 1, 6, 12, tzinfo=UTC)
datetimes = st.datetimes(datetime(2021, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


def test_a_new_article_is_due_an_hour_after_publication() -> None:
    assert next_visit(NOW - timedelta(minutes=10), NOW) == NOW + timedelta(minutes=50)


def test_an_article_aged_one_week_is_due_at_two_weeks() -> None:
    assert next_visit(NOW - timedelta(days=7), NOW) == NOW + timedelta(days=7)


def test_the_default_ages_of_revisits() -> None:
    hours = [age / timedelta(hours=1) for age in DEFAULT_PLAN.ages]
    assert hours == [1, 3, 6, 12, 24, 48, 96, 7 * 24, 14 * 24, 30 * 24]
    assert timedelta(days=91) == DEFAULT_PLAN.later


def test_an_old_article_is_due_once_per_quarter() -> None:
    published_at = NOW - timedelta(days=1000)
    first = next_visit(published_at, NOW)
    assert NOW < first <= NOW + DEFAULT_PLAN.later
    assert next_visit(published_at, first) - first == DEFAULT_PLAN.later


def test_an_article_of_unknown_age_counts_as_new() -> None:
    assert next_visit(None, NOW) == NOW + DEFAULT_PLAN.ages[0]


@given(datetimes, datetimes)
def test_the_next_visit_is_within_a_quarter(published_at: datetime, visited_at: datetime) -> None:
    assert visited_at < next_visit(published_at, visited_at) <= visited_at + DEFAULT_PLAN.later


def test_the_retry_delay_doubles_up_to_a_maximum() -> None:
    waits = [next_retry(failures, NOW) - NOW for failures in range(12)]
    assert waits[:4] == [timedelta(hours=hours) for hours in (1, 2, 4, 8)]
    assert waits == sorted(waits)
    assert waits[-1] == MAX_RETRY_DELAY


def test_the_retry_delay_of_any_number_of_failures_is_bounded() -> None:
    assert [next_retry(failures, NOW) - NOW for failures in (7, 8, 10**6)] == [
        timedelta(hours=128),
        MAX_RETRY_DELAY,
        MAX_RETRY_DELAY,
    ]


@given(st.integers(0, 5), st.integers(1, 5))
def test_later_visits_are_at_whole_intervals_after_the_last_age(intervals: int, days: int) -> None:
    last, later = timedelta(days=10), timedelta(days=days)
    plan = Revisits(ages=(timedelta(days=1), last), later=later)
    due_at = NOW + last + (intervals + 1) * later
    assert next_visit(NOW, NOW + last + intervals * later, plan) == due_at
    assert next_visit(NOW, due_at - timedelta(seconds=1), plan) == due_at


def test_a_site_may_have_its_own_plan() -> None:
    plan = Revisits(ages=(timedelta(minutes=10),), later=timedelta(days=1))
    assert next_visit(NOW, NOW, plan) == NOW + timedelta(minutes=10)
    assert next_visit(NOW, NOW + timedelta(minutes=10), plan) == NOW + timedelta(days=1, minutes=10)


def test_a_plan_may_have_no_ages() -> None:
    plan = Revisits(ages=(), later=timedelta(days=1))
    assert next_visit(NOW - timedelta(days=3), NOW, plan) == NOW + timedelta(days=1)


def test_a_gone_page_is_checked_twice_and_an_archived_article_then_quarterly() -> None:
    assert [next_recheck(checks, NOW, archived=False) for checks in range(4)] == [
        *(NOW + age for age in RECHECK_DELAYS),
        None,
        None,
    ]
    assert next_recheck(2, NOW, archived=True) == next_recheck(9, NOW, archived=True) == NOW + DEFAULT_PLAN.later


def test_a_disallowed_page_is_checked_weekly_at_first_and_quarterly_at_last() -> None:
    waits = [next_robots_check(checks, NOW) - NOW for checks in range(12)]
    assert waits[:3] == [timedelta(days=days) for days in (7, 14, 28)]
    assert waits[-1] == DEFAULT_PLAN.later
