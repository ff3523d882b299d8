"""A time limit for code that runs in one go: a page that takes too long to read must not hold up the others."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn


class TooSlow(BaseException):
    """The time is up. Not an ``Exception``: libraries that catch those must not go on as if nothing had happened."""


@contextmanager
def deadline(seconds: float) -> Iterator[None]:
    """Raise :class:`TooSlow` in the block when it takes longer.

    The alarm is heard between two steps of Python and inside a regular expression, not inside a call into libxml2:
    there the caps of :mod:`caliber_crawler.reading` bound the time. Only the main thread has an alarm; elsewhere
    nothing happens, nor where somebody else has set it.
    """
    if threading.current_thread() is not threading.main_thread() or signal.getitimer(signal.ITIMER_REAL)[0]:
        yield
        return

    def stop(number: int, frame: FrameType | None) -> NoReturn:
        raise TooSlow(f"it took longer than {seconds:g} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
