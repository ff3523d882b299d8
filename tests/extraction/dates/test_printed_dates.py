"""Dates in a line: any common form, in every language of the CLDR."""

from __future__ import annotations

import time
import unicodedata
from datetime import date, datetime

import pytest
from babel import Locale, localedata
from babel.dates import format_date, format_time
from hypothesis import given
from hypothesis import strategies as st

from caliber_crawler.extraction.dates.printed import PrintedDate, find_printed_dates

DAY = date(2026, 1, 7)
LANGUAGES = tuple(sorted({Locale.parse(name).language for name in localedata.locale_identifiers()}))
# Their long dates have words around day and year that no other language has.
UNREAD = frozenset(("bez", "bo", "ckb", "co", "dz", "gd", "gv", "kcg", "kde", "kgp", "ku", "lkt", "nr", "ss", "syr"))
UNREAD |= {"tok", "yav", "yrl"}


def only(line: str, language: str | None = None) -> PrintedDate:
    (found,) = find_printed_dates(line, language)
    return found


@pytest.mark.parametrize(
    "line",
    [
        "14:35, 7 yanvar 2026", "7 yanvar 2026, 14:35", "7 հունվարի 2026, 14:35", "7 იანვარი, 2026 14:35",
        "7 января 2026 г., 14:35", "14:35 07.01.2026", "07.01.2026 14:35:00", "2026/01/07 14:35", "2026-01-07 14:35",
        "2026-01-07T14:35", "7/1/2026 à 14h35", "07.01.26 14:35", "Jan. 7, 2026 at 2:35 p.m.",
        "January 7th, 2026, 2:35PM",
        "7th of January 2026, 2:35 PM", "Jan 7 '26 14:35", "7 de enero de 2026 a las 14:35", "7 gennaio 2026 ore 14.35",
        "7. tammikuuta 2026 klo 14.35", "2026. január 7. 14:35", "2026 m. sausio 7 d. 14:35",
        "2026. gada 7. janvāris, 14:35", "2026-жылдын 7-январы, 14:35", "7 қаңтар, 2026 14:35",
        "2026-yil 7-yanvar 14:35",
        "7 stycznia 2026 o 14:35", "Çarşamba, 7 OCAK 2026 14:35", "ΙΑΝΟΥΑΡΙΟΥ 7, 2026 02:35 μ.μ.",
        "2026年1月7日 14時35分", "2026年1月7日 下午2:35", "2026년 1월 7일 오후 2:35", "2026. 1. 7. 14:35",
        "٧ يناير ٢٠٢٦ ٢:٣٥ م", "7 كانون الثاني 2026 2:35 مساءً", "چهارشنبه ۷ ژانویه ۲۰۲۶ - ۱۴:۳۵", "۱۷ دی ۱۴۰۴ - ۱۴:۳۵",
        "۱۴۰۴/۱۰/۱۷ ۱۴:۳۵", "७ जनवरी २०२६, २:३५ अपराह्न", "7 มกราคม 2569 14:35", "07.01.2026 02:35 ÖS",
        "7 ม.ค. 2569 14:35 น.",
        "ngày 7 tháng 1 năm 2026 14:35", "2026 оны 1 сарын 7 14:35", "الأربعاء 7 كانون الثاني / يناير 2026 2:35 مساءً",
        "Publié le 7 janv. 26 à 14:35", "7 Jan 26, 14:35",
        "发布时间：2026-01-07 14:35", "Tarix:07.01.2026 14:35", "Дата:2026/01/07 14:35", "07 OCAK 2026, ÇARŞAMBA 14.35",
        "二〇二六年一月七日 14:35", "民國115年1月7日 14:35", "令和8年1月7日(水) 14時35分",
    ],
)  # fmt: skip
def test_a_date_in_any_form_is_read(line: str) -> None:
    assert only(line).at == datetime(2026, 1, 7, 14, 35)  # noqa: DTZ001


@pytest.mark.parametrize(
    "line", ["14:2026-01-07", "12:30:07.01.2026", "news.example/2026-01-07", "二〇二六年十三月一日"]
)
def test_a_number_that_continues_another_is_not_a_date(line: str) -> None:
    assert find_printed_dates(line) == []


def _han(number: int) -> str:
    tens, ones = divmod(number, 10)
    return f"{'' if tens < 2 else '〇一二三'[tens]}{'十' if tens else ''}{'〇一二三四五六七八九'[ones] if ones else ''}"


@given(st.dates(date(1950, 1, 1), date(2099, 12, 31)))
def test_dates_in_chinese_numbers_and_of_eras_are_read(day: date) -> None:
    year = "".join("〇一二三四五六七八九"[int(digit)] for digit in str(day.year))
    lines = [f"{year}年{_han(day.month)}月{_han(day.day)}日", f"民國{day.year - 1911}年{day.month}月{day.day}日"]
    if day.year > 2019:
        lines.append(f"令和{day.year - 2018}年{day.month}月{day.day}日")
    assert [only(line).day for line in lines] == [day] * len(lines)


def test_two_dates_side_by_side_are_both_read() -> None:
    found = find_printed_dates("May 21, 2025  April 24, 2025 by Jane Roe")
    assert [date.day for date in found] == [date(2025, 5, 21), date(2025, 4, 24)]


@pytest.mark.parametrize("line", ["5 Dec 16, 2025", "the 5 March 20 people came", "7 May 14:35", "12 Mar 30 min"])
def test_a_number_behind_a_month_is_rarely_a_year(line: str) -> None:
    assert not [found for found in find_printed_dates(line) if found.is_short]


@pytest.mark.parametrize("language", [name for name in LANGUAGES if name not in UNREAD])
def test_the_long_date_of_every_language_is_read(language: str) -> None:
    for month in range(1, 13):
        day = date(2026, month, 17)
        line = format_date(day, format="long", locale=language)
        if any(letter.isalpha() for letter in line) and f"M{month:02}" not in line:
            assert [found.day for found in find_printed_dates(line, language)] == [day], line


@pytest.mark.parametrize(
    "language", ["en", "ar", "tr", "el", "ko", "zh", "ja", "hi", "hu", "sq", "vi", "am", "bg", "fil", "sw"]
)
def test_both_halves_of_the_day_are_read_in_each_language(language: str) -> None:
    for hour in (0, 2, 11, 12, 14, 23):
        clock = format_time(datetime(2026, 1, 7, hour, 35), "h:mm a", locale=language)  # noqa: DTZ001
        assert only(f"07.01.2026 {clock}", language).at.hour == hour, clock


@pytest.mark.parametrize(
    ("zone", "offset"),
    [
        ("GMT+4", 4), ("UTC+04:00", 4), ("(UTC-3)", -3), ("+0400", 4), ("Z", 0), ("GMT", 0), ("EST", -5), ("PDT", -7),
        ("ET", -5), ("PST", -8), ("CET", 1), ("IST", 5.5), ("MSK", 3), ("МСК", 3), ("AZT", 4), ("Europe/Moscow", 3),
        ("Eastern Time", -5), ("по московскому времени", 3), ("(Baku time)", 4),
    ],
)  # fmt: skip
def test_a_named_or_numeric_zone_is_read(zone: str, offset: float) -> None:
    at = only(f"7 January 2026 14:35 {zone}").at
    moved = at.utcoffset()
    assert moved is not None
    assert moved.total_seconds() / 3600 == offset


def test_a_zone_with_summer_time_follows_the_date() -> None:
    winter, summer = (only(f"7 {month} 2026, 2:35 p.m. ET").at.utcoffset() for month in ("January", "July"))
    assert winter != summer


def test_a_period_of_two_times_has_no_offset() -> None:
    assert only("7 January 2026 10:00-12:00").zone is None


@pytest.mark.parametrize(
    "line",
    [
        "", "2026", "7 January", "January 2026", "31 February 2026", "12 Frobuary 2026", "25.13.2026",
        "room 12 of 2026",
        "1.2.3.4", "v2.0.26", "5 may be 2026", "24/7", "10.0.2026.1", "tel. 12-345-6789", "in May 2026 the 12 states",
    ],
)  # fmt: skip
def test_a_line_without_a_date_gives_none(line: str) -> None:
    assert find_printed_dates(line, "en") == []


def test_each_date_of_a_line_has_its_own_time() -> None:
    dates = find_printed_dates("Dərc olunub: 07.01.2026 14:35 Yenilənib: 09.01.2026")
    assert [(found.at.day, found.clock is not None) for found in dates] == [(7, True), (9, False)]


def test_a_weekday_decides_between_day_and_month() -> None:
    assert only("Tue, 03/02/2026").day == date(2026, 2, 3)
    assert only("Monday 03/02/2026").day == date(2026, 3, 2)
    assert only("03/02/2026").other == date(2026, 3, 2)


@pytest.mark.parametrize("language", [None, "en"])
@pytest.mark.parametrize("month", range(1, 13))
def test_abbreviated_english_weekdays_and_months_are_no_others(month: int, language: str | None) -> None:
    for number in range(1, 29):
        day = date(2021, month, number)
        for line in (f"{day:%a, %d %b %Y}", f"{day:%a %d %b, %Y}", f"{day:%a, %b %d, %Y}"):
            assert only(f"{line} 22:49", language).day == day, line


def test_a_name_of_several_months_is_understood_in_the_language_of_the_page() -> None:
    assert only("7 listopada 2026", "hr").day.month == 10
    assert only("7 listopada 2026", "pl").day.month == 11


@given(
    st.datetimes(min_value=datetime(1991, 1, 1), max_value=datetime(2099, 12, 31)),  # noqa: DTZ001
    st.sampled_from([code for code in range(0x1FC00) if unicodedata.decimal(chr(code), None) == 0]),
)
def test_a_numeric_date_is_read_in_the_digits_of_any_script(moment: datetime, zero: int) -> None:
    line = f"{moment:%d.%m.%Y %H:%M}".translate({ord(str(digit)): chr(zero + digit) for digit in range(10)})
    assert only(line).at == moment.replace(second=0, microsecond=0)


@given(st.text() | st.from_regex(r"\A[0-9 ./:-]{1,12}[A-Za-zа-я]{0,9} [0-9]{4} [0-9:apm+]{0,8}\Z"))
def test_reading_a_line_never_fails(line: str) -> None:
    assert all(0 <= found.start < found.end <= len(line) for found in find_printed_dates(line, "en"))


@pytest.mark.parametrize("line", ["7 January 2026 14:35 " * 50_000, "1." * 10**6, "2026 " * 10**5, "٧" * 10**6])
def test_a_long_line_costs_no_time(line: str) -> None:
    started = time.process_time()
    find_printed_dates(line)
    assert time.process_time() - started < 0.2
