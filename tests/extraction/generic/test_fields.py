"""Headline, date, authors, section and language on pages of unknown layouts."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from caliber_crawler.extraction.dates.printed import find_printed_dates
from caliber_crawler.extraction.generic.names import is_name
from caliber_crawler.extraction.generic.publication_dates import parse_timestamp
from tests.extraction.generic.newspage import HEADLINE, PARAGRAPHS, article, linked, page, read


def test_linked_data_gives_headline_date_and_authors() -> None:
    head = linked(
        _type='"NewsArticle"',
        headline='"Talks resume"',
        datePublished='"2026-01-07T10:30:00+04:00"',
        author='[{"@type": "Person", "name": "Ayla Quliyeva"}, {"@type": "Person", "name": "Jon Moe"}]',
        articleSection='"World"',
    )
    extraction = read(article(head=head))
    assert extraction.headline == "Talks resume"
    assert extraction.published_at == datetime(2026, 1, 7, 10, 30, tzinfo=timezone(timedelta(hours=4)))
    assert extraction.published_at.utcoffset() == timedelta(hours=4)
    assert extraction.authors == ("Ayla Quliyeva", "Jon Moe")
    assert (extraction.section, extraction.language) == ("World", "en")
    assert {extraction.methods[field] for field in ("headline", "published_at", "authors", "section")} == {
        "structured_data"
    }


def test_authors_are_resolved_by_id_in_a_graph() -> None:
    graph = (
        '<script type="application/ld+json">{"@graph": [{"@type": "NewsArticle", "headline": "Talks", '
        '"author": {"@id": "#a"}}, {"@type": "Person", "@id": "#a", "name": "Ayla Quliyeva"}]}</script>'
    )
    assert read(article(head=graph)).authors == ("Ayla Quliyeva",)


def test_the_site_name_is_removed_from_the_headline() -> None:
    head = f'<meta property="og:site_name" content="News Example"><title>{HEADLINE} | News Example</title>'
    assert read(page("<p>x</p>", head)).headline == HEADLINE


def test_a_complete_headline_replaces_a_truncated_one() -> None:
    head = linked(_type='"NewsArticle"', headline='"Talks resume after a…"')
    assert read(article(head=head)).headline == HEADLINE


def test_the_visible_headline_replaces_the_one_for_search_engines() -> None:
    for_search_engines = linked(_type='"NewsArticle"', headline='"DiscoverySource talks: all you must know"')
    for_people = (
        f'<meta property="og:title" content="{HEADLINE}"><title>DiscoverySource talks: all you must know</title>'
    )
    assert read(article(head=for_search_engines + for_people)).headline == HEADLINE
    assert read(article(head=for_search_engines)).headline == "DiscoverySource talks: all you must know"


def test_a_subtitle_inside_the_heading_is_found() -> None:
    body = f"<article><h1>{HEADLINE} <span>Both sides hope for an open road</span></h1><p>{PARAGRAPHS[0]}</p></article>"
    extraction = read(page(body, f'<meta property="og:title" content="{HEADLINE}">'))
    assert extraction.subtitle == "Both sides hope for an open road"


@pytest.mark.parametrize("desk", ["News Example", "dpa"])
def test_a_named_person_takes_precedence_over_a_desk(desk: str) -> None:
    signed = linked(_type='"NewsArticle"', headline='"Talks"', author=f'{{"@type": "Organization", "name": "{desk}"}}')
    outlet = '<meta property="og:site_name" content="News Example">'
    byline = f'<h1>{HEADLINE}</h1><p class="byline">By Ayla Quliyeva</p><p>{PARAGRAPHS[0]}</p>'
    person = read(page(byline, signed + outlet))
    assert (person.authors, person.methods["authors"]) == (("Ayla Quliyeva",), "text")
    assert read(article(head=signed + outlet)).authors == (desk,)


def test_the_byline_nearest_to_the_headline_gives_the_author() -> None:
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
def test_machine_readable_timestamps_are_parsed_exactly(text: str, moment: datetime) -> None:
    assert parse_timestamp(text) == (moment, False)


def test_a_date_without_time_takes_the_time_from_another_source() -> None:
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
def test_printed_dates_are_parsed_in_the_language_of_the_page(line: str, language: str, moment: str) -> None:
    (date,) = find_printed_dates(line, language)
    assert date.at == datetime.fromisoformat(moment)


@pytest.mark.parametrize("line", ["31 February 2026", "12 Frobuary 2026", "x", "2026", "room 12 of 2026"])
def test_invalid_dates_are_ignored(line: str) -> None:
    assert find_printed_dates(line, "en") == []


@pytest.mark.parametrize("name", ["Ayla Quliyeva", "Xiaoying You", "Maria de la Cruz", "Андрей Колесников"])
def test_person_names_are_recognised(name: str) -> None:
    assert is_name(name)


@pytest.mark.parametrize("text", ["updated today", "the road was opened again on Tuesday", "Reuters"])
def test_other_words_are_not_names(text: str) -> None:
    assert not is_name(text)
