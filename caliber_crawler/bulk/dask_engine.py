"""The Dask engine: workers of a Dask cluster run parts, on one or many machines. Needs the extra ``bulk``.

Dask may lose or repeat work. This is harmless, because a shard is published only once.
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
"""Maximum number of workers lost while running one part (Dask's default is 3). Preemptible machines are lost often, and
that is not the fault of the part."""
MAX_IN_FLIGHT_PER_THREAD = 4
"""Parts submitted to the scheduler for each thread of the cluster; submitting all at once would overload it."""
MIN_IN_FLIGHT = 64
"""Minimum number of submitted parts, for a cluster whose workers have not started yet."""


class DaskEngine:
    """Runs parts on the Dask cluster whose scheduler is at ``address``, or on a new cluster on this machine.

    Workers on other machines need this package with its extra ``bulk``, and the same paths to the inputs and to the
    folder of shards. Raises ``MissingExtra`` if Dask is not installed.
    """

    def __init__(self, address: str | None, jobs: int) -> None:
        self._address = address
        self._jobs = jobs
        try:
            # Dask has no type annotations.
            self._dask: Any = importlib.import_module("distributed")
        except ImportError:
            raise MissingExtra("bulk") from None

    def map(self, work: Work, parts: Sequence[Part]) -> Iterator[tuple[Part, Outcome]]:
        """See :class:`~caliber_crawler.bulk.engines.Engine`. Raises ``CaliberError`` if no scheduler is reachable."""
        waiting = iter(parts)
        with ExitStack() as stack:
            client = self._connect(stack)
            client.run_on_scheduler(allow_losses)
            in_flight: dict[Any, Part] = {}

            def submit(count: int) -> list[Any]:
                futures = {
                    client.submit(run_part, work, part, pure=False, retries=MAX_RETRIES): part
                    for part in islice(waiting, count)
                }
                in_flight.update(futures)
                return list(futures)

            ended = self._dask.as_completed(submit(in_flight_limit(client)))
            for future in ended:
                part = in_flight.pop(future)
                ended.update(submit(in_flight_limit(client) - len(in_flight)))
                yield part, outcome(part, future)

    def _connect(self, stack: ExitStack) -> Any:
        address: Any = self._address
        if address is None:
            # One thread per worker: each starts its own process for extraction.
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
            raise CaliberError(f"No Dask scheduler is reachable at {self._address}: {error}.") from error


def run_part(work: Work, part: Part) -> Answer:
    """Called in a Dask worker: run a part in a separate process, because only a main thread receives signals."""
    call = Call(work, (part,), tries=MAX_RETRIES + 1)
    run_call(call)
    return answer_of(call)


def in_flight_limit(client: Any) -> int:
    threads: int = sum(client.nthreads().values())
    return max(MIN_IN_FLIGHT, MAX_IN_FLIGHT_PER_THREAD * threads)


def outcome(part: Part, future: Any) -> Outcome:
    """The outcome of a part that has ended.

    Its status may have changed since: the result was lost with its worker, and Dask runs the part again.
    """
    try:
        answer = future.result()  # waits for the repetition
    except Exception as error:  # noqa: BLE001
        return failed(part, f"{error}".rstrip("."))
    return outcome_of(part, answer)


def allow_losses(dask_scheduler: Any) -> None:
    """Called in the scheduler: allow a part to lose more workers than Dask's default."""
    dask_scheduler.allowed_failures = max(dask_scheduler.allowed_failures, MAX_LOST_WORKERS)
