"""Many calls in several workers: results are in order, and a call that hangs or crashes does not affect the others."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from caliber_crawler.processes import Executor, Limits, TooSlow, WorkerCrashed, WorkerKilled, run_limited
from tests.processes.calls import (
    backtrack,
    be_killed,
    crash,
    double,
    fill_memory,
    is_alive,
    multiply,
    own_pid,
    parse_endless_tag,
    run_steps,
    sleep,
    spin,
    spin_catching_exceptions,
)

LIMITS = Limits(cpu_seconds=0.3, wall_seconds=20)

SCRIPT = """
import os, signal, time
from caliber_crawler.processes import Executor

if __name__ == "__main__":
    calls = Executor(eval, lambda text: (text,), 2, start_next=1).map(
        ["__import__('os').getpid()"] * 10 + ["__import__('time').sleep(600)"] * 4)
    print(*{next(calls)[1].result() for _ in range(2)}, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.slow
@pytest.mark.parametrize("function", [spin, spin_catching_exceptions, backtrack])
def test_call_that_exceeds_its_cpu_time_is_stopped_and_its_worker_stays(function: Callable[..., Any]) -> None:
    before = run_limited(own_pid)
    with pytest.raises(TooSlow, match=r"more than 0\.3 s of CPU time"):
        run_limited(function, limits=LIMITS)
    assert run_limited(own_pid) == before != os.getpid()


@pytest.mark.slow
def test_waiting_does_not_use_cpu_time() -> None:
    assert run_limited(sleep, 0.6, limits=LIMITS) == "slept"


@pytest.mark.slow
def test_waiting_call_is_stopped_by_the_wall_clock_limit() -> None:
    with pytest.raises(TooSlow):
        run_limited(sleep, 60, limits=Limits(wall_seconds=0.2))


def test_exceeded_memory_is_an_error_of_the_call() -> None:
    with pytest.raises(MemoryError):
        run_limited(fill_memory, 2 * LIMITS.memory)


@pytest.mark.slow
def test_hanging_c_code_is_ended() -> None:
    with pytest.raises(TooSlow):
        run_limited(parse_endless_tag, 200_000, limits=LIMITS)


def test_crash_is_an_error_of_the_call() -> None:
    with pytest.raises(WorkerCrashed, match="SIGSEGV") as raised:
        run_limited(crash)
    assert not isinstance(raised.value, WorkerKilled)


def test_a_worker_killed_from_outside_says_nothing_about_the_call() -> None:
    with pytest.raises(WorkerKilled, match="SIGKILL"):
        run_limited(be_killed)


@pytest.mark.slow
def test_results_have_the_order_of_the_items_for_any_number_of_workers() -> None:
    for workers in (1, 3):
        executor = Executor(multiply, lambda number: (number,), workers, context=3, start_next=1)
        assert [(item, call.result()) for item, call in executor.map(range(100))] == [(n, 3 * n) for n in range(100)]


def kill_at(number: int) -> int:
    if number in (0, 20, 39):
        crash()
    return number


@pytest.mark.slow
def test_crashing_calls_fail_and_the_others_are_answered() -> None:
    executor = Executor(kill_at, lambda number: (number,), 2, start_next=1)
    crashed = []
    for number, call in executor.map(range(40)):
        try:
            assert call.result() == number
        except WorkerCrashed:
            crashed.append(number)
    assert crashed == [0, 20, 39]


@pytest.mark.slow
@pytest.mark.parametrize("bad", [1, 6])
def test_crashing_steps_do_not_affect_the_other_steps(bad: int) -> None:
    steps = [*(f"crash-{number}" for number in range(bad)), "first", "hang", "second"]
    executor = Executor(run_steps, lambda steps: (steps,), 1)
    ((_, call),) = executor.map([steps])
    errors = {"crash": "WorkerCrashed", "hang": "TooSlow"}
    assert call.result() == {step: errors.get(step.partition("-")[0], f"{step} done") for step in steps}


@pytest.mark.slow
def test_closing_does_not_wait_for_unfinished_calls() -> None:
    calls = Executor(sleep, lambda seconds: (seconds,), 2, start_next=1).map([0.0, 100.0, 100.0])
    started = time.monotonic()
    next(calls)
    calls.close()  # type: ignore[attr-defined]
    assert time.monotonic() - started < 50


def test_worker_is_reused() -> None:
    assert run_limited(own_pid) == run_limited(own_pid)
    ((_, call),) = Executor(double, lambda number: (number,), 4).map([21])
    assert call.result() == 42


@pytest.mark.slow
def test_workers_end_when_their_parent_is_killed(tmp_path: Path) -> None:
    script = tmp_path / "killed.py"
    script.write_text(SCRIPT)
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=60, check=False)
    pids = [int(pid) for pid in done.stdout.split()]
    assert pids
    until = time.monotonic() + 30
    while any(map(is_alive, pids)):
        assert time.monotonic() < until, "a worker is still running"
        time.sleep(0.05)
