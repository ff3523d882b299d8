"""Revisit schedule: recent articles often, old ones rarely, for a useful curve of view counts."""

from __future__ import annotations

from datetime import datetime, timedelta

from caliber_crawler.site import Revisits

MIN_RETRY_DELAY = timedelta(hours=1)
MAX_RETRY_DELAY = timedelta(days=7)
RECHECK_DELAYS = (timedelta(days=1), timedelta(days=7))
"""Delays until a page that is gone or not an article is checked again: it may be a temporary fault of the site."""
ROBOTS_RECHECK_DELAY = timedelta(days=7)
"""Delay until a page that robots.txt disallows is checked again; the check sends no request."""
DEFAULT_PLAN = Revisits()
REVISIT = 42
"""Frontier priority of a revisit: after new articles, before the older pages of a listing."""


def next_visit(published_at: datetime | None, visited_at: datetime, plan: Revisits = DEFAULT_PLAN) -> datetime:
    """Return the date of the first age in the plan that is later than ``visited_at``.

    Without a publication date, the article is assumed to be published at its first visit.
    """
    appeared_at = min(published_at or visited_at, visited_at)
    for age in plan.ages:
        if appeared_at + age > visited_at:
            return appeared_at + age
    last = plan.ages[-1] if plan.ages else timedelta()
    intervals = (visited_at - appeared_at - last) // plan.later + 1
    return appeared_at + last + intervals * plan.later


def next_retry(failures: int, failed_at: datetime) -> datetime:
    """Return when to retry after a number of consecutive failures: after an hour, doubled each time, up to a week."""
    doublings = min(failures, 10)
    return failed_at + min(MIN_RETRY_DELAY * (1 << doublings), MAX_RETRY_DELAY)


def next_recheck(
    checks: int, checked_at: datetime, *, archived: bool, plan: Revisits = DEFAULT_PLAN
) -> datetime | None:
    """Return when to check a gone or non-article page again, after a number of earlier checks.

    ``None`` means never. ``archived``: the article is in the archive, and its view counts continue if it returns.
    """
    if checks < len(RECHECK_DELAYS):
        return checked_at + RECHECK_DELAYS[checks]
    return checked_at + plan.later if archived else None


def next_robots_check(checks: int, forbidden_at: datetime, plan: Revisits = DEFAULT_PLAN) -> datetime:
    """Return when to check again whether robots.txt disallows a page, after a number of earlier checks."""
    return forbidden_at + min(ROBOTS_RECHECK_DELAY * (1 << min(checks, 10)), max(plan.later, ROBOTS_RECHECK_DELAY))
