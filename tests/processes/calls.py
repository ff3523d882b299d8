"""Calls of every kind that a worker may be sent."""

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


def spin_carelessly(_: object = None) -> str:
    """As a library that catches everything."""
    try:
        spin()
    except Exception:  # noqa: BLE001
        return "as if nothing had happened"
    return "never"


def explode(_: object = None) -> object:
    """A regular expression that tries every way to split a text."""
    return re.match(r"(a+)+$", "a" * 60 + "b")


def parse_endless_tag(attributes: int) -> int:
    """A real hang: libxml2 compares each attribute of a tag with all the others, and hears no signal meanwhile."""
    page = "<a " + " ".join(f"a{number}=1" for number in range(attributes)) + ">"
    return len(etree.fromstring(page.encode(), etree.HTMLParser(huge_tree=True)))


def sleep(seconds: float) -> str:
    time.sleep(seconds)
    return "slept"


def crash(_: object = None) -> None:
    ctypes.string_at(0)


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
    """As C code does that never gives back what it took."""
    _kept.append(bytearray(b"x") * size)


def complain(word: str) -> None:
    raise KeyError(word)


class Unspeakable(Exception):
    def __reduce__(self) -> Any:
        raise TypeError("it cannot be pickled")


def complain_unspeakably() -> None:
    raise Unspeakable("such a page")


def chatter(word: str) -> str:
    print(word)  # noqa: T201 - as a careless library does
    os.write(1, b"more of it\n")
    return word


def multiply(factor: int, number: int) -> int:
    """The factor is the context of all calls."""
    return factor * number


def run_steps(steps: list[str]) -> dict[str, str]:
    """A long call: each step is limited and may end the worker, and what is known of each is returned."""
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
    """A zombie is none: it waits to be counted by whoever adopted it."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
