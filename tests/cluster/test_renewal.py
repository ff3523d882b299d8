"""The renewal of a lease in PostgreSQL by its threads."""

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
    """Records the first end of a lease instead of ending the process."""

    def __init__(self) -> None:
        self.why = ""
        self._event = threading.Event()

    def __call__(self, error: LeaseLost) -> None:
        self.why = self.why or str(error)
        self._event.set()

    def within(self, seconds: float) -> bool:
        return self._event.wait(seconds)


@contextmanager
def started_lease(dsn: str) -> Iterator[tuple[Lease, Ended, int]]:
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


def test_running_worker_renews_its_lease(dsn: str) -> None:
    with started_lease(dsn) as (lease, ended, _):
        for _ in range(15):
            lease.pulse()
            time.sleep(0.2)
        assert lease.is_valid
        assert not ended.why
        (worker,) = rows(dsn, "SELECT now() - last_heartbeat < interval '4 s' AS is_recent FROM procrastinate_workers")
        assert worker["is_recent"]


def test_worker_declared_dead_is_ended(dsn: str) -> None:
    with started_lease(dsn) as (_, ended, worker_id):
        with psycopg.connect(dsn) as connection:
            connection.execute("DELETE FROM procrastinate_workers WHERE id = %s", (worker_id,))
        assert ended.within(SECONDS * 5)
        assert "declared dead" in ended.why


def test_blocked_event_loop_loses_the_lease(dsn: str) -> None:
    with started_lease(dsn) as (_, ended, _):
        assert not ended.within(SECONDS * 0.5)
        assert ended.within(SECONDS * 10)
