"""How much time has passed, whatever happened to this process or machine meanwhile."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Protocol


class Clock(Protocol):
    """Gives readings that can be compared."""

    def __call__(self) -> tuple[float, ...]:
        """Now, in seconds, on every clock there is."""
        ...


def all_clocks() -> tuple[float, float]:
    """The time since the machine was started, its sleep included, and the time of day.

    A virtual machine that was frozen may find the first one unchanged; then the second is put right after it wakes.
    """
    return time.clock_gettime(time.CLOCK_BOOTTIME), time.time()


@dataclass(slots=True)
class Stopwatch:
    """Seconds since a moment, by the clock that says the most."""

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
