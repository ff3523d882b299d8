"""Ranking: if very many articles match, not all are ranked, but none is left out."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caliber_crawler.archive import Archive, Search, Selection
from caliber_crawler.archive.search import find_and_count, ranking
from caliber_crawler.archive.search.selection import article_ids
from tests.archive.newsroom import Newsroom, minutes, start_run
from tests.properties import examples

ARTICLES = 40
IN_HEADLINE = {3, 11}
LIMIT = 10


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    """Articles that all mention gas: two in the headline, number 35 most often; every fourth mentions oil too."""
    with Archive.open(tmp_path_factory.mktemp("library") / "archive.db", mode="write") as archive:
        newsroom = Newsroom(archive, start_run(archive))
        for number in range(ARTICLES):
            newsroom.save(
                minutes(number),
                article_urls=(f"https://caliber.az/en/post/{1000 + number}",),
                headline="Gas again" if number in IN_HEADLINE else f"Headline {number}",
                body=" ".join(["gas"] * (20 if number == 35 else 1) + ["oil"] * (number % 4 == 0) + ["word"] * 20),
                published_at=minutes(-number),
                language="hy" if number % 2 else "en",
            )
        # A version that was replaced by an edit does not match any more.
        newsroom.save(minutes(99), article_urls=("https://caliber.az/en/post/1000",), headline="Edited", body="Else.")
        yield archive


@pytest.fixture
def small_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranking, "MAX_RANKED", LIMIT)


def results(library: Archive, query: str, **options: object) -> list[int]:
    return [int(hit.url.rpartition("/")[2]) - 1000 for hit in library.search(query, **options)]


@pytest.mark.usefixtures("small_limit")
def test_headlines_come_first_then_the_newest_by_rank_then_the_others(library: Archive) -> None:
    found = results(library, "gas", limit=100)
    assert set(found[:2]) == IN_HEADLINE
    assert found[2] == 35
    assert set(found[2:12]) == set(range(30, 40))
    assert found[12:] == [number for number in range(29, 0, -1) if number not in IN_HEADLINE]


def test_few_results_are_all_ranked(library: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    ranked = results(library, "oil")
    monkeypatch.setattr(ranking, "MAX_RANKED", LIMIT)
    assert results(library, "oil") == ranked
    assert len(ranked) == LIMIT - 1


@pytest.mark.slow
@settings(max_examples=examples(40), deadline=None)
@given(size=st.integers(1, 50), query=st.sampled_from(["gas", "gas word", "gas -oil", "oil OR gas"]))
def test_all_pages_together_contain_every_result_once(library: Archive, size: int, query: str) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(ranking, "MAX_RANKED", LIMIT)
        complete = find_and_count(library._connection, Search(query, limit=1000))
        pages = [results(library, query, limit=size, offset=start) for start in range(0, ARTICLES + size, size)]
    found = [number for page in pages for number in page]
    assert len(found) == len(set(found)) == len(complete.hits) == complete.total


@pytest.mark.usefixtures("small_limit")
def test_filters_apply_before_ranking(library: Archive) -> None:
    found = find_and_count(library._connection, Search("gas", Selection(languages=("hy",)), limit=100))
    assert (found.total, {hit.language for hit in found.hits}, len(found.hits)) == (20, {"hy"}, 20)
    assert {hit.headline for hit in found.hits[:2]} == {"Gas again"}


@pytest.mark.parametrize("limit", [LIMIT, 1000])
def test_newest_first_orders_all_results_by_date(library: Archive, monkeypatch: pytest.MonkeyPatch, limit: int) -> None:
    monkeypatch.setattr(ranking, "MAX_RANKED", limit)
    assert results(library, "gas", order="newest", limit=100) == list(range(1, ARTICLES))


@pytest.mark.parametrize("limit", [2**62 + 1, 2**63, 10**30])
def test_a_limit_of_any_size_is_none(library: Archive, limit: int) -> None:
    for order in ("best", "newest"):
        assert len(results(library, "gas", order=order, limit=limit)) == ARTICLES - 1
        assert results(library, "gas", order=order, limit=limit, offset=limit) == []
    assert len(article_ids(library._connection, Selection(), limit=limit)) == ARTICLES
