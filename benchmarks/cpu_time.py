"""CPU time of this process and of its child processes."""

from __future__ import annotations

import os
import resource
from pathlib import Path


def cpu_time(*whose: int) -> float:
    """Seconds of CPU time until now: ``RUSAGE_SELF``, ``RUSAGE_CHILDREN`` (those that have ended), or both."""
    used = map(resource.getrusage, whose)
    return sum(each.ru_utime + each.ru_stime for each in used)


def installed_environment(bytecode: Path) -> dict[str, str]:
    """The environment of a process whose modules are compiled, as if installed, also where Python may keep no bytecode.

    The first process with this folder compiles them.
    """
    return {**os.environ, "PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(bytecode)}
