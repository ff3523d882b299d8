"""Work that hangs, crashes or takes all the memory ends its own process, and nothing else."""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest
from lxml import etree

from caliber_crawler.processes.isolation import GROWN, Died, Isolation, TooSlow

pytestmark = pytest.mark.slow

T = TypeVar("T")
SECONDS = 1.0
MEMORY = 1024 * 1024 * 1024


def in_isolation(calls: Callable[[Isolation], Awaitable[T]]) -> T:
    async def joined() -> T:
        isolation = Isolation(seconds=SECONDS, memory=MEMORY)
        isolation.join()
        try:
            return await calls(isolation)
        finally:
            await isolation.leave()

    return asyncio.run(joined())


def double(number: int) -> int:
    return 2 * number


def own_pid(_: object = None) -> int:
    return os.getpid()


def parse_endless_tag(attributes: int) -> int:
    """A real hang: libxml2 compares each attribute of a tag with all the others, and hears no signal meanwhile."""
    page = "<a " + " ".join(f"a{number}=1" for number in range(attributes)) + ">"
    return len(etree.fromstring(page.encode(), etree.HTMLParser(huge_tree=True)))


def crash(_: object) -> None:
    ctypes.string_at(0)


def crash_once(mark: Path) -> str:
    if mark.exists():
        return "done"
    mark.touch()
    os.kill(os.getpid(), signal.SIGKILL)
    return "never"


def fill_memory(size: int) -> int:
    return len(bytearray(size))


def complain(word: str) -> None:
    raise KeyError(word)


class Unspeakable(Exception):
    def __reduce__(self) -> Any:
        raise TypeError("it cannot travel")


def complain_unspeakably() -> None:
    raise Unspeakable("such a page")


def chatter(word: str) -> str:
    print(word)  # noqa: T201 - as a careless library does
    os.write(1, b"more of it\n")
    return word


def test_calls_are_answered_in_another_process_and_each_with_its_own_answer() -> None:
    async def calls(isolation: Isolation) -> tuple[list[int], int]:
        return list(await asyncio.gather(*(isolation.call(double, n) for n in range(50)))), await isolation.call(
            own_pid
        )

    doubled, pid = in_isolation(calls)
    assert doubled == [2 * n for n in range(50)]
    assert pid != os.getpid()


def test_messages_of_many_megabytes_arrive_whole() -> None:
    page = bytes(range(256)) * 40_000
    assert in_isolation(lambda isolation: isolation.call(bytes, page)) == page


def test_c_code_that_hears_no_signal_is_stopped_and_the_calls_behind_it_are_answered() -> None:
    async def calls(isolation: Isolation) -> list[Any]:
        waiting = (isolation.call(parse_endless_tag, 200_000), isolation.call(double, 1), isolation.call(double, 2))
        return list(await asyncio.gather(*waiting, return_exceptions=True))

    started = time.monotonic()
    hung, *others = in_isolation(calls)
    assert isinstance(hung, TooSlow)
    assert str(hung) == "it took longer than 1 s"
    assert others == [2, 4]
    assert time.monotonic() - started < 60


def test_a_call_that_crashes_its_process_twice_is_given_up() -> None:
    async def calls(isolation: Isolation) -> list[Any]:
        waiting = (isolation.call(double, 1), isolation.call(crash, None), isolation.call(double, 2))
        return list(await asyncio.gather(*waiting, return_exceptions=True))

    before, crashed, behind = in_isolation(calls)
    assert (before, behind) == (2, 4)
    assert isinstance(crashed, Died)
    assert "SIGSEGV" in str(crashed)


def test_a_call_whose_process_was_killed_by_somebody_else_is_made_again(tmp_path: Path) -> None:
    assert in_isolation(lambda isolation: isolation.call(crash_once, tmp_path / "mark")) == "done"


def test_a_call_that_takes_too_much_memory_fails_alone() -> None:
    async def calls(isolation: Isolation) -> int:
        with pytest.raises(MemoryError):
            await isolation.call(fill_memory, 2 * MEMORY)
        return await isolation.call(double, 2)

    assert in_isolation(calls) == 4


def test_a_process_that_has_grown_is_replaced() -> None:
    async def calls(isolation: Isolation) -> tuple[int, int]:
        before = await isolation.call(own_pid)
        await isolation.call(fill_memory, GROWN)
        return before, await isolation.call(own_pid)

    before, after = in_isolation(calls)
    assert before != after


def test_an_error_comes_back_with_the_place_where_it_arose() -> None:
    with pytest.raises(KeyError, match="word") as error:
        in_isolation(lambda isolation: isolation.call(complain, "word"))
    assert "in complain" in "".join(error.value.__notes__)


def test_an_error_that_cannot_travel_is_told_in_words() -> None:
    with pytest.raises(RuntimeError, match="such a page"):
        in_isolation(lambda isolation: isolation.call(complain_unspeakably))


def test_what_a_library_prints_is_no_answer() -> None:
    assert in_isolation(lambda isolation: isolation.call(chatter, "word")) == "word"


def test_the_process_ends_with_its_last_user() -> None:
    async def two_users() -> tuple[int, bool, bool]:
        isolation = Isolation(seconds=SECONDS, memory=MEMORY)
        isolation.join()
        isolation.join()
        pid = await isolation.call(own_pid)
        await isolation.leave()
        between = is_alive(pid)
        await isolation.leave()
        return pid, between, is_alive(pid)

    _, between, afterwards = asyncio.run(two_users())
    assert between
    assert not afterwards


@pytest.mark.parametrize("work", ["idle", "hangs"])
def test_the_process_ends_when_whoever_started_it_is_killed(work: str) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-m", "tests.processes.isolated_parent", work],
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
    until = time.monotonic() + 120
    while is_alive(child) and time.monotonic() < until:
        time.sleep(0.05)
    assert not is_alive(child)


def is_alive(pid: int) -> bool:
    """A zombie is none: it waits to be counted by whoever adopted it."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_what_the_crawl_needs_is_not_held_against_the_process() -> None:
    ballast = b"x" * (GROWN + 1024 * 1024)
    program = "from caliber_crawler.processes.isolation import most_memory; print(most_memory())"
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=240, check=True)
    assert len(ballast) > GROWN > int(told.stdout)
