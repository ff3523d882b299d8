"""Executors for blocking code: many calls in several workers, or a single call."""

from __future__ import annotations

import atexit
import select
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from typing import Any, Generic, TypeVar

from caliber_crawler.processes import serving
from caliber_crawler.processes.call import TRIES, Call, Context, TooSlow
from caliber_crawler.processes.limits import PAGE_LIMITS, Limits, TimeUp, apply_limits
from caliber_crawler.processes.worker import Worker

Item = TypeVar("Item")
Result = TypeVar("Result")

MAX_IN_FLIGHT = 8
"""Calls in flight for each worker."""
START_NEXT = 16
"""Calls before another worker is started: starting one takes longer than extracting a few pages."""
MAX_IDLE_LENGTH = 60.0
"""Seconds after which an idle worker is not used again."""

_idle: list[tuple[Worker, float]] = []
"""Idle workers for the next executor of this process, with the time of their release. They end with this process."""


def take_worker() -> Worker:
    """An idle worker, or a new one."""
    while _idle:
        worker, since = _idle.pop()
        worker.receive()
        if not worker.ended and time.monotonic() - since < MAX_IDLE_LENGTH:
            return worker
        worker.close()
    return Worker()


def release_worker(worker: Worker) -> None:
    """Return a worker to the idle workers. A busy one is ended."""
    if worker.calls or worker.ended:
        worker.close()
    else:
        _idle.append((worker, time.monotonic()))


@atexit.register
def end_idle_workers() -> None:
    """End the idle workers. They also end when this process ends, for whatever reason."""
    while _idle:
        _idle.pop()[0].close()


class Executor(Generic[Item]):
    """Calls a function on items in at most ``workers`` processes, which are started when there is work for them.

    ``arguments`` returns the arguments of ``function`` for an item. ``context``, if given, is sent to each worker once
    and is the first argument. ``tries`` is the maximum number of attempts of a call that ends its worker,
    ``max_in_flight`` the maximum number of calls in flight for each worker.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        arguments: Callable[[Item], tuple[object, ...]],
        workers: int,
        *,
        context: object = None,
        limits: Limits | None = None,
        tries: int = TRIES,
        max_in_flight: int = MAX_IN_FLIGHT,
        start_next: int = START_NEXT,
    ) -> None:
        self._function = function
        self._arguments = arguments
        self._max_workers = workers
        self._context = None if context is None else Context(context)
        self._limits = limits
        self._tries = tries
        self._max_in_flight = max_in_flight
        self._start_next = start_next
        self._workers: list[Worker] = []
        self._sent = 0

    def map(self, items: Iterable[Item]) -> Generator[tuple[Item, Call], None, None]:
        """Yield each item with its settled call, in the order of the items."""
        iterator = iter(items)
        in_flight: deque[tuple[Item, Call]] = deque()
        try:
            while self._send_more(iterator, in_flight) or in_flight:
                while not in_flight[0][1].done:
                    self._wait()
                yield in_flight.popleft()
        finally:
            self.close()

    def map_unordered(self, items: Iterable[Item]) -> Generator[tuple[Item, Call], None, None]:
        """Yield each item with its settled call, in order of completion."""
        iterator = iter(items)
        in_flight: deque[tuple[Item, Call]] = deque()
        try:
            while self._send_more(iterator, in_flight) or in_flight:
                while not any(call.done for _, call in in_flight):
                    self._wait()
                settled = next(pair for pair in in_flight if pair[1].done)
                in_flight.remove(settled)
                yield settled
        finally:
            self.close()

    def close(self) -> None:
        """Close the context in each worker and release the worker; end the busy ones."""
        while self._workers:
            worker = self._workers.pop()
            if self._context is not None and not worker.calls:
                worker.send(Call(close_context, context=self._context))
                while worker.calls and not worker.ended:
                    exchange([worker])
            release_worker(worker)

    def _send_more(self, items: Iterator[Item], in_flight: deque[tuple[Item, Call]]) -> bool:
        """Send calls up to the limit of calls in flight. Returns whether one was sent."""
        sent = False
        while len(in_flight) < self._max_workers * self._max_in_flight:
            try:
                item = next(items)
            except StopIteration:
                break
            call = Call(
                self._function,
                self._arguments(item),
                limits=self._limits,
                context=self._context,
                tries=self._tries,
            )
            in_flight.append((item, call))
            self._send(call)
            sent = True
        return sent

    def _send(self, call: Call) -> None:
        if len(self._workers) < self._max_workers and self._sent >= len(self._workers) * self._start_next:
            self._workers.append(take_worker())
        self._sent += 1
        min(self._workers, key=lambda worker: len(worker.calls)).send(call)

    def _wait(self) -> None:
        """Wait until a worker has answered, can receive more, or has ended."""
        exchange(self._workers)
        for worker in [worker for worker in self._workers if worker.ended]:
            self._workers.remove(worker)
            if left := worker.take_back():
                successor = take_worker()
                self._workers.append(successor)
                for call in left:
                    successor.send(call)
        if not self._workers:
            self._workers.append(take_worker())


def close_context(context: Any) -> None:
    """Close the context, if it has a ``close`` method."""
    close = getattr(context, "close", None)
    if close is not None:
        close()


def exchange(workers: Iterable[Worker]) -> None:
    """Wait until a worker can be read from or written to; then receive and send."""
    poll = select.poll()
    receiving: dict[int, Worker] = {}
    sending: dict[int, Worker] = {}
    for worker in workers:
        receiving[worker.reading_end] = worker
        poll.register(worker.reading_end, select.POLLIN)
        if worker.has_more_to_send:
            sending[worker.writing_end] = worker
            poll.register(worker.writing_end, select.POLLOUT)
    for descriptor, _ in poll.poll():
        if descriptor in sending:
            sending[descriptor].flush()
        else:
            receiving[descriptor].receive()


def run_limited(
    function: Callable[..., Result], *arguments: object, key: str = "", limits: Limits = PAGE_LIMITS
) -> Result:
    """Call a function within limits: in a worker, or in this process if it is a worker.

    In a worker, it is a step of a longer call; ``key`` identifies the step. A step that ended a worker before runs in
    a separate worker. Raises :class:`TooSlow`, ``WorkerCrashed``, ``MemoryError`` or the function's exception.
    """
    current = serving.current
    too_slow = f"it took more than {limits.cpu_seconds:g} s of CPU time"
    if current is not None and key in current.too_slow:
        raise TooSlow(too_slow)
    if current is None or current.suspects is None or key in current.suspects:
        call = Call(function, arguments, limits=limits, tries=TRIES if current is None else TRIES - 1)
        run_call(call)
        value: Result = call.result()
        return value
    current.begin_step(key)
    try:
        with apply_limits(limits):
            return function(*arguments)
    except TimeUp:
        raise TooSlow(too_slow) from None


def run_call(call: Call) -> None:
    """Run one call in a worker and wait until it is settled."""
    worker = take_worker()
    try:
        worker.send(call)
        while not call.done:
            exchange([worker])
            if worker.ended:
                left = worker.take_back()
                worker = take_worker()
                for remaining in left:
                    worker.send(remaining)
    finally:
        release_worker(worker)
