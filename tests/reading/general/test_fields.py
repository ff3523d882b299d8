"""Headline, moment, authors, section and language on pages of layouts nobody described."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from caliber_crawler.reading.general.authorship import is_name
from caliber_crawler.reading.general.moments import read_stamp
from caliber_crawler.reading.general.shown_dates import read_printed
from tests.reading.general.newspage import HEADLINE, PARAGRAPHS, article, linked, page, read


def test_linked_data_gives_headline_moment_and_authors() -> None:
    head = linked(
        _type='"NewsArticle"',
        headline='"Talks resume"',
        datePublished='"2026-01-07T10:30:00+04:00"',
        author='[{"@type": "Person", "name": "Ayla Quliyeva"}, {"@type": "Person", "name": "Jon Moe"}]',
        articleSection='"World"',
    )
    reading = read(article(head=head))
    assert reading.headline == "Talks resume"
    assert reading.published_at == datetime(2026, 1, 7, 10, 30, tzinfo=timezone(timedelta(hours=4)))
    assert reading.published_at.utcoffset() == timedelta(hours=4)
    assert reading.authors == ("Ayla Quliyeva", "Jon Moe")
    assert (reading.section, reading.language) == ("World", "en")
    assert {reading.rungs[field] for field in ("headline", "published_at", "authors", "section")} == {"structured"}


def test_authors_are_found_by_reference_in_a_graph() -> None:
    graph = (
        '<script type="application/ld+json">{"@graph": [{"@type": "NewsArticle", "headline": "Talks", '
        '"author": {"@id": "#a"}}, {"@type": "Person", "@id": "#a", "name": "Ayla Quliyeva"}]}</script>'
    )
    assert read(article(head=graph)).authors == ("Ayla Quliyeva",)


def test_the_site_name_is_no_part_of_the_headline() -> None:
    head = f'<meta property="og:site_name" content="News Example"><title>{HEADLINE} | News Example</title>'
    assert read(page("<p>x</p>", head)).headline == HEADLINE


def test_a_cut_headline_gives_way_to_the_whole_one() -> None:
    head = linked(_type='"NewsArticle"', headline='"Talks resume after a…"')
    assert read(article(head=head)).headline == HEADLINE


def test_a_headline_for_search_engines_gives_way_to_the_one_for_people() -> None:
    told = linked(_type='"NewsArticle"', headline='"Road talks: all you must know"')
    for_people = f'<meta property="og:title" content="{HEADLINE}"><title>Road talks: all you must know</title>'
    assert read(article(head=told + for_people)).headline == HEADLINE
    assert read(article(head=told)).headline == "Road talks: all you must know"


def test_the_subtitle_may_share_the_heading() -> None:
    body = f"<article><h1>{HEADLINE} <span>Both sides hope for an open road</span></h1><p>{PARAGRAPHS[0]}</p></article>"
    reading = read(page(body, f'<meta property="og:title" content="{HEADLINE}">'))
    assert reading.subtitle == "Both sides hope for an open road"


@pytest.mark.parametrize("desk", ["News Example", "dpa"])
def test_a_person_who_is_named_comes_before_the_desk_that_signs(desk: str) -> None:
    signed = linked(_type='"NewsArticle"', headline='"Talks"', author=f'{{"@type": "Organization", "name": "{desk}"}}')
    outlet = '<meta property="og:site_name" content="News Example">'
    byline = f'<h1>{HEADLINE}</h1><p class="byline">By Ayla Quliyeva</p><p>{PARAGRAPHS[0]}</p>'
    person = read(page(byline, signed + outlet))
    assert (person.authors, person.rungs["authors"]) == (("Ayla Quliyeva",), "text")
    assert read(article(head=signed + outlet)).authors == (desk,)


def test_the_byline_nearest_to_the_headline_names_the_author() -> None:
    aside = '<aside><div class="byline">By Somebody Else</div></aside>'
    byline = '<p class="byline">By Ayla Quliyeva, Chief Editor</p>'
    body = f"<article><h1>{HEADLINE}</h1>{byline}<p>{PARAGRAPHS[0]}</p></article>"
    assert read(page(aside + body)).authors == ("Ayla Quliyeva",)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-01-07T10:30:00.123Z", datetime(2026, 1, 7, 10, 30, 0, 123000, tzinfo=UTC)),
        ("2026-01-07T10:30+0400", datetime(2026, 1, 7, 10, 30, tzinfo=timezone(timedelta(hours=4)))),
        ("1767781800000", datetime(2026, 1, 7, 10, 30, tzinfo=UTC)),
        ("Wed, 07 Jan 2026 10:30:00 GMT", datetime(2026, 1, 7, 10, 30, tzinfo=UTC)),
    ],
)
def test_machine_forms_of_a_moment_are_exact(text: str, moment: datetime) -> None:
    assert read_stamp(text) == (moment, False)


def test_a_bare_day_is_made_exact_by_a_time_of_that_day() -> None:
    head = linked(_type='"NewsArticle"', headline='"x"', datePublished='"2026-01-07"')
    stamp = '<time datetime="2026-01-07T10:30:00+04:00">today</time>'
    moment = read(article(stamp, head=head)).published_at
    assert moment == datetime(2026, 1, 7, 10, 30, tzinfo=timezone(timedelta(hours=4)))


@pytest.mark.parametrize(
    ("line", "language", "moment"),
    [
        ("Veröffentlicht am 13. Mai 2026 um 15:44", "de", "2026-05-13T15:44"),
        ("06 January 2026 19:13", "en", "2026-01-06T19:13"),
        ("6 января 2026 19:13", "ru", "2026-01-06T19:13"),
        ("January 6, 2026, 7:13 pm", "en", "2026-01-06T19:13"),
        ("2026年1月6日 19時13分", "ja", "2026-01-06T19:13"),
        ("25.12.2025", "de", "2025-12-25T00:00"),
    ],
)
def test_printed_dates_are_read_in_the_language_of_the_page(line: str, language: str, moment: str) -> None:
    assert read_printed(line, language) == datetime.fromisoformat(moment)


@pytest.mark.parametrize("line", ["05/06/2026", "31 February 2026", "12 Frobuary 2026", "x", "2026", "room 12 of 2026"])
def test_what_is_no_sure_date_is_not_read(line: str) -> None:
    assert read_printed(line, "en") is None


@pytest.mark.parametrize("name", ["Ayla Quliyeva", "Xiaoying You", "Maria de la Cruz", "Андрей Колесников"])
def test_names_are_names(name: str) -> None:
    assert is_name(name)


@pytest.mark.parametrize("text", ["updated today", "the road was opened again on Tuesday", "Reuters"])
def test_other_words_are_no_names(text: str) -> None:
    assert not is_name(text)
