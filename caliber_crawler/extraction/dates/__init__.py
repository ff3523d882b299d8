"""Dates: the formats of a site, printed dates in any language, and metadata."""

from caliber_crawler.extraction.dates.site_formats import (
    FoundDate,
    find_date,
    parse_date,
    parse_iso_date,
)
from caliber_crawler.extraction.dates.words import Month, month_names

__all__ = ["FoundDate", "Month", "find_date", "month_names", "parse_date", "parse_iso_date"]
