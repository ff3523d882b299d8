"""An executor for an event loop: several users share one worker."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar, cast

from caliber_crawler.processes.call import Call, Context
from caliber_crawler.processes.executor import release_worker, take_worker
from caliber_crawler.processes.limits import PAGE_LIMITS, Limits
from caliber_crawler.processes.worker import Worker

T = TypeVar("T")


class AsyncExecutor:
    """Runs calls in one worker, in order, each within limits.

    The worker starts when the first user joins. When the last one has left, it is kept for the next user or executor
    of this process: the crawls of several sites, one after the other, need not start one each.
    """

    def __init__(self, limits: Limits = PAGE_LIMITS) -> None:
        self._limits = limits
        self._users = 0
        self._worker: Worker | None = None

    def join(self) -> None:
        """Add a user; each one calls :meth:`leave` at its end."""
        self._users += 1
        self._start()

    async def leave(self) -> None:
        """Remove a user. After the last one, the remaining calls are cancelled."""
        self._users -= 1
        if self._users == 0 and self._worker is not None:
            worker, self._worker = self._worker, None
            self._unwatch(worker)
            left = list(worker.calls)
            release_worker(worker)
            for call in left:
                call.settle(error=asyncio.CancelledError())

    async def call(
        self,
        function: Callable[..., T],
        *arguments: object,
        context: Context | None = None,
        limits: Limits | None = None,
    ) -> T:
        """The result of a function that runs in the worker. Raises its exception, ``TooSlow`` or ``WorkerCrashed``."""
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

        def settle(call: Call) -> None:
            if not answer.done():
                try:
                    answer.set_result(call.result())
                except BaseException as error:  # noqa: BLE001 - the awaiting caller raises it
                    answer.set_exception(error)

        call = Call(function, arguments, limits=limits or self._limits, context=context, on_done=settle)
        worker = self._start()
        worker.send(call)
        self._watch_sending(worker)
        return cast(T, await answer)

    def _start(self) -> Worker:
        if self._worker is None:
            self._worker = take_worker()
            asyncio.get_running_loop().add_reader(self._worker.reading_end, self._receive, self._worker)
        return self._worker

    def _receive(self, worker: Worker) -> None:
        worker.receive()
        if not worker.ended:
            return
        self._unwatch(worker)
        self._worker = None
        left = worker.take_back()
        if left or self._users:
            successor = self._start()
            for call in left:
                successor.send(call)
            self._watch_sending(successor)

    def _watch_sending(self, worker: Worker) -> None:
        if worker.has_more_to_send:
            asyncio.get_running_loop().add_writer(worker.writing_end, self._flush, worker)

    def _flush(self, worker: Worker) -> None:
        worker.flush()
        if not worker.has_more_to_send:
            asyncio.get_running_loop().remove_writer(worker.writing_end)

    def _unwatch(self, worker: Worker) -> None:
        loop = asyncio.get_running_loop()
        loop.remove_reader(worker.reading_end)
        loop.remove_writer(worker.writing_end)
