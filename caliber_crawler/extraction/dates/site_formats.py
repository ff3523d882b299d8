"""Publication dates as sites print them.

A site's own formats are parsed exactly and fast. dateparser covers unknown formats. It makes a date of nearly any text,
so it gets only texts that contain a day, a month name and a year.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache, lru_cache
from typing import Any, NamedTuple

from caliber_crawler.errors import SiteError
from caliber_crawler.extraction.dates.clocks import half_at
from caliber_crawler.extraction.dates.keys import word_key
from caliber_crawler.extraction.dates.words import Month, load_words, month_names
from caliber_crawler.extraction.text import clean_inline
from caliber_crawler.site import Site
from caliber_crawler.site.site import SameSite

_HALF_OF_DAY = re.compile(r"\b([ap])\.\s?m\b\.?", re.I)
_NOT_IN_A_DATE = re.compile(r"[^\w\s.,:;/()|+'’՝–—-]")
NOON = 12
MAX_DATE_LENGTH = 48
MAX_TEXT_LENGTH = 100
"""Maximum length in characters, with blanks. A longer text is not a dateline."""
_WORD = r"[^\W\d_]+"
_DIRECTIVES = {
    "d": r"(?P<day>\d{1,2})",
    "m": r"(?P<month>\d{1,2})",
    "B": rf"(?P<month>{_WORD})\.?",
    "b": rf"(?P<month>{_WORD})\.?",
    "Y": r"(?P<year>\d{4})",
    "H": r"(?P<hour>\d{1,2})",
    "M": r"(?P<minute>\d{2})",
    "S": r"(?P<second>\d{2})",
    "z": r"(?P<offset>Z|[+-]\d{2}:?\d{2})",
    "%": "%",
}


class FoundDate(NamedTuple):
    """A timestamp and its position in the line."""

    timestamp: datetime
    start: int
    end: int
    language: str | None
    """The language of the month name, if only one language has it."""
    has_clock: bool = True
    """Whether the line gives a time of day."""


@cache
def format_pattern(date_format: str) -> re.Pattern[str]:
    """Convert a ``strptime`` format to a search pattern; any dash matches a hyphen, a comma matches a blank."""
    parts = []
    for literal, directive in re.findall(r"([^%]+)|%(.)", date_format):
        if not directive:
            blank = r"[\s,]+" if literal.isspace() else r"\s*"
            words = (re.escape(word).replace(r"\-", "[-–—]") for word in re.split(r"\s+", literal))
            parts.append(blank.join(words))
        elif directive in _DIRECTIVES:
            parts.append(_DIRECTIVES[directive])
        else:
            raise SiteError(f"The date format {date_format!r} uses %{directive}, which is not supported.")
    return re.compile(rf"(?<![\d.:/-]){''.join(parts)}(?![\d:])")


def find_date(line: str, site: Site) -> FoundDate | None:
    """Return the first timestamp in one of the site's formats, in any of its languages.

    Impossible dates (``31 February``, ``25:00``) are ignored. The result is in the site's time zone.
    """
    if not site.date_formats:
        return None
    months, patterns = _forms_of(SameSite(site))
    found: list[FoundDate] = []
    for pattern in patterns:
        for match in pattern.finditer(line):
            parts = match.groupdict()
            name = parts["month"]
            month = Month(int(name), frozenset()) if name.isdecimal() else months.get(word_key(name))
            if month is None:
                continue
            language = next(iter(month.languages)) if len(month.languages) == 1 else None
            half, end = (parts.get("hour") and half_at(line, match.end(), language)) or (None, match.end())
            timestamp = _timestamp_of(month.number, parts, half, site)
            if timestamp:
                has_clock = bool(parts.get("hour"))
                found.append(FoundDate(timestamp, match.start(), end, language, has_clock))
                break
    if len(found) < 2:
        return found[0] if found else None
    return min(found, key=lambda date: date.start)


@lru_cache(maxsize=32)
def _forms_of(key: SameSite) -> tuple[Mapping[str, Month], Sequence[re.Pattern[str]]]:
    """The names of the months in a site's languages, and its formats as patterns."""
    languages = tuple([edition.language for edition in key.site.editions])
    return month_names(languages), [*map(format_pattern, key.site.date_formats)]


def _timestamp_of(month: int, parts: dict[str, str], half: str | None, site: Site) -> datetime | None:
    numbers = {key: int(parts[key]) for key in ("year", "day", "hour", "minute", "second") if parts.get(key)}
    if half and numbers["hour"] <= NOON:
        numbers["hour"] = numbers["hour"] % NOON + (NOON if half == "pm" else 0)
    try:
        if offset := parts.get("offset"):
            printed = datetime(month=month, tzinfo=datetime.strptime(offset, "%z").tzinfo, **numbers)
            return printed.astimezone(site.zone)
        return datetime(month=month, tzinfo=site.zone, **numbers)
    except (ValueError, OverflowError):
        return None


def parse_date(text: str, site: Site) -> datetime | None:
    """Parse the timestamp in a short text; ``None`` if there is none.

    Tries the site's formats, ISO 8601, then dateparser. Without a time of day, the result is the start of that day at
    the site. Numbers, single letters, phrases and dates without a year are not dates.
    """
    if len(text) > MAX_TEXT_LENGTH:
        return None
    line = clean_inline(text)
    if found := find_date(line, site):
        return found.timestamp
    if not line or len(line) > MAX_DATE_LENGTH:
        return None
    return parse_iso_date(line, site) or _parse(line, site)


def parse_iso_date(text: str, site: Site) -> datetime | None:
    """Parse an ISO 8601 date or timestamp from metadata; without an offset it is in the site's time zone."""
    line = text.strip()
    if not re.match(r"\d{4}-\d{2}-\d{2}", line):
        return None
    try:
        timestamp = datetime.fromisoformat(line)
        return timestamp.replace(tzinfo=site.zone) if timestamp.tzinfo is None else timestamp.astimezone(site.zone)
    except (ValueError, OverflowError):  # the year 9999 cannot be converted to a zone in which it ends
        return None


def _parse(line: str, site: Site) -> datetime | None:
    languages = tuple(edition.language for edition in site.editions)
    months = month_names(languages)
    words = [word_key(word) for word in re.findall(_WORD, _HALF_OF_DAY.sub(r"\1m ", line))]
    has_day_and_year = re.search(r"(?<!\d)\d{1,2}(?!\d)", line) and re.search(r"(?<!\d)(?:19|20)\d{2}(?!\d)", line)
    if not has_day_and_year or _NOT_IN_A_DATE.search(line) or not any(word in months for word in words):
        return None
    if not all(word in months or word in _date_words(languages) for word in words):
        return None
    try:
        timestamp = _parser(languages, site.timezone).get_date_data(line).date_obj
        return timestamp.astimezone(site.zone) if isinstance(timestamp, datetime) and timestamp.tzinfo else None
    except (ValueError, OverflowError, TypeError, AttributeError, IndexError, RecursionError):
        return None  # dateparser raises all of these on odd input


@cache
def _date_words(languages: tuple[str, ...]) -> frozenset[str]:
    """Words that may occur in a date beside its month: weekdays, AM/PM, "year", time zones, particles."""
    wanted = frozenset(languages)
    halves = load_words().halves.items()
    return frozenset(
        (
            *("at", "on", "of", "st", "nd", "rd", "th", "в", "um", "uhr", "à", "de", "del", "utc", "gmt", "мск"),
            *("г", "год", "года", "թ", "ի", "ին", "թվականի", "a"),
            *load_words().weekdays,
            *(name for name, meanings in halves if any(wanted & known for known in meanings.values())),
        )
    )


@cache
def _parser(languages: tuple[str, ...], timezone: str) -> Any:
    # Imported here: the site's own formats never need it.
    from dateparser.date import DateDataParser

    return DateDataParser(
        languages=list(languages),
        settings={
            "TIMEZONE": timezone,
            "RETURN_AS_TIMEZONE_AWARE": True,
            "STRICT_PARSING": True,
            "PARSERS": ["absolute-time"],
        },
    )
