"""Re-extraction of single stored pages with the current code and site definitions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from caliber_crawler.isolated_extraction import extract_isolated
from caliber_crawler.items import Capture, Extraction, Listing, Problem
from caliber_crawler.site import SiteRegistry

NOT_EXTRACTED = Problem(
    stage="extract", reason="not_extracted", message="The page is a listing; only a crawl follows its links."
)
"""The outcome of a listing where only articles are extracted. The listing is stored; this is not an error."""


@dataclass(frozen=True, slots=True)
class Reextractor:
    """Extracts stored pages of the given sites in a worker process. It is picklable, so a worker can run it too."""

    sites: SiteRegistry

    def __call__(self, capture: Capture) -> Extraction | None:
        """The article on a page; ``None`` when there is none."""
        outcome = self.extract(capture)
        return outcome if isinstance(outcome, Extraction) else None

    def extract(self, capture: Capture) -> Extraction | Problem:
        """The article on a page, or the reason why there is none. Listings are not extracted."""
        if capture.kind != "article":
            return NOT_EXTRACTED
        site = self.sites.definition_for(capture)
        if site is None:
            message = f"There is no definition of the site {capture.site!r}."
            return Problem(stage="extract", reason="unknown_site", message=message, fatal=True)
        outcome = extract_isolated(capture, site, datetime.now(UTC))
        return NOT_EXTRACTED if isinstance(outcome, Listing) else outcome
