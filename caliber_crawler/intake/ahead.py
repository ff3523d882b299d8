"""Reading ahead: pages are read by other processes while this one takes them in, in the order they came."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from functools import partial
from itertools import islice
from typing import Generic, TypeVar

from caliber_crawler.items import Capture, Problem, Reading
from caliber_crawler.processes.pool import worker_pool

Carrier = TypeVar("Carrier")
Outcome = TypeVar("Outcome")

READ_HERE = 32
"""Pages that are read before other processes are started, which takes longer than reading these."""
AHEAD = 8
"""Pages under way for each process."""


def read_ahead(
    items: Iterable[Carrier], capture_of: Callable[[Carrier], Capture], read: Callable[[Capture], Outcome], jobs: int
) -> Iterator[tuple[Carrier, Outcome | Problem]]:
    """Each item with what was read on its capture, in order. ``read`` must be able to go to another process.

    A page that ends the process it is read in is a problem of its own, and costs the others nothing.
    """
    iterator = iter(items)
    for item in iterator if jobs == 1 else islice(iterator, READ_HERE):
        yield item, read(capture_of(item))
    rest = next(iterator, None)
    if rest is None:
        return
    readers = Readers(capture_of, read, jobs)
    try:
        while rest is not None or readers.under_way:
            if rest is not None:
                readers.begin(rest)
                rest = next(iterator, None)
            if rest is None or len(readers.under_way) >= jobs * AHEAD:
                yield from readers.finish()
    finally:
        readers.close()


class Readers(Generic[Carrier, Outcome]):
    """Processes that read, and what they are at."""

    def __init__(self, capture_of: Callable[[Carrier], Capture], read: Callable[[Capture], Outcome], jobs: int) -> None:
        self._capture_of = capture_of
        self._read = partial(read_lightly, read)
        self._jobs = jobs
        self._pool = worker_pool(jobs)
        self.under_way: deque[tuple[Carrier, Future[Outcome] | None]] = deque()
        """``None`` stands for a page that came when there was nobody to read it any more."""

    def begin(self, item: Carrier) -> None:
        """Have a page read."""
        try:
            self.under_way.append((item, self._pool.submit(self._read, self._capture_of(item))))
        except BrokenProcessPool:
            self.under_way.append((item, None))

    def finish(self) -> Iterator[tuple[Carrier, Outcome | Problem]]:
        """The oldest page under way; all of them when one has ended its process, for nobody knows which."""
        item, future = self.under_way[0]
        try:
            if future is None:
                raise BrokenProcessPool
            outcome = future.result()
        except BrokenProcessPool:
            yield from self._one_by_one()
            return
        self.under_way.popleft()
        yield item, outcome

    def close(self) -> None:
        """Have the processes end, and not wait for what is under way."""
        self._pool.shutdown(wait=not self.under_way, cancel_futures=True)

    def _one_by_one(self) -> Iterator[tuple[Carrier, Outcome | Problem]]:
        self.close()
        alone = worker_pool(1)
        try:
            while self.under_way:
                capture = self._capture_of(self.under_way[0][0])
                outcome: Outcome | Problem
                try:
                    outcome = alone.submit(self._read, capture).result()
                except BrokenProcessPool:
                    alone = worker_pool(1)
                    message = f"{capture.address} ended the process that was reading it."
                    outcome = Problem(stage="extract", reason="crash", message=message, fatal=True)
                yield self.under_way.popleft()[0], outcome
        finally:
            alone.shutdown(wait=False, cancel_futures=True)
        self._pool = worker_pool(self._jobs)


def read_lightly(read: Callable[[Capture], Outcome], capture: Capture) -> Outcome:
    """Read a page, and do not send it back as well."""
    outcome = read(capture)
    return replace(outcome, capture=replace(capture, body=b"")) if isinstance(outcome, Reading) else outcome
