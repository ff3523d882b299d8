"""CPU time of this process and of its child processes."""

from __future__ import annotations

import resource


def cpu_time(*whose: int) -> float:
    """Seconds of CPU time until now: ``RUSAGE_SELF``, ``RUSAGE_CHILDREN`` (those that have ended), or both."""
    used = map(resource.getrusage, whose)
    return sum(each.ru_utime + each.ru_stime for each in used)
