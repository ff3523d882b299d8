"""Dates of captures, as web archives of all kinds write them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

DIGITS = re.compile(r"(\d{4})(\d\d)(\d\d)(?:(\d\d)(?:(\d\d)(?:(\d\d)(\d{0,9}))?)?)?()Z?", re.ASCII)
W3C = re.compile(
    r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:[Tt ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?\s*([Zz]|[+-]\d\d(?::?\d\d)?)?)?)?)?",
    re.ASCII,
)
"""The profile of ISO 8601 for the web (https://www.w3.org/TR/NOTE-datetime): every precision from the year on."""
MAX_LENGTH = 64
YEARS = range(1990, 2200)
"""The years of captures. Software without a date writes 0001, 1970 or 9999; a page of 9999 would stay the newest."""


def parse_date(text: str) -> datetime | None:
    """Parse a date in the forms of WARC and ARC, in UTC; ``None`` for anything else.

    14 digits or ISO 8601, with any precision and offset. A date without an offset is in UTC. A year before the web, or
    far in the future, is invalid.
    """
    text = text.strip()
    match = (DIGITS.fullmatch(text) or W3C.fullmatch(text)) if len(text) <= MAX_LENGTH else None
    if match is None:
        return None
    year, month, day, hour, minute, second, fraction, offset = match.groups()
    try:
        moment = datetime(
            int(year),
            int(month or 1),
            int(day or 1),
            int(hour or 0),
            int(minute or 0),
            min(int(second or 0), 59),  # a leap second
            int(f"{fraction or '':0<6}"[:6]),
            offset_of(offset or "Z"),
        )
        return moment.astimezone(UTC) if int(year) in YEARS else None
    except (ValueError, OverflowError):
        return None


def offset_of(text: str) -> timezone:
    if text in "Zz":
        return UTC
    minutes = int(text[1:3]) * 60 + int(text[-2:] if len(text) > 3 else 0)
    return timezone(timedelta(minutes=-minutes if text[0] == "-" else minutes))
