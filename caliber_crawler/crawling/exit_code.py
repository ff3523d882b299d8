"""The exit code of a run: 0 for a complete run of a healthy site, others for what a person should see.

It is stored with the run, so that the next run knows whether the site's state has changed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from caliber_crawler.crawling.run_error import run_error
from caliber_crawler.errors import CHECKS_FAILED

if TYPE_CHECKING:
    from caliber_crawler.crawling.run import CrawlRun

MIN_KNOWN_SHARE = 0.8
"""Share of the articles of an explored site that are known when the exploration is complete."""


def exit_code(run: CrawlRun) -> int:
    """The exit code of a run that ended.

    0 if it is complete, 3 if its checks failed or its scope is not complete, 1 if it failed or was stopped, or the code
    of the error that ended it.
    """
    if error := run_error(run):
        return error.exit_code
    stopped = run.accounts.outcome == "stopped" and not run.dispatcher.limits_reached
    if run.accounts.outcome == "failed" or stopped:
        return 1
    is_good = is_complete(run) and run.accounts.checks_passed(due_only=run.scope.due_only)
    return 0 if is_good else CHECKS_FAILED


def reason_of(run: CrawlRun) -> str | None:
    """Why a run that ended did not finish, and what about it a person should see; ``None`` for exit code 0."""
    unusual = run.accounts.failed_checks(due_only=run.scope.due_only)
    if not unusual and run.accounts.why is None and not is_complete(run):
        unusual = ["not all articles of the site are known yet"]
    return "; ".join(filter(None, (run.accounts.why, *unusual))) or None


def is_complete(run: CrawlRun) -> bool:
    """Whether the requested scope is complete, as far as the run can know."""
    if run.dispatcher.budget_used_up:
        return False
    counts = run.accounts.counts
    if run.explorer is None or run.dispatcher.limit_reached:
        return True
    return not counts["articles_left"] and counts["articles_known"] >= MIN_KNOWN_SHARE * counts["site_size"]
