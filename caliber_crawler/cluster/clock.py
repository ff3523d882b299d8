"""Measures elapsed time, even if the process was stopped or the machine suspended."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Protocol


class Clock(Protocol):
    """Returns clock readings that can be compared."""

    def __call__(self) -> tuple[float, ...]:
        """The current time on each clock, in seconds."""
        ...


def all_clocks() -> tuple[float, float]:
    """The time since boot, including suspend, and the time of day.

    In a virtual machine that was paused, the first clock may not have advanced; the second is corrected on resume.
    """
    return time.clock_gettime(time.CLOCK_BOOTTIME), time.time()


@dataclass(slots=True)
class Stopwatch:
    """Seconds since a reading, by the clock that advanced the most."""

    clock: Clock = all_clocks
    _since: tuple[float, ...] = field(init=False)

    def __post_init__(self) -> None:
        self._since = self.clock()

    def restart(self, since: tuple[float, ...] | None = None) -> None:
        """Count from an earlier reading, or from now."""
        self._since = self.clock() if since is None else since

    @property
    def seconds(self) -> float:
        return max(now - then for now, then in zip(self.clock(), self._since, strict=True))
