"""The time of day beside a printed date, with its half of the day and its time zone."""

from __future__ import annotations

import re
from datetime import time, tzinfo
from typing import NamedTuple

from caliber_crawler.extraction.dates.keys import word_key
from caliber_crawler.extraction.dates.labels import Role, role_of_label
from caliber_crawler.extraction.dates.words import MAX_WORDS, half_named, load_words
from caliber_crawler.extraction.dates.zones import zone_at

MAX_GAP = 24
"""Characters between a date and its time of day: a weekday, a dash, "at"."""
MAX_GAP_BEFORE_DOT = 6
"""The same before ``14.35``, which may also be a number."""
_CLOCK = (
    r"(?<![\d:.,/+$€£-])(?P<hour>\d{1,2})"
    r"(?:\s?(?P<mark>[:.hHчЧ時时시点點]|&#58;)\s?(?P<minute>\d{2})(?![\d%])(?:\s?[:.분分]\s?(?P<second>\d{2})(?![\d%])(?:[.,]\d{1,9})?)?"
    r"|\s?(?P<unit>h|uhr|Uhr|時|时|시|点|點)(?![^\W\d_])"
    r"|(?P<alone>)(?=\s?[^\W\d_])(?!\s?(?:km|kg|min|mins|minutes)\b))"
)
_AFTER = re.compile(rf"(?P<gap>\D{{0,{MAX_GAP}}}?){_CLOCK}")
_ANYWHERE = re.compile(_CLOCK)
_NEXT_WORD = re.compile(
    r"[.\s\u202f]*+([^\s\d!-@\[-`{-\xa9\xab-\xb4\xb6-\xb9\xbb-\xbf\u2010-\u2027\u2030-\u205e\u3000-\u303f\u060c]+)"
)
_LAST_WORD = re.compile(r"([^\s\d!-@\[-`{-\xa9\u2010-\u2027\u3000-\u303f]{1,12})\.?\s?$")
_FILLERS_TEXT = """
kl klo klokken um ore ora orele ore saat alle às as a at в о об pukul jam ժամը
"""
_FILLERS = frozenset(word_key(word) for word in _FILLERS_TEXT.split())


class PrintedClock(NamedTuple):
    """A time of day and the part of the line that states it, its zone included."""

    at: time
    zone: tzinfo | None
    start: int
    end: int
    gap: int
    """Characters between the date and the time."""


def clock_after(line: str, position: int, language: str | None, limit: int) -> PrintedClock | None:
    """Return the time of day after a date that ends at this position; it must begin before ``limit``."""
    match = _AFTER.match(line, position)
    if match is None or match.start("hour") >= limit:
        return None
    gap = match["gap"]
    if role_of_label(gap) is Role.UPDATED:  # "7 January 2026, updated 10:15"
        return None
    return _clock_of(line, match, language, match.start("hour") - position, gap)


def clock_before(line: str, position: int, language: str | None, limit: int) -> PrintedClock | None:
    """Return the time of day before a date that begins at this position; it must begin at or after ``limit``."""
    start = max(limit, position - MAX_GAP - 16)
    found = None
    for match in _ANYWHERE.finditer(line, start, position):
        gap_before = line[max(limit, match.start() - 12) : match.start()]
        clock = _clock_of(line, match, language, 0, gap_before)
        if clock is not None and clock.end <= position and not re.search(r"\d", line[clock.end : position]):
            found = clock._replace(gap=position - clock.end)
    if found is None or found.gap > MAX_GAP:
        return None
    labelled = role_of_label(line[found.end : position])  # "Updated 10:15 | published 7 January 2026"
    return None if labelled in (Role.PUBLISHED, Role.UPDATED) else found


def half_at(line: str, position: int, language: str | None) -> tuple[str, int] | None:
    """Return the half of the day named at this place of a line (``am`` or ``pm``), and the end of the name."""
    parts: list[str] = []
    ends: list[int] = []
    while len(parts) < MAX_WORDS and (match := _NEXT_WORD.match(line, position)):
        parts.append(match[1])
        ends.append(position := match.end())
    for count in range(len(parts), 0, -1):
        if half := half_named("".join(parts[:count]), language):
            end = ends[count - 1]
            return half, end + (line[end : end + 1] == ".")
    return None


def _clock_of(line: str, match: re.Match[str], language: str | None, gap: int, before: str) -> PrintedClock | None:
    hour, minute, second = int(match["hour"]), int(match["minute"] or 0), int(match["second"] or 0)
    end = match.end()
    half = half_at(line, end, language)
    if half is not None:
        end = half[1]
    elif (word := _LAST_WORD.search(before)) and word_key(word[1]) not in _FILLERS:
        named = half_named(word[1], language) if word_key(word[1]) in load_words().halves else None
        half = (named, end) if named else None
    if match["alone"] is not None and (half is None or (half[1] == match.end() and hour > 12)):
        return None
    if match["mark"] == "." and gap > MAX_GAP_BEFORE_DOT and not _is_filled(before):
        return None
    if half is not None and hour <= 12:
        hour = hour % 12 + (12 if half[0] == "pm" else 0)
    try:
        at = time(hour, minute, second)
    except ValueError:
        return None
    zone = zone_at(line, end, bare=match["second"] is not None or before.endswith(("T", "t")))
    return PrintedClock(at, zone.zone if zone else None, match.start("hour"), zone.end if zone else end, gap)


def _is_filled(gap: str) -> bool:
    words = re.findall(r"[^\W\d_]+", gap)
    return bool(words) and all((key := word_key(word)) in _FILLERS or key in load_words().weekdays for word in words)
