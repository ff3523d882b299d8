"""When is an article due again? Young articles often, old ones rarely: each gets a useful curve of view counts."""

from __future__ import annotations

from datetime import datetime, timedelta

AGES = (
    timedelta(hours=1),
    timedelta(hours=3),
    timedelta(hours=6),
    timedelta(hours=12),
    timedelta(days=1),
    timedelta(days=2),
    timedelta(days=4),
    timedelta(days=7),
    timedelta(days=14),
    timedelta(days=30),
)
"""Ages of an article at which it is visited again."""

LATER = timedelta(days=91)
"""The interval once it has outgrown all of them: quarterly."""

FIRST_RETRY = timedelta(hours=1)
LAST_RETRY = timedelta(days=7)


def next_visit(published_at: datetime | None, visited_at: datetime) -> datetime:
    """The moment of the first age in the plan that lies after ``visited_at``.

    An article of unknown age is taken to have appeared when it was first visited.
    """
    born = min(published_at or visited_at, visited_at)
    for age in AGES:
        if born + age > visited_at:
            return born + age
    quarters = (visited_at - born - AGES[-1]) // LATER + 1
    return born + AGES[-1] + quarters * LATER


def next_try(failures: int, failed_at: datetime) -> datetime:
    """When to ask again after so many failures in a row: in an hour, then twice as long each time, up to a week."""
    doublings = min(failures, 10)
    return failed_at + min(FIRST_RETRY * (1 << doublings), LAST_RETRY)
