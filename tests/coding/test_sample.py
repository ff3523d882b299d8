"""Samples: random, reproducible and stratified."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caliber_crawler.archive import Archive
from caliber_crawler.archive.analysis.coding.sample import _allocate
from tests.archive.newsroom import Newsroom
from tests.coding.conftest import fill

SIZES = st.dictionaries(st.text("abcdef", min_size=1, max_size=2), st.integers(1, 500), min_size=1, max_size=12)


def urls(archive: Archive, n: int, seed: int) -> list[str]:
    return [unit["url"] for unit in archive.coding.sample(n, seed=seed).units]


def test_a_seed_gives_one_sample_and_another_seed_another(archive: Archive) -> None:
    assert urls(archive, 6, 1) == urls(archive, 6, 1)
    assert urls(archive, 6, 1) != urls(archive, 6, 2)
    assert len(set(urls(archive, 6, 1))) == 6


def test_a_smaller_sample_is_the_beginning_of_a_larger_one(archive: Archive) -> None:
    assert urls(archive, 8, 1)[:3] == urls(archive, 3, 1)


def test_new_articles_change_a_sample_only_where_they_are_drawn(archive: Archive) -> None:
    before = urls(archive, 6, 1)
    fill(Newsroom(archive, 1), count=15)
    after = urls(archive, 6, 1)
    stayed = [url for url in after if url in before]
    assert stayed == before[: len(stayed)]
    assert all(int(url.rpartition("/")[2]) >= 1012 for url in after if url not in before)


def test_every_article_is_equally_likely(archive: Archive) -> None:
    drawn = Counter(url for seed in range(600) for url in urls(archive, 3, seed))
    # 600 draws of 3 among 12: 150 expected for each, standard deviation 10.6.
    assert len(drawn) == 12
    assert all(100 < count < 200 for count in drawn.values())


def test_strata_are_proportional(archive: Archive) -> None:
    drawn = archive.coding.sample(6, seed=1, by=["section"])
    assert [(each.name, each.articles, each.sampled) for each in drawn.strata] == [
        ("analytics", 8, 4),
        ("politics", 4, 2),
    ]
    assert {unit["weight"] for unit in drawn.units} == {2.0}
    assert Counter(unit["stratum"] for unit in drawn.units) == {"analytics": 4, "politics": 2}


def test_strata_can_be_equal(archive: Archive) -> None:
    drawn = archive.coding.sample(6, seed=1, by=["section", "month"], allocation="equal")
    assert [(each.name, each.sampled) for each in drawn.strata] == [
        ("analytics / 2026-01", 3),
        ("politics / 2026-01", 3),
    ]
    assert sorted({unit["weight"] for unit in drawn.units}) == [1.333333, 2.666667]


def test_filters_limit_what_is_drawn(archive: Archive) -> None:
    drawn = archive.coding.sample(100, seed=1, section="politics")
    assert {unit["section"] for unit in drawn.units} == {"politics"}
    assert len(drawn.units) == 4


@pytest.mark.parametrize("allocation", ["proportional", "equal"])
@given(sizes=SIZES, n=st.integers(0, 2000))
def test_shares_add_up(allocation: str, sizes: dict[str, int], n: int) -> None:
    shares = _allocate(sizes, n, allocation)  # type: ignore[arg-type]
    assert sum(shares.values()) == min(n, sum(sizes.values()))
    assert all(0 <= shares[name] <= sizes[name] for name in sizes)
    if allocation == "proportional":
        total = sum(sizes.values())
        assert all(abs(shares[name] - sizes[name] * min(n, total) / total) < 1 for name in sizes)
    else:
        unfilled = [shares[name] for name in sizes if shares[name] < sizes[name]]
        assert not unfilled or max(shares.values()) - min(unfilled) <= 1
