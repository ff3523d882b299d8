"""How a run ended, told honestly: ``finished`` is said only with no work left."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Outcome = Literal["finished", "stopped", "failed"]

OUTCOMES = ("stored", "unchanged", "refused", "failed", "missing", "left")
"""What can become of an article address that a run meets."""


@dataclass(frozen=True, slots=True)
class Halt:
    """Why a run goes no further although there is work: a code to group by, and a clause for a person."""

    code: Literal["unreachable", "robots_unavailable", "busy", "failing", "challenged", "archive"]
    clause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """What is known of a run when it ends."""

    reason: str
    """Scrapy's own: ``finished`` when it found nothing more to ask for."""
    site_url: str
    unreachable: str | None = None
    """One clause: why there was no page at all."""
    halted: Halt | None = None
    articles_left: int = 0
    lists_left: int = 0
    held_back: int = 0
    """Addresses that were to enter the frontier later."""
    limit: int | None = None
    """The limit of articles, where it was reached."""
    revisits: int | None = None
    """The limit of further visits, where it was reached."""

    @property
    def outcome(self) -> tuple[Outcome, str | None]:
        """The outcome, and a clause that says why it is not ``finished``."""
        if self.unreachable is not None:
            return "failed", f"{self.site_url} gave no page at all: {self.unreachable}"
        if self.halted:
            return "stopped", self.halted.clause
        if self.reason != "finished":
            return "stopped", f"stopped early ({self.reason})"
        if self.limit is not None and (self.articles_left or self.lists_left or self.held_back):
            return "stopped", f"the limit of {self.limit} articles was reached"
        if self.revisits is not None and self.articles_left and not self.lists_left:
            told = f"{self.revisits} articles were visited again, the most in one run"
            return "stopped", f"{told}; {self.articles_left} more are due"
        if self.articles_left or self.lists_left:
            return "failed", f"{self.articles_left} articles and {self.lists_left} listing pages were left undone"
        return "finished", None


def balanced(counts: Mapping[str, int]) -> bool:
    """Does every address that was met have exactly one outcome?"""
    return counts.get("discovered", 0) == sum(counts.get(outcome, 0) for outcome in OUTCOMES)
