"""Dask as the engine: parts run by the workers of a cluster, here or on many machines. Needs the extra ``bulk``.

Dask knows nothing of shards: that each appears once is our own rule, so its losing and repeating of work is harmless.
"""

from __future__ import annotations

import importlib
import logging
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from itertools import islice
from typing import Any

from caliber_crawler.bulk.engines import MAX_RETRIES, Answer, Work, answer_of, failed, outcome_of
from caliber_crawler.bulk.extraction import Outcome
from caliber_crawler.bulk.parts import Part
from caliber_crawler.errors import CaliberError, MissingExtra
from caliber_crawler.processes import Call, run_call

MAX_LOST_WORKERS = 100
"""Workers that may be lost under one part before it is given up: on borrowed machines many are, and no part is to blame
(Dask's own figure is 3)."""
MAX_IN_FLIGHT_PER_THREAD = 4
"""Parts given to the scheduler for each thread of the cluster: a million at once would be a burden to it."""
MIN_IN_FLIGHT = 64
"""... or so many while workers are yet to come."""


class DaskEngine:
    """Workers of a Dask cluster: of the one whose scheduler has this address, or of a new one on this machine.

    Workers on other machines need this package with its extra ``bulk``, and the inputs and the folder of shards under
    the same paths. Raises ``MissingExtra`` where Dask is not installed.
    """

    def __init__(self, address: str | None, jobs: int) -> None:
        self._address = address
        self._jobs = jobs
        try:
            # Nothing in it has types.
            self._dask: Any = importlib.import_module("distributed")
        except ImportError:
            raise MissingExtra("bulk") from None

    def map(self, work: Work, parts: Sequence[Part]) -> Iterator[tuple[Part, Outcome]]:
        """See :class:`~caliber_crawler.bulk.engines.Engine`. Raises ``CaliberError`` when there is no scheduler."""
        waiting = iter(parts)
        with ExitStack() as stack:
            client = self._connected(stack)
            client.run_on_scheduler(allow_losses)
            under_way: dict[Any, Part] = {}

            def submitted(count: int) -> list[Any]:
                given = {
                    client.submit(run_part, work, part, pure=False, retries=MAX_RETRIES): part
                    for part in islice(waiting, count)
                }
                under_way.update(given)
                return list(given)

            ended = self._dask.as_completed(submitted(ahead(client)))
            for future in ended:
                part = under_way.pop(future)
                ended.update(submitted(ahead(client) - len(under_way)))
                yield part, outcome(part, future)

    def _connected(self, stack: ExitStack) -> Any:
        address: Any = self._address
        if address is None:
            # One thread for each worker: each has a process of its own for the reading.
            cluster = self._dask.LocalCluster(
                n_workers=self._jobs,
                threads_per_worker=1,
                host="127.0.0.1",
                dashboard_address="127.0.0.1:0",
                silence_logs=logging.CRITICAL,
            )
            address = stack.enter_context(cluster)
        try:
            return stack.enter_context(self._dask.Client(address))
        except (OSError, ValueError) as error:
            raise CaliberError(f"There is no Dask scheduler at {self._address}: {error}.") from error


def run_part(work: Work, part: Part) -> Answer:
    """Run by a Dask worker: have a part done by a process of its own, whose main thread hears the alarms."""
    call = Call(work, (part,), tries=MAX_RETRIES + 1)
    run_call(call)
    return answer_of(call)


def ahead(client: Any) -> int:
    threads: int = sum(client.nthreads().values())
    return max(MIN_IN_FLIGHT, MAX_IN_FLIGHT_PER_THREAD * threads)


def outcome(part: Part, future: Any) -> Outcome:
    if future.status == "finished":
        return outcome_of(part, future.result())
    return failed(part, f"{future.exception()}".rstrip("."))


def allow_losses(dask_scheduler: Any) -> None:
    """Run in the scheduler: a part is not to blame for every worker that is lost under it."""
    dask_scheduler.allowed_failures = max(dask_scheduler.allowed_failures, MAX_LOST_WORKERS)
