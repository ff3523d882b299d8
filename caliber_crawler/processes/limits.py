"""Limits of one call: CPU time, wall-clock time and memory.

The strict limit is on CPU time, because on a busy machine an ordinary page may take long in wall-clock time. The
wall-clock limit is generous and ends calls that wait without computing.
"""

from __future__ import annotations

import os
import resource
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from types import FrameType
from typing import NamedTuple, NoReturn

GRACE = 1.0
"""Seconds of CPU time beyond the limit after which the kernel ends C code that has not handled its alarm."""
ALARMS = frozenset({signal.SIGPROF, signal.SIGVTALRM, signal.SIGALRM})
"""The signals that end a worker whose call exceeded its time limit."""
CRASHES = frozenset(
    {signal.SIGSEGV, signal.SIGBUS, signal.SIGILL, signal.SIGFPE, signal.SIGABRT, signal.SIGSYS, signal.SIGTRAP}
    | ALARMS
)
"""The signals by which a call ends its own worker. Any other end has a cause outside, such as SIGKILL from a user."""
PAGE_SIZE = resource.getpagesize()
HAS_STATM = sys.platform == "linux"
"""Whether the kernel tells the memory of a process at any time. macOS tells only its peak, and has no ``RLIMIT_AS``."""
WATCH_SECONDS = 0.05


class Limits(NamedTuple):
    """The limits of one call."""

    cpu_seconds: float = 3.0
    wall_seconds: float = 30.0
    memory: int = 1024 * 1024 * 1024
    """Bytes of address space, in addition to what the process had before the call."""


PAGE_LIMITS = Limits()
"""The limits for extracting one page, the same in every command."""


class TimeUp(BaseException):
    """The CPU time is used up. Not an ``Exception``, so that libraries that catch exceptions do not continue."""


@contextmanager
def apply_limits(limits: Limits, spent: float = 0.0) -> Iterator[None]:
    """Apply limits to the block; ``spent`` is the CPU time in seconds that is used up already.

    Raises :class:`TimeUp` between Python instructions and inside regular expressions. In C code that does not check
    for signals, the kernel ends the process. Raises ``MemoryError``. Use it only in the main thread of a process
    without other timers.
    """
    seconds = max(limits.cpu_seconds - spent, 0.001)
    before = signal.signal(signal.SIGPROF, stop)
    signal.signal(signal.SIGVTALRM, signal.SIG_DFL)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    with limit_memory(sizes()[0] + limits.memory):
        signal.setitimer(signal.ITIMER_REAL, limits.wall_seconds)
        signal.setitimer(signal.ITIMER_VIRTUAL, seconds + GRACE)
        signal.setitimer(signal.ITIMER_PROF, seconds)
        try:
            try:
                yield
            finally:
                # The alarm may still be raised here; the outer block runs anyway.
                signal.setitimer(signal.ITIMER_PROF, 0)
        finally:
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGPROF, before)


@contextmanager
def limit_address_space(max_bytes: int) -> Iterator[None]:
    """Let the kernel refuse memory beyond a limit: the block raises ``MemoryError``."""
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(
        resource.RLIMIT_AS, (max_bytes if hard == resource.RLIM_INFINITY else min(max_bytes, hard), hard)
    )
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


@contextmanager
def end_above(max_bytes: int) -> Iterator[None]:
    """End the process if its peak of resident memory exceeds a limit, where the kernel limits no address space."""
    done = threading.Event()

    def watch() -> None:
        while not done.wait(WATCH_SECONDS):
            if peak_memory() > max_bytes:
                os.abort()

    threading.Thread(target=watch, daemon=True).start()
    try:
        yield
    finally:
        done.set()


limit_memory = limit_address_space if HAS_STATM else end_above


def stop(number: int, frame: FrameType | None) -> NoReturn:
    raise TimeUp


def sizes() -> tuple[int, int]:
    """The address space and the resident memory of this process, in bytes; its peak where these are not known."""
    if not HAS_STATM:
        return peak_memory(), peak_memory()
    pages = os.pread(_statm(os.getpid()), 64, 0).split()
    return int(pages[0]) * PAGE_SIZE, int(pages[1]) * PAGE_SIZE


def peak_memory() -> int:
    """The highest resident memory of this process so far, in bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


@cache
def _statm(pid: int) -> int:
    # Kept open, because opening the file takes longer than reading it.
    return os.open(f"/proc/{pid}/statm", os.O_RDONLY | os.O_CLOEXEC)
