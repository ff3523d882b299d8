"""The right to act ends by the clock, whoever does or does not look at it."""

from __future__ import annotations

import pytest

from caliber_crawler.cluster.clock import Stopwatch, all_clocks
from caliber_crawler.cluster.lease import Lease, reassigned_after
from caliber_crawler.errors import LeaseLost


class Clocks:
    """Two clocks that go as they are told."""

    def __init__(self) -> None:
        self.now = [100.0, 5000.0]

    def __call__(self) -> tuple[float, ...]:
        return tuple(self.now)


@pytest.fixture
def clocks() -> Clocks:
    return Clocks()


@pytest.fixture
def ends() -> list[LeaseLost]:
    return []


@pytest.fixture
def lease(clocks: Clocks, ends: list[LeaseLost]) -> Lease:
    """A lease whose threads were not begun."""
    return Lease("", 60, clock=clocks, end=ends.append)


def test_the_real_clocks_count_on() -> None:
    watch = Stopwatch(all_clocks)
    assert 0 <= watch.seconds < 5


@pytest.mark.parametrize("clock", [0, 1])
def test_the_clock_that_says_the_most_is_believed(clocks: Clocks, clock: int) -> None:
    watch = Stopwatch(clocks)
    clocks.now[clock] += 30
    clocks.now[1 - clock] += 1
    assert watch.seconds == 30


def test_a_clock_that_is_set_back_lengthens_nothing(clocks: Clocks) -> None:
    watch = Stopwatch(clocks)
    clocks.now = [130.0, 10.0]
    assert watch.seconds == 30


def test_within_its_time_a_worker_may_act(lease: Lease, clocks: Clocks, ends: list[LeaseLost]) -> None:
    clocks.now[0] += 59
    lease.confirm()
    assert lease.held
    assert not ends


def test_after_its_time_a_worker_ends(lease: Lease, clocks: Clocks, ends: list[LeaseLost]) -> None:
    clocks.now[0] += 60
    assert not lease.held
    lease.confirm()
    (error,) = ends
    assert "not heard of it for 60 s" in str(error)
    assert error.exit_code == 18


@pytest.mark.parametrize("seconds", [1, 5, 60, 600])
def test_jobs_are_given_away_only_after_the_lease(seconds: float) -> None:
    assert reassigned_after(seconds) > seconds
