"""The time of extraction grows with the size of a page, and not faster, whatever the page repeats."""

from __future__ import annotations

import pytest

from benchmarks.linear_time import extract
from tests.hostile.growth import PATTERNS

SMALL, FACTOR = 25_000, 4
MAX_RATIO = 9
"""Linear time has a ratio of 4 at four times the size, quadratic time one of 16."""
IDLE = 0.05
"""Seconds that a ratio may be wrong by: imports, the garbage collector, a busy machine."""

# Each of these once took quadratic time, or is next to one that did.
KNOWN = (
    *("headings", "articles", "linked headings", "options", "frames", "posts", "videos", "one gallery", "form fields"),
    *("bylines", "counters", "datelines", "meta", "linked data list", "faulty linked data", "spans in a paragraph"),
    *("lists of teasers", "labels of lists of teasers"),
)


def seconds(body: bytes) -> float:
    return min(extract(body).seconds for _ in range(2))


@pytest.mark.slow
@pytest.mark.parametrize("name", KNOWN)
def test_a_page_of_four_times_the_size_takes_about_four_times_as_long(name: str) -> None:
    grown = PATTERNS[name]
    small, large = seconds(grown(SMALL)), seconds(grown(SMALL * FACTOR))
    assert large <= MAX_RATIO * small + IDLE
