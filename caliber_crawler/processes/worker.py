"""The parent's side of a worker: the process, the calls sent to it, and the pipes."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pickle
import signal
import subprocess
import sys
import tempfile
from collections import deque
from typing import IO, Any

from caliber_crawler.interpreter import start_python
from caliber_crawler.processes.call import Call, TooSlow
from caliber_crawler.processes.limits import ALARMS, CRASHES
from caliber_crawler.processes.serving import CONTEXTS, LENGTH, read_step, serve

PIPE_BYTES = 1 << 20
"""The maximum for unprivileged users of Linux. The pipe has room for many pages, so a worker seldom waits."""
READ_BYTES = 1 << 20
MAX_COPY = 1 << 18
"""Bytes of a message that is sent together with its length. Copying a longer one would cost its size in memory."""


class Worker:
    """A process that runs calls in the order in which they were sent. Methods block only to wait for its end.

    The process ends when its parent ends. It is not restarted: the parent takes back the remaining calls
    (:meth:`take_back`) and starts another worker.
    """

    def __init__(self) -> None:
        # The current step is kept in shared memory, because a message for each step would wake the parent.
        self._step = new_memory()
        self._process = start_python(
            *("-c", f"from {serve.__module__} import main; main({self._step})"),
            # The worker needs the same import path: a site definition may be in any module.
            variables={"PYTHONPATH": os.pathsep.join(sys.path)},
            pass_fds=[self._step],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=None if has_descriptor(sys.stderr) else subprocess.DEVNULL,
            # Only the parent receives Ctrl-C from a terminal.
            start_new_session=True,
            bufsize=0,
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._to: IO[bytes] = self._process.stdin
        self._from: IO[bytes] = self._process.stdout
        for pipe in (self._to, self._from):
            os.set_blocking(pipe.fileno(), False)
            with contextlib.suppress(OSError, AttributeError):
                fcntl.fcntl(pipe.fileno(), fcntl.F_SETPIPE_SZ, PIPE_BYTES)
        self.calls: deque[Call] = deque()
        """Calls sent and not answered; the first one is running."""
        self.ended = False
        self._contexts: dict[int, None] = {}
        self._outgoing: deque[memoryview] = deque()
        self._incoming = bytearray()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def reading_end(self) -> int:
        """The file descriptor that becomes readable when an answer arrives or the process ends."""
        return self._from.fileno()

    @property
    def writing_end(self) -> int:
        """The file descriptor that becomes writable when more can be sent."""
        return self._to.fileno()

    @property
    def has_more_to_send(self) -> bool:
        return bool(self._outgoing)

    def send(self, call: Call) -> None:
        """Send a call; it runs after the calls before it."""
        self.calls.append(call)
        context = call.context
        if context is not None and context.number not in self._contexts:
            self._contexts[context.number] = None
            while len(self._contexts) > CONTEXTS:
                del self._contexts[next(iter(self._contexts))]
            self._enqueue(context.message)
        self._enqueue(call.message())
        self.flush()

    def _enqueue(self, message: bytes) -> None:
        length = len(message).to_bytes(LENGTH)
        if len(message) <= MAX_COPY:
            self._outgoing.append(memoryview(length + message))
        else:
            self._outgoing.extend((memoryview(length), memoryview(message)))

    def flush(self) -> None:
        """Send as much as the pipe accepts."""
        while self._outgoing:
            first = self._outgoing[0]
            try:
                sent = os.write(self.writing_end, first)
            except BlockingIOError:
                return
            except OSError:
                # The process has ended; the reading end will report it.
                self._outgoing.clear()
                return
            if sent == len(first):
                self._outgoing.popleft()
            else:
                self._outgoing[0] = first[sent:]

    def receive(self) -> None:
        """Settle the calls whose answers have arrived; set ``ended`` if the process has ended."""
        while True:
            try:
                received = os.read(self.reading_end, READ_BYTES)
            except BlockingIOError:
                break
            if not received:
                self.ended = True
                break
            self._incoming += received
            if len(received) < READ_BYTES:
                break
        self._read_messages()

    def _read_messages(self) -> None:
        position = 0
        while len(self._incoming) - position >= LENGTH:
            begin = position + LENGTH
            end = begin + int.from_bytes(self._incoming[position:begin])
            if len(self._incoming) < end:
                break
            message, position = bytes(self._incoming[begin:end]), end
            self._handle(message)
        del self._incoming[:position]

    def _handle(self, message: bytes) -> None:
        kind, value = _load(message)
        call = self.calls.popleft()
        if kind == "returned":
            call.settle(value)
        elif kind == "too_slow":
            call.settle(error=TooSlow(value))
        else:
            call.settle(error=value)

    def take_back(self) -> list[Call]:
        """The unfinished calls of an ended process, to be sent to another; a call that failed for good is left out."""
        self._outgoing.clear()
        step = read_step(self._step)
        exit_code = self._wait()
        if self.calls and exit_code != 0:
            self._blame(self.calls[0], exit_code, step)
            if self.calls[0].done:
                self.calls.popleft()
        left = list(self.calls)
        self.calls.clear()
        return left

    def _blame(self, call: Call, exit_code: int, step: str) -> None:
        if step and call.suspect(step, too_slow=-exit_code in ALARMS):
            return
        if -exit_code in ALARMS and call.limits is not None:
            call.settle(error=TooSlow(f"it took more than {call.limits.cpu_seconds:g} s of CPU time"))
            return
        why = signal.Signals(-exit_code).name if exit_code < 0 else f"exit code {exit_code}"
        call.lose_worker(why, crashed=-exit_code in CRASHES)

    def close(self) -> None:
        """End the process; kill it if it is busy."""
        if self.calls:
            self._process.kill()
        self._wait()

    def _wait(self) -> int:
        for pipe in (self._to, self._from):
            with contextlib.suppress(OSError):
                pipe.close()
        if self._step >= 0:
            os.close(self._step)
            self._step = -1
        try:
            return self._process.wait(5.0)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()


def new_memory() -> int:
    """A descriptor of memory that processes can share; of an unnamed file where the kernel has none."""
    create = getattr(os, "memfd_create", None)
    if create is not None:
        return int(create("step"))
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())


def _load(message: bytes) -> tuple[str, Any]:
    try:
        kind, value = pickle.loads(message)  # noqa: S301 - the worker is part of this program
    except Exception as error:  # noqa: BLE001 - an invalid answer is an error of its call
        return "raised", RuntimeError(f"the answer of a worker cannot be unpickled: {error}")
    return kind, value


def has_descriptor(stream: Any) -> bool:
    try:
        return int(stream.fileno()) >= 0
    except (AttributeError, OSError, ValueError):
        return False
