from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from caliber_crawler.archive.core.times import utc_text
from caliber_crawler.browse.view_curve import HEIGHT, MARGIN, WIDTH, curve_of

START = datetime(2026, 1, 6, tzinfo=UTC)
observations = st.dictionaries(st.integers(0, 10**8), st.integers(0, 10**9), min_size=2, max_size=30).map(
    lambda counts: [(utc_text(START + timedelta(seconds=second)), views) for second, views in sorted(counts.items())]
)


@given(observations)
def test_every_dot_is_inside_the_picture_in_order_of_time(counts: list[tuple[str, int]]) -> None:
    curve = curve_of(counts)
    assert curve is not None
    assert [(dot.observed_at, dot.views) for dot in curve.dots] == counts
    across = [dot.x for dot in curve.dots]
    assert across == sorted(across)
    assert (across[0], across[-1]) == (MARGIN, WIDTH - MARGIN)
    assert all(MARGIN <= dot.y <= HEIGHT - MARGIN for dot in curve.dots)


@given(observations)
def test_more_views_are_drawn_higher(counts: list[tuple[str, int]]) -> None:
    curve = curve_of(counts)
    assert curve is not None
    by_views = sorted(curve.dots, key=lambda dot: dot.views)
    heights = [HEIGHT - dot.y for dot in by_views]
    assert heights == sorted(heights)


def test_zero_is_at_the_bottom_and_the_maximum_at_the_top() -> None:
    curve = curve_of([("2026-01-06T00:00:00Z", 0), ("2026-01-06T12:00:00Z", 50), ("2026-01-07T00:00:00Z", 100)])
    assert curve is not None
    assert [(dot.x, dot.y) for dot in curve.dots] == [
        (MARGIN, HEIGHT - MARGIN),
        (WIDTH / 2, HEIGHT / 2),
        (WIDTH - MARGIN, MARGIN),
    ]


def test_a_curve_requires_two_different_times() -> None:
    assert curve_of([]) is None
    assert curve_of([("2026-01-06T00:00:00Z", 5)]) is None
    assert curve_of([("2026-01-06T00:00:00Z", 5), ("2026-01-06T00:00:00Z", 6)]) is None
    assert curve_of([("2026-01-06T00:00:00Z", 0), ("2026-01-06T01:00:00Z", 0)]) is not None
