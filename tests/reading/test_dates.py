from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caliber_crawler.errors import SiteError
from caliber_crawler.reading.dates import find_date, read_date, read_iso_date
from tests.reading.pages import site_named

SITE = site_named("caliber")
MONTHS = {
    "en": "January February March April May June July August September October November December",
    "ru": "Января Февраля Марта Апреля Мая Июня Июля Августа Сентября Октября Ноября Декабря",
    "hy": "Հունվարի Փետրվարի Մարտի Ապրիլի Մայիսի Հունիսի Հուլիսի Օգոստոսի Սեպտեմբերի Հոկտեմբերի Նոյեմբերի Դեկտեմբերի",
}


def local(text: str) -> str:
    moment = read_date(text, SITE)
    assert moment is not None, text
    return moment.isoformat()


@given(
    st.datetimes(min_value=datetime(2016, 4, 1), max_value=datetime(2100, 1, 1)),  # noqa: DTZ001
    st.sampled_from(sorted(MONTHS)),
    st.sampled_from([" ", " - "]),
    st.sampled_from([str.lower, str.upper, str.title]),
)
def test_every_minute_is_read_back_in_every_edition_and_layout(
    moment: datetime, language: str, dash: str, case: Callable[[str], str]
) -> None:
    month = case(MONTHS[language].split()[moment.month - 1])
    found = find_date(f"{moment:%d} {month} {moment:%Y}{dash}{moment:%H:%M}", SITE)
    assert found is not None
    assert found.moment == moment.replace(second=0, microsecond=0, tzinfo=SITE.zone)
    assert found.moment.utcoffset() == timedelta(hours=4)
    assert found.language == language


def test_the_nominative_of_a_month_is_read_too() -> None:
    assert local("10 май 2023 17:33") == "2023-05-10T17:33:00+04:00"
    assert local("08 Օգոստոս 2024 10:26") == "2024-08-08T10:26:00+04:00"


def test_summer_time_of_past_years_is_right() -> None:
    assert local("10 July 2015 12:00") == "2015-07-10T12:00:00+05:00"


@pytest.mark.parametrize("text", ["January 6, 2026, 7:13 PM", "Jan. 6, 2026 at 7:13 p.m.", "6 января 2026 г., 19:13"])
def test_a_form_the_site_never_had_is_understood(text: str) -> None:
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
def test_what_is_no_date_is_not_made_one(text: str) -> None:
    assert read_date(text, SITE) is None


def test_words_around_a_date_do_no_harm() -> None:
    assert local("Published: 06 January 2026, 19:13") == "2026-01-06T19:13:00+04:00"


def test_a_date_format_nobody_can_search_for_is_an_error_of_the_site_s_file() -> None:
    with pytest.raises(SiteError, match="%j"):
        find_date("006 2026", replace(SITE, date_formats=("%j %Y",)))


def test_a_date_is_found_behind_the_section_it_stands_with() -> None:
    found = find_date("ИНТЕРВЬЮ 05 Июня 2023 - 12:52", SITE)
    assert found is not None
    assert (found.moment.isoformat(), found.start) == ("2023-06-05T12:52:00+04:00", 9)


def test_machine_dates_keep_their_offset() -> None:
    assert read_iso_date("2026-01-06T15:13:00Z", SITE) == datetime(2026, 1, 6, 15, 13, tzinfo=UTC)
    moment = read_iso_date("2026-01-06T19:13:00+04:00", SITE)
    assert moment is not None
    assert moment.isoformat() == "2026-01-06T19:13:00+04:00"
    assert read_iso_date("yesterday", SITE) is None


@given(st.text() | st.from_regex(r"\A[0-9 ]{1,3}[A-Za-zа-я]{3,9} [0-9]{4} [0-9:]{0,5}\Z"))
def test_reading_a_date_never_fails_and_never_loses_the_zone(text: str) -> None:
    moment = read_date(text, SITE)
    assert moment is None or moment.utcoffset() is not None
