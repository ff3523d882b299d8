"""The probability that chance explains a drop, compared with the exact numbers of ways."""

from __future__ import annotations

import time
from fractions import Fraction
from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caliber_crawler.crawling.health import chance_of_as_many

COUNTS = st.integers(0, 60)


def exact(sizes: tuple[int, int], parts: tuple[int, int]) -> Fraction:
    size, part, drawn = sum(sizes), sum(parts), sizes[0]
    ways = sum(comb(part, number) * comb(size - part, drawn - number) for number in range(parts[0], drawn + 1))
    return Fraction(ways, comb(size, drawn))


@given(COUNTS, COUNTS, COUNTS, COUNTS)
def test_the_chance_is_that_of_an_exact_test(part: int, rest: int, part_before: int, rest_before: int) -> None:
    sizes, parts = (part + rest, part_before + rest_before), (part, part_before)
    assert chance_of_as_many(sizes, parts) == pytest.approx(float(exact(sizes, parts)), rel=1e-9)


def test_the_chance_of_a_hundred_thousand_pages_takes_less_than_a_second() -> None:
    began = time.process_time()
    assert chance_of_as_many((100_000, 100_000), (50_200, 50_000)) == pytest.approx(0.187, abs=0.01)
    assert time.process_time() - began < 1
