"""Cron expressions: numbering of weekdays, days that exist, time zones."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caliber_crawler.cron import (
    cron_fields,
    cron_times,
    describe_time,
    interval_name,
    interval_times,
    nearest,
    require_cron,
    systemd_calendar,
)

START = datetime(2026, 11, 29, 21, tzinfo=UTC)  # a Sunday


@pytest.fixture
def time_zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    def set_zone(name: str) -> None:
        monkeypatch.setenv("TZ", name)
        time.tzset()

    yield set_zone
    monkeypatch.undo()
    time.tzset()


def times(expression: str, start: datetime, count: int) -> list[str]:
    return [f"{time:%a %Y-%m-%d %H:%M}" for time in islice(cron_times(expression, start), count)]


@pytest.mark.parametrize(
    ("weekdays", "names"),
    [
        ("1", "Mon"),
        ("0", "Sun"),
        ("7", "Sun"),
        ("1-5", "Mon Tue Wed Thu Fri"),
        ("6-7", "Sat Sun"),
        ("mon,WED", "Mon Wed"),
        ("*/2", "Sun Tue Thu Sat"),
    ],
)
def test_weekdays_are_numbered_as_in_a_crontab(time_zone: Callable[[str], None], weekdays: str, names: str) -> None:
    time_zone("UTC")
    found = times(f"0 5 * * {weekdays}", START, 14)
    assert {each.partition(" ")[0] for each in found} == set(names.split())
    assert all(each.endswith(" 05:00") for each in found)


def test_either_day_field_matches(time_zone: Callable[[str], None]) -> None:
    time_zone("UTC")
    assert times("0 0 13 * 5", START, 3) == ["Fri 2026-12-04 00:00", "Fri 2026-12-11 00:00", "Sun 2026-12-13 00:00"]


@given(
    minute=st.integers(0, 59),
    hour=st.integers(0, 23),
    weekday=st.integers(0, 7),
    hours=st.integers(0, 150_000),
)
def test_a_weekly_time_is_the_next_such_weekday(minute: int, hour: int, weekday: int, hours: int) -> None:
    start = START + timedelta(hours=hours)
    found = next(cron_times(f"{minute} {hour} * * {weekday}", start))
    assert (found.isoweekday() % 7, found.hour, found.minute) == (weekday % 7, hour, minute)
    assert timedelta(0) < found - start <= timedelta(days=7, hours=2)


@pytest.mark.parametrize(
    "expression",
    [
        *("", "*", "* * * *", "* * * * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * * 13 *", "* * * * 8"),
        *(
            "*/0 * * * *",
            "1,2, * * * *",
            "-1 * * * *",
            "5-x * * * *",
            "٣ * * * *",
            "* * * * monday",
            "@reboot",
            "daily",
        ),
        *("R * * * *", "h * * * *", "R/5 * * * *", "1,R * * * *", "r(1-5) * * * *", "H(1-5) * * * *"),
        *("1-0 * * * *", "50-10 * * * *", "* 6-5/2 * * *", "0 5 15W * *", "0 5 LW * *"),
        *("0 0 30 2 *", "0 0 31 2,4,6,9,11 *", "0-99999999999 * * * *", "9" * 5000 + " * * * *"),
    ],
)
def test_an_expression_that_names_no_time_is_refused(expression: str) -> None:
    with pytest.raises(ValueError):
        require_cron(expression)


@pytest.mark.parametrize(
    "expression",
    [
        "* * * * *",
        "*/20 6-23 * * 1-5",
        "0 0 29 2 *",
        "@daily",
        "0  5 *\t* MON",
        "0 0 L * *",
        "5 4 * * 5#2",
        "0 5 * * FRI-MON",
    ],
)
def test_an_expression_of_five_fields_is_accepted(expression: str) -> None:
    require_cron(expression)
    assert next(cron_times(expression, START)) > START


@given(st.text("0123456789*/,-#LRHmonsu @", max_size=24))
def test_any_text_is_accepted_with_a_next_time_or_refused(text: str) -> None:
    try:
        require_cron(text)
    except ValueError:
        return
    assert next(cron_times(text, START)) > START


def test_times_are_in_the_time_zone_of_the_machine(time_zone: Callable[[str], None]) -> None:
    time_zone("Asia/Baku")
    monday = next(cron_times("0 5 * * 1", START))
    assert monday.astimezone(UTC) == datetime(2026, 11, 30, 1, tzinfo=UTC)
    assert describe_time(monday) == "Monday 2026-11-30 05:00 +04 (UTC+04:00)"
    assert describe_time(START) == "Sunday 2026-11-29 21:00 UTC"


@pytest.mark.parametrize(
    ("expression", "start", "expected"),
    [
        ("30 2 * * *", datetime(2026, 3, 28, 12, tzinfo=UTC), ["Sun 2026-03-29 03:30", "Mon 2026-03-30 02:30"]),
        ("30 2 * * *", datetime(2026, 10, 24, 12, tzinfo=UTC), ["Sun 2026-10-25 02:30", "Mon 2026-10-26 02:30"]),
    ],
    ids=["forward", "back"],
)
def test_a_daily_time_occurs_once_when_clocks_change(
    time_zone: Callable[[str], None], expression: str, start: datetime, expected: list[str]
) -> None:
    time_zone("Europe/Berlin")
    assert times(expression, start, 2) == expected


@pytest.mark.parametrize("month", [3, 10])
def test_frequent_times_rise_when_clocks_change(time_zone: Callable[[str], None], month: int) -> None:
    time_zone("Europe/Berlin")
    found = list(islice(cron_times("*/20 * * * *", datetime(2026, month, 24, tzinfo=UTC)), 600))
    gaps = {later.timestamp() - earlier.timestamp() for earlier, later in pairwise(found)}
    assert gaps <= {1200.0, 4800.0}


def test_an_interval_begins_at_its_start() -> None:
    assert list(islice(interval_times(90, START), 2)) == [START + timedelta(minutes=90), START + timedelta(minutes=180)]


@pytest.mark.parametrize("every", [5, 17, 30, 45, 59, 60, 90, 240, 720, 1440])
def test_every_interval_is_regular(time_zone: Callable[[str], None], every: int) -> None:
    time_zone("UTC")
    found = list(islice(cron_times(cron_fields(every), datetime(2026, 11, 23, tzinfo=UTC)), 60))
    assert {later - earlier for earlier, later in pairwise(found)} == {timedelta(minutes=nearest(every))}
    assert abs(nearest(every) - every) <= every / 2


@pytest.mark.parametrize(
    ("every", "fields", "timer", "name"),
    [
        (5, "*/5 * * * *", "*:0/5", "5 minutes"),
        (30, "*/30 * * * *", "*:0/30", "30 minutes"),
        (60, "7 * * * *", "*-*-* *:07", "hour"),
        (120, "7 */2 * * *", "*-*-* 00/2:07", "2 hours"),
        (720, "7 */12 * * *", "*-*-* 00/12:07", "12 hours"),
        (1440, "7 0 * * *", "*-*-* 00:07", "day"),
    ],
)
def test_cron_and_systemd_have_the_same_interval(every: int, fields: str, timer: str, name: str) -> None:
    assert (cron_fields(every), systemd_calendar(every), interval_name(every)) == (fields, timer, name)
