"""Engines: what runs the parts side by side. Processes of this machine here; Dask in ``dask_engine``.

All promise the same: every part is run to its end, or tried again when its process is lost, a few times. A part may
run twice, its shard appears once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

from caliber_crawler.bulk.extraction import Outcome
from caliber_crawler.bulk.parts import Part
from caliber_crawler.errors import CaliberError
from caliber_crawler.processes import Call, Executor, WorkerCrashed

MAX_RETRIES = 3
"""How often a part is tried again when its worker ended. A page that ended it is not counted: it is put aside."""

Work = Callable[[Part], Outcome]
Answer = tuple[str, Any]
"""``done`` and the outcome, ``raised`` and an error of ours, ``failed`` and a clause."""


class PartFailed(CaliberError):
    """A part that could not be read to its end."""


class Engine(Protocol):
    """Runs parts."""

    def map(self, work: Work, parts: Sequence[Part]) -> Iterator[tuple[Part, Outcome]]:
        """What came of each part, in the order in which they end. Raises what ``work`` raises on purpose."""


class LocalEngine:
    """So many worker processes of this machine."""

    def __init__(self, jobs: int) -> None:
        self._jobs = jobs

    def map(self, work: Work, parts: Sequence[Part]) -> Iterator[tuple[Part, Outcome]]:
        """See :class:`Engine`."""
        executor = Executor[Part](work, lambda part: (part,), self._jobs, tries=MAX_RETRIES + 1, ahead=1, start_next=1)
        for part, call in executor.map_unordered(parts):
            yield part, outcome_of(part, answer_of(call))


def answer_of(call: Call) -> Answer:
    """What a part gave, or why it failed. One bad part must not cost the others."""
    try:
        return "done", call.result()
    except CaliberError as error:
        return "raised", error
    except WorkerCrashed as error:
        return "failed", str(error)
    except Exception as error:  # noqa: BLE001
        return "failed", f"{type(error).__name__}: {error}"


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
