"""A lease with its threads, against PostgreSQL."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest

from caliber_crawler.cluster.database import set_up
from caliber_crawler.cluster.lease import Lease
from caliber_crawler.errors import LeaseLost
from tests.cluster.postgres import rows

pytestmark = pytest.mark.slow

SECONDS = 4.0


class Ended:
    """Remembers the first end of a lease, in place of ending the process."""

    def __init__(self) -> None:
        self.why = ""
        self._event = threading.Event()

    def __call__(self, error: LeaseLost) -> None:
        self.why = self.why or str(error)
        self._event.set()

    def within(self, seconds: float) -> bool:
        return self._event.wait(seconds)


@contextmanager
def begun(dsn: str) -> Iterator[tuple[Lease, Ended, int]]:
    set_up(dsn)
    ended = Ended()
    lease = Lease(dsn, SECONDS, end=ended)
    with psycopg.connect(dsn) as connection:
        row = connection.execute("SELECT worker_id FROM procrastinate_register_worker_v1()").fetchone()
        assert row is not None
        connection.commit()
        lease.begin(row[0], lease.read_clocks())
    try:
        yield lease, ended, row[0]
    finally:
        lease.finish()


def test_a_worker_that_is_well_is_heard_of_and_goes_on(dsn: str) -> None:
    with begun(dsn) as (lease, ended, _):
        for _ in range(15):
            lease.pulse()
            time.sleep(0.2)
        assert lease.held
        assert not ended.why
        (worker,) = rows(dsn, "SELECT now() - last_heartbeat < interval '4 s' AS heard_of FROM procrastinate_workers")
        assert worker["heard_of"]


def test_a_worker_that_was_taken_for_dead_hears_of_it(dsn: str) -> None:
    with begun(dsn) as (_, ended, worker_id):
        with psycopg.connect(dsn) as connection:
            connection.execute("DELETE FROM procrastinate_workers WHERE id = %s", (worker_id,))
        assert ended.within(SECONDS * 5)
        assert "taken for dead" in ended.why


def test_an_event_loop_that_hangs_keeps_no_lease(dsn: str) -> None:
    with begun(dsn) as (_, ended, _):
        assert not ended.within(SECONDS * 0.5)
        assert ended.within(SECONDS * 10)
