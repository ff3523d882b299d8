"""Engines: what runs the parts side by side. Processes of this machine here; Dask in ``dask_engine``.

All promise the same: every part is run to its end, or tried again when its process is lost, a few times. A part may
run twice, its shard appears once.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator, Sequence
from typing import Protocol

from caliber_crawler.bulk.parts import Part
from caliber_crawler.bulk.reading import Outcome
from caliber_crawler.bulk.seats import Answer, Seat, SeatLost, Work, answered, tried
from caliber_crawler.errors import CaliberError

RETRIES = 3
"""How often a part is tried again when its process was lost."""


class PartFailed(CaliberError):
    """A part that could not be read to its end."""


class Engine(Protocol):
    """Runs parts."""

    def map(self, work: Work, parts: Sequence[Part]) -> Iterator[tuple[Part, Outcome]]:
        """What came of each part, in the order in which they end. Raises what ``work`` raises on purpose."""


class LocalEngine:
    """So many processes of this machine; with one, this process."""

    def __init__(self, jobs: int) -> None:
        self._jobs = jobs

    def map(self, work: Work, parts: Sequence[Part]) -> Iterator[tuple[Part, Outcome]]:
        """See :class:`Engine`."""
        if self._jobs == 1:
            for part in parts:
                yield part, outcome_of(part, tried(work, part))
            return
        waiting, losses = deque(parts), Counter[Part]()
        seats: list[Seat] = []
        try:
            while waiting or any(seat.part for seat in seats):
                seats += [Seat() for _ in range(min(self._jobs - len(seats), len(waiting)))]
                for seat in seats:
                    if waiting and seat.part is None:
                        seat.give(work, waiting.popleft())
                for seat in answered(seats):
                    try:
                        part, answer = seat.answer()
                    except SeatLost as lost:
                        seats.remove(seat)
                        seat.close()
                        assert seat.part is not None
                        part = seat.part
                        losses[part] += 1
                        if losses[part] <= RETRIES:
                            waiting.appendleft(part)
                            continue
                        answer = "failed", f"{lost}, as it did {RETRIES} times before"
                    yield part, outcome_of(part, answer)
        finally:
            for seat in seats:
                seat.close()


def outcome_of(part: Part, answer: Answer) -> Outcome:
    """What came of a part. Raises an error of ours that is not about this part alone: the disk is full."""
    kind, value = answer
    if kind == "raised":
        raise value
    outcome: Outcome = value if kind == "done" else failed(part, value)
    return outcome


def failed(part: Part, reason: str) -> Outcome:
    """The outcome of a part that was given up; ``reason`` is one clause."""
    return Outcome(error=PartFailed(f"{part.name} could not be read: {reason}."))
