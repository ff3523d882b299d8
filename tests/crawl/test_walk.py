"""The walk through a listing: what is wanted, and where it ends."""

from datetime import UTC, datetime

from caliber_crawler.crawling.walk import End, Window, step
from caliber_crawler.items import Card


def day(number: int) -> datetime:
    return datetime(2026, 1, number, tzinfo=UTC)


def cards(*days: int) -> list[Card]:
    return [Card(url=f"https://caliber.az/en/post/day-{number}", published_at=day(number)) for number in days]


def urls(*days: int) -> list[str]:
    return [card.url for card in cards(*days)]


def test_a_batch_of_new_cards_is_wanted_whole_and_the_walk_goes_on() -> None:
    judged = step(cards(5, 4, 3), window=Window(), ground=())
    assert [card.url for card in judged.wanted] == urls(5, 4, 3)
    assert judged.end is None


def test_an_empty_batch_is_the_end_of_the_listing() -> None:
    assert step([], window=Window(), ground=()).end is End.LAST_BATCH


def test_an_empty_first_page_is_a_listing_that_could_not_be_read() -> None:
    judged = step([], window=Window(), ground=(), first=True)
    assert judged.end is End.EMPTY
    assert not judged.end.complete


def test_a_batch_of_known_cards_ends_the_walk() -> None:
    assert step(cards(5, 4), window=Window(), ground=urls(5, 4, 3)).end is End.KNOWN_GROUND


def test_one_new_card_among_known_ones_keeps_the_walk_going() -> None:
    assert step(cards(6, 5, 4), window=Window(), ground=urls(5, 4, 3)).end is None


def test_known_cards_among_cards_older_than_the_window_end_the_walk() -> None:
    assert step(cards(5, 4, 3), window=Window(since=day(4)), ground=urls(5, 4)).end is End.KNOWN_GROUND
    assert step(cards(6, 5, 3), window=Window(since=day(4)), ground=urls(5)).end is None
    # Newer ones than asked for say nothing: those that are wanted stand behind them.
    assert step(cards(9, 8, 5), window=Window(since=day(4), until=day(7)), ground=urls(5)).end is None


def test_a_batch_that_was_there_before_ends_the_walk_unfinished() -> None:
    judged = step(cards(5, 4), window=Window(), ground=(), repeats=True)
    assert judged.end is End.REPEATS
    assert not judged.end.complete


def test_only_cards_inside_the_window_are_wanted() -> None:
    judged = step(cards(6, 5, 4, 3), window=Window(since=day(4), until=day(6)), ground=())
    assert [card.url for card in judged.wanted] == urls(5, 4)
    assert judged.end is None


def test_a_whole_batch_older_than_the_window_ends_the_walk() -> None:
    assert step(cards(3, 2), window=Window(since=day(4)), ground=()).end is End.WINDOW


def test_one_old_pinned_card_does_not_end_the_walk() -> None:
    assert step(cards(1, 9, 8), window=Window(since=day(4)), ground=()).end is None


def test_a_card_without_a_date_is_wanted() -> None:
    undated = Card(url="https://caliber.az/en/post/undated")
    assert step([undated], window=Window(since=day(4)), ground=()).wanted == (undated,)


def test_the_window_begins_at_since_and_ends_before_until() -> None:
    window = Window(since=day(4), until=day(6))
    assert [window.holds(day(number)) for number in (3, 4, 5, 6)] == [False, True, True, False]
    assert step(cards(4), window=window, ground=()).end is None, "an article of exactly that time is not older"
    assert step(cards(3), window=window, ground=()).end is End.WINDOW
    assert window.holds(None)
    assert Window().holds(day(1))


def test_repeated_pages_end_a_walk_before_known_ones_do() -> None:
    assert step(cards(5), window=Window(), ground=urls(5), repeats=True).end is End.REPEATS
    assert step([], window=Window(), ground=(), repeats=True).end is End.LAST_BATCH
    incomplete = {End.EMPTY, End.REPEATS, End.CUT, End.ENDLESS}
    assert {end for end in End if not end.complete} == incomplete
