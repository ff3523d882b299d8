"""When is an article due again? Young articles often, old ones rarely: each gets a useful curve of view counts."""

from __future__ import annotations

from datetime import datetime, timedelta

from caliber_crawler.site import Revisits

MIN_RETRY_DELAY = timedelta(hours=1)
MAX_RETRY_DELAY = timedelta(days=7)
RECHECK_DELAYS = (timedelta(days=1), timedelta(days=7))
"""After how long a page that is gone, or holds no article, is looked at again: sites have bad days."""
ROBOTS_RECHECK_DELAY = timedelta(days=7)
"""After how long robots.txt is asked about a page that it forbids; that takes no request."""
DEFAULT_PLAN = Revisits()
REVISIT = 42
"""Priority of a further visit in the frontier: behind new articles, before the older pages of a listing."""


def next_visit(published_at: datetime | None, visited_at: datetime, plan: Revisits = DEFAULT_PLAN) -> datetime:
    """The moment of the first age in the plan that lies after ``visited_at``.

    An article of unknown age is taken to have appeared when it was first visited.
    """
    appeared_at = min(published_at or visited_at, visited_at)
    for age in plan.ages:
        if appeared_at + age > visited_at:
            return appeared_at + age
    last = plan.ages[-1] if plan.ages else timedelta()
    times = (visited_at - appeared_at - last) // plan.later + 1
    return appeared_at + last + times * plan.later


def next_retry(failures: int, failed_at: datetime) -> datetime:
    """When to ask again after so many failures in a row: in an hour, then twice as long each time, up to a week."""
    doublings = min(failures, 10)
    return failed_at + min(MIN_RETRY_DELAY * (1 << doublings), MAX_RETRY_DELAY)


def next_recheck(checks: int, checked_at: datetime, *, held: bool, plan: Revisits = DEFAULT_PLAN) -> datetime | None:
    """When to look again at a page that is gone or holds no article, after so many looks in vain before this one.

    ``None`` for no more. ``held`` says that it was an article once, whose curve goes on should it come back.
    """
    if checks < len(RECHECK_DELAYS):
        return checked_at + RECHECK_DELAYS[checks]
    return checked_at + plan.later if held else None


def next_robots_check(times: int, forbidden_at: datetime, plan: Revisits = DEFAULT_PLAN) -> datetime:
    """When to see whether robots.txt still forbids a page, after so many times before this one."""
    return forbidden_at + min(ROBOTS_RECHECK_DELAY * (1 << min(times, 10)), max(plan.later, ROBOTS_RECHECK_DELAY))
