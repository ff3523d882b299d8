"""Engines run parts in parallel: processes of this machine here, Dask in ``dask_engine``.

Every engine runs each part to its end, and retries it a few times when its process is lost. A part may run twice, but
its shard appears once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

from caliber_crawler.bulk.extraction import Outcome
from caliber_crawler.bulk.parts import Part
from caliber_crawler.errors import CaliberError
from caliber_crawler.processes import Call, Executor, WorkerCrashed

MAX_RETRIES = 3
"""Maximum retries of a part whose worker ended. A page that ended the worker is not counted: it is refused."""

Work = Callable[[Part], Outcome]
Answer = tuple[str, Any]
"""``done`` and the outcome, ``raised`` and a ``CaliberError``, or ``failed`` and a clause."""


class PartFailed(CaliberError):
    """A part could not be extracted to its end."""


class Engine(Protocol):
    """Runs parts."""

    def map(self, work: Work, parts: Sequence[Part]) -> Iterator[tuple[Part, Outcome]]:
        """Yield each part with its outcome, in order of completion. A ``CaliberError`` of ``work`` is raised."""


class LocalEngine:
    """Runs parts in ``jobs`` worker processes of this machine."""

    def __init__(self, jobs: int) -> None:
        self._jobs = jobs

    def map(self, work: Work, parts: Sequence[Part]) -> Iterator[tuple[Part, Outcome]]:
        """See :class:`Engine`."""
        executor = Executor[Part](
            work, lambda part: (part,), self._jobs, tries=MAX_RETRIES + 1, max_in_flight=1, start_next=1
        )
        for part, call in executor.map_unordered(parts):
            yield part, outcome_of(part, answer_of(call))


def answer_of(call: Call) -> Answer:
    """The result of a part, or why it failed. A failed part does not stop the others."""
    try:
        return "done", call.result()
    except CaliberError as error:
        return "raised", error
    except WorkerCrashed as error:
        return "failed", str(error)
    except Exception as error:  # noqa: BLE001
        return "failed", f"{type(error).__name__}: {error}"


def outcome_of(part: Part, answer: Answer) -> Outcome:
    """The outcome of a part. Raises errors that concern all parts, such as a full disk."""
    kind, value = answer
    if kind == "raised":
        raise value
    outcome: Outcome = value if kind == "done" else failed(part, value)
    return outcome


def failed(part: Part, reason: str) -> Outcome:
    """The outcome of a part that failed for good; ``reason`` is one clause."""
    return Outcome(error=PartFailed(f"{part.name} could not be extracted: {reason}."))
