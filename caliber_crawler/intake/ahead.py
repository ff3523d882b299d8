"""Reading ahead: pages are read by other processes while this one takes them in, in the order they came."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from itertools import islice
from multiprocessing import get_context
from typing import TypeVar

from caliber_crawler.items import Capture, Problem, Reading

Read = Callable[[Capture], Reading | Problem]
Carrier = TypeVar("Carrier")

READ_HERE = 32
"""Pages that are read before other processes are started, which takes longer than reading these."""
AHEAD = 8
"""Pages under way for each process."""


def read_ahead(
    items: Iterable[Carrier], capture_of: Callable[[Carrier], Capture], read: Read, jobs: int
) -> Iterator[tuple[Carrier, Reading | Problem]]:
    """Each item with what was read on its capture, in order. ``read`` must be able to go to another process."""
    iterator = iter(items)
    for item in iterator if jobs == 1 else islice(iterator, READ_HERE):
        yield item, read(capture_of(item))
    rest = next(iterator, None)
    if rest is None:
        return
    # Spawned, not forked: a forked child would share the connection to the archive.
    with ProcessPoolExecutor(jobs, get_context("spawn")) as pool:
        under_way: deque[tuple[Carrier, Future[Reading | Problem]]] = deque()
        read_there = partial(read_lightly, read)
        try:
            while rest is not None or under_way:
                if rest is not None:
                    under_way.append((rest, pool.submit(read_there, capture_of(rest))))
                    rest = next(iterator, None)
                if rest is None or len(under_way) >= jobs * AHEAD:
                    item, outcome = under_way.popleft()
                    yield item, outcome.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def read_lightly(read: Read, capture: Capture) -> Reading | Problem:
    """Read a page, and do not send it back as well."""
    outcome = read(capture)
    return replace(outcome, capture=replace(capture, body=b"")) if isinstance(outcome, Reading) else outcome
