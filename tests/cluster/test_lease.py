"""A lease expires by the clock."""

from __future__ import annotations

from typing import Any, cast

import psycopg
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


def test_readings_of_other_clocks_cannot_be_compared(clocks: Clocks) -> None:
    watch = Stopwatch(clocks)
    watch.restart((100.0,))
    with pytest.raises(ValueError, match="zip"):
        assert watch.seconds


def test_stopwatch_counts_from_an_earlier_reading(clocks: Clocks) -> None:
    watch = Stopwatch(clocks)
    watch.restart((90.0, 4995.0))
    assert watch.seconds == 10
    watch.restart()
    assert watch.seconds == 0


class Heartbeats:
    """A connection to a table of workers, which ends the lease after a number of heartbeats."""

    def __init__(self, lease: Lease, clocks: Clocks, rows: list[object]) -> None:
        self.lease, self.clocks, self.rows = lease, clocks, rows
        self.sent = 0

    def execute(self, query: str, values: tuple[object, ...]) -> Heartbeats:
        assert values == (self.lease.worker_id,)
        self.sent += 1
        self.clocks.now[0] += 5
        return self

    def fetchone(self) -> object:
        row = self.rows.pop(0)
        if not self.rows:
            self.lease.finish()
        return row


def renew(lease: Lease, clocks: Clocks, rows: list[object]) -> Heartbeats:
    connection = Heartbeats(lease, clocks, rows)
    lease._renew_on(cast(psycopg.Connection[Any], connection))
    return connection


def test_heartbeat_renews_the_lease_from_before_it_was_sent(
    lease: Lease, clocks: Clocks, ends: list[LeaseLost]
) -> None:
    clocks.now[0] += 50
    assert renew(lease, clocks, [(1,)]).sent == 1
    assert lease._renewed.seconds == 5
    assert not ends


def test_worker_that_was_declared_dead_ends(lease: Lease, clocks: Clocks, ends: list[LeaseLost]) -> None:
    assert renew(lease, clocks, [None, None]).sent == 1
    (error,) = ends
    assert "it was declared dead" in str(error)


def test_unregistered_worker_was_not_declared_dead(lease: Lease, clocks: Clocks, ends: list[LeaseLost]) -> None:
    renew(lease, clocks, [None])
    assert not lease.is_valid
    assert not ends


def test_worker_with_a_blocked_event_loop_sends_no_heartbeat(
    monkeypatch: pytest.MonkeyPatch, lease: Lease, clocks: Clocks
) -> None:
    clocks.now[0] += 60
    monkeypatch.setattr(lease._over, "wait", lambda _: lease.finish())
    assert renew(lease, clocks, [(1,)]).sent == 0
    assert lease._renewed.seconds == 60


def test_reported_event_loop_is_not_blocked(lease: Lease, clocks: Clocks) -> None:
    clocks.now[0] += 60
    lease.pulse()
    assert renew(lease, clocks, [(1,)]).sent == 1
