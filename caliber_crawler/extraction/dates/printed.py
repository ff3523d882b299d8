"""Dates in a line of text, in any common form, language and script.

Needs no knowledge of the page. The language only decides what a name means that is a different month elsewhere.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from datetime import date, datetime, time, tzinfo
from functools import cache
from typing import NamedTuple

from caliber_crawler.extraction.dates.calendars import PERSIAN_MONTHS, gregorian, is_year
from caliber_crawler.extraction.dates.clocks import PrintedClock, clock_after, clock_before
from caliber_crawler.extraction.dates.eras import find_era_dates
from caliber_crawler.extraction.dates.keys import word_key
from caliber_crawler.extraction.dates.words import load_words, month_named

MAX_LINE_LENGTH = 400
MAX_DATES = 12
"""Dates read in one line."""
MAX_WORDS_OF_MONTH = 5
BUDDHIST_YEARS, FIRST_SHORT_YEAR = 43, 1995
"""Years between ``69`` (2569) of the Buddhist calendar and 2026, and the first year that two of its digits mean."""
MAX_SKIPPED = 5
"""Particles and marks between two parts of a date."""
_YEAR_FIRST = re.compile(
    r"(?<![\d./-])(?<!\d:)(?P<y>\d{4})\s?(?:年|년|[-/.])\s?(?P<m>\d{1,2})\s?(?:月|월|[-/.])\s?(?P<d>\d{1,2})(?!\d)(?:\s?(?:日|일|号|號)|\.(?!\d))?"
)
_COUNTED_MONTH = re.compile(
    r"(?<!\d)(?P<d>\d{1,2})\s+tháng\s+(?P<m>\d{1,2})[\s,./]+(?:năm\s+)?(?P<y>\d{4})(?!\d)"
    r"|(?<!\d)(?P<y2>\d{4})\s+оны\s+(?P<m2>\d{1,2})(?:-?р)?\s+сарын\s+(?P<d2>\d{1,2})(?!\d)",
    re.IGNORECASE,
)
_NUMERIC = re.compile(
    r"(?<![\d./,+-])(?<!\d:)(?P<a>\d{1,2})(?P<mark>\s?[./-]\s?)(?P<b>\d{1,2})(?P=mark)(?P<y>\d{4}|\d{2})(?![\d%])(?![./-]\d)"
)
_MARKS = (
    r"!-@\[-`{-\xa9\xab-\xb4\xb6-\xb9\xbb-\xbf\u060c\u2010-\u2027\u2030-\u205e\u3000-\u303f\uff01-\uff0f\uff1a-\uff20"
)
_LETTERS = rf"[^\s\d{_MARKS}]"
_TOKEN = re.compile(
    rf"(?P<number>\d+)|(?P<word>(?:[\u0e01-\u0e4e]++\.)+|{_LETTERS}++(?:[’'ʼ]{_LETTERS}++)*)|(?P<mark>[^\s])"
)
_SKIPPED_MARKS = frozenset(",.-–—/'’()،ªº°")
_ENDINGS_TEXT = """
st nd rd th er ère re ste de ci cı cu cü го е й я ე в и a e º ª טן ê an ی
"""
_ENDINGS = frozenset(word_key(word) for word in _ENDINGS_TEXT.split())
_PARTICLES_TEXT = """
of the de del den d di da do g j г г. год года ж ж. р р. рік року m m. mh metų d d. gada йил жыл жылы жылғы
жылдын жылдың йилнинг yil yili il ili ko eko ren an a le la lo el al am ам წლის წ թ թ. ե ta’ ta ve na ค ศ พ ปี ค.ศ.
พ.ศ. น. ga соли මස يىلى ឆ្នាំ
"""
_BEFORE_CLOCK = frozenset(map(word_key, ("à", "às", "at", "um", "kl", "klo", "ore", "saat", "в", "о", "om")))
_PARTICLES = frozenset(word_key(word) for word in _PARTICLES_TEXT.split())
_MIN_DIGITS = re.compile(
    r"\d{4}|\d{1,2}\s?[./-]\s?\d{1,2}\s?[./-]\s?\d{2}|[’']\d\d\b|\d[. ]{1,2}[^\W\d_]{3,10}[. ]{1,2}\d\d(?!\d)"
    r"|\d ?[\u0e01-\u0e4e.]{4,12} ?\d\d(?!\d)"
)
_TWO_NUMBERS = re.compile(r"\d\D++\d")
_FULL_WIDTH = {
    ord("："): ":",
    ord("．"): ".",
    ord("／"): "/",
    ord("－"): "-",
    ord("\u00a0"): " ",
    ord("\u202f"): " ",
    ord("‑"): "-",
    ord("−"): "-",
    ord("\u200c"): " ",
}


class PrintedDate(NamedTuple):
    """A date in a line."""

    day: date
    clock: PrintedClock | None
    start: int
    end: int
    """Positions in the line; the time and zone after the date are included."""
    other: date | None = None
    """The date if day and month are swapped, where the text does not decide."""
    languages: frozenset[str] = frozenset()
    """The languages of the month name."""
    is_short: bool = False
    """Whether the year has two digits only."""

    @property
    def at(self) -> datetime:
        """The timestamp: midnight for a bare day, naive without a printed zone."""
        clock = self.clock.at if self.clock else time()
        return datetime.combine(self.day, clock, self.zone)

    @property
    def zone(self) -> tzinfo | None:
        return self.clock.zone if self.clock else None


class _Day(NamedTuple):
    day: date
    start: int
    end: int
    other: date | None = None
    languages: frozenset[str] = frozenset()
    is_short: bool = False


class _Token(NamedTuple):
    kind: str
    text: str
    start: int
    end: int


def find_printed_dates(text: str, language: str | None = None) -> list[PrintedDate]:
    """Return the dates in a line with their times of day, in order; none in a line longer than ``MAX_LINE_LENGTH``."""
    if len(text) > MAX_LINE_LENGTH or (text.isascii() and not _MIN_DIGITS.search(text)):
        return []
    line = with_ascii_digits(text)
    if not _MIN_DIGITS.search(line) and "年" not in line:
        return []
    days = _without_overlap([*_numbered(line), *_named(line, language)])[:MAX_DATES]
    found: list[PrintedDate] = []
    for index, day in enumerate(days):
        begin = found[-1].end if found else 0
        limit = days[index + 1].start if index + 1 < len(days) else len(line)
        after = clock_after(line, day.end, language, limit)
        before = clock_before(line, day.start, language, begin)
        if after is not None and before is not None:
            after, before = (after, None) if after.gap <= before.gap else (None, before)
        clock = after or before
        resolved = _with_weekday(day, line, begin)
        found.append(
            PrintedDate(
                resolved.day, clock, min(day.start, before.start) if before else day.start,
                after.end if after else day.end, resolved.other, day.languages, day.is_short,
            )
        )  # fmt: skip
    return found


def with_ascii_digits(text: str) -> str:
    """Return a text with ASCII digits and plain marks, of the same length."""
    # Most texts have none of them, and a search is many times as fast as a translation.
    return text if text.isascii() or not _other_digit().search(text) else text.translate(_digits())


@cache
def _other_digit() -> re.Pattern[str]:
    return re.compile(f"[{re.escape(''.join(map(chr, _digits())))}]")


@cache
def _digits() -> dict[int, str]:
    """All decimal digits of Unicode (Arabic, Persian, Devanagari, full-width …) and full-width marks."""
    table = {code: str(unicodedata.decimal(chr(code))) for code in range(128, 0x1FC00) if chr(code).isdecimal()}
    return table | _FULL_WIDTH


def _without_overlap(days: list[_Day]) -> list[_Day]:
    kept: list[_Day] = []
    for day in sorted(days, key=lambda found: (found.start, -found.end)):
        if not kept or day.start >= kept[-1].end:
            kept.append(day)
    return kept


# -------------------------------------------------------------------------------------------------------- in numbers


def _numbered(line: str) -> Iterator[_Day]:
    for match in _YEAR_FIRST.finditer(line):
        if is_year(int(match["y"])) and (day := gregorian(int(match["y"]), int(match["m"]), int(match["d"]))):
            yield _Day(day, match.start(), match.end())
    for day, start, end in find_era_dates(line):
        yield _Day(day, start, end)
    for match in _COUNTED_MONTH.finditer(line):
        year, month, number = (int(match[key] or match[f"{key}2"]) for key in "ymd")
        if is_year(year) and (day := gregorian(year, month, number)):
            yield _Day(day, match.start(), match.end())
    for match in _NUMERIC.finditer(line):
        if (found := _day_of_numbers(match)) is not None:
            yield found


def _day_of_numbers(match: re.Match[str]) -> _Day | None:
    first, second, year = int(match["a"]), int(match["b"]), int(match["y"])
    is_short = len(match["y"]) == 2
    if is_short:
        if match["mark"].strip() == "-" or match["mark"] != match["mark"].strip():
            return None
        year += 2000 if year < 70 else 1900
    if not is_year(year):
        return None
    day_first, month_first = gregorian(year, second, first), gregorian(year, first, second)
    # With dots and hyphens the day is always first.
    other = month_first if "/" in match["mark"] and day_first and month_first != day_first else None
    day = day_first or (month_first if "." not in match["mark"] else None)
    return _Day(day, match.start(), match.end(), other, is_short=is_short) if day else None


# ------------------------------------------------------------------------------------------------- with a month's name


def _named(line: str, language: str | None) -> Iterator[_Day]:
    if not _TWO_NUMBERS.search(line):
        return
    tokens = [_Token(match.lastgroup or "", match[0], match.start(), match.end()) for match in _TOKEN.finditer(line)]
    months = load_words().months
    for index, token in enumerate(tokens):
        if token.kind != "word":
            continue
        for count in range(MAX_WORDS_OF_MONTH, 0, -1):
            words = tokens[index : index + count]
            if len(words) < count or any(word.kind != "word" for word in words):
                continue
            if count > 1 and word_key(words[0].text + words[1].text[:2]) not in _beginnings():
                continue
            name = "".join(word.text for word in words)
            last = index + count - 1
            if (day := _persian_day(tokens, index, last, name)) is not None:
                yield day
                break
            if count == 1 and not _is_beside_number(tokens, index) and word_key(name) not in months:
                continue
            month = month_named(name, language) or month_named(re.split("[’'ʼ]", name)[-1], language)
            if month and (day := _day_around(tokens, index, last, month.number)) is not None:
                yield _thai(day) if "th" in month.languages else day._replace(languages=month.languages)
                break


@cache
def _beginnings() -> frozenset[str]:
    """The beginnings of all names of months, to tell quickly that several words are none."""
    names = (*load_words().months, *_persian_months())
    return frozenset(name[:length] for name in names for length in range(3, len(name) + 1))


def _is_beside_number(tokens: list[_Token], index: int) -> bool:
    return any(token.kind == "number" for token in tokens[max(0, index - 2) : index + 3])


def _persian_day(tokens: list[_Token], first: int, last: int, name: str) -> _Day | None:
    number = _persian_months().get(word_key(name))
    found = _day_around(tokens, first, last, number) if number else None
    return found if found is not None and found.is_short is False and found.other is None else None


@cache
def _persian_months() -> dict[str, int]:
    return {word_key(name): number for number, names in enumerate(PERSIAN_MONTHS, start=1) for name in names}


def _day_around(tokens: list[_Token], first: int, last: int, month: int) -> _Day | None:
    """Return the day whose month stands at these tokens, with day and year on either side of it, in any order."""
    left, right = _number(tokens, first, -1), _number(tokens, last, 1)
    if left is not None and right is not None:
        if _is_day(left) and _is_year(right):
            return _made(right, month, left, left, right)
        if _is_day(left) and _is_short_year(tokens, right):
            return _made(right, month, left, left, right)
    if right is not None and _is_day(right):
        place = tokens.index(right, last)
        year = _number(tokens, place, 1)
        if year is not None and _has_month(tokens, last, tokens.index(year, place)):
            return None  # "Sun, 14 Mar 2021": "Sun" is a month elsewhere, and "Mar" a day of the week
        if year is not None and (_is_year(year) or _is_short_year(tokens, year)):
            return _made(year, month, right, tokens[first], year)
    if left is not None and right is not None and _is_year(left) and _is_day(right):
        return _made(left, month, right, left, right)
    if left is not None and _is_day(left):
        year = _number(tokens, tokens.index(left), -1)
        if year is not None and _is_year(year):
            return _made(year, month, left, year, tokens[last])
    return None


def _thai(day: _Day) -> _Day:
    """A day with a month in Thai: two digits that are not yet a common year are one of the Buddhist calendar."""
    later = day.day.year - BUDDHIST_YEARS
    is_common = not day.is_short or later < FIRST_SHORT_YEAR
    shifted = None if is_common else gregorian(later, day.day.month, day.day.day)
    return day._replace(day=shifted or day.day, languages=frozenset(("th",)))


def _number(tokens: list[_Token], index: int, step: int) -> _Token | None:
    """Return the next number on this side; only particles and marks may stand between."""
    for distance in range(1, MAX_SKIPPED + 2):
        position = index + step * distance
        if not 0 <= position < len(tokens):
            return None
        token = tokens[position]
        if token.kind == "number":
            return token
        if token.kind == "mark" and token.text not in _SKIPPED_MARKS:
            return None
        if token.kind == "word" and not _is_particle(token) and not _is_second_name(tokens, position):
            return None
    return None


def _has_month(tokens: list[_Token], start: int, end: int) -> bool:
    """Whether a word between two tokens names a month, to which they then belong."""
    between = range(start + 1, end)
    return any(
        tokens[position].kind == "word"
        and word_key(tokens[position].text) in load_words().months
        and not _is_second_name(tokens, position)
        for position in between
    )


def _is_second_name(tokens: list[_Token], position: int) -> bool:
    """Return whether a word is another name of the month beside it: ``نيسان / أبريل`` (Levantine and Egyptian)."""
    around = tokens[max(0, position - 2) : position + 3]
    return any(token.text in "/(" for token in around) and word_key(tokens[position].text) in load_words().months


def _is_particle(token: _Token) -> bool:
    key = word_key(token.text)
    return key in _PARTICLES or key in _ENDINGS or key in load_words().particles or key in load_words().weekdays


def _is_day(token: _Token) -> bool:
    return len(token.text) <= 2 and 1 <= int(token.text) <= 31


def _is_year(token: _Token) -> bool:
    return len(token.text) == 4 and is_year(int(token.text))


def _is_short_year(tokens: list[_Token], token: _Token) -> bool:
    position = tokens.index(token)
    before, after = tokens[position - 1], tokens[position + 1 : position + 2]
    if len(token.text) != 2 or token.end - token.start != 2:
        return False
    if before.text in ("'", "’") and before.end == token.start:
        return True
    # "27 Mar 20 à 9:21", "14 Jan. 20": nothing but a time may follow, a word would make it a number of something.
    is_clock = bool(after) and after[0].start == token.end and after[0].text in ":.hHчЧ"
    is_last = not after or after[0].kind == "mark" or word_key(after[0].text) in _BEFORE_CLOCK
    is_last = is_last or [token.text for token in tokens[position + 2 : position + 3]] == [":"]
    if any(_is_year(other) for other in tokens[position + 1 : position + 4] if other.kind == "number"):
        return False  # "5 Dec 16, 2025"
    is_beside = before.end == token.start - 1 and (before.kind == "word" or before.text == ".")
    return is_beside and is_last and not is_clock


def _made(year: _Token, month: int, day: _Token, first: _Token, last: _Token) -> _Day | None:
    number = int(year.text) + (2000 if len(year.text) == 2 else 0)
    found = gregorian(number, month, int(day.text))
    return _Day(found, first.start, last.end, is_short=len(year.text) == 2) if found else None


# ------------------------------------------------------------------------------------------------------------ weekday


def _with_weekday(day: _Day, line: str, begin: int) -> _Day:
    """Decide between day and month by a weekday before or after the date."""
    if day.other is None:
        return day
    around = line[max(begin, day.start - 20) : day.start] + " " + line[day.end : day.end + 20]
    weekdays = {load_words().weekdays.get(word_key(word)) for word in re.findall(r"[^\W\d_]+", around)} - {None}
    if len(weekdays) == 1:
        (weekday,) = weekdays
        if day.other.weekday() == weekday != day.day.weekday():
            return day._replace(day=day.other, other=None)
        if day.day.weekday() == weekday != day.other.weekday():
            return day._replace(other=None)
    return day
