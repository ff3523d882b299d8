"""Worker processes that read while the one that started them writes, and that end with it, however it ends."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context, parent_process
from typing import Any


def worker_pool(jobs: int, start: Callable[..., object] | None = None, *arguments: Any) -> ProcessPoolExecutor:
    """A pool of so many processes; each calls ``start`` with these arguments before its first piece of work."""
    # Spawned, not forked: a forked child would share the connection to the archive.
    return ProcessPoolExecutor(jobs, get_context("spawn"), initializer=begin, initargs=(start, arguments))


def begin(start: Callable[..., object] | None, arguments: tuple[Any, ...]) -> None:
    # Control-C goes to all processes of a terminal; the one that gives out the work decides.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # A worker that waits for work would never hear that nobody is left to give it any.
    threading.Thread(target=end_with_parent, daemon=True).start()
    if start is not None:
        start(*arguments)


def end_with_parent() -> None:
    parent = parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)
