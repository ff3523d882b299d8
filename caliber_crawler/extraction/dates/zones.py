"""Time zones as pages print them: offsets, abbreviations, names of the tz database."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import NamedTuple
from zoneinfo import ZoneInfo

MAX_OFFSET = timedelta(hours=14)
_WEST, _EAST = timedelta(hours=-12), timedelta(hours=14)
_QUARTERS = frozenset((-570, -210, 210, 270, 330, 345, 390, 525, 570, 630, 765, 825))
"""Offsets in use that are not whole hours, in minutes."""

# Hours. An abbreviation that several countries use for different offsets (AMT, ADT, ECT) is left out, unless news pages
# use it for one of them only, and one that is also a word for a section (ART, PET).
_FIXED = {
    "UTC": 0, "GMT": 0, "Z": 0, "WET": 0, "WEST": 1, "BST": 1, "CET": 1, "CEST": 2, "MEZ": 1, "MESZ": 2, "EET": 2,
    "EEST": 3, "MSK": 3, "МСК": 3, "TRT": 3, "TSI": 3, "AZT": 4, "SAMT": 4, "GST": 4, "IRST": 3.5, "AFT": 4.5, "PKT": 5,
    "UZT": 5, "YEKT": 5, "ALMT": 5, "IST": 5.5, "NPT": 5.75, "KGT": 6, "OMST": 6, "MMT": 6.5, "ICT": 7, "WIB": 7,
    "KRAT": 7, "WITA": 8, "HKT": 8, "SGT": 8, "PHT": 8, "AWST": 8, "IRKT": 8, "JST": 9, "KST": 9, "YAKT": 9,
    "ACST": 9.5, "ACDT": 10.5, "AEST": 10, "AEDT": 11, "VLAT": 10, "NZST": 12, "NZDT": 13, "WAT": 1,
    "SAST": 2, "AST": -4, "EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8,
    "PDT": -7, "AKST": -9, "AKDT": -8, "HST": -10, "NST": -3.5, "NDT": -2.5, "BRT": -3, "CLT": -4,
}  # fmt: skip
_NAMED = {
    "ET": "America/New_York", "CT": "America/Chicago", "MT": "America/Denver", "PT": "America/Los_Angeles",
    "AKT": "America/Anchorage", "EASTERN": "America/New_York", "CENTRAL": "America/Chicago",
    "MOUNTAIN": "America/Denver", "PACIFIC": "America/Los_Angeles", "MOSCOW": "Europe/Moscow",
    "МОСКОВСКОМУ": "Europe/Moscow", "BAKU": "Asia/Baku", "BAKI": "Asia/Baku", "YEREVAN": "Asia/Yerevan",
    "TBILISI": "Asia/Tbilisi", "KYIV": "Europe/Kyiv", "КИЕВСКОМУ": "Europe/Kyiv", "LONDON": "Europe/London",
}  # fmt: skip
_ZONE = re.compile(
    r"[\s,(\[]{0,3}(?:"
    r"(?:UTC|GMT|utc|gmt)\s?(?P<sign>[+−-])\s?(?P<hours>\d{1,2})(?::?(?P<minutes>\d{2}))?(?!\d)"
    r"|(?P<bare>[+−-])(?P<bare_hours>\d{2}):?(?P<bare_minutes>\d{2})?(?![\d:./-])"
    r"|(?P<place>(?:Africa|America|Asia|Atlantic|Australia|Europe|Indian|Pacific)/[A-Za-z_]{2,30}(?:/[A-Za-z_]{2,30})?)"
    r"|(?P<letters>[A-Z]{1,4}|МСК|мск)(?![\w.])"
    r"|(?:по\s)?(?P<words>Eastern|Central|Mountain|Pacific|Moscow|Baku|Bakı|Yerevan|Tbilisi|Kyiv|London|[Мм]осковскому|[Кк]иевскому)"
    r"\s(?:(?:Standard|Daylight|local)\s)?(?:[Tt]ime|vaxtı|времени)"
    r")[)\]]?"
)


class PrintedZone(NamedTuple):
    """A time zone and the end of its text in the line."""

    zone: tzinfo
    end: int


def zone_at(line: str, start: int, *, bare: bool = True) -> PrintedZone | None:
    """Return the zone printed at this place of a line, after blanks or an opening bracket.

    ``bare``: whether a signed number without ``UTC`` or ``GMT`` directly after the time is an offset. After an hour and
    minute (``10:00-12:00``) it is rather the end of a period.
    """
    match = _ZONE.match(line, start)
    if match is None:
        return None
    if match["sign"]:
        zone = _offset(match["sign"], match["hours"], match["minutes"])
    elif match["bare"]:
        is_separate = match.start("bare") > start
        zone = _offset(match["bare"], match["bare_hours"], match["bare_minutes"]) if bare or is_separate else None
        if is_separate and not match["bare_minutes"]:
            zone = zone if bare else None
    elif match["place"]:
        zone = _zone_named(match["place"])
    elif match["letters"]:
        letters = match["letters"].upper()
        zone = _zone_named(_NAMED[letters]) if letters in _NAMED else _fixed(letters)
    else:
        zone = _zone_named(_NAMED[match["words"].upper().replace("BAKI", "BAKU").replace("BAKİ", "BAKU")])
    return PrintedZone(zone, match.end()) if zone is not None else None


def _fixed(letters: str) -> tzinfo | None:
    hours = _FIXED.get(letters)
    return timezone(timedelta(hours=hours)) if hours is not None else None


def _offset(sign: str, hours: str, minutes: str | None) -> tzinfo | None:
    offset = timedelta(hours=int(hours), minutes=int(minutes or 0))
    if offset > MAX_OFFSET or int(minutes or 0) > 59:
        return None
    return timezone(offset if sign == "+" else -offset)


def _zone_named(name: str) -> tzinfo | None:
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):  # ZoneInfoNotFoundError is a KeyError
        return None


def offset_between(local: datetime, instant: datetime) -> timezone | None:
    """Return the offset at which a clock without a zone shows an instant to the minute; ``None`` if none in use does.

    >>> offset_between(datetime(2026, 1, 7, 14, 35), datetime.fromisoformat("2026-01-07T10:35:12Z"))
    datetime.timezone(datetime.timedelta(seconds=14400))
    """
    exact = instant.astimezone(UTC).replace(second=0, microsecond=0, tzinfo=None)
    difference = local.replace(second=0, microsecond=0, tzinfo=None) - exact
    minutes = int(difference.total_seconds() // 60)
    in_use = minutes % 60 == 0 or minutes in _QUARTERS
    return timezone(difference) if in_use and _WEST <= difference <= _EAST else None
