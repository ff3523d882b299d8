"""A limit on the time of a call that may hang, as one to a network file system whose server is gone."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

from caliber_crawler.errors import StorageUnavailable

Answer = TypeVar("Answer")

PATIENCE = 120.0
"""Seconds for any call to the storage."""
HURRY = 30.0
"""Seconds for a call that runs when the process is asked to stop; systemd waits for 90 (``docs/deploy``)."""
CHECK = 0.5
"""Seconds between two looks whether the process is stopping."""
LEAST_RATE = 1_000_000
"""Bytes per second; a slower transfer counts as one that hangs."""


def limit_for(size: int) -> float:
    """Seconds for the transfer of a number of bytes."""
    return PATIENCE + size / LEAST_RATE


async def call_within(seconds: float, call: Callable[[], Answer], is_stopping: Callable[[], bool] = bool) -> Answer:
    """Call the storage in a thread. Raises :class:`StorageUnavailable` if it takes longer.

    If the process is stopping, it may take another :data:`HURRY`: what could not be stored must be kept before whoever
    stops the process kills it. The thread is a new one: a call that hangs cannot be ended, and would occupy one of a
    pool for ever. It does not keep the process from ending.
    """
    future = asyncio.wrap_future(_start(call))
    loop = asyncio.get_running_loop()
    start = end = loop.time()
    end += seconds
    is_hurried = False
    while not future.done():
        if not is_hurried and is_stopping():
            is_hurried, end = True, min(end, loop.time() + HURRY)
        if (left := end - loop.time()) <= 0:
            raise _hanging(loop.time() - start)
        await asyncio.wait([future], timeout=min(left, CHECK))
    return future.result()


def wait_within(seconds: float, call: Callable[[], Answer]) -> Answer:
    """The same without an event loop."""
    future = _start(call)
    try:
        return future.result(seconds)
    except TimeoutError:
        if future.done():
            raise
        raise _hanging(seconds) from None


def _start(call: Callable[[], Answer]) -> Future[Answer]:
    future: Future[Answer] = Future()
    future.set_running_or_notify_cancel()

    def run() -> None:
        try:
            answer = call()
        except BaseException as error:  # noqa: BLE001 - the caller raises it
            future.set_exception(error)
        else:
            future.set_result(answer)

    threading.Thread(target=run, name="storage", daemon=True).start()
    return future


def _hanging(seconds: float) -> StorageUnavailable:
    return StorageUnavailable(
        f"The storage has not answered for {seconds:,.0f} s; check the mount or the server that it is on."
    )
