"""When is an article due again? Young articles often, old ones rarely: each gets a useful curve of view counts."""

from __future__ import annotations

from datetime import datetime, timedelta

from caliber_crawler.site import Revisits

FIRST_RETRY = timedelta(hours=1)
LAST_RETRY = timedelta(days=7)
USUAL = Revisits()


def next_visit(published_at: datetime | None, visited_at: datetime, plan: Revisits = USUAL) -> datetime:
    """The moment of the first age in the plan that lies after ``visited_at``.

    An article of unknown age is taken to have appeared when it was first visited.
    """
    born = min(published_at or visited_at, visited_at)
    for age in plan.ages:
        if born + age > visited_at:
            return born + age
    times = (visited_at - born - plan.ages[-1]) // plan.later + 1
    return born + plan.ages[-1] + times * plan.later


def next_try(failures: int, failed_at: datetime) -> datetime:
    """When to ask again after so many failures in a row: in an hour, then twice as long each time, up to a week."""
    doublings = min(failures, 10)
    return failed_at + min(FIRST_RETRY * (1 << doublings), LAST_RETRY)
