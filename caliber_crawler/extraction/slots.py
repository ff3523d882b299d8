"""Slots: the places on a page that a learned rule names, and the values in them.

A rule is a CSS selector, with ``@name`` at the end if the value is in an attribute (``time.published@datetime``). It
speaks on a page only if all its matches give one value.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

from caliber_crawler.extraction.dates.clocks import half_at
from caliber_crawler.extraction.dates.printed import find_printed_dates
from caliber_crawler.extraction.dates.site_formats import format_pattern
from caliber_crawler.extraction.dates.stamps import parse_stamp
from caliber_crawler.extraction.dates.words import month_named
from caliber_crawler.extraction.dates.zones import zone_at
from caliber_crawler.extraction.document import Document
from caliber_crawler.extraction.headline import split_heading
from caliber_crawler.extraction.text import fold

MAX_MATCHES = 12
MAX_HEADLINE, MAX_DATE, MAX_BYLINE = 400, 160, 120
HEADLINE = "::headline"
"""At the end of a rule: the headline of a heading that contains a subtitle too."""
_DIGIT = re.compile(r"\d")
_ATTRIBUTE = re.compile(r"@([a-z][\w-]*)$")


class SlotDate(NamedTuple):
    """A date in a slot."""

    at: datetime
    """Midnight if there is no time of day; naive without a zone."""
    is_bare: bool
    other: date | None = None
    """The day if day and month are swapped, where the text does not decide."""

    def ordered(self, *, month_first: bool) -> SlotDate:
        """The same date with day and month in a known order."""
        if self.other is None:
            return self
        at = datetime.combine(self.other, self.at.time(), self.at.tzinfo) if month_first else self.at
        return SlotDate(at, self.is_bare)


class Rule(NamedTuple):
    """A selector, and the attribute with the value; empty for the text."""

    css: str
    attribute: str = ""

    def __str__(self) -> str:
        mark = "" if self.attribute in ("", HEADLINE) else "@"
        return f"{self.css}{mark}{self.attribute}"


@lru_cache(maxsize=1024)
def parse_rule(text: str) -> Rule:
    """Parse a rule as it is stored."""
    if text.endswith(HEADLINE):
        return Rule(text.removesuffix(HEADLINE), HEADLINE)
    match = _ATTRIBUTE.search(text)
    return Rule(text[: match.start()], match[1]) if match else Rule(text)


def values_at(page: Document, rule: str, max_length: int) -> list[str]:
    """The different values at a rule's places, in document order; none if there are too many or one is too long."""
    css, attribute = parse_rule(rule)
    if attribute == HEADLINE:
        values = [split_heading(element)[0] for element in page.outermost(css)]
    else:
        values = page.values(css, attribute)
    if not 0 < len(values) <= MAX_MATCHES or any(len(value) > max_length for value in values):
        return []
    if len(values) == 1:
        return values if values[0] else []
    return list({fold(value): value for value in values if value}.values())


def headline_at(page: Document, rule: str, tail: str = "") -> str | None:
    """The headline at a rule's place, without the tail of the site."""
    values = list(dict.fromkeys(without_tail(value, tail) for value in values_at(page, rule, MAX_HEADLINE)))
    return values[0] if len(values) == 1 and values[0] else None


def subtitle_at(page: Document, rule: str) -> str | None:
    """The subtitle inside the heading of a rule that separates the two."""
    css, attribute = parse_rule(rule)
    if attribute != HEADLINE:
        return None
    subtitles = {split_heading(element)[1] for element in page.outermost(css)}
    return subtitles.pop() if len(subtitles) == 1 else None


class DateForm(NamedTuple):
    """How a site prints its dates; ``None`` for what is not known."""

    format: str | None = None
    language: str | None = None
    month_first: bool | None = None
    """Whether the month comes first where a text does not decide."""


ANY_FORM = DateForm()


def date_at(page: Document, rule: str, form: DateForm = ANY_FORM) -> SlotDate | None:
    """The date at a rule's place: the only day in all its matches."""
    is_stamp = bool(parse_rule(rule).attribute)
    found: list[SlotDate] = []
    for value in values_at(page, rule, MAX_DATE):
        if not is_stamp and form.format and (known := date_in_form(value, form.format, form.language)) is not None:
            found.append(known)
            continue
        dates = dates_in(value, form.language, is_stamp=is_stamp)
        order = form.month_first
        found += dates if order is None else [date.ordered(month_first=order) for date in dates]
    return only_day(found)


def date_in_form(text: str, form: str, language: str | None) -> SlotDate | None:
    """The date in a text that has a known format, if nothing else in the text may belong to it; fast."""
    match = format_pattern(form).search(text)
    if match is None or _DIGIT.search(text, match.end()) or _DIGIT.search(text, 0, match.start()):
        return None
    parts = match.groupdict()
    hour, end = parts.get("hour"), match.end()
    if hour and (half_at(text, end, language) or zone_at(text, end)):
        return None
    name = parts["month"]
    month = int(name) if name.isdecimal() else found.number if (found := month_named(name, language)) else 0
    try:
        at = datetime(  # noqa: DTZ001 - a printed clock has no zone
            int(parts["year"]), month, int(parts["day"]), int(hour or 0), int(parts.get("minute") or 0)
        )
    except ValueError:
        return None
    return SlotDate(at, not hour)


def only_day(found: Sequence[SlotDate]) -> SlotDate | None:
    """The date of the only day among several, the one with a time of day first; ``None`` for several days."""
    if len({date.at.date() for date in found}) != 1:
        return None
    return next((date for date in found if not date.is_bare), found[0])


def dates_in(value: str, language: str | None, *, is_stamp: bool) -> list[SlotDate]:
    """The dates in a value: a timestamp for machines, or printed ones."""
    if is_stamp and (stamp := parse_stamp(value, language)):
        return [SlotDate(stamp.at, stamp.is_bare, stamp.other.date() if stamp.other else None)]
    return [SlotDate(date.at, date.clock is None, date.other) for date in find_printed_dates(value, language)]


def names_at(page: Document, rule: str) -> tuple[str, ...]:
    """The names at a rule's places, which may be one name each."""
    return names_of(*values_at(page, rule, MAX_BYLINE))


def names_of(*texts: str) -> tuple[str, ...]:
    """The names in the texts of a byline, each once; none if one is no name: "staff and agencies"."""
    from caliber_crawler.extraction.generic.names import split_names  # its package is slow to load

    names = [name for text in texts for name in split_names(text)]
    if any(name == name.lower() != name.upper() for name in names):
        return ()
    return tuple({fold(name): name for name in names}.values())


def counter_at(page: Document, rule: str) -> str | None:
    """The text at a rule's place that has a number, as printed."""
    values = [value for value in values_at(page, rule, MAX_BYLINE) if any(sign.isdecimal() for sign in value)]
    return values[0] if len(values) == 1 else None


def is_same_day(one: date, other: date) -> bool:
    """Whether two days are equal, or one apart: the day in UTC may be the one before or after the printed one."""
    return abs(one - other) <= timedelta(days=1)


def without_tail(text: str, tail: str) -> str:
    """A headline without what all titles of the site end with."""
    return text.removesuffix(tail).rstrip() if tail and text != tail else text
