"""Executors for code that waits: many calls by several workers, or one call."""

from __future__ import annotations

import atexit
import select
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from typing import Any, Generic, TypeVar

from caliber_crawler.processes import serving
from caliber_crawler.processes.call import TRIES, Call, Context, TooSlow
from caliber_crawler.processes.limits import PAGE_LIMITS, Limits, TimeUp, limited
from caliber_crawler.processes.worker import Worker

Item = TypeVar("Item")
Result = TypeVar("Result")

AHEAD = 8
"""Calls under way for each worker."""
START_NEXT = 16
"""Calls after which a further worker is started: to start one takes longer than to extract a few pages."""
MAX_IDLE_LENGTH = 60.0
"""Seconds after which a worker that nobody used is ended when the next one is asked for."""

_idle: list[tuple[Worker, float]] = []
"""Workers that wait for the next executor of this process, with the time since when. They end with this process."""


def take_worker() -> Worker:
    """A worker that waits, or a new one."""
    while _idle:
        worker, since = _idle.pop()
        worker.receive()
        if not worker.ended and time.monotonic() - since < MAX_IDLE_LENGTH:
            return worker
        worker.close()
    return Worker()


def release_worker(worker: Worker) -> None:
    """Give a worker back. One that is at a call is ended."""
    if worker.calls or worker.ended:
        worker.close()
    else:
        _idle.append((worker, time.monotonic()))


@atexit.register
def end_idle_workers() -> None:
    """End the workers that wait. They end with this process, too, however that ends."""
    while _idle:
        _idle.pop()[0].close()


class Executor(Generic[Item]):
    """Has a function called on items by at most ``workers`` processes, started as there is work for them.

    ``function`` is called with the arguments that ``arguments`` gives for an item, after ``context`` where there is
    one: a value that is sent to each worker once. ``tries`` is how often a call may end its worker.
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
        ahead: int = AHEAD,
        start_next: int = START_NEXT,
    ) -> None:
        self._function = function
        self._arguments = arguments
        self._most = workers
        self._context = None if context is None else Context(context)
        self._limits = limits
        self._tries = tries
        self._ahead = ahead
        self._start_next = start_next
        self._workers: list[Worker] = []
        self._sent = 0

    def map(self, items: Iterable[Item]) -> Generator[tuple[Item, Call], None, None]:
        """Each item with its settled call, in the order of the items."""
        iterator = iter(items)
        under_way: deque[tuple[Item, Call]] = deque()
        try:
            while self._send_more(iterator, under_way) or under_way:
                while not under_way[0][1].done:
                    self._wait()
                yield under_way.popleft()
        finally:
            self.close()

    def map_unordered(self, items: Iterable[Item]) -> Generator[tuple[Item, Call], None, None]:
        """Each item with its settled call, as they are settled."""
        iterator = iter(items)
        under_way: deque[tuple[Item, Call]] = deque()
        try:
            while self._send_more(iterator, under_way) or under_way:
                while not any(call.done for _, call in under_way):
                    self._wait()
                settled = next(pair for pair in under_way if pair[1].done)
                under_way.remove(settled)
                yield settled
        finally:
            self.close()

    def close(self) -> None:
        """Give the workers back, without what the context opened there; end those that are at a call."""
        while self._workers:
            worker = self._workers.pop()
            if self._context is not None and not worker.calls:
                worker.send(Call(close_context, context=self._context))
                while worker.calls and not worker.ended:
                    exchange([worker])
            release_worker(worker)

    def _send_more(self, items: Iterator[Item], under_way: deque[tuple[Item, Call]]) -> bool:
        """Send calls while there is room. Returns whether one was sent."""
        sent = False
        while len(under_way) < self._most * self._ahead:
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
            under_way.append((item, call))
            self._send(call)
            sent = True
        return sent

    def _send(self, call: Call) -> None:
        if len(self._workers) < self._most and self._sent >= len(self._workers) * self._start_next:
            self._workers.append(take_worker())
        self._sent += 1
        min(self._workers, key=lambda worker: len(worker.calls)).send(call)

    def _wait(self) -> None:
        """Wait until a worker has answered, has room for more, or has ended."""
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
    """Let go of what calls opened, where the context has a method for that."""
    close = getattr(context, "close", None)
    if close is not None:
        close()


def exchange(workers: Iterable[Worker]) -> None:
    """Wait until something can be received from a worker or sent to one, and do so."""
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
    """Call a function within limits: in a worker, or here when this process is one.

    There it is a step of a longer call, named by ``key``. A step that ended a worker before runs in another one.
    Raises :class:`TooSlow`, ``WorkerCrashed``, ``MemoryError`` or what the function raises.
    """
    here = serving.current
    too_slow = f"it took more than {limits.cpu_seconds:g} s of CPU time"
    if here is not None and key in here.too_slow:
        raise TooSlow(too_slow)
    if here is None or here.suspects is None or key in here.suspects:
        call = Call(function, arguments, limits=limits, tries=TRIES if here is None else TRIES - 1)
        run_call(call)
        value: Result = call.result()
        return value
    here.begin_step(key)
    try:
        with limited(limits):
            return function(*arguments)
    except TimeUp:
        raise TooSlow(too_slow) from None


def run_call(call: Call) -> None:
    """Have one call run by a worker, and wait until it is settled."""
    worker = take_worker()
    try:
        worker.send(call)
        while not call.done:
            exchange([worker])
            if worker.ended:
                left = worker.take_back()
                worker = take_worker()
                for again in left:
                    worker.send(again)
    finally:
        release_worker(worker)
