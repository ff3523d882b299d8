"""Re-extraction of single stored pages, with today's code and today's definition of their site."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from caliber_crawler.isolated_extraction import extract_isolated
from caliber_crawler.items import Capture, Extraction, Listing, Problem
from caliber_crawler.site import SiteRegistry

LISTED = Problem(stage="extract", reason="not_extracted", message="It lists articles, and only a crawl follows them.")
"""What is said of a page that lists articles where only articles are extracted. It is stored, and nothing is wrong."""


@dataclass(frozen=True, slots=True)
class Reextractor:
    """Extracts stored pages of the sites it knows, in a worker process. It can be sent to a worker itself."""

    sites: SiteRegistry

    def __call__(self, capture: Capture) -> Extraction | None:
        """The article on a page; ``None`` when there is none."""
        outcome = self.read(capture)
        return outcome if isinstance(outcome, Extraction) else None

    def read(self, capture: Capture) -> Extraction | Problem:
        """The article on a page, or why there is none. A page that lists articles is left alone."""
        if capture.kind != "article":
            return LISTED
        site = self.sites.definition_for(capture)
        if site is None:
            message = f"There is no site {capture.site!r}."
            return Problem(stage="extract", reason="unknown_site", message=message, fatal=True)
        outcome = extract_isolated(capture, site, datetime.now(UTC))
        return LISTED if isinstance(outcome, Listing) else outcome
