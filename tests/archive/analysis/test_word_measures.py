"""The measures give the values that were published with them."""

from __future__ import annotations

import pytest

from caliber_crawler.archive.analysis.words.measures import expected, log_dice, log_likelihood, log_ratio, pmi
from tests.archive.analysis.counted import g2

DUNNING = [
    # Dunning, "Accurate methods for the statistics of surprise and coincidence" (1993), table 1.
    ("the swiss", 110, 2442, 111, 29114, 270.72),
    ("can be", 29, 13, 123, 31612, 263.90),
    ("previous year", 31, 23, 139, 31584, 256.84),
]


@pytest.mark.parametrize(("words", "both", "second", "first", "neither", "published"), DUNNING)
def test_log_likelihood_is_that_of_dunning(
    words: str, both: int, second: int, first: int, neither: int, published: float
) -> None:
    table = (both, both + first, both + second, both + second + first + neither)
    assert log_likelihood(*table) == pytest.approx(published, abs=0.01)
    assert g2(both, first, second, neither) == pytest.approx(published, abs=0.01)


def test_log_likelihood_of_two_corpora() -> None:
    # The example of Lancaster University's course for its calculator: 52 in 50,000 words, 57 in 75,000; LL 2.65.
    assert log_likelihood(52, 50_000, 52 + 57, 125_000) == pytest.approx(2.65, abs=0.005)
    assert log_ratio(52, 50_000, 57, 75_000) == pytest.approx(0.452, abs=0.001)


def test_mutual_information_is_that_of_manning_and_schuetze() -> None:
    # "Foundations of Statistical Natural Language Processing" (1999), table 5.14: N = 14,307,668.
    for first, second, both, published in ((42, 20, 20, 18.38), (41, 27, 20, 17.98), (30, 117, 20, 16.31)):
        assert pmi(both, first, second, 14_307_668) == pytest.approx(published, abs=0.01)


def test_log_dice_is_at_most_14_and_falls_by_one_when_the_words_are_twice_as_frequent() -> None:
    # Rychlý, "A lexicographer-friendly association score" (2008).
    assert log_dice(25, 25, 25) == 14
    assert log_dice(25, 50, 50) == 13
    assert log_dice(1, 16_000, 16_000) == pytest.approx(0, abs=0.05)


def test_log_ratio_is_that_of_hardie() -> None:
    # Each unit is a doubling; a count of zero is taken as 0.5.
    assert log_ratio(20, 1000, 10, 1000) == 1
    assert log_ratio(10, 2000, 40, 1000) == -3
    assert log_ratio(8, 1000, 0, 1000) == 4


def test_words_that_are_independent_have_no_association() -> None:
    assert expected(100, 50, 1000) == 5
    assert log_likelihood(5, 100, 50, 1000) == pytest.approx(0)
    assert pmi(5, 100, 50, 1000) == 0
