"""A worker from inside: it runs the calls that arrive on its standard input and writes the answers to its output."""

from __future__ import annotations

import os
import pickle
import resource
import select
import sys
import threading
import time
import traceback
from collections.abc import Callable
from typing import Any, BinaryIO

from caliber_crawler.processes.limits import Limits, TimeUp, limited, sizes

LENGTH = 8
"""Bytes before each message, which give its length."""
GROWN = 256 * 1024 * 1024
"""Bytes. A worker that has more ends after its answer: what C code took it seldom gives back."""
CONTEXTS = 64
"""Contexts that a worker keeps. It and its parent forget the oldest at the same message."""


class Serving:
    """What a worker is at: its pipe to the parent, and the steps that must not run here."""

    def __init__(self, answers: BinaryIO, step: int) -> None:
        self._answers = answers
        self._step = step
        self._contexts: dict[int, Any] = {}
        self.suspects: frozenset[str] | None = frozenset()
        """Keys of the steps that ended a worker before; ``None`` when that may be any."""
        self.too_slow: frozenset[str] = frozenset()
        """Keys of the steps that took too long before, in C code that hears no alarm."""

    def write(self, message: bytes) -> None:
        self._answers.write(len(message).to_bytes(LENGTH) + message)
        self._answers.flush()

    def begin_step(self, key: str) -> None:
        """Note for the parent which step begins, should it be the last."""
        text = key.encode("utf-8", "surrogatepass")
        os.pwrite(self._step, len(text).to_bytes(LENGTH) + text, 0)

    def handle(self, message: bytes) -> bool:
        """Do as a message says. Returns whether a call was answered."""
        try:
            kind, *rest = pickle.loads(message)  # noqa: S301 - the parent wrote it
        except Exception as error:  # noqa: BLE001 - it is the caller's to know
            self.write(_raised(error))
            return True
        if kind == "context":
            number, value = rest
            self._contexts[number] = value
            while len(self._contexts) > CONTEXTS:
                del self._contexts[next(iter(self._contexts))]
            return False
        self.begin_step("")
        function, arguments, limits, context, self.suspects, self.too_slow = rest
        if context is not None:
            arguments = (self._contexts[context], *arguments)
        self.write(answer_to(function, arguments, limits))
        return True


current: Serving | None = None
"""Set in a worker, and there alone."""


def answer_to(function: Callable[..., Any], arguments: tuple[Any, ...], limits: Limits | None) -> bytes:
    """What a function gives within the limits, as a message."""
    try:
        if limits is None:
            return _returned(function(*arguments))
        with limited(limits):
            value = function(*arguments)
        return _returned(value)
    except TimeUp:
        seconds = 0.0 if limits is None else limits.cpu_seconds
        return pickle.dumps(("too_slow", f"it took more than {seconds:g} s of CPU time"))
    except Exception as error:  # noqa: BLE001 - the parent raises it
        return _raised(error)


def _returned(value: Any) -> bytes:
    return pickle.dumps(("returned", value), pickle.HIGHEST_PROTOCOL)


def _raised(error: Exception) -> bytes:
    trace = "".join(traceback.format_exception(error))
    try:
        error.add_note(trace)
        return pickle.dumps(("raised", error))
    except Exception:  # noqa: BLE001 - an error that cannot be pickled travels as text
        return pickle.dumps(("raised", RuntimeError(trace)))


def read_step(step: int) -> str:
    """The key of the step that a worker is at, or was at when it ended; empty for none."""
    length = int.from_bytes(os.pread(step, LENGTH, 0))
    return os.pread(step, length, LENGTH).decode("utf-8", "surrogatepass")


def serve(calls: BinaryIO, answers: BinaryIO, step: int) -> None:
    """Answer calls until there are no more, or until this process has grown."""
    global current
    serving = current = Serving(answers, step)
    while length := int.from_bytes(calls.read(LENGTH)):
        if serving.handle(calls.read(length)) and sizes()[1] > GROWN:
            return


def end_with_parent(descriptor: int) -> None:
    """End this process when the other end of the pipe is gone, in the middle of a call too."""
    pipe = select.poll()
    pipe.register(descriptor, 0)
    while not any(event & (select.POLLHUP | select.POLLERR) for _, event in pipe.poll()):
        time.sleep(0.1)
    os._exit(1)


def main(step: int) -> None:
    """Be a worker. ``step`` is the descriptor of memory that is shared with the parent."""
    answers = os.fdopen(os.dup(1), "wb")
    # What a library prints must not stand among the answers.
    os.dup2(2, 1)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    threading.Thread(target=end_with_parent, args=(0,), daemon=True).start()
    serve(sys.stdin.buffer, answers, step)
    answers.close()
    # An orderly end of Python takes longer than a page, and nothing here needs it.
    os._exit(0)
