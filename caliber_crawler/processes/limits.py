"""Limits of one call: CPU time, wall-clock time, memory.

CPU time, because on a busy machine an honest page may take long by the clock. The wall-clock limit is wide and ends
what waits without computing.
"""

from __future__ import annotations

import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import NoReturn

GRACE = 1.0
"""Seconds of CPU time after which the kernel ends a call that did not hear its alarm, because it is in C code."""
ALARMS = frozenset({signal.SIGPROF, signal.SIGVTALRM, signal.SIGALRM})
"""The signals that end a worker whose call exceeded its time."""
PAGE_SIZE = resource.getpagesize()


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
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

    def stop(number: int, frame: FrameType | None) -> NoReturn:
        raise TimeUp

    seconds = max(limits.cpu_seconds - spent, 0.001)
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    most = address_space() + limits.memory
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


def address_space() -> int:
    """The address space of this process, in bytes."""
    with Path("/proc/self/statm").open("rb") as sizes:
        return int(sizes.read().split()[0]) * PAGE_SIZE


def peak_memory() -> int:
    """The most memory that this process ever needed, in bytes.

    Not `getrusage`: there a process begins with what the one that started it had needed.
    """
    with Path("/proc/self/status").open() as status:
        peak = next(line for line in status if line.startswith("VmHWM:"))
    return int(peak.split()[1]) * 1024
