"""The crawl of a listing, page by page: what holds for every page, whatever stands on it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from caliber_crawler.crawling.traps import PATIENCE, Sightings
from caliber_crawler.crawling.walk import End, Window, step
from caliber_crawler.items import Card

NUMBERS = st.integers(1, 30)


def published(number: int) -> datetime:
    return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=number)


def url(number: int) -> str:
    return f"https://caliber.az/en/post/{number}"


@st.composite
def pages(draw: st.DrawFn) -> list[Card]:
    numbers = draw(st.lists(NUMBERS, max_size=12, unique=True))
    return [Card(url=url(n), published_at=published(n) if draw(st.booleans()) else None) for n in numbers]


WINDOWS = st.builds(
    lambda since, until: Window(since=since and published(since), until=until and published(until)),
    st.none() | NUMBERS,
    st.none() | NUMBERS,
)
KNOWN = st.sets(NUMBERS).map(lambda numbers: {url(n) for n in numbers})


@given(pages(), WINDOWS, KNOWN)
def test_the_teasers_inside_the_window_are_wanted_in_their_order(
    cards: list[Card], window: Window, known: set[str]
) -> None:
    wanted = step(cards, window=window, ground=known).wanted
    assert list(wanted) == [card for card in cards if window.holds(card.published_at)]
    assert all(card in wanted for card in cards if card.published_at is None)


@given(pages(), WINDOWS, KNOWN)
def test_a_crawl_goes_on_while_a_page_shows_what_is_neither_known_nor_too_old(
    cards: list[Card], window: Window, known: set[str]
) -> None:
    end = step(cards, window=window, ground=known).end
    since = window.since
    old = [card for card in cards if since and card.published_at and card.published_at < since]
    news = [card for card in cards if card not in old and card.url not in known]
    if not cards:
        assert end is End.LAST_BATCH
    elif len(old) == len(cards):
        assert end is End.WINDOW
    elif news or not known:
        assert end is None
    else:
        assert end is End.KNOWN_GROUND


@given(pages(), WINDOWS, KNOWN)
def test_a_page_that_was_there_before_ends_a_crawl_whatever_else_it_shows(
    cards: list[Card], window: Window, known: set[str]
) -> None:
    end = step(cards, window=window, ground=known, repeats=True).end
    assert end is (End.REPEATS if cards else End.LAST_BATCH)


@given(st.lists(st.lists(NUMBERS, min_size=1, max_size=4), max_size=12))
def test_pages_repeat_when_one_comes_back_or_three_in_a_row_show_nothing_new(numbers: list[list[int]]) -> None:
    sightings, before, seen, stale = Sightings(), [], set(), 0  # type: ignore[var-annotated]
    for page in numbers:
        stale = 0 if set(page) - seen else stale + 1
        assert sightings.repeats([url(n) for n in page]) is (page in before or stale >= PATIENCE)
        before.append(page)
        seen |= set(page)


@given(st.lists(st.lists(NUMBERS, min_size=1, max_size=4), max_size=12))
def test_an_empty_page_is_no_repetition(numbers: list[list[int]]) -> None:
    sightings = Sightings()
    for page in numbers:
        sightings.repeats([url(n) for n in page])
    assert not sightings.repeats([])
