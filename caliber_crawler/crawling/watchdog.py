"""The watchdog ends a crawl whose event loop stands still: nothing else can, because only the loop handles a stop.

It is a timer of the system: a regular expression may never let a thread run, but it lets signals be handled. Other C
code does not; but most of it, above all SQLite, lets a thread run. So a thread looks whether signals are handled. If
not, it interrupts SQLite, which is enough for the timer. Code that neither ends takes linear time: decompression, JSON.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import Any, Protocol

INTERVAL = 1.0
"""Seconds between two checks. A process that was suspended gets one check for the whole time."""
GRACE = 10
"""Number of intervals after which the thread ends the process, if an interrupt of SQLite did not help."""
MAX_STOP_SECONDS = 15.0
"""Maximum time in seconds that the event loop may stand still while the crawl is being stopped."""


class Watched(Protocol):
    """A run that is watched."""

    def end_stalled(self, url: str | None, clause: str) -> None:
        """Record the end of the run in the archive; ``url`` is the page that stalled it, if it is one of this run."""

    def interrupt(self) -> None:
        """Interrupt the statement of SQLite that is being executed. Called in another thread."""


class Watchdog:
    """Watches the event loop of this process, for all runs in it.

    A run calls :meth:`watch` when it begins to process a page, and :meth:`tick` from the event loop. If ticks are
    missing for too long, the run puts that page aside, and the process ends with exit code 1.
    """

    def __init__(self, end: Callable[[int], object] = os._exit) -> None:
        self._end = end
        self._runs: list[Watched] = []
        self._page: tuple[Watched, str] | None = None
        self._max_seconds = 0.0
        self._silent = 0.0
        self._stopping = False
        self._handler_before: Any = None
        self._checks = 0
        self._left = threading.Event()

    def join(self, run: Watched, max_seconds: float) -> None:
        """Watch a run; ``max_seconds`` is how long the event loop may stand still, 0 for ever."""
        if not max_seconds or threading.current_thread() is not threading.main_thread():
            return
        self._max_seconds, self._silent = max_seconds, 0.0
        if not self._runs:
            self._handler_before = signal.signal(signal.SIGALRM, self._check)
            signal.setitimer(signal.ITIMER_REAL, INTERVAL, INTERVAL)
            self._left = threading.Event()
            threading.Thread(target=self._guard, args=(self._left,), name="watchdog", daemon=True).start()
        self._runs.append(run)

    def leave(self, run: Watched) -> None:
        """Stop watching a run."""
        if run not in self._runs:
            return
        self._runs.remove(run)
        if self._page is not None and self._page[0] is run:
            self._page = None
        if not self._runs:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, self._handler_before)
            self._left.set()

    def tick(self) -> None:
        """Record that the event loop runs."""
        self._silent = 0.0

    def watch(self, run: Watched, url: str) -> None:
        """Record the page that a run begins to process."""
        self._page = (run, url)

    def stop_soon(self) -> None:
        """Record that the user stops the crawl: from now on, the event loop may stand still only for a short time."""
        self._stopping = True

    def _check(self, number: int, frame: FrameType | None) -> None:
        # Counted instead of measured: the clock also runs while the process is suspended.
        self._checks += 1
        self._silent += INTERVAL
        stop = self._stopping and self._silent >= MAX_STOP_SECONDS
        if self._silent >= self._max_seconds or stop:
            self._bite(frame, put_aside=self._silent >= self._max_seconds)

    def _guard(self, left: threading.Event) -> None:
        """Look whether signals are handled, in a thread."""
        signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())  # they are for the main thread
        checks, deaf = self._checks, 0
        while not left.wait(INTERVAL):
            deaf = deaf + 1 if checks == self._checks else 0
            checks = self._checks
            limit = MAX_STOP_SECONDS if self._stopping else self._max_seconds
            if deaf * INTERVAL >= limit:
                self._silent = deaf * INTERVAL  # many signals that are not handled are one when they are
                for run in list(self._runs):
                    run.interrupt()
            if deaf * INTERVAL >= limit + GRACE * INTERVAL:
                page = f" while {self._page[1]} was processed" if self._page else ""
                os.write(
                    2,
                    f"Error: The crawl heard no signal for {deaf * INTERVAL:.0f} s{page}, so it ends here.\n".encode(),
                )
                self._end(1)

    def _bite(self, frame: FrameType | None, *, put_aside: bool) -> None:
        signal.setitimer(signal.ITIMER_REAL, 0)
        where = _place(frame)
        run, url = self._page or (None, None)
        page = "" if url is None else f" while {url} was processed"
        clause = f"the crawl did not respond for {self._silent:.0f} s{page} ({where})"
        aside = " The page is put aside." if put_aside and url is not None else ""
        # Not print(): the interrupted code may be printing.
        os.write(2, f"Error: {clause[0].upper()}{clause[1:]}, so it ends here.{aside} Please report it.\n".encode())
        for each in self._runs:
            with suppress(Exception):  # the process ends in any case
                each.end_stalled(url if put_aside and each is run else None, clause)
        self._end(1)


def _place(frame: FrameType | None) -> str:
    """The line of this package at which the code stalled; the innermost line, if none is of this package."""
    places, package = [], Path(__file__).parents[1]
    while frame is not None:
        path = Path(frame.f_code.co_filename)
        own = path.is_relative_to(package)
        places.append((not own, f"{path.relative_to(package) if own else path.name}, line {frame.f_lineno}"))
        frame = frame.f_back
    return min(places, key=lambda place: place[0], default=(True, "unknown code"))[1]


WATCHDOG = Watchdog()
"""The watchdog of this process."""
