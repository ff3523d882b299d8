"""A call that hangs, crashes or fills the memory ends its worker only; the event loop continues."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest

from caliber_crawler.processes import Limits, TooSlow, WorkerCrashed
from caliber_crawler.processes.async_executor import AsyncExecutor
from caliber_crawler.processes.call import Context
from caliber_crawler.processes.executor import end_idle_workers
from caliber_crawler.processes.serving import MAX_RESIDENT_BYTES
from tests.processes.calls import (
    crash,
    crash_once,
    double,
    fill_memory,
    is_alive,
    keep_memory,
    multiply,
    own_pid,
    parse_endless_tag,
    print_output,
    raise_key_error,
    raise_unpicklable,
)

pytestmark = pytest.mark.slow

T = TypeVar("T")
LIMITS = Limits(cpu_seconds=1.0)


def run_calls(calls: Callable[[AsyncExecutor], Awaitable[T]]) -> T:
    async def run() -> T:
        executor = AsyncExecutor(LIMITS)
        executor.join()
        try:
            return await calls(executor)
        finally:
            await executor.leave()

    return asyncio.run(run())


def test_calls_run_in_another_process_and_get_their_own_results() -> None:
    async def calls(executor: AsyncExecutor) -> tuple[list[int], int]:
        doubled = await asyncio.gather(*(executor.call(double, n) for n in range(50)))
        return list(doubled), await executor.call(own_pid)

    doubled, pid = run_calls(calls)
    assert doubled == [2 * n for n in range(50)]
    assert pid != os.getpid()


def test_messages_of_many_megabytes_arrive_complete() -> None:
    page = bytes(range(256)) * 40_000

    async def calls(executor: AsyncExecutor) -> list[bytes]:
        return list(await asyncio.gather(*(executor.call(bytes, page) for _ in range(5))))

    assert run_calls(calls) == [page] * 5


def test_hanging_c_code_is_ended_and_later_calls_are_answered() -> None:
    async def calls(executor: AsyncExecutor) -> list[Any]:
        waiting = (executor.call(parse_endless_tag, 200_000), executor.call(double, 1), executor.call(double, 2))
        return list(await asyncio.gather(*waiting, return_exceptions=True))

    hung, *others = run_calls(calls)
    assert isinstance(hung, TooSlow)
    assert str(hung) == "it took more than 1 s of CPU time"
    assert others == [2, 4]


def test_call_that_crashes_its_worker_twice_fails() -> None:
    async def calls(executor: AsyncExecutor) -> list[Any]:
        waiting = (executor.call(double, 1), executor.call(crash, None), executor.call(double, 2))
        return list(await asyncio.gather(*waiting, return_exceptions=True))

    before, crashed, behind = run_calls(calls)
    assert (before, behind) == (2, 4)
    assert isinstance(crashed, WorkerCrashed)
    assert str(crashed) == "it ended its worker process 2 times (SIGSEGV)"


def test_call_whose_worker_was_killed_once_is_retried(tmp_path: Path) -> None:
    assert run_calls(lambda executor: executor.call(crash_once, tmp_path / "mark")) == "done"


def test_call_that_exceeds_the_memory_limit_fails_alone() -> None:
    async def calls(executor: AsyncExecutor) -> int:
        with pytest.raises(MemoryError):
            await executor.call(fill_memory, 2 * LIMITS.memory)
        return await executor.call(double, 2)

    assert run_calls(calls) == 4


def test_worker_that_uses_too_much_memory_is_replaced() -> None:
    async def calls(executor: AsyncExecutor) -> tuple[int, int]:
        before = await executor.call(own_pid)
        await executor.call(keep_memory, MAX_RESIDENT_BYTES)
        return before, await executor.call(own_pid)

    before, after = run_calls(calls)
    assert before != after


def test_context_is_sent_to_every_worker(tmp_path: Path) -> None:
    async def calls(executor: AsyncExecutor) -> list[int]:
        context = Context(7)
        first = await executor.call(multiply, 2, context=context)
        await executor.call(crash_once, tmp_path / "mark")
        return [first, await executor.call(multiply, 3, context=context)]

    assert run_calls(calls) == [14, 21]


def test_error_has_the_traceback_of_the_worker() -> None:
    with pytest.raises(KeyError, match="word") as error:
        run_calls(lambda executor: executor.call(raise_key_error, "word"))
    assert "in raise_key_error" in "".join(error.value.__notes__)


def test_error_that_cannot_be_pickled_is_sent_as_text() -> None:
    with pytest.raises(RuntimeError, match="such a page"):
        run_calls(lambda executor: executor.call(raise_unpicklable))


def test_printed_output_does_not_mix_with_answers() -> None:
    assert run_calls(lambda executor: executor.call(print_output, "word")) == "word"


def test_a_worker_is_kept_for_the_next_users() -> None:
    async def two_users() -> list[int]:
        executor = AsyncExecutor(LIMITS)
        executor.join()
        executor.join()
        pids = [await executor.call(own_pid)]
        await executor.leave()
        pids.append(await executor.call(own_pid))
        await executor.leave()
        return pids

    pids = asyncio.run(two_users()) + asyncio.run(two_users())
    assert len(set(pids)) == 1
    assert is_alive(pids[0])
    end_idle_workers()
    assert not is_alive(pids[0])


def test_a_busy_worker_ends_with_its_last_user() -> None:
    async def one_user() -> int:
        executor = AsyncExecutor(LIMITS)
        executor.join()
        pid = await executor.call(own_pid)
        sleeping = asyncio.ensure_future(executor.call(time.sleep, 60))
        await asyncio.sleep(0)
        await executor.leave()
        with pytest.raises(asyncio.CancelledError):
            await sleeping
        return pid

    assert not is_alive(asyncio.run(one_user()))


@pytest.mark.parametrize("work", ["idle", "hangs"])
def test_the_worker_ends_when_its_parent_is_killed(work: str) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-m", "tests.processes.killed_parent", work],
        cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    assert is_alive(child)
    parent.kill()
    parent.wait()
    parent.stdout.close()
    until = time.monotonic() + 60
    while is_alive(child) and time.monotonic() < until:
        time.sleep(0.05)
    assert not is_alive(child)
