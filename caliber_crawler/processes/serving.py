"""The code inside a worker: it runs the calls from its standard input and writes the results to standard output."""

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

from caliber_crawler.processes.limits import Limits, TimeUp, apply_limits, sizes

LENGTH = 8
"""Number of bytes before each message that encode its length."""
MAX_RESIDENT_BYTES = 256 * 1024 * 1024
"""A worker that uses more memory ends after its answer, because C libraries seldom return memory."""
CONTEXTS = 64
"""Maximum number of contexts in a worker. The worker and its parent drop the oldest one at the same message."""


class WorkerState:
    """The state of a worker: its pipe to the parent, and the steps that must not run in this process."""

    def __init__(self, answers: BinaryIO, step: int) -> None:
        self._answers = answers
        self._step = step
        self._contexts: dict[int, Any] = {}
        self.suspects: frozenset[str] | None = frozenset()
        """Keys of the steps that ended a worker before; ``None`` means every step."""
        self.too_slow: frozenset[str] = frozenset()
        """Keys of the steps that exceeded their time before, in C code that does not handle signals."""

    def write(self, message: bytes) -> None:
        self._answers.write(len(message).to_bytes(LENGTH) + message)
        self._answers.flush()

    def begin_step(self, key: str) -> None:
        """Record the current step in shared memory, so that the parent knows it if this process ends."""
        text = key.encode("utf-8", "surrogatepass")
        os.pwrite(self._step, len(text).to_bytes(LENGTH) + text, 0)

    def handle(self, message: bytes) -> bool:
        """Process a message. Returns whether it was a call, which was answered."""
        try:
            kind, *rest = pickle.loads(message)  # noqa: S301 - the parent wrote it
        except Exception as error:  # noqa: BLE001 - the caller gets the error
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


current: WorkerState | None = None
"""The state of this worker; ``None`` in any other process."""


def answer_to(function: Callable[..., Any], arguments: tuple[Any, ...], limits: Limits | None) -> bytes:
    """Call a function within the limits; return its result or error as a message."""
    try:
        if limits is None:
            return _returned(function(*arguments))
        with apply_limits(limits):
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
    except Exception:  # noqa: BLE001 - an error that cannot be pickled is sent as text
        return pickle.dumps(("raised", RuntimeError(trace)))


def read_step(step: int) -> str:
    """The key of the current step of a worker, or of its last step if it has ended; empty if there is none."""
    length = int.from_bytes(os.pread(step, LENGTH, 0))
    return os.pread(step, length, LENGTH).decode("utf-8", "surrogatepass")


def serve(calls: BinaryIO, answers: BinaryIO, step: int) -> None:
    """Answer calls until the input ends or this process uses too much memory."""
    global current
    state = current = WorkerState(answers, step)
    while length := int.from_bytes(calls.read(LENGTH)):
        if state.handle(calls.read(length)) and sizes()[1] > MAX_RESIDENT_BYTES:
            return


def end_with_parent(descriptor: int) -> None:
    """End this process when the parent closes the pipe, even during a call."""
    pipe = select.poll()
    pipe.register(descriptor, 0)
    while not any(event & (select.POLLHUP | select.POLLERR) for _, event in pipe.poll()):
        time.sleep(0.1)
    os._exit(1)


def main(step: int) -> None:
    """Run a worker. ``step`` is the descriptor of memory that is shared with the parent."""
    answers = os.fdopen(os.dup(1), "wb")
    # Output of libraries must not mix with the answers.
    os.dup2(2, 1)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    threading.Thread(target=end_with_parent, args=(0,), daemon=True).start()
    serve(sys.stdin.buffer, answers, step)
    answers.close()
    # A regular exit of Python takes longer than a page, and nothing here needs it.
    os._exit(0)
