"""Pagination of a listing: which teasers are wanted, and where it ends."""

from datetime import UTC, datetime

from caliber_crawler.crawling.pagination import End, Window, decide_page
from caliber_crawler.items import Teaser


def day(number: int) -> datetime:
    return datetime(2026, 1, number, tzinfo=UTC)


def teasers(*days: int) -> list[Teaser]:
    return [Teaser(url=f"https://caliber.az/en/post/day-{number}", published_at=day(number)) for number in days]


def urls(*days: int) -> list[str]:
    return [teaser.url for teaser in teasers(*days)]


def test_all_new_teasers_are_wanted_and_the_traversal_continues() -> None:
    decision = decide_page(teasers(5, 4, 3), window=Window(), already_crawled=())
    assert [teaser.url for teaser in decision.wanted] == urls(5, 4, 3)
    assert decision.end is None


def test_an_empty_page_ends_the_listing() -> None:
    assert decide_page([], window=Window(), already_crawled=()).end is End.LAST_PAGE


def test_an_empty_first_page_is_incomplete() -> None:
    decision = decide_page([], window=Window(), already_crawled=(), first=True)
    assert decision.end is End.EMPTY
    assert not decision.end.complete


def test_a_page_of_known_teasers_ends_the_traversal() -> None:
    assert decide_page(teasers(5, 4), window=Window(), already_crawled=urls(5, 4, 3)).end is End.ALREADY_CRAWLED


def test_one_new_teaser_continues_the_traversal() -> None:
    assert decide_page(teasers(6, 5, 4), window=Window(), already_crawled=urls(5, 4, 3)).end is None


def test_a_page_of_known_and_too_old_teasers_ends_the_traversal() -> None:
    assert (
        decide_page(teasers(5, 4, 3), window=Window(since=day(4)), already_crawled=urls(5, 4)).end
        is End.ALREADY_CRAWLED
    )
    assert decide_page(teasers(6, 5, 3), window=Window(since=day(4)), already_crawled=urls(5)).end is None
    # Teasers newer than the window do not count: wanted ones may follow them.
    assert decide_page(teasers(9, 8, 5), window=Window(since=day(4), until=day(7)), already_crawled=urls(5)).end is None


def test_a_repeated_page_ends_the_traversal_incomplete() -> None:
    decision = decide_page(teasers(5, 4), window=Window(), already_crawled=(), repeats=True)
    assert decision.end is End.REPEATS
    assert not decision.end.complete


def test_only_teasers_inside_the_window_are_wanted() -> None:
    decision = decide_page(teasers(6, 5, 4, 3), window=Window(since=day(4), until=day(6)), already_crawled=())
    assert [teaser.url for teaser in decision.wanted] == urls(5, 4)
    assert decision.end is None


def test_a_page_older_than_the_window_ends_the_traversal() -> None:
    assert decide_page(teasers(3, 2), window=Window(since=day(4)), already_crawled=()).end is End.WINDOW


def test_one_old_pinned_teaser_does_not_end_the_traversal() -> None:
    assert decide_page(teasers(1, 9, 8), window=Window(since=day(4)), already_crawled=()).end is None


def test_a_teaser_without_a_date_is_wanted() -> None:
    undated = Teaser(url="https://caliber.az/en/post/undated")
    assert decide_page([undated], window=Window(since=day(4)), already_crawled=()).wanted == (undated,)


def test_the_window_begins_at_since_and_ends_before_until() -> None:
    window = Window(since=day(4), until=day(6))
    assert [window.contains(day(number)) for number in (3, 4, 5, 6)] == [False, True, True, False]
    assert decide_page(teasers(4), window=window, already_crawled=()).end is None, (
        "an article published exactly at since is not older"
    )
    assert decide_page(teasers(3), window=window, already_crawled=()).end is End.WINDOW
    assert window.contains(None)
    assert Window().contains(day(1))


def test_a_repeated_page_takes_precedence_over_known_teasers() -> None:
    assert decide_page(teasers(5), window=Window(), already_crawled=urls(5), repeats=True).end is End.REPEATS
    assert decide_page([], window=Window(), already_crawled=(), repeats=True).end is End.LAST_PAGE
    incomplete = {End.EMPTY, End.REPEATS, End.CUT, End.ENDLESS}
    assert {end for end in End if not end.complete} == incomplete
