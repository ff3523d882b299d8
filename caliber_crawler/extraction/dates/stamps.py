"""Machine-readable timestamps: ISO 8601 and near misses, RFC 2822, epoch seconds, and what else sites write there."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timezone
from typing import NamedTuple

from caliber_crawler.extraction.dates.printed import find_printed_dates, with_ascii_digits
from caliber_crawler.extraction.dates.zones import zone_at

# The year of the first web page.
FIRST_YEAR = 1991
MAX_STAMP_LENGTH = 80
_ISO = re.compile(
    r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T\s,]{1,3}(\d{1,2}):(\d{2})(?::(\d{1,2})(?:[.,:](\d{1,9}))?)?)?(?![\d:])",
    re.IGNORECASE,
)
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})(?:[T ]?(\d{2}):?(\d{2})(?::?(\d{2}))?(?:\.\d{1,9})?)?(?![\d:])")
_EPOCH = re.compile(r"(\d{10})(\d{3})?(?:\.\d{1,6})?")
_SERIALIZED = re.compile(r"\\{0,2}/Date\((-?\d{1,16})([+-]\d{4})?\)\\{0,2}/")
"""Milliseconds since 1970 in UTC, as .NET writes them into JSON; an offset shows only the local time."""
_YEAR_LAST = re.compile(r"([A-Za-z]{3} +\d{1,2}) (\d{1,2}:\d{2}:\d{2}) ((?:[+-]\d{4}|[A-Z]{3,4}) )?(\d{4})$")
_HALF = re.compile(r"\s?[AaPp]\.?[Mm]")


class Stamp(NamedTuple):
    """A timestamp of a page's metadata: naive without an offset, midnight for a bare day."""

    at: datetime
    is_bare: bool
    other: datetime | None = None
    """The timestamp if day and month are swapped, where the text does not decide."""


def parse_stamp(text: str, language: str | None = None) -> Stamp | None:
    """Parse a timestamp; ``None`` if there is none, or if it is older than the web."""
    text = text.strip()
    if not text or len(text) > MAX_STAMP_LENGTH:
        return None
    text = with_ascii_digits(text)
    stamp = _parse_digits(text) or _parse_words(text, language)
    return stamp if stamp is not None and stamp.at.year >= FIRST_YEAR else None


def _parse_digits(text: str) -> Stamp | None:
    if match := _EPOCH.fullmatch(text):
        return Stamp(datetime.fromtimestamp(int(match[1]), tz=UTC), is_bare=False)
    if match := _SERIALIZED.fullmatch(text):
        return _parse_serialized(int(match[1]), match[2])
    match = _ISO.match(text) or _COMPACT.match(text)
    if match is None or _HALF.match(text, match.end()):
        return None
    year, month, day, hour, minute, second = (int(part or 0) for part in match.groups()[:6])
    fraction = f"{match[7] or '0':0<6}"[:6] if match.re is _ISO else "0"
    zone = zone_at(text, match.end()) if match[4] is not None else None
    try:
        # Some systems write 24:00 for midnight, and 60 for a leap second.
        at = datetime(year, month, day, hour % 24, minute, min(second, 59), int(fraction), zone.zone if zone else None)
        return Stamp(_with_fixed_offset(at), is_bare=match[4] is None)
    except (ValueError, OverflowError):
        return None


def _parse_serialized(milliseconds: int, offset: str | None) -> Stamp | None:
    zone = zone_at(offset, 0) if offset else None
    try:
        at = datetime.fromtimestamp(milliseconds // 1000, tz=zone.zone if zone else UTC)
        return Stamp(_with_fixed_offset(at), is_bare=False)
    except (ValueError, OverflowError, OSError):
        return None


def _parse_words(text: str, language: str | None) -> Stamp | None:
    text = _YEAR_LAST.sub(r"\1 \4 \2 \3", text)
    found = find_printed_dates(text, language)
    if len(found) != 1:
        return None
    date = found[0]
    other = datetime.combine(date.other, date.at.time(), date.zone) if date.other else None
    return Stamp(_with_fixed_offset(date.at), date.clock is None, other)


def _with_fixed_offset(at: datetime) -> datetime:
    """Replace a zone with rules by its offset at this time."""
    offset = at.utcoffset()
    return at if offset is None else at.replace(tzinfo=timezone(offset) if offset else UTC)
