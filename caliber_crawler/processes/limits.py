"""Limits of one call: CPU time, wall-clock time, memory.

CPU time, because on a busy machine an honest page may take long by the clock. The wall-clock limit is wide and ends
what waits without computing.
"""

from __future__ import annotations

import os
import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from types import FrameType
from typing import NamedTuple, NoReturn

GRACE = 1.0
"""Seconds of CPU time after which the kernel ends a call that did not hear its alarm, because it is in C code."""
ALARMS = frozenset({signal.SIGPROF, signal.SIGVTALRM, signal.SIGALRM})
"""The signals that end a worker whose call exceeded its time."""
PAGE_SIZE = resource.getpagesize()


class Limits(NamedTuple):
    """What one call may take."""

    cpu_seconds: float = 3.0
    wall_seconds: float = 30.0
    memory: int = 1024 * 1024 * 1024
    """Bytes of address space beyond what the process had before the call."""


PAGE_LIMITS = Limits()
"""The limits within which a page must be extracted, whichever command asks for it."""


class TimeUp(BaseException):
    """The CPU time is used up. Not an ``Exception``: libraries that catch those must not go on."""


@contextmanager
def limited(limits: Limits, spent: float = 0.0) -> Iterator[None]:
    """Apply limits to the block; ``spent`` seconds of the CPU time are used up already.

    Raises :class:`TimeUp` between two steps of Python and inside a regular expression. Where C code hears no signal,
    the kernel ends the process. Raises ``MemoryError``. For the main thread of a process that has no other timers.
    """
    seconds = max(limits.cpu_seconds - spent, 0.001)
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    most = sizes()[0] + limits.memory
    before = signal.signal(signal.SIGPROF, stop)
    signal.signal(signal.SIGVTALRM, signal.SIG_DFL)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_AS, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))
    signal.setitimer(signal.ITIMER_REAL, limits.wall_seconds)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds + GRACE)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        try:
            yield
        finally:
            # The alarm may still be raised here; what follows is done all the same.
            signal.setitimer(signal.ITIMER_PROF, 0)
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.setitimer(signal.ITIMER_REAL, 0)
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
        signal.signal(signal.SIGPROF, before)


def stop(number: int, frame: FrameType | None) -> NoReturn:
    raise TimeUp


def sizes() -> tuple[int, int]:
    """The address space of this process and the memory that it has, in bytes."""
    pages = os.pread(_statm(os.getpid()), 64, 0).split()
    return int(pages[0]) * PAGE_SIZE, int(pages[1]) * PAGE_SIZE


@cache
def _statm(pid: int) -> int:
    # Kept open: to open it takes longer than to read it.
    return os.open(f"/proc/{pid}/statm", os.O_RDONLY | os.O_CLOEXEC)
