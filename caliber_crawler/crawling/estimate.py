"""An estimate of how long a crawl takes: the pages that are known to be left, times the delay between two requests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from caliber_crawler.quantity import quantity

if TYPE_CHECKING:
    from caliber_crawler.crawling.run import CrawlRun

LONG = 600.0
"""Seconds from which a crawl is long."""
MINUTE, HOUR, DAY = 60.0, 3600.0, 86_400.0


@dataclass(frozen=True, slots=True)
class Estimate:
    """The pages that a run will request, as far as they are known, and the delay between two of them in seconds."""

    pages: int
    delay: float

    @property
    def seconds(self) -> float:
        """How long the crawl takes."""
        return self.pages * self.delay

    def __str__(self) -> str:
        rate = "one request per second" if self.delay == 1 else f"one request every {self.delay:g} seconds"
        return f"{duration(self.seconds)} for {quantity(self.pages, 'known page')} at {rate}"


def estimate_of(run: CrawlRun) -> Estimate | None:
    """The estimate of a run; ``None`` before its first page, when neither robots.txt nor its lists are known."""
    if not run.accounts.counts["pages"] or run.accounts.outcome is not None:
        return None
    return Estimate(run.dispatcher.planned(), run.throttle.delay_of(run.scope.site.host))


def duration(seconds: float) -> str:
    """A time in words, such as "about 9 hours"."""
    unit, name = (MINUTE, "minute") if seconds < 90 * MINUTE else (HOUR, "hour") if seconds < 2 * DAY else (DAY, "day")
    number = max(1, round(seconds / unit))
    return f"about {number} {name}{'s' * (number > 1)}"
