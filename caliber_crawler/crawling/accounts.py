"""The accounts of one run: counts, problems, field coverage, heartbeat and outcome."""

from __future__ import annotations

from collections import Counter

from caliber_crawler.archive import Archive
from caliber_crawler.crawling.field_coverage import FieldCoverage
from caliber_crawler.crawling.health import find_anomalies
from caliber_crawler.crawling.outcome import Ending, Halt, Outcome, Remaining, balanced
from caliber_crawler.errors import ArchiveError
from caliber_crawler.items import Capture, Problem
from caliber_crawler.quantity import quantity
from caliber_crawler.site import Site

MAX_FAILED_SHARE = 0.05
"""Share of the visited pages that may be refused or fail."""
ZEROS = frozenset(("site_size",))
"""Counts whose zeros are stored: only runs that explore a site have one."""
FEW_FAILURES = 2
"""Failed pages that are always tolerated in a crawl of due pages only: such crawls are short, and retry."""


class Accounts:
    """Counts the work of a run and writes the counts to the archive's ``runs``.

    Every article URL of the run has exactly one of the :data:`~caliber_crawler.crawling.outcome.OUTCOMES`.
    """

    def __init__(self, archive: Archive, site: Site, run_id: int) -> None:
        self._archive, self._site, self._run_id = archive, site, run_id
        self.counts: Counter[str] = Counter()
        self.coverage = FieldCoverage(site.name)
        self.halted: Halt | None = None
        self.last_error: str | None = None
        """The error of the last request without a response, as a clause."""
        self.outcome: Outcome | None = None
        """``None`` while the run is active."""
        self.why: str | None = None
        """The reason why the outcome is not ``finished``, as a clause."""
        self.replaced: list[str] = []
        """Facts of the site definition that failed, and what the run used instead, as sentences."""
        self.causes: list[Problem] = []
        """Problems of lists that explain why they name no article."""
        self.anomalies: list[Problem] = []
        """Problems found by comparing a finished run with earlier ones."""

    def halt(self, halt: Halt) -> None:
        """End the run: send no more requests; the remaining work stays due. The first reason is recorded."""
        self.halted = self.halted or halt

    def record_problem(self, problem: Problem, capture: Capture | None = None, *, url: str | None = None) -> None:
        """Record a problem with its page or URL."""
        self.counts["problems"] += 1
        if capture is not None:
            self._archive.runs.record_problem(self._run_id, problem, url=capture.url, capture_id=capture.id)
        else:
            self._archive.runs.record_problem(self._run_id, problem, url=url)

    def report_replaced(self, problem: Problem) -> None:
        """Report a stated fact that failed, and what is used instead."""
        self.replaced.append(problem.message)
        self.record_problem(problem)

    def heartbeat(self) -> None:
        """Record a heartbeat and the current counts in the archive."""
        self._archive.runs.heartbeat(self._run_id, self._stored_counts())

    def _stored_counts(self) -> dict[str, int]:
        """The counts without zeros, which a count that is not there means anyway. Every run has a record."""
        return {name: count for name, count in self.counts.items() if count or name in ZEROS}

    def finish(self, reason: str, remaining: Remaining) -> None:
        """Write the final accounts; ``reason`` is Scrapy's reason for closing the spider."""
        self.counts["remaining"] = remaining.articles
        self.outcome, self.why = self._ending(reason, remaining).outcome
        runs = self._archive.runs
        runs.record_coverage(self._run_id, self.coverage.rows())
        runs.finish(self._run_id, self.outcome, self.why, self._stored_counts())
        self.anomalies = find_anomalies(self._archive, self._run_id, has_layouts=self._site.has_layouts)
        for problem in self.anomalies:
            runs.record_problem(self._run_id, problem)
        if any(problem.reason == "nothing_found" for problem in self.anomalies):
            self.anomalies = [*self.causes[:1], *self.anomalies]

    def fail(self, error: ArchiveError) -> None:
        """Mark the run as failed when the archive cannot be written; the failure cannot be recorded."""
        self.halt(Halt("archive", str(error).rstrip(".")))
        assert self.halted is not None
        self.outcome, self.why = "failed", self.halted.clause

    @property
    def visited(self) -> int:
        """Number of requested article pages."""
        processed = sum(self.counts[name] for name in ("stored", "revisited", "refused", "failed", "missing"))
        return processed - self.counts["resumed"]

    def checks_passed(self, *, due_only: bool) -> bool:
        """Return whether the run has no anomalies, few failures, only complete listings and balanced counts."""
        return not self.failed_checks(due_only=due_only)

    def failed_checks(self, *, due_only: bool) -> list[str]:
        """Return what about the run a person should see, as sentences without a full stop."""
        found = [sentence.rstrip(".") for sentence in (*(each.message for each in self.anomalies), *self.replaced)]
        # Pages that earlier runs refused are not news about the site.
        bad = self.counts["refused"] + self.counts["failed"] - self.counts["refused_again"]
        if bad > max(MAX_FAILED_SHARE * self.visited, FEW_FAILURES if due_only else 0):
            found.append(f"{bad:,} of {quantity(self.visited, 'page')} were refused or failed")
        if lists := self.counts["incomplete_lists"]:
            them = "it" if lists == 1 else "them"
            found.append(f"{quantity(lists, 'list')} could not be read to the end; articles on {them} may be missing")
        if not self.balanced:
            found.append("The counts of the run do not add up; please report it")
        return found

    def _ending(self, reason: str, remaining: Remaining) -> Ending:
        clause = self.halted.clause if self.halted else self.last_error
        return Ending(
            reason=reason,
            site_url=self._site.base_url,
            unreachable=str(clause) if self.unreachable else None,
            halted=self.halted,
            remaining=remaining,
        )

    @property
    def unreachable(self) -> bool:
        """Whether requests were sent and none got a response."""
        silent = self.halted is not None and self.halted.code == "unreachable"
        return silent or 0 < self.counts["pages"] == self.counts["fetch_errors"]

    @property
    def balanced(self) -> bool:
        """Whether every article URL of the run has exactly one outcome."""
        return balanced(self.counts)
