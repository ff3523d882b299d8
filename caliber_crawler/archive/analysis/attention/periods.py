"""Days, weeks and months, each named by its first day."""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache
from typing import Literal

Period = Literal["day", "week", "month"]

DAY = timedelta(days=1)


@lru_cache(maxsize=20_000)
def period_of(day: str, by: Period) -> str:
    """The first day of the period that contains a day; a week begins on Monday."""
    if by == "day":
        return day
    if by == "month":
        return f"{day[:7]}-01"
    found = date.fromisoformat(day)
    return (found - found.weekday() * DAY).isoformat()


def periods_between(first: str, last: str, by: Period) -> list[str]:
    """The first days of all periods from one to another."""
    found, periods = date.fromisoformat(first), []
    while (period := found.isoformat()) <= last:
        periods.append(period)
        found = following(found, by)
    return periods


def following(first_day: date, by: Period) -> date:
    """The first day of the next period."""
    if by == "month":
        return (first_day.replace(day=28) + 4 * DAY).replace(day=1)
    return first_day + (7 * DAY if by == "week" else DAY)


def last_day_of(first_day: str, by: Period) -> str:
    """The last day of the period that begins on this day."""
    return (following(date.fromisoformat(first_day), by) - DAY).isoformat()
