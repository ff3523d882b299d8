"""A call that a worker runs, and its result."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from functools import cached_property
from itertools import count
from typing import Any

from caliber_crawler.processes.limits import Limits

TRIES = 2
"""Maximum attempts of a call whose worker ends. The worker may have been killed for an unrelated reason."""
MAX_SUSPECTS = 3
"""Maximum number of known steps of one call that ended a worker. Beyond it, each step runs in a separate worker."""

_numbers = count(1)


class TooSlow(Exception):
    """The call exceeded its time limit. The message is one clause."""


class WorkerCrashed(Exception):
    """The call ended its worker in every attempt. The message is one clause."""


class WorkerKilled(WorkerCrashed):
    """Something else than the call ended its worker in every attempt, such as ``kill`` or a lack of memory."""


class Context:
    """A value that many calls share: the first argument of their functions. It is sent to each worker once."""

    def __init__(self, value: object) -> None:
        self.number = next(_numbers)
        self._value = value

    @cached_property
    def message(self) -> bytes:
        """The pickled message that gives a worker the value."""
        return pickle.dumps(("context", self.number, self._value))


class Call:
    """One call: a function and its arguments, which must be picklable.

    A long call may consist of steps, each with a key (see ``run_limited``). A step that ended the worker is suspect:
    when the call is repeated, this step runs in a separate worker, so that it cannot end the call again. A step that
    ended the worker by exceeding its time is not run again.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        arguments: tuple[object, ...] = (),
        *,
        limits: Limits | None = None,
        context: Context | None = None,
        tries: int = TRIES,
        on_done: Callable[[Call], object] | None = None,
    ) -> None:
        self.context = context
        self.limits = limits
        self.suspects: set[str] = set()
        self.too_slow: set[str] = set()
        self.done = False
        self._work = (function, arguments)
        self._tries_left, self._tries = tries, tries
        self._crashed = False
        self._on_done = on_done
        self._answer: Any = None
        self._error: BaseException | None = None

    def message(self) -> bytes:
        """The pickled message that starts the call in a worker."""
        function, arguments = self._work
        suspects = None if len(self.suspects) > MAX_SUSPECTS else frozenset(self.suspects)
        context = None if self.context is None else self.context.number
        known = (suspects, frozenset(self.too_slow))
        return pickle.dumps(("call", function, arguments, self.limits, context, *known), pickle.HIGHEST_PROTOCOL)

    def result(self) -> Any:
        """The function's return value. Raises its exception, :class:`TooSlow` or :class:`WorkerCrashed`."""
        assert self.done
        if self._error is not None:
            raise self._error
        return self._answer

    def settle(self, answer: Any = None, error: BaseException | None = None) -> None:
        """Set the result or the error."""
        self.done, self._answer, self._error = True, answer, error
        if self._on_done is not None:
            self._on_done(self)

    def suspect(self, step: str, *, too_slow: bool) -> bool:
        """Record the step during which a worker ended. Returns whether this changes the next attempt."""
        if too_slow and step not in self.too_slow:
            self.too_slow.add(step)
            return True
        if step in self.suspects or len(self.suspects) > MAX_SUSPECTS:
            return False
        self.suspects.add(step)
        return True

    def lose_worker(self, why: str, *, crashed: bool = True) -> None:
        """Record that the worker ended during the call; settle the call with an error after its last attempt.

        ``crashed``: the call itself ended it.
        """
        self._tries_left -= 1
        self._crashed = self._crashed or crashed
        if self._tries_left == 0 and self._crashed:
            self.settle(error=WorkerCrashed(f"it ended its worker process {self._tries} times ({why})"))
        elif self._tries_left == 0:
            self.settle(error=WorkerKilled(f"its worker process was killed {self._tries} times ({why})"))
