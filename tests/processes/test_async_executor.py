"""What hangs, crashes or takes all the memory ends its worker, and nothing else; the event loop goes on."""

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

from caliber_crawler.processes import AsyncExecutor, Limits, TooSlow, WorkerCrashed
from caliber_crawler.processes.call import Context
from caliber_crawler.processes.serving import GROWN
from tests.processes.calls import (
    chatter,
    complain,
    complain_unspeakably,
    crash,
    crash_once,
    double,
    fill_memory,
    is_alive,
    keep_memory,
    multiply,
    own_pid,
    parse_endless_tag,
)

pytestmark = pytest.mark.slow

T = TypeVar("T")
LIMITS = Limits(cpu_seconds=1.0)


def executed(calls: Callable[[AsyncExecutor], Awaitable[T]]) -> T:
    async def joined() -> T:
        executor = AsyncExecutor(LIMITS)
        executor.join()
        try:
            return await calls(executor)
        finally:
            await executor.leave()

    return asyncio.run(joined())


def test_calls_are_answered_by_another_process_and_each_with_its_own_answer() -> None:
    async def calls(executor: AsyncExecutor) -> tuple[list[int], int]:
        doubled = await asyncio.gather(*(executor.call(double, n) for n in range(50)))
        return list(doubled), await executor.call(own_pid)

    doubled, pid = executed(calls)
    assert doubled == [2 * n for n in range(50)]
    assert pid != os.getpid()


def test_messages_of_many_megabytes_arrive_whole() -> None:
    page = bytes(range(256)) * 40_000

    async def calls(executor: AsyncExecutor) -> list[bytes]:
        return list(await asyncio.gather(*(executor.call(bytes, page) for _ in range(5))))

    assert executed(calls) == [page] * 5


def test_c_code_that_hears_no_signal_is_ended_and_the_calls_behind_it_are_answered() -> None:
    async def calls(executor: AsyncExecutor) -> list[Any]:
        waiting = (executor.call(parse_endless_tag, 200_000), executor.call(double, 1), executor.call(double, 2))
        return list(await asyncio.gather(*waiting, return_exceptions=True))

    hung, *others = executed(calls)
    assert isinstance(hung, TooSlow)
    assert str(hung) == "it took more than 1 s of CPU time"
    assert others == [2, 4]


def test_a_call_that_crashes_its_worker_twice_is_given_up() -> None:
    async def calls(executor: AsyncExecutor) -> list[Any]:
        waiting = (executor.call(double, 1), executor.call(crash, None), executor.call(double, 2))
        return list(await asyncio.gather(*waiting, return_exceptions=True))

    before, crashed, behind = executed(calls)
    assert (before, behind) == (2, 4)
    assert isinstance(crashed, WorkerCrashed)
    assert str(crashed) == "it ended its worker process 2 times (SIGSEGV)"


def test_a_call_whose_worker_was_killed_by_somebody_else_is_made_again(tmp_path: Path) -> None:
    assert executed(lambda executor: executor.call(crash_once, tmp_path / "mark")) == "done"


def test_a_call_that_takes_too_much_memory_fails_alone() -> None:
    async def calls(executor: AsyncExecutor) -> int:
        with pytest.raises(MemoryError):
            await executor.call(fill_memory, 2 * LIMITS.memory)
        return await executor.call(double, 2)

    assert executed(calls) == 4


def test_a_worker_that_has_grown_is_replaced() -> None:
    async def calls(executor: AsyncExecutor) -> tuple[int, int]:
        before = await executor.call(own_pid)
        await executor.call(keep_memory, GROWN)
        return before, await executor.call(own_pid)

    before, after = executed(calls)
    assert before != after


def test_a_context_reaches_every_worker(tmp_path: Path) -> None:
    async def calls(executor: AsyncExecutor) -> list[int]:
        context = Context(7)
        first = await executor.call(multiply, 2, context=context)
        await executor.call(crash_once, tmp_path / "mark")
        return [first, await executor.call(multiply, 3, context=context)]

    assert executed(calls) == [14, 21]


def test_an_error_comes_back_with_the_place_where_it_arose() -> None:
    with pytest.raises(KeyError, match="word") as error:
        executed(lambda executor: executor.call(complain, "word"))
    assert "in complain" in "".join(error.value.__notes__)


def test_an_error_that_cannot_be_pickled_arrives_as_text() -> None:
    with pytest.raises(RuntimeError, match="such a page"):
        executed(lambda executor: executor.call(complain_unspeakably))


def test_what_a_library_prints_is_no_answer() -> None:
    assert executed(lambda executor: executor.call(chatter, "word")) == "word"


def test_the_worker_ends_with_its_last_user() -> None:
    async def two_users() -> tuple[int, bool, bool]:
        executor = AsyncExecutor(LIMITS)
        executor.join()
        executor.join()
        pid = await executor.call(own_pid)
        await executor.leave()
        between = is_alive(pid)
        await executor.leave()
        return pid, between, is_alive(pid)

    _, between, afterwards = asyncio.run(two_users())
    assert between
    assert not afterwards


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
