"""Dates of Chinese and Japanese pages in other numbers: 二〇二六年一月七日, 民國115年1月7日, 令和8年1月7日."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from caliber_crawler.extraction.dates.calendars import gregorian, is_year

_DIGITS = "〇零○一二三四五六七八九"
_VALUES = {**dict.fromkeys("〇零○", 0), **{digit: value for value, digit in enumerate(_DIGITS[3:], start=1)}}
_FIRST_YEARS = {"令和": 2019, "平成": 1989, "昭和": 1926, "民國": 1912, "民国": 1912, "中華民國": 1912}
_NUMBER = r"(?:\d{1,2}|[二三]?十[一二三四五六七八九]?|[一二三四五六七八九])"
_DATE = re.compile(
    rf"(?:(?P<era>{'|'.join(_FIRST_YEARS)})\s?(?P<count>\d{{1,3}}|元)|(?<![{_DIGITS}])(?P<year>[{_DIGITS}]{{4}}))\s?年\s?"
    rf"(?P<month>{_NUMBER})\s?月\s?(?P<day>{_NUMBER})\s?[日号號]"
)


def find_era_dates(line: str) -> Iterator[tuple[date, int, int]]:
    """Return the dates in a line with ASCII digits, and where each stands."""
    if "年" not in line:
        return
    for match in _DATE.finditer(line):
        if match["era"]:
            year = _FIRST_YEARS[match["era"]] + (0 if match["count"] == "元" else int(match["count"]) - 1)
        else:
            year = int("".join(str(_VALUES[digit]) for digit in match["year"]))
        day = gregorian(year, _value(match["month"]), _value(match["day"])) if is_year(year) else None
        if day is not None:
            yield day, match.start(), match.end()


def _value(number: str) -> int:
    """The value of a number up to 99, in digits or as it is said: 二十三."""
    if number.isdecimal():
        return int(number)
    tens, ten, ones = number.rpartition("十")
    return (10 * (_VALUES[tens] if tens else 1) if ten else 0) + (_VALUES[ones] if ones else 0)
