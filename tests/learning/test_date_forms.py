"""How a site prints its dates: learned from pages that show format, language and zone, used on those that do not."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caliber_crawler.extraction.dates.printed import find_printed_dates
from caliber_crawler.extraction.slots import DateForm, SlotDate, date_in_form, dates_in, only_day
from caliber_crawler.extraction_steps import extract_page
from caliber_crawler.items import Extraction
from caliber_crawler.learning.date_forms import format_of
from caliber_crawler.learning.layout import Fact, layout_of
from caliber_crawler.site import LearnedLayout
from caliber_crawler.site_learning import learn_pages
from tests.learning.test_lessons import NOW, capture, site_with
from tests.learning.themes import Story

BAKU = timezone(timedelta(hours=4))
PERIOD = (datetime.fromisoformat("2001-01-01"), datetime.fromisoformat("2026-01-01"))
FORMATS = (
    "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y %H:%M", "%Y-%m-%d %H:%M", "%d %B %Y, %H:%M", "%B %d, %Y", "%B %d, %Y at %H:%M",
    "%m/%d/%Y %H:%M", "%H:%M, %d %B %Y", "%d %B %Y - %H:%M", "%d-%m-%Y",
)  # fmt: skip


@pytest.mark.parametrize("form", FORMATS)
@given(
    at=st.datetimes(*PERIOD).filter(
        lambda at: at.day > 12 and at.day not in (at.hour, at.minute) and at.month not in (at.hour, at.minute)
    )
)
def test_the_format_of_a_printed_date_is_the_one_that_printed_it(form: str, at: datetime) -> None:
    text = at.strftime(form)
    (found,) = find_printed_dates(text, "en")
    assert format_of(text, found) == form


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("Published 13/02/2026 14:35 (GMT+4)", "%d/%m/%Y %H:%M"),
        ("13 yanvar 2026, 9:05", "%d %B %Y, %H:%M"),
        ("13 января 2026 г. в 14:35", "%d %B %Y г. в %H:%M"),
        ("January 13, 2026 2:35 pm", "%B %d, %Y %H:%M"),
        ("13.02.26", None),  # a year of two digits
        ("02/03/2026", None),  # in either order
    ],
)
def test_formats(text: str, form: str | None) -> None:
    (found,) = find_printed_dates(text)
    assert format_of(text, found) == form


def test_a_day_that_the_page_states_elsewhere_tells_the_order() -> None:
    (found,) = find_printed_dates("02/03/2026")
    assert format_of("02/03/2026", found, date(2026, 2, 3)) == "%m/%d/%Y"
    assert format_of("02/03/2026", found, date(2026, 3, 2)) == "%d/%m/%Y"
    assert format_of("02/03/2026", found, date(2026, 5, 5)) is None


def page_of(story: Story, printed: str, stated: str = "") -> str:
    meta = f'<meta property="article:published_time" content="{stated}">' if stated else ""
    return f"""<html lang="en"><head><title>{story.headline}</title>{meta}</head><body><div id="wrap">
<h1 class="title56">{story.headline}</h1><p class="when">{printed}</p>
<div id="text">{"".join(f"<p>{text}</p>" for text in story.paragraphs)}</div></div></body></html>"""


def learned(pages: list[str]) -> LearnedLayout:
    captures = [capture(Story(number), page=page, url=url_of(number)) for number, page in enumerate(pages)]
    return learn_pages(captures, site_with(None), NOW).learned.layout


def url_of(number: int) -> str:
    return f"https://news.example/news/story-number-{number}-of-the-year"


def read(page: str, layout: LearnedLayout | None, *, is_trusted: bool = False) -> Extraction:
    found = extract_page(capture(Story(77), page=page, url=url_of(77)), site_with(layout, is_trusted=is_trusted), NOW)
    assert isinstance(found, Extraction)
    return found


DAYS = [date(2026, 1, 14) + timedelta(days=31 * number // 2) for number in range(14)]


@pytest.mark.parametrize("is_trusted", [False, True])
@pytest.mark.parametrize(("form", "wanted"), [("%m/%d/%Y", date(2026, 4, 3)), ("%d/%m/%Y", date(2026, 3, 4))])
def test_the_order_of_day_and_month_is_that_of_the_site(form: str, wanted: date, is_trusted: bool) -> None:
    layout = learned([page_of(Story(number), f"{day:{form}}") for number, day in enumerate(DAYS)])
    assert layout.date_format == form
    found = read(page_of(Story(77), "04/03/2026"), layout, is_trusted=is_trusted)
    assert found.article.published_at is not None
    assert found.article.published_at.date() == wanted


@pytest.mark.parametrize("is_trusted", [False, True])
def test_a_clock_without_a_zone_is_in_the_zone_of_the_site(is_trusted: bool) -> None:
    at = [datetime(day.year, day.month, day.day, 9, 30, tzinfo=UTC) for day in DAYS]
    pages = [
        page_of(Story(number), f"{each.astimezone(BAKU):%d %B %Y, %H:%M}", f"{each:%Y-%m-%dT%H:%M:%SZ}")
        for number, each in enumerate(at)
    ]
    layout = learned(pages)
    assert (layout.date_format, layout.date_language, layout.zone) == ("%d %B %Y, %H:%M", "en", BAKU)
    found = read(page_of(Story(77), "04 March 2026, 13:30"), layout, is_trusted=is_trusted)
    assert found.article.published_at == datetime(2026, 3, 4, 9, 30, tzinfo=UTC)
    assert found.methods["published_at_zone"] == "learned"
    alone = read(page_of(Story(77), "04 March 2026, 13:30"), None)
    assert alone.article.published_at == datetime(2026, 3, 4, 13, 30, tzinfo=UTC)


def test_a_form_that_holds_on_fewer_pages_is_not_used() -> None:
    facts = [
        Fact("date_format", "%m/%d/%Y", 8, 10),
        Fact("date_zone", "UTC+04:00", 2, 2),
        Fact("date_language", "az", 20, 20),
    ]
    layout = layout_of(facts)
    assert (layout.date_format, layout.date_zone, layout.date_language) == (None, None, "az")
    assert (layout.is_month_first, layout.zone) == (None, None)


@pytest.mark.parametrize("form", FORMATS)
@given(
    at=st.datetimes(*PERIOD),
    before=st.sampled_from(("", "Published: ", "Baku, ")),
    after=st.sampled_from(("", " by Jane Roe", " (UTC+4)", " 12", " pm", " +04:00")),
)
def test_a_date_in_a_known_form_is_the_one_that_is_found_without_it(
    form: str, at: datetime, before: str, after: str
) -> None:
    text = f"{before}{at.strftime(form)}{after}"
    if (fast := date_in_form(text, form, "en")) is None:
        return
    months = DateForm(form, "en", LearnedLayout(date_format=form).is_month_first)
    dates = [date.ordered(month_first=bool(months.month_first)) for date in dates_in(text, "en", is_stamp=False)]
    assert fast == only_day(dates)


def test_a_date_in_a_known_form_has_nothing_beside_it_that_may_change_it() -> None:
    assert date_in_form("7 January 2026, 14:35", "%d %B %Y, %H:%M", "en") == SlotDate(
        datetime.fromisoformat("2026-01-07T14:35"), is_bare=False
    )
    for text in ("7 January 2026, 14:35 GMT", "7 January 2026, 2:35 pm", "7 January 2026, 14:35, 8 May 2026"):
        assert date_in_form(text, "%d %B %Y, %H:%M", "en") is None
    assert date_in_form("31 February 2026", "%d %B %Y", "en") is None
    assert date_in_form("7 Januember 2026", "%d %B %Y", "en") is None
