"""The lease of a worker: the limited time during which it may act.

A worker renews its lease by a heartbeat in its row of ``procrastinate_workers``. The lease then lasts for a number of
seconds, counted from before the heartbeat was sent. The worker's jobs are reassigned after 1.25 times this time,
counted from when PostgreSQL received the heartbeat. So two workers never own the same job at the same time.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import NoReturn

import psycopg

from caliber_crawler.cluster.clock import Clock, Stopwatch, all_clocks
from caliber_crawler.errors import LeaseLost

RENEWAL_SHARE = 0.25
"""Fraction of the lease after which it is renewed."""
MARGIN = 0.25
"""Additional fraction of the lease before the jobs of a silent worker are reassigned."""


def reassigned_after(lease: float) -> float:
    """Seconds without a heartbeat after which a worker's jobs are reassigned."""
    return lease * (1 + MARGIN)


def end_process(error: LeaseLost) -> NoReturn:
    """End this process at once, without clean-up: it may no longer act on its jobs."""
    os.write(2, f"Error: {error}\n".encode())
    os._exit(error.exit_code)


class Lease:
    """A lease that a thread renews on its own connection, so that neither long extractions nor a full pool delay it.

    ``end`` is called when the lease expires; by default it ends the process. The event loop must report regularly
    (:meth:`pulse`), so that a worker with a blocked event loop loses its jobs.
    """

    def __init__(
        self,
        conninfo: str,
        seconds: float,
        *,
        clock: Clock = all_clocks,
        end: Callable[[LeaseLost], None] = end_process,
    ) -> None:
        self.seconds = seconds
        self.worker_id: int | None = None
        self._conninfo = conninfo
        self._clock = clock
        self._end = end
        self._renewed, self._pulse = Stopwatch(clock), Stopwatch(clock)
        self._over = threading.Event()

    def read_clocks(self) -> tuple[float, ...]:
        """The current time on each clock. Call it before the worker sends a heartbeat."""
        return self._clock()

    def begin(self, worker_id: int, since: tuple[float, ...]) -> None:
        """Start the lease of a worker that was registered after the reading ``since``."""
        self.worker_id = worker_id
        self._renewed.restart(since)
        self._pulse.restart()
        for task in (self._renew, self._watch):
            threading.Thread(target=task, name=f"lease {task.__name__}", daemon=True).start()

    def finish(self) -> None:
        """End the lease, because the worker has unregistered."""
        self._over.set()

    @property
    def is_valid(self) -> bool:
        """Whether the worker may act."""
        return not self._over.is_set() and self._renewed.seconds < self.seconds

    def confirm(self) -> None:
        """Check the lease before any action reserved to a job's owner. Does not return if the lease has expired."""
        if self._renewed.seconds >= self.seconds:
            self._expire(f"PostgreSQL has received no heartbeat for {self._renewed.seconds:.0f} s")

    def pulse(self) -> None:
        """Report that the event loop is running."""
        self._pulse.restart()

    def _expire(self, why: str) -> None:
        self._end(LeaseLost(f"The worker lost its lease and exits: {why}. Other workers may have taken over its jobs."))

    def _watch(self) -> None:
        while not self._over.wait(max(0.05, min(1.0, self.seconds - self._renewed.seconds))):
            self.confirm()

    def _renew(self) -> None:
        while not self._over.is_set():
            try:
                with psycopg.connect(self._conninfo, autocommit=True) as connection:
                    self._renew_on(connection)
            except psycopg.Error:
                # PostgreSQL may return before the lease expires; otherwise the watch thread ends the worker.
                self._over.wait(min(1.0, self.seconds * RENEWAL_SHARE))

    def _renew_on(self, connection: psycopg.Connection) -> None:
        while not self._over.is_set():
            before = self._clock()
            if self._pulse.seconds < self.seconds:
                row = connection.execute(
                    "UPDATE procrastinate_workers SET last_heartbeat = now() WHERE id = %s RETURNING id",
                    (self.worker_id,),
                ).fetchone()
                if row is None and not self._over.is_set():
                    self._expire("it was declared dead")
                    return
                self._renewed.restart(before)
            self._over.wait(self.seconds * RENEWAL_SHARE)
