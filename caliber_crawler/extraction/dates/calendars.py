"""Years and days of the calendars that news pages print besides the Gregorian one."""

from __future__ import annotations

from datetime import date, timedelta

FIRST_YEAR, LAST_YEAR = 1900, 2099
_BUDDHIST_YEARS = 543
_PERSIAN_YEARS = range(1300, 1500)
_BUDDHIST = range(FIRST_YEAR + _BUDDHIST_YEARS, LAST_YEAR + _BUDDHIST_YEARS)
# Leap years of the Persian calendar in the cycle of 33 years that holds from 1244 to 1502.
_LEAP = frozenset((1, 5, 9, 13, 17, 22, 26, 30))
PERSIAN_MONTHS = (
    ("فروردین", "وری", "حمل"), ("اردیبهشت", "غویی", "ثور"), ("خرداد", "غبرګولی", "جوزا"), ("تیر", "چنګاښ", "سرطان"),
    ("مرداد", "زمری", "اسد"), ("شهریور", "وږی", "سنبله"), ("مهر", "تله", "میزان"), ("آبان", "لړم", "عقرب"),
    ("آذر", "لیندۍ", "قوس"), ("دی", "مرغومی", "جدی"), ("بهمن", "سلواغه", "دلو"), ("اسفند", "کب", "حوت"),
)  # fmt: skip
"""The names in Persian, Pashto and Dari."""


def is_year(number: int) -> bool:
    """Return whether a number may be the year of a news page, in one of the calendars."""
    return FIRST_YEAR <= number <= LAST_YEAR or number in _PERSIAN_YEARS or number in _BUDDHIST


def gregorian(year: int, month: int, day: int) -> date | None:
    """Return the date in the Gregorian calendar; ``None`` if there is no such day.

    >>> gregorian(1404, 10, 17), gregorian(2569, 1, 7)
    (datetime.date(2026, 1, 7), datetime.date(2026, 1, 7))
    """
    try:
        if year in _PERSIAN_YEARS:
            return _from_persian(year, month, day)
        return date(year - _BUDDHIST_YEARS if year in _BUDDHIST else year, month, day)
    except (ValueError, OverflowError):
        return None


def _from_persian(year: int, month: int, day: int) -> date | None:
    length = 31 if month <= 6 else 30 if month < 12 or _is_leap(year) else 29
    if not (1 <= month <= 12 and 1 <= day <= length):
        return None
    days = sum(366 if _is_leap(earlier) else 365 for earlier in range(1300, year))
    before = (month - 1) * 31 if month <= 7 else 186 + (month - 7) * 30
    return _FIRST_OF_1300 + timedelta(days=days + before + day - 1)


def _is_leap(year: int) -> bool:
    return year % 33 in _LEAP


_FIRST_OF_1300 = date(1921, 3, 21)
