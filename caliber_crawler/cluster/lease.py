"""The right of a worker to act, which ends by itself.

PostgreSQL hears of a worker through its row in ``procrastinate_workers``. Each time it does, the worker may go on for a
number of seconds, counted from before it spoke. Its jobs are given away after a quarter more than that, counted from
when it was heard. So there is never a moment in which two workers believe that a job is theirs.
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
"""Share of the lease after which it is renewed."""
MARGIN = 0.25
"""Share of the lease for which a silent worker's jobs wait until they are given away."""


def reassigned_after(lease: float) -> float:
    """Seconds of silence after which a worker's jobs are given to others."""
    return lease * (1 + MARGIN)


def end_process(error: LeaseLost) -> NoReturn:
    """End this process where it stands. Nothing it could still do would be its own business."""
    os.write(2, f"Error: {error}\n".encode())
    os._exit(error.exit_code)


class Lease:
    """Renewed by a thread with a connection of its own, so that neither a long reading nor a full pool can end it.

    ``end`` is what happens when it lapses: by default, the end of the process. The event loop must be heard of, too
    (:meth:`pulse`): one that hangs keeps no job.
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
        """Now, on every clock: to be taken before the worker makes itself heard."""
        return self._clock()

    def begin(self, worker_id: int, since: tuple[float, ...]) -> None:
        """The worker was registered after the reading ``since``."""
        self.worker_id = worker_id
        self._renewed.restart(since)
        self._pulse.restart()
        for task in (self._renew, self._watch):
            threading.Thread(target=task, name=f"lease {task.__name__}", daemon=True).start()

    def finish(self) -> None:
        """The worker has taken its leave."""
        self._over.set()

    @property
    def held(self) -> bool:
        """May the worker act?"""
        return not self._over.is_set() and self._renewed.seconds < self.seconds

    def confirm(self) -> None:
        """To be called before anything that only the owner of a job may do: does not return when the time is up."""
        if self._renewed.seconds >= self.seconds:
            self._lapse(f"PostgreSQL has not heard of it for {self._renewed.seconds:.0f} s")

    def pulse(self) -> None:
        """The event loop is alive."""
        self._pulse.restart()

    def _lapse(self, why: str) -> None:
        self._end(LeaseLost(f"This worker ends: {why}, and its jobs may be another's by now."))

    def _watch(self) -> None:
        while not self._over.wait(max(0.05, min(1.0, self.seconds - self._renewed.seconds))):
            self.confirm()

    def _renew(self) -> None:
        while not self._over.is_set():
            try:
                with psycopg.connect(self._conninfo, autocommit=True) as connection:
                    self._renew_on(connection)
            except psycopg.Error:
                # It may be back in time; when it is not, the watch ends this.
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
                    self._lapse("it was taken for dead")
                    return
                self._renewed.restart(before)
            self._over.wait(self.seconds * RENEWAL_SHARE)
