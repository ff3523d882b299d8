"""Cron expressions: the times that they name, and expressions for an interval.

Weekdays are numbered as in a crontab: 0 and 7 are Sunday, 1 is Monday. If both day fields are restricted, one of them
has to match.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from croniter import CroniterError, croniter

from caliber_crawler.quantity import quantity

NICKNAMES = frozenset({"@hourly", "@daily", "@midnight", "@weekly", "@monthly", "@yearly", "@annually"})
FIELD = re.compile(r"[0-9A-Za-z*,/#-]+", re.ASCII)
RANDOM = re.compile(r"(?:^|,)[RH](?:$|[,/])", re.IGNORECASE)
"""A random value, an extension of some programs: each reader of the expression would compute another time."""
NEAREST_WEEKDAY = re.compile(r"\dW|W\d|LW", re.IGNORECASE)
"""An extension that croniter parses and ignores."""
RANGE = re.compile(r"(\d{1,4})-(\d{1,4})", re.ASCII)
MINUTES = (5, 6, 10, 12, 15, 20, 30, *(60 * hours for hours in (1, 2, 3, 4, 6, 8, 12, 24)))
"""Intervals in minutes that cron can keep: other intervals restart with each hour or day."""


def require_cron(expression: str) -> None:
    """Raise ``ValueError`` unless an expression has five valid fields and names a date that exists."""
    fields = expression.split()
    is_crontab = len(fields) == 5 and all(FIELD.fullmatch(field) and not RANDOM.search(field) for field in fields)
    if not is_crontab and expression not in NICKNAMES:
        raise ValueError("it needs five fields: minute, hour, day of the month, month, weekday")
    if any(NEAREST_WEEKDAY.search(field) for field in fields):
        raise ValueError("W, the nearest weekday, is not supported")
    # Only weekdays go round: FRI-MON. Elsewhere a crontab refuses it, and 1-0 would be every minute.
    for first, last in (found for field in fields[:4] for found in RANGE.findall(field)):
        if int(first) > int(last):
            raise ValueError(f"the range {first}-{last} ends before it begins")
    try:
        croniter(expression, datetime(2026, 1, 1, tzinfo=UTC)).get_next(datetime)
    except (CroniterError, ValueError, OverflowError) as error:
        raise ValueError(str(error) or type(error).__name__) from None


def cron_times(expression: str, after: datetime) -> Iterator[datetime]:
    """The times of a valid expression after ``after``, in the time zone of this machine, as cron computes them.

    When clocks are set forward, a time that does not exist is moved on; when they are set back, a time that occurs
    twice is used once.
    """
    local = croniter(expression, after.astimezone().replace(tzinfo=None))
    latest = after
    while True:
        # Local times without an offset, because offsets change; Python adds the offset of the machine's time zone.
        named = local.get_next(datetime)
        time = named.astimezone()
        if time.replace(tzinfo=None) != named:
            # It does not exist: clocks are set forward. Which fold names the later time differs in Python 3.14.
            time = max(time, named.replace(fold=1).astimezone())
        if time > latest:
            latest = time
            yield time


def interval_times(minutes: int, start: datetime) -> Iterator[datetime]:
    """The times every so many minutes after ``start``."""
    while True:
        start += timedelta(minutes=minutes)
        yield start


def nearest(every: int) -> int:
    """The interval that cron can keep, nearest to ``every`` minutes."""
    return min(MINUTES, key=lambda minutes: abs(minutes - every))


def interval_name(minutes: int) -> str:
    """An interval in words, after "every": ``5 minutes``, ``hour``."""
    if minutes < 60:
        return f"{quantity(minutes, 'minute')}"
    return {60: "hour", 1440: "day"}.get(minutes, f"{quantity(minutes // 60, 'hour')}")


def cron_fields(every: int) -> str:
    """The five fields of a crontab line for about ``every`` minutes; above an hour, whole hours."""
    minutes = nearest(every)
    if minutes < 60:
        return f"*/{minutes} * * * *"
    hours = minutes // 60
    return {1: "7 * * * *", 24: "7 0 * * *"}.get(hours, f"7 */{hours} * * *")


def systemd_calendar(every: int) -> str:
    """The ``OnCalendar`` value of a systemd timer for about ``every`` minutes."""
    minutes = nearest(every)
    if minutes < 60:
        return f"*:0/{minutes}"
    hours = minutes // 60
    return {1: "*-*-* *:07", 24: "*-*-* 00:07"}.get(hours, f"*-*-* 00/{hours}:07")


def describe_time(time: datetime) -> str:
    """A time with its weekday, time zone and offset: ``Monday 2026-11-30 05:00 CET (UTC+01:00)``."""
    offset = f" (UTC{time.isoformat()[-6:]})" if time.utcoffset() else ""
    return f"{time:%A %Y-%m-%d %H:%M %Z}{offset}"
