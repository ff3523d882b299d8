"""Dates in lists: parsed, and ignored if they are impossible.

The dates in a list decide which articles a crawl with ``--since`` or ``--until`` fetches. Faulty software writes 1970
or 9999, so an impossible date counts as unknown.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

from caliber_crawler.extraction.checks import MIN_YEAR
from caliber_crawler.items import Teaser
from caliber_crawler.site import Site

MAX_DATE_LENGTH = 64
"""Characters. No date is longer."""
MAX_DAYS_AHEAD = 2
"""Days. Announced articles are dated at most tomorrow, in some time zone."""


def parse_list_date(text: str, site: Site, *, whole_days: bool = False) -> datetime | None:
    """A date and time in the format of W3C or of mail; without an offset, it is in the site's time zone.

    A day without a time is too imprecise to exclude an article, so it gives ``None`` unless ``whole_days`` is set.
    """
    text = text.strip()
    if len(text) > MAX_DATE_LENGTH or not (whole_days or ":" in text or "T" in text):
        return None
    date = _iso_date(text) or _mail_date(text)
    return date if date is None or date.tzinfo else date.replace(tzinfo=site.zone)


def _iso_date(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _mail_date(text: str) -> datetime | None:
    try:
        return parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def without_impossible_dates(teaser: Teaser, fetched_at: datetime) -> Teaser:
    """The teaser without dates that cannot be true in a list that was fetched at a given time."""
    published_at = _possible(teaser.published_at, fetched_at)
    modified_at = _possible(teaser.modified_at, fetched_at)
    if published_at is teaser.published_at and modified_at is teaser.modified_at:
        return teaser
    return replace(teaser, published_at=published_at, modified_at=modified_at)


def _possible(date: datetime | None, fetched_at: datetime) -> datetime | None:
    if date is None or date.year < MIN_YEAR or date - fetched_at > timedelta(days=MAX_DAYS_AHEAD):
        return None
    return date
