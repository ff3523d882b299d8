"""The error that ended a run, as one sentence with its own exit code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from caliber_crawler.errors import (
    ArchiveFull,
    CaliberError,
    RobotsUnavailable,
    SiteBusy,
    SiteChallenged,
    SiteUnreachable,
)

if TYPE_CHECKING:
    from caliber_crawler.crawling.run import CrawlRun

HALTS: dict[str, type[CaliberError]] = {
    "archive": ArchiveFull,
    "robots_unavailable": RobotsUnavailable,
    "busy": SiteBusy,
    "failing": SiteBusy,
    "challenged": SiteChallenged,
    "unreachable": SiteUnreachable,
    "stalled": CaliberError,
}
"""The error for each code of a :class:`~caliber_crawler.crawling.outcome.Halt`."""


def run_error(run: CrawlRun) -> CaliberError | None:
    """Return the error of a run that fetched nothing or was halted; ``None`` for any other run."""
    accounts = run.accounts
    if accounts.unreachable:
        return SiteUnreachable(f"{accounts.why}.")
    return HALTS[accounts.halted.code](f"{accounts.why}.") if accounts.halted else None
