"""A lease expires by the clock."""

from __future__ import annotations

import pytest

from caliber_crawler.cluster.clock import Stopwatch, all_clocks
from caliber_crawler.cluster.lease import Lease, reassigned_after
from caliber_crawler.errors import LeaseLost


class Clocks:
    """Two clocks that the test sets."""

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
    """A lease whose threads are not started."""
    return Lease("", 60, clock=clocks, end=ends.append)


def test_real_clocks_advance() -> None:
    watch = Stopwatch(all_clocks)
    assert 0 <= watch.seconds < 5


@pytest.mark.parametrize("clock", [0, 1])
def test_clock_that_advanced_the_most_counts(clocks: Clocks, clock: int) -> None:
    watch = Stopwatch(clocks)
    clocks.now[clock] += 30
    clocks.now[1 - clock] += 1
    assert watch.seconds == 30


def test_clock_set_back_does_not_extend_the_time(clocks: Clocks) -> None:
    watch = Stopwatch(clocks)
    clocks.now = [130.0, 10.0]
    assert watch.seconds == 30


def test_lease_is_valid_until_it_expires(lease: Lease, clocks: Clocks, ends: list[LeaseLost]) -> None:
    clocks.now[0] += 59
    lease.confirm()
    assert lease.is_valid
    assert not ends


def test_expired_lease_ends_the_worker(lease: Lease, clocks: Clocks, ends: list[LeaseLost]) -> None:
    clocks.now[0] += 60
    assert not lease.is_valid
    lease.confirm()
    (error,) = ends
    assert "received no heartbeat for 60 s" in str(error)
    assert error.exit_code == 18


@pytest.mark.parametrize("seconds", [1, 5, 60, 600])
def test_jobs_are_reassigned_after_the_lease(seconds: float) -> None:
    assert reassigned_after(seconds) > seconds
