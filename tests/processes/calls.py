"""Functions that tests run in workers: ordinary ones, and some that hang, crash or fill the memory."""

from __future__ import annotations

import ctypes
import os
import re
import signal
import time
from pathlib import Path
from typing import Any

from lxml import etree

from caliber_crawler.processes import Limits, run_limited


def double(number: int) -> int:
    return 2 * number


def own_pid(_: object = None) -> int:
    return os.getpid()


def spin(_: object = None) -> None:
    while True:
        pass


def spin_catching_exceptions(_: object = None) -> str:
    """Spin like a library that catches every exception."""
    try:
        spin()
    except Exception:  # noqa: BLE001
        return "caught"
    return "never"


def backtrack(_: object = None) -> object:
    """Match a regular expression with exponential backtracking."""
    return re.match(r"(a+)+$", "a" * 60 + "b")


def parse_endless_tag(attributes: int) -> int:
    """Hang in C code: libxml2 compares each attribute of a tag with all others and does not handle signals."""
    page = "<a " + " ".join(f"a{number}=1" for number in range(attributes)) + ">"
    return len(etree.fromstring(page.encode(), etree.HTMLParser(huge_tree=True)))


def sleep(seconds: float) -> str:
    time.sleep(seconds)
    return "slept"


def crash(_: object = None) -> None:
    ctypes.string_at(0)


def be_killed(_: object = None) -> None:
    """End like a process that the system or a person kills."""
    os.kill(os.getpid(), signal.SIGKILL)


def crash_once(mark: Path) -> str:
    if mark.exists():
        return "done"
    mark.touch()
    os.kill(os.getpid(), signal.SIGKILL)
    return "never"


def fill_memory(size: int) -> int:
    return len(bytearray(size))


_kept: list[bytearray] = []


def keep_memory(size: int) -> None:
    """Use memory that is never returned, like some C libraries."""
    _kept.append(bytearray(b"x") * size)


def raise_key_error(word: str) -> None:
    raise KeyError(word)


class Unpicklable(Exception):
    def __reduce__(self) -> Any:
        raise TypeError("it cannot be pickled")


def raise_unpicklable() -> None:
    raise Unpicklable("such a page")


def print_output(word: str) -> str:
    print(word)  # noqa: T201 - like a library that prints
    os.write(1, b"more of it\n")
    return word


def multiply(factor: int, number: int) -> int:
    """``factor`` is the context of all calls."""
    return factor * number


def run_steps(steps: list[str]) -> dict[str, str]:
    """A long call of limited steps, each of which may end the worker. Returns the outcome of each step."""
    outcomes = {}
    for step in steps:
        try:
            outcomes[step] = run_limited(run_step, step, key=step, limits=Limits(cpu_seconds=0.3))
        except Exception as error:  # noqa: BLE001
            outcomes[step] = type(error).__name__
    return outcomes


def run_step(step: str) -> str:
    if step.startswith("crash"):
        crash()
    if step.startswith("hang"):
        parse_endless_tag(200_000)
    return f"{step} done"


def is_alive(pid: int) -> bool:
    """Whether a process runs. A zombie does not count: it waits for its parent to reap it."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
