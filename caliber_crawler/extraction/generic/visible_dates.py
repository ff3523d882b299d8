"""A visible date near the headline of a page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from itertools import chain, islice
from typing import NamedTuple

from lxml import etree

from caliber_crawler.extraction.dates import month_names
from caliber_crawler.extraction.tree import text_of

MAX_DATELINE_LENGTH = 120
MAX_SHORT_LINE_LENGTH = 40
LEVELS_ABOVE = 3
MAX_ELEMENTS_AROUND = 80
_YEAR = r"((?:19|20)\d\d)"
_DAY_FIRST = re.compile(
    rf"(?<!\d)(\d{{1,2}})(?:\.|st|nd|rd|th|º|er)?\s+(?:de\s+|of\s+)?([^\W\d_]{{3,}})\.?,?\s+(?:de\s+|del\s+)?{_YEAR}(?!\d)"
)
_MONTH_FIRST = re.compile(rf"(?<![^\W\d_])([^\W\d_]{{3,}})\.?\s+(\d{{1,2}})(?:st|nd|rd|th)?,?\s+{_YEAR}(?!\d)")
_YEAR_FIRST = re.compile(rf"{_YEAR}\s*[年년.]\s*(\d{{1,2}})\s*[月월.]\s*(\d{{1,2}})\s*[日일.]?")
_NUMERIC = re.compile(rf"(?<!\d)(\d{{1,2}})[./-](\d{{1,2}})[./-]{_YEAR}(?!\d)")
_CLOCK = re.compile(r"^[^\d]{0,12}?(\d{1,2})\s?[:.h時]\s?(\d{2})(?!\d)\s*(?:([ap])\.?\s?m\b)?", re.IGNORECASE)
_DATE_NAME = re.compile(
    r"(?:^|[\s_-])(?:date|datum|fecha|time|timestamp|published|publish|pub|posted|created|dateline)", re.I
)
_DATED = ".//*[@class]"


class FoundTimestamp(NamedTuple):
    """A timestamp and the method that found it. Naive if the page gives no offset; midnight for a bare day."""

    at: datetime
    method: str


def find_visible_date(root: etree._Element, language: str | None) -> FoundTimestamp | None:
    """Return the date printed nearest to the headline: in an element named for dates, else on a short line.

    Teasers have dates too, so the search climbs from the headline to the first element that contains a date.
    """
    heading = next(root.iter("h1"), None)
    scopes = [*heading.iterancestors()] if heading is not None else [root]
    near = (line for scope in scopes[:LEVELS_ABOVE] for line in _short_lines(scope))
    for line in chain((line for scope in scopes for line in _datelines(scope)), near):
        if (timestamp := parse_printed_date(line, language)) is not None:
            return FoundTimestamp(timestamp, "text")
    return None


def _datelines(scope: etree._Element) -> Iterator[str]:
    for element in scope.iterfind(_DATED):
        if _DATE_NAME.search(f"{element.get('class', '')} {element.get('id', '')}"):
            line = text_of(element)
            if 6 <= len(line) <= MAX_DATELINE_LENGTH:
                yield line


def _short_lines(scope: etree._Element) -> Iterator[str]:
    for element in islice(scope.iter(etree.Element), MAX_ELEMENTS_AROUND):
        if len(element) == 0 and 6 <= len(line := text_of(element)) <= MAX_SHORT_LINE_LENGTH:
            yield line


def parse_printed_date(line: str, language: str | None) -> datetime | None:
    """Return the first date in a line, with the time of day directly after it.

    Month names must be in the page's language. A numeric date whose day and month could be swapped is ambiguous and not
    used.
    """
    for pattern, order in ((_YEAR_FIRST, "ymd"), (_DAY_FIRST, "dmy"), (_MONTH_FIRST, "mdy"), (_NUMERIC, "???")):
        if match := pattern.search(line):
            day = _day(match, order, language)
            if day is not None:
                return _with_clock(day, line[match.end() :])
    return None


def _day(match: re.Match[str], order: str, language: str | None) -> datetime | None:
    if order == "???":
        first, second = int(match[1]), int(match[2])
        if first > 12:
            order = "dmy"
        elif second > 12:
            order = "mdy"
        elif language is None or language == "en":
            return None
        else:
            order = "dmy"
    parts = {key: match[order.index(key) + 1] for key in "dmy"}
    named = month_names(("en", language or "en")).get(parts["m"].casefold())
    month = int(parts["m"]) if parts["m"].isdecimal() else named.number if named else 0
    try:
        return datetime(int(parts["y"]), month, int(parts["d"]))  # noqa: DTZ001  the page gives no time zone
    except ValueError:
        return None


def _with_clock(day: datetime, rest: str) -> datetime:
    match = _CLOCK.match(rest)
    if match is None:
        return day
    hour = int(match[1]) % 12 + (12 if match[3].lower() == "p" else 0) if match[3] else int(match[1])
    try:
        return day.replace(hour=hour, minute=int(match[2]))
    except ValueError:
        return day
