"""The error that a run ended with, in one sentence and with an exit code of its own."""

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
}
"""The error for each code of a :class:`~caliber_crawler.crawling.outcome.Halt`."""


def run_error(run: CrawlRun) -> CaliberError | None:
    """Why a run fetched nothing, or was halted; ``None`` for one that was not."""
    accounts = run.accounts
    if accounts.unreachable:
        return SiteUnreachable(f"{accounts.why}.")
    return HALTS[accounts.halted.code](f"{accounts.why}.") if accounts.halted else None
