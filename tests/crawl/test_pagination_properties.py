"""Properties of the pagination of a listing for any pages."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from caliber_crawler.crawling.pagination import End, Window, decide_page
from caliber_crawler.crawling.traps import MAX_STALE_PAGES, SeenPages
from caliber_crawler.items import Teaser

NUMBERS = st.integers(1, 30)


def published(number: int) -> datetime:
    return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=number)


def url(number: int) -> str:
    return f"https://caliber.az/en/post/{number}"


@st.composite
def pages(draw: st.DrawFn) -> list[Teaser]:
    numbers = draw(st.lists(NUMBERS, max_size=12, unique=True))
    return [Teaser(url=url(n), published_at=published(n) if draw(st.booleans()) else None) for n in numbers]


WINDOWS = st.builds(
    lambda since, until: Window(since=since and published(since), until=until and published(until)),
    st.none() | NUMBERS,
    st.none() | NUMBERS,
)
KNOWN = st.sets(NUMBERS).map(lambda numbers: {url(n) for n in numbers})


@given(pages(), WINDOWS, KNOWN)
def test_teasers_inside_the_window_are_wanted_in_order(teasers: list[Teaser], window: Window, known: set[str]) -> None:
    wanted = decide_page(teasers, window=window, already_crawled=known).wanted
    assert list(wanted) == [teaser for teaser in teasers if window.contains(teaser.published_at)]
    assert all(teaser in wanted for teaser in teasers if teaser.published_at is None)


@given(pages(), WINDOWS, KNOWN)
def test_pagination_continues_while_a_page_has_a_new_teaser(
    teasers: list[Teaser], window: Window, known: set[str]
) -> None:
    end = decide_page(teasers, window=window, already_crawled=known).end
    since = window.since
    old = [teaser for teaser in teasers if since and teaser.published_at and teaser.published_at < since]
    new = [teaser for teaser in teasers if teaser not in old and teaser.url not in known]
    if not teasers:
        assert end is End.LAST_PAGE
    elif len(old) == len(teasers):
        assert end is End.WINDOW
    elif new or not known:
        assert end is None
    else:
        assert end is End.ALREADY_CRAWLED


@given(pages(), WINDOWS, KNOWN)
def test_a_repeated_page_ends_the_pagination(teasers: list[Teaser], window: Window, known: set[str]) -> None:
    end = decide_page(teasers, window=window, already_crawled=known, repeats=True).end
    assert end is (End.REPEATS if teasers else End.LAST_PAGE)


@given(st.lists(st.lists(NUMBERS, min_size=1, max_size=4), max_size=12))
def test_a_page_repeats_if_it_occurred_before_or_is_the_third_without_a_new_teaser(numbers: list[list[int]]) -> None:
    seen_pages, before, seen, stale = SeenPages(), [], set(), 0  # type: ignore[var-annotated]
    for page in numbers:
        stale = 0 if set(page) - seen else stale + 1
        assert seen_pages.repeats([url(n) for n in page]) is (page in before or stale >= MAX_STALE_PAGES)
        before.append(page)
        seen |= set(page)


@given(st.lists(st.lists(NUMBERS, min_size=1, max_size=4), max_size=12))
def test_an_empty_page_is_not_a_repetition(numbers: list[list[int]]) -> None:
    seen_pages = SeenPages()
    for page in numbers:
        seen_pages.repeats([url(n) for n in page])
    assert not seen_pages.repeats([])
