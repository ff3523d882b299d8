"""Rereading: a kept page read once more, with today's code and today's facts of its site."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from caliber_crawler.items import Capture, Problem, Reading
from caliber_crawler.reading import Unreadable, check, read_page
from caliber_crawler.site import SiteRegistry


@dataclass(frozen=True, slots=True)
class Rereader:
    """Reads kept pages of the sites it knows. Can be sent to another process."""

    sites: SiteRegistry

    def __call__(self, capture: Capture) -> Reading | None:
        """The article on a page; ``None`` when there is no sound one, or nobody described the site."""
        outcome = self.read(capture)
        return outcome if isinstance(outcome, Reading) else None

    def read(self, capture: Capture) -> Reading | Problem:
        """The article on a page, or why there is none."""
        site = self.sites.definition_for(capture)
        if site is None:
            message = f"There is no site {capture.site!r}."
            return Problem(stage="extract", reason="unknown_site", message=message, fatal=True)
        try:
            reading = read_page(capture, site)
        except Unreadable as unreadable:
            return Problem(stage="extract", reason=unreadable.reason, message=unreadable.message, fatal=True)
        problems = check(reading, site, datetime.now(UTC))
        fatal = (problem for problem in problems if problem.fatal)
        return next(fatal, replace(reading, remarks=tuple(problems)))
