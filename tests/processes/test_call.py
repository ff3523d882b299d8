"""A call and its messages, without a worker process: attempts, suspect steps, answers and limits."""

from __future__ import annotations

import io
import os
import pickle
import resource
import signal
from collections.abc import Iterator
from typing import Any

import pytest

from caliber_crawler.processes import Limits, TooSlow, WorkerCrashed, WorkerKilled, run_limited, serving
from caliber_crawler.processes.call import MAX_SUSPECTS, Call, Context
from caliber_crawler.processes.limits import ALARMS, TimeUp, apply_limits, sizes
from caliber_crawler.processes.serving import CONTEXTS, LENGTH, WorkerState, answer_to, read_step, serve
from tests.processes.calls import double, fill_memory, multiply, own_pid, raise_key_error, raise_unpicklable, spin

SHORT = Limits(cpu_seconds=0.05)


@pytest.fixture
def own_alarms() -> Iterator[None]:
    """Restore the signals that limits change: a worker has no other timers, but the tests have."""
    before = {alarm: signal.getsignal(alarm) for alarm in ALARMS}
    timer = signal.setitimer(signal.ITIMER_REAL, 0)
    yield
    for alarm, handler in before.items():
        signal.signal(alarm, handler)
    signal.setitimer(signal.ITIMER_REAL, *timer)


@pytest.fixture
def state() -> Iterator[WorkerState]:
    """The state of a worker whose answers are kept in memory."""
    step = os.memfd_create("step")
    yield WorkerState(io.BytesIO(), step)
    os.close(step)


def answers(stream: Any) -> list[tuple[str, Any]]:
    data, found = stream.getvalue(), []
    while data:
        end = LENGTH + int.from_bytes(data[:LENGTH])
        found.append(pickle.loads(data[LENGTH:end]))
        data = data[end:]
    return found


def raise_time_up() -> None:
    raise TimeUp


# --- calls ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tries", [1, 2, 4])
def test_a_call_fails_when_its_last_attempt_has_ended_a_worker(tries: int) -> None:
    call = Call(double, (1,), tries=tries)
    for _ in range(tries - 1):
        call.lose_worker("SIGKILL")
        assert not call.done
    call.lose_worker("SIGSEGV")
    assert call.done
    with pytest.raises(WorkerCrashed, match=rf"ended its worker process {tries} times \(SIGSEGV\)"):
        call.result()


@pytest.mark.parametrize(
    ("crashes", "error"), [((0, 0), WorkerKilled), ((1, 0), WorkerCrashed), ((0, 1), WorkerCrashed)]
)
def test_a_call_whose_workers_were_killed_from_outside_did_not_crash(
    crashes: tuple[int, ...], error: type[Exception]
) -> None:
    call = Call(double, (1,), tries=len(crashes))
    for crashed in crashes:
        call.lose_worker("SIGKILL", crashed=bool(crashed))
    with pytest.raises(error) as raised:
        call.result()
    assert type(raised.value) is error


def test_a_settled_call_reports_its_result_once() -> None:
    settled: list[Any] = []
    call = Call(double, (1,), on_done=lambda call: settled.append(call.result()))
    call.settle(2)
    assert (settled, call.result()) == ([2], 2)
    Call(double).settle(None)


def test_a_step_that_ends_a_worker_again_does_not_change_the_next_attempt() -> None:
    call = Call(double)
    assert call.suspect("a", too_slow=False)
    assert not call.suspect("a", too_slow=False)
    assert call.suspect("a", too_slow=True)
    assert not call.suspect("a", too_slow=True)
    assert (call.suspects, call.too_slow) == ({"a"}, {"a"})


@pytest.mark.parametrize("count", [0, 1, MAX_SUSPECTS, MAX_SUSPECTS + 1])
def test_beyond_a_number_of_suspects_every_step_runs_in_a_separate_worker(count: int) -> None:
    call, context = Call(double, (1,), limits=SHORT, context=Context(7)), Context(8)
    for number in range(count):
        assert call.suspect(str(number), too_slow=False)
    kind, function, arguments, limits, number, suspects, too_slow = pickle.loads(call.message())
    assert (kind, function, arguments, limits, too_slow) == ("call", double, (1,), SHORT, frozenset())
    assert suspects == (None if count > MAX_SUSPECTS else {str(number) for number in range(count)})
    assert call.context is not None
    assert number == call.context.number != context.number
    assert call.suspect("another", too_slow=False) is (count <= MAX_SUSPECTS)


# --- the code inside a worker -----------------------------------------------------------------------------------------


@pytest.mark.usefixtures("own_alarms")
def test_an_answer_is_a_result_or_an_error() -> None:
    assert pickle.loads(answer_to(double, (21,), None)) == ("returned", 42)
    assert pickle.loads(answer_to(double, (21,), Limits())) == ("returned", 42)
    assert pickle.loads(answer_to(spin, (), SHORT)) == ("too_slow", "it took more than 0.05 s of CPU time")
    assert pickle.loads(answer_to(raise_time_up, (), None)) == ("too_slow", "it took more than 0 s of CPU time")
    kind, error = pickle.loads(answer_to(raise_key_error, ("word",), None))
    assert (kind, type(error), error.args) == ("raised", KeyError, ("word",))
    assert "in raise_key_error" in "".join(error.__notes__)
    kind, error = pickle.loads(answer_to(raise_unpicklable, (), None))
    assert (kind, type(error), "such a page" in str(error)) == ("raised", RuntimeError, True)
    kind, error = pickle.loads(answer_to(fill_memory, (2 * SHORT.memory,), Limits()))
    assert (kind, type(error)) == ("raised", MemoryError)


def test_a_worker_answers_calls_in_order_and_adds_their_context(state: WorkerState) -> None:
    context = Context(3)
    assert not state.handle(context.message)
    assert state.handle(Call(multiply, (5,), context=context).message())
    assert state.handle(Call(double, (5,)).message())
    assert state.handle(b"not a pickle")
    first, second, (kind, error) = answers(state._answers)
    assert (first, second) == (("returned", 15), ("returned", 10))
    assert (kind, isinstance(error, Exception)) == ("raised", True)


def test_a_worker_drops_its_oldest_context(state: WorkerState) -> None:
    contexts = [Context(factor) for factor in range(CONTEXTS + 1)]
    for context in contexts:
        state.handle(context.message)
    assert list(state._contexts.values()) == list(range(1, CONTEXTS + 1))


@pytest.mark.parametrize("key", ["", "step", "шаг", "\udcff", "x" * 5_000])
def test_the_parent_can_read_the_current_step(state: WorkerState, key: str) -> None:
    assert read_step(state._step) == ""
    state.begin_step("a longer step than the next one")
    state.begin_step(key)
    assert read_step(state._step) == key


def test_a_worker_ends_with_its_input(state: WorkerState, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "current", None)
    monkeypatch.setattr(serving, "MAX_RESIDENT_BYTES", 2**62)  # the worker of pytest may be large
    messages = [Call(double, (number,)).message() for number in range(3)]
    calls = io.BytesIO(b"".join(len(message).to_bytes(LENGTH) + message for message in messages))
    found = io.BytesIO()
    serve(calls, found, state._step)
    assert answers(found) == [("returned", 0), ("returned", 2), ("returned", 4)]


def test_a_worker_that_uses_too_much_memory_ends_after_its_answer(
    state: WorkerState, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serving, "current", None)
    monkeypatch.setattr(serving, "MAX_RESIDENT_BYTES", 0)
    message = Call(double, (1,)).message()
    calls, found = io.BytesIO((len(message).to_bytes(LENGTH) + message) * 2), io.BytesIO()
    serve(calls, found, state._step)
    assert answers(found) == [("returned", 2)]


# --- steps and limits -------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("own_alarms")
def test_a_step_runs_in_the_worker_itself_and_is_stopped_there(
    state: WorkerState, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serving, "current", state)
    assert run_limited(own_pid, key="own") == os.getpid()
    assert read_step(state._step) == "own"
    with pytest.raises(TooSlow, match=r"more than 0\.05 s of CPU time"):
        run_limited(spin, key="hang", limits=SHORT)
    assert read_step(state._step) == "hang"


@pytest.mark.usefixtures("own_alarms")
@pytest.mark.parametrize(("suspects", "is_own"), [(frozenset(), True), (frozenset({"step"}), False), (None, False)])
def test_a_suspect_step_runs_in_a_separate_worker(
    state: WorkerState, monkeypatch: pytest.MonkeyPatch, suspects: frozenset[str] | None, is_own: bool
) -> None:
    monkeypatch.setattr(serving, "current", state)
    state.suspects = suspects
    assert (run_limited(own_pid, key="step") == os.getpid()) is is_own


def test_a_step_that_was_too_slow_is_not_run_again(state: WorkerState, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "current", state)
    state.too_slow = frozenset({"hang"})
    with pytest.raises(TooSlow, match="more than 3 s of CPU time"):
        run_limited(own_pid, key="hang")


@pytest.mark.usefixtures("own_alarms")
def test_cpu_time_that_was_used_before_counts() -> None:
    with pytest.raises(TimeUp), apply_limits(Limits(cpu_seconds=60), spent=59.95):
        spin()
    with pytest.raises(TimeUp), apply_limits(Limits(cpu_seconds=1), spent=2):
        spin()


@pytest.mark.usefixtures("own_alarms")
def test_limits_end_with_their_block() -> None:
    before = resource.getrlimit(resource.RLIMIT_AS)
    with apply_limits(Limits(cpu_seconds=20, wall_seconds=40)):
        assert 0 < signal.getitimer(signal.ITIMER_PROF)[0] < 20.5
        assert 20.5 < signal.getitimer(signal.ITIMER_VIRTUAL)[0] < 21.5
        assert 0 < signal.getitimer(signal.ITIMER_REAL)[0] < 40.5
        with pytest.raises(MemoryError):
            fill_memory(2 * SHORT.memory)
    timers = (signal.ITIMER_PROF, signal.ITIMER_VIRTUAL, signal.ITIMER_REAL)
    assert [signal.getitimer(timer)[0] for timer in timers] == [0, 0, 0]
    assert resource.getrlimit(resource.RLIMIT_AS) == before


def test_the_sizes_of_this_process_are_in_bytes() -> None:
    address_space, resident = sizes()
    assert 2**20 < resident < address_space
