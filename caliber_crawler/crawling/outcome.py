"""The outcome of a run: ``finished`` means that no work is left."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from caliber_crawler.quantity import quantity

Outcome = Literal["finished", "stopped", "failed"]

OUTCOMES = ("stored", "unchanged", "refused", "failed", "missing", "remaining")
"""The possible outcomes of an article URL in a run."""


@dataclass(frozen=True, slots=True)
class Halt:
    """Why a run ends with work left: a reason code, and a clause for messages."""

    code: Literal["unreachable", "robots_unavailable", "busy", "failing", "challenged", "archive", "stalled"]
    clause: str
    is_unconnected: bool = False
    """Whether the server does not connect, so that it may over HTTP: not because of its name or its certificate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Remaining:
    """Work that is left when a run ends, and the limits that were reached (``None``: not reached)."""

    articles: int = 0
    lists: int = 0
    """Listing pages, feeds and sitemaps."""
    broken_lists: int = 0
    """Pages of lists that could not be fetched or extracted, in this run or earlier ones, and are due later."""
    backlog: int = 0
    """URLs that are not in the frontier yet."""
    requests: int | None = None
    """The maximum number of requests."""
    limit: int | None = None
    """The maximum number of articles."""
    revisits: int | None = None
    """The maximum number of revisits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """Everything that decides the outcome of a run."""

    reason: str
    """Scrapy's reason: ``finished`` when it had nothing more to request."""
    site_url: str
    unreachable: str | None = None
    """Why no page was fetched, as a clause."""
    halted: Halt | None = None
    remaining: Remaining = field(default_factory=Remaining)

    @property
    def outcome(self) -> tuple[Outcome, str | None]:
        """The outcome, and a clause with the reason if it is not ``finished``."""
        left = self.remaining
        if self.unreachable is not None:
            return "failed", f"no page of {self.site_url} could be fetched: {self.unreachable}"
        if self.halted:
            return "stopped", self.halted.clause
        if self.reason != "finished":
            return "stopped", f"stopped early ({self.reason})"
        if left.requests is not None:
            return "stopped", f"the budget of {quantity(left.requests, 'request')} was used up"
        if left.limit is not None and (left.articles or left.lists or left.backlog):
            return "stopped", f"the limit of {quantity(left.limit, 'article')} was reached"
        if left.revisits is not None and left.articles and not left.lists:
            return (
                "stopped",
                f"the limit of {quantity(left.revisits, 'revisit')} was reached; {left.articles} more are due",
            )
        if left.articles or left.lists:
            return (
                "failed",
                f"{quantity(left.articles, 'article')} and {quantity(left.lists, 'listing page')} were not processed",
            )
        if left.broken_lists:
            pages = "1 page of a list" if left.broken_lists == 1 else f"{quantity(left.broken_lists, 'page')} of lists"
            return (
                "failed",
                f"{pages} could not be processed and will be retried later; articles on them may be missing",
            )
        return "finished", None


def balanced(counts: Mapping[str, int]) -> bool:
    """Return whether every article URL of the run has exactly one outcome."""
    return counts.get("discovered", 0) == sum(counts.get(outcome, 0) for outcome in OUTCOMES)
