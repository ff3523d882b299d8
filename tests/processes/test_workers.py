"""Quick tests with a worker process: messages larger than a pipe, workers that end, and users of an event loop."""

from __future__ import annotations

import asyncio
import fcntl
import os
from pathlib import Path

import pytest

from caliber_crawler.processes import Call, Executor, WorkerCrashed, end_idle_workers, run_limited
from caliber_crawler.processes.async_executor import AsyncExecutor
from caliber_crawler.processes.executor import release_worker, take_worker
from caliber_crawler.processes.worker import Worker, has_descriptor
from tests.processes.calls import crash, crash_once, double, is_alive, own_pid, sleep

# A loop that waits for a worker in vain is a failure, not a reason to wait for minutes.
pytestmark = pytest.mark.timeout(40)


def crash_on_two(number: int) -> int:
    if number == 2:
        crash()
    return number


def test_a_message_larger_than_a_pipe_arrives_complete() -> None:
    text = bytes(range(256)) * 16_000
    assert run_limited(bytes, text) == text


def test_a_pipe_has_room_for_many_pages() -> None:
    worker, pipe = take_worker(), os.pipe()
    assert fcntl.fcntl(worker.writing_end, fcntl.F_GETPIPE_SZ) >= fcntl.fcntl(pipe[0], fcntl.F_GETPIPE_SZ)
    for end in pipe:
        os.close(end)
    release_worker(worker)


@pytest.mark.slow
@pytest.mark.parametrize("in_order", [True, False])
def test_a_crashing_call_fails_and_the_others_are_answered(in_order: bool) -> None:
    executor = Executor[int](crash_on_two, lambda number: (number,), 1, tries=1)
    calls = executor.map(range(4)) if in_order else executor.map_unordered(range(4))
    answered = dict(calls)
    assert [answered[number].result() for number in (0, 1, 3)] == [0, 1, 3]
    with pytest.raises(WorkerCrashed, match=r"1 times \(SIGSEGV\)"):
        answered[2].result()


def test_a_call_whose_worker_ended_once_is_sent_to_another(tmp_path: Path) -> None:
    ((_, call),) = Executor[Path](crash_once, lambda path: (path,), 1).map([tmp_path / "mark"])
    assert call.result() == "done"


def test_idle_workers_end_on_request_and_busy_ones_are_killed() -> None:
    idle = run_limited(own_pid)
    end_idle_workers()
    assert not is_alive(idle)
    busy = Worker()
    busy.send(Call(sleep, (600,)))
    release_worker(busy)
    assert not is_alive(busy.pid)


def test_a_worker_that_has_ended_is_not_used_again() -> None:
    first = take_worker()
    os.kill(first.pid, 9)
    first._process.wait()
    release_worker(first)
    second = take_worker()
    assert second.pid != first.pid
    release_worker(second)


def test_the_last_user_ends_the_worker_and_cancels_its_calls() -> None:
    async def leave_during_a_call() -> tuple[bool, bool]:
        executor = AsyncExecutor()
        executor.join()
        executor.join()
        pid = await executor.call(own_pid)
        calls = [asyncio.ensure_future(executor.call(sleep, 600)) for _ in range(2)]
        await asyncio.sleep(0)
        await executor.leave()
        between = is_alive(pid)
        await executor.leave()
        results = await asyncio.wait_for(asyncio.gather(*calls, return_exceptions=True), 20)
        assert [type(result) for result in results] == [asyncio.CancelledError] * 2
        return between, is_alive(pid)

    assert asyncio.run(leave_during_a_call()) == (True, False)


@pytest.mark.parametrize("users", [0, 1])
def test_a_call_whose_worker_ended_is_repeated_in_an_event_loop(tmp_path: Path, users: int) -> None:
    async def call() -> list[object]:
        executor = AsyncExecutor()
        for _ in range(users):
            executor.join()
        calls = asyncio.gather(executor.call(crash_once, tmp_path / "mark"), executor.call(double, 2))
        try:
            return list(await asyncio.wait_for(calls, 20))
        finally:
            executor._users = 1
            await executor.leave()

    assert asyncio.run(call()) == ["done", 4]


def test_only_a_stream_with_a_descriptor_is_inherited(tmp_path: Path) -> None:
    with (tmp_path / "log").open("w") as file:
        assert has_descriptor(file)
    assert not has_descriptor(file)
    assert not has_descriptor(None)
