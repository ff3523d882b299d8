from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caliber_crawler.demo.editions import BAKU, SECTION_KEYS
from caliber_crawler.demo.timeline import NUMBERED_UNTIL, SEED_NUMBER, Rota, Timeline, number_at, time_of
from tests.properties import examples

sizes = st.integers(1, 200_000)
seeds = st.integers(0, 9)


def test_the_two_recorded_numbers_have_their_dates() -> None:
    assert time_of(73_542) == datetime(2022, 4, 25, 12, 0, tzinfo=BAKU)
    assert time_of(247_893) == datetime(2024, 6, 16, 11, 51, tzinfo=BAKU)


def test_about_223_numbers_are_assigned_per_day() -> None:
    day = datetime(2025, 3, 1, tzinfo=BAKU)
    assert 222 <= number_at(day + timedelta(days=1)) - number_at(day) <= 224


def test_numeric_urls_end_at_about_a_quarter_million() -> None:
    assert 250_000 < number_at(NUMBERED_UNTIL) < 252_000


@given(articles=sizes, seed=seeds, data=st.data())
def test_numbers_and_times_increase_together(articles: int, seed: int, data: st.DataObject) -> None:
    timeline = Timeline(articles, seed)
    k = data.draw(st.integers(timeline.newest, timeline.oldest))
    if k + 1 in timeline:
        assert timeline.number(k) > timeline.number(k + 1)
        assert timeline.published_at(k) > timeline.published_at(k + 1)


@given(articles=sizes, seed=seeds, data=st.data())
def test_a_number_identifies_its_article(articles: int, seed: int, data: st.DataObject) -> None:
    timeline = Timeline(articles, seed)
    k = data.draw(st.integers(timeline.newest, timeline.oldest))
    assert timeline.numbered(timeline.number(k)) == k


@pytest.mark.slow
@settings(max_examples=examples(25))
@given(articles=st.integers(1, 300), seed=seeds)
def test_numbers_between_articles_are_unused(articles: int, seed: int) -> None:
    timeline = Timeline(articles, seed)
    taken = {timeline.number(k) for k in range(timeline.newest, timeline.oldest + 1)}
    assert len(taken) == articles
    free = [number for number in range(SEED_NUMBER - 400, SEED_NUMBER + 400) if number not in taken]
    assert all(timeline.numbered(number) is None for number in free)


@given(articles=sizes, seed=seeds, data=st.data())
def test_an_article_appears_in_the_minute_of_its_publication(articles: int, seed: int, data: st.DataObject) -> None:
    timeline = Timeline(articles, seed)
    k = data.draw(st.integers(timeline.newest, timeline.oldest))
    published_at = timeline.published_at(k)
    assert timeline.newest_by(published_at) == k
    assert timeline.newest_by(published_at - timedelta(seconds=1)) == k + 1


@given(
    articles=st.integers(1, 500),
    seed=seeds,
    sections=st.lists(st.sampled_from(SECTION_KEYS), min_size=1, unique=True),
)
def test_the_shelves_contain_every_article_once_in_order(articles: int, seed: int, sections: list[str]) -> None:
    timeline, rota = Timeline(articles, seed), Rota(seed, sections)
    found: list[int] = []
    for edition in ("en", "ru", "arm"):
        for section in sections:
            shelf = rota.shelf(edition, section)
            assert shelf is not None
            standing = list(shelf.walk(timeline.newest, timeline.oldest))
            assert standing == sorted(standing)
            assert len(standing) == shelf.count(timeline.newest, timeline.oldest)
            assert all(rota.cell(k) == (edition, section) for k in standing)
            found += standing
    assert sorted(found) == list(range(timeline.newest, timeline.oldest + 1))


@pytest.mark.parametrize("seed", range(5))
def test_ten_articles_cover_all_three_editions(seed: int) -> None:
    timeline, rota = Timeline(10, seed), Rota(seed)
    assert {rota.cell(k)[0] for k in range(timeline.newest, timeline.oldest + 1)} == {"en", "ru", "arm"}


@pytest.mark.parametrize("articles", [0, -1, 200_001])
def test_an_invalid_size_gives_a_one_sentence_error(articles: int) -> None:
    with pytest.raises(ValueError, match="1 to 200,000 articles"):
        Timeline(articles, 1)


def test_an_unknown_section_gives_a_one_sentence_error() -> None:
    with pytest.raises(ValueError, match="not 'sport'"):
        Rota(1, ["sport"])
    with pytest.raises(ValueError, match="at least one section"):
        Rota(1, [])
