import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caliber_crawler.errors import SiteError
from caliber_crawler.extraction.dates import find_date, parse_date, parse_iso_date
from tests.extraction.pages import site_named

SITE = site_named("caliber")
MONTHS = {
    "en": "January February March April May June July August September October November December",
    "ru": "Января Февраля Марта Апреля Мая Июня Июля Августа Сентября Октября Ноября Декабря",
    "hy": "Հունվարի Փետրվարի Մարտի Ապրիլի Մայիսի Հունիսի Հուլիսի Օգոստոսի Սեպտեմբերի Հոկտեմբերի Նոյեմբերի Դեկտեմբերի",
}


# Strings from pages, and texts that people and programs write in place of a date. None of them is a date.
ODD_LETTERS = "xaHhMmdDtTzZsSyY1290?!.,-–—:/|•«»“”…№#@&%+*=()[]{}<>~^_\\'\"яжՄցİəğ7"
ODD_STRINGS = (
    "12", "31", "32", "99", "100", "354", "1999", "2026", "12345", "20260106", "1767712380", "99999999999", "19:13",
    "7:13 PM", "25:00", "12h", "5 min", "3d", "1w", "2y", "10s", "am", "pm", "AM 5", "noon", "midnight", "May",
    "march", "Sun", "Mon", "sat", "august", "Май", "мая", "марта", "Մայիս", "second", "now", "today", "yesterday",
    "tomorrow", "сегодня", "вчера", "завтра", "այսօր", "երեկ", "two days ago", "2 days ago", "an hour ago",
    "in 3 hours", "last week", "next year", "через час", "2 часа назад", "5 минут назад", "երկու օր առաջ",
    "час назад", "неделю назад", "next May", "last Monday", "this morning", "tonight", "6 January", "January 2026",
    "January", "06.01", "1/6", "6/1/26", "06-01", "2026-01", "2026-13-01", "2026-02-30", "2026-00-10", "0000-01-01",
    "9999-99-99", "2026/01/06x", "1.2.3", "1.2.3.4", "v2.0.26", "31 February 2026 10:00", "30 Февраля 2026 10:00",
    "00 January 2026 10:00", "32 January 2026 10:00", "06 January 2026 25:00", "06 January 2026 24:01",
    "06 January 2026 19:60", "06 January 0000 10:00", "6 Januarium 2026", "29 February 2025 10:00",
    "06 Smarch 2026 19:13", "© 2026", "Caliber.az © 2026. .", "(c) 2025", "2025–2026", "1918-1920", "since 1991",
    "in 2026", "the 1990s", "90-е", "XX век", "2026 год", "2026 թ.", "Views: 354", "Views: 2026",
    "Просмотров: 12 179", "A+", "A-", "ru", "en", "arm", "ANALYTICS", "АНАЛИТИКА", "Share", "loading", "print",
    "G20", "D-8", "COP29", "F-16", "S-400", "Su-57", "Mi-8", "1+1=2", "50%", "100 km", "5G", "24/7", "9/11", "7/7",
    "8/10", "3:2", "2-0", "1.5", "+994 12 555 55 55", "40°24′N 49°52′E", "€5", "$10 bn", "№ 5", "§ 3", "p. 12",
    "pp. 3-5", "in May 2026 the 12 states", "May 12 states join in 2026", "12 May articles of 2026",
    "On 5 the 2026 March of peace", "1 in 5 may vote 2026", "March on 10 cities, 2026", "the 44-day war of 2020",
    "10 November statement 2020 anniversary", "June 22, 2025 – Israel vs Iran: LIVE",
    "June 22 2025 10:15 – Israel vs Iran: LIVE", "5 may be 2026", "2026 may see 12", "Augustus 6 2026 x",
    "sun 12 mar 2026 the", "may 1 2 3 2026", "6 6 6 January 2026 2026", "1 January 2 2026 3", "H 12 May 2026 H",
    "x 12 May 2026", "12 May 2026 x", "a 1 May 2026", "? 1 May 2026 ?", "None", "null", "undefined", "NaN", "true",
    "[object Object]", "{{ date }}", "{% now %}", "%d %B %Y", "DD.MM.YYYY", "yyyy-mm-dd", "--:--", "00:00:00",
    "T00:00Z", "+04:00", "GMT", "UTC", "GMT+4", "AZT", "19:13 UTC",
)  # fmt: skip


def local(text: str) -> str:
    moment = parse_date(text, SITE)
    assert moment is not None, text
    return moment.isoformat()


@given(
    st.datetimes(min_value=datetime(2016, 4, 1), max_value=datetime(2100, 1, 1)),  # noqa: DTZ001
    st.sampled_from(sorted(MONTHS)),
    st.sampled_from([" ", " - "]),
    st.sampled_from([str.lower, str.upper, str.title]),
)
def test_any_minute_is_parsed_in_every_edition_and_layout(
    moment: datetime, language: str, dash: str, case: Callable[[str], str]
) -> None:
    month = case(MONTHS[language].split()[moment.month - 1])
    found = find_date(f"{moment:%d} {month} {moment:%Y}{dash}{moment:%H:%M}", SITE)
    assert found is not None
    assert found.timestamp == moment.replace(second=0, microsecond=0, tzinfo=SITE.zone)
    assert found.timestamp.utcoffset() == timedelta(hours=4)
    assert found.language == language


def test_the_nominative_of_a_month_is_parsed() -> None:
    assert local("10 май 2023 17:33") == "2023-05-10T17:33:00+04:00"
    assert local("08 Օգոստոս 2024 10:26") == "2024-08-08T10:26:00+04:00"


def test_daylight_saving_time_of_past_years_is_applied() -> None:
    assert local("10 July 2015 12:00") == "2015-07-10T12:00:00+05:00"


@pytest.mark.parametrize("text", ["January 6, 2026, 7:13 PM", "Jan. 6, 2026 at 7:13 p.m.", "6 января 2026 г., 19:13"])
def test_an_unknown_date_format_is_parsed(text: str) -> None:
    assert local(text) == "2026-01-06T19:13:00+04:00"


@pytest.mark.parametrize(
    "text",
    [
        "", "x", "May", "2026", "354", "19:13", "6 January", "January 2026", "today", "two days ago", "06.01.2026",
        "31 February 2026 10:00", "06 January 2026 25:00", "June 22, 2025 – Israel vs Iran: LIVE",
        "in May 2026 the 12 states", "June 22 2025 10:15 – Israel vs Iran: LIVE",
        "06 Januarium 2026 19:13", "Caliber.az © 2026", "1", "12",
    ],
)  # fmt: skip
def test_a_text_without_a_date_gives_none(text: str) -> None:
    assert parse_date(text, SITE) is None


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("06 January 2026 07:13 PM", "19:13"), ("06 January 2026 - 07:13 p.m.", "19:13"),
        ("06 January 2026 12:13 AM", "00:13"),
        ("06 Января 2026 12:13 PM", "12:13"), ("06 January 2026 19:13 PM", "19:13"),
    ],
)  # fmt: skip
def test_the_half_of_the_day_after_a_site_s_own_format_is_read(text: str, time: str) -> None:
    assert local(text) == f"2026-01-06T{time}:00+04:00"
    found = find_date(text, SITE)
    assert found is not None
    assert (found.end, found.has_clock) == (len(text), True)


def test_words_around_a_date_are_ignored() -> None:
    assert local("Published: 06 January 2026, 19:13") == "2026-01-06T19:13:00+04:00"


def test_an_unsupported_date_format_is_a_site_error() -> None:
    with pytest.raises(SiteError, match="%j"):
        find_date("006 2026", replace(SITE, date_formats=("%j %Y",)))


def test_a_date_after_a_section_label_is_found() -> None:
    found = find_date("ИНТЕРВЬЮ 05 Июня 2023 - 12:52", SITE)
    assert found is not None
    assert (found.timestamp.isoformat(), found.start) == ("2023-06-05T12:52:00+04:00", 9)


def test_iso_dates_keep_their_offset() -> None:
    assert parse_iso_date("2026-01-06T15:13:00Z", SITE) == datetime(2026, 1, 6, 15, 13, tzinfo=UTC)
    moment = parse_iso_date("2026-01-06T19:13:00+04:00", SITE)
    assert moment is not None
    assert moment.isoformat() == "2026-01-06T19:13:00+04:00"
    assert parse_iso_date("yesterday", SITE) is None


@given(st.text() | st.from_regex(r"\A[0-9 ]{1,3}[A-Za-zа-я]{3,9} [0-9]{4} [0-9:]{0,5}\Z"))
def test_parsing_a_date_never_fails_and_always_gives_a_zone(text: str) -> None:
    moment = parse_date(text, SITE)
    assert moment is None or moment.utcoffset() is not None


@pytest.mark.parametrize("text", [*ODD_LETTERS, *ODD_STRINGS])
def test_odd_strings_are_not_dates(text: str) -> None:
    assert parse_date(text, SITE) is None


@pytest.mark.parametrize("text", ["6 January 2026 19:13 " * 50_000, "x" * 10**6, "1 May " * 10**5, " " * 10**6])
def test_a_long_text_is_rejected_immediately(text: str) -> None:
    started = time.process_time()
    assert parse_date(text, SITE) is None
    assert time.process_time() - started < 0.2


VIENNA = site_named("orf")


@pytest.mark.parametrize(
    ("printed", "moment"),
    [
        ("22.07.2024 07.57", "2024-07-22T07:57:00+02:00"),
        ("22.11.2024 07.57", "2024-11-22T07:57:00+01:00"),
        ("31.03.2024 01.59", "2024-03-31T01:59:00+01:00"),
        ("31.03.2024 03.00", "2024-03-31T03:00:00+02:00"),
        ("27.10.2024 02.30", "2024-10-27T02:30:00+02:00"),
        ("27.10.2024 03.00", "2024-10-27T03:00:00+01:00"),
        ("22. November 2024, 7:57 Uhr", "2024-11-22T07:57:00+01:00"),
        ("2024-07-22T05:57:00Z", "2024-07-22T07:57:00+02:00"),
        ("2024-07-22T07:57:00+02:00", "2024-07-22T07:57:00+02:00"),
        ("2024-07-22 07:57", "2024-07-22T07:57:00+02:00"),
    ],
)
def test_daylight_saving_time_of_another_site_is_applied(printed: str, moment: str) -> None:
    found = parse_date(printed, VIENNA)
    assert found is not None
    assert found.isoformat() == moment
