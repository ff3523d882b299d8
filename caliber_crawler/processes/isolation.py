"""A process of its own for work that may hang, crash or take all the memory: what happens there stays there.

One call after the other, in the order in which they were made. The kernel keeps the time: before each call an alarm is
set that nobody handles, so it ends the process wherever it is, in the middle of C code too, and even when whoever
asked is gone. A process that ended is followed by another, which takes over the calls that were waiting.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import pickle
import resource
import signal
import sys
import traceback
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, TypeVar, cast

T = TypeVar("T")

LENGTH = 8
"""Bytes before each message, which say how long it is."""
PIPE_BYTES = 1 << 20
"""The most that Linux grants everybody."""
GROWN = 256 * 1024 * 1024
"""Bytes. A process that ever needed more ends after its answer: what C code takes it seldom gives back."""
TRIES = 2
"""For a call during which the process died: somebody may have killed it for another reason."""


class TooSlow(Exception):
    """The call took longer than it may."""


class Died(Exception):
    """The call ended its process, twice."""


@dataclass(slots=True)
class Call:
    """A call that waits for its answer."""

    message: bytes
    answer: asyncio.Future[Any]
    tries: int = 0


class Isolation:
    """Calls functions in another process, which may take so many ``seconds`` for each and so many bytes of ``memory``.

    Several may share one: the process begins when the first of them joins and ends when the last has left.
    """

    def __init__(self, *, seconds: float, memory: int) -> None:
        self._seconds = seconds
        self._memory = memory
        self._users = 0
        self._calls: deque[Call] = deque()
        self._starting: asyncio.Task[None] | None = None
        self._line: _Line | None = None

    def join(self) -> None:
        """Use it until :meth:`leave`."""
        self._users += 1
        self._start()

    async def leave(self) -> None:
        """Use it no more."""
        self._users -= 1
        if self._users == 0:
            if self._starting is not None:
                await self._starting
            if self._line is not None:
                await self._line.end()

    async def call(self, function: Callable[..., T], *arguments: object) -> T:
        """What a function gives there; function, arguments and answer are pickled.

        Raises what the function raises, :class:`TooSlow` or :class:`Died`.
        """
        call = Call(pickle.dumps((function, arguments)), asyncio.get_running_loop().create_future())
        self._calls.append(call)
        if self._line is not None:
            self._line.send(call.message)
        else:
            self._start()
        return cast(T, await call.answer)

    def _start(self) -> None:
        if self._line is None and self._starting is None:
            self._starting = asyncio.get_running_loop().create_task(self._begin())

    async def _begin(self) -> None:
        arguments = (sys.executable, "-P", "-m", __name__, repr(self._seconds), str(self._memory))
        # What this process can import, that one can: a site may be described anywhere.
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        try:
            _, line = await asyncio.get_running_loop().subprocess_exec(
                # Not of our process group: Ctrl-C in a terminal is for us alone.
                lambda: _Line(self),
                *arguments,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=None,
                env=environment,
                start_new_session=True,
            )
        except OSError as error:
            while self._calls:
                self._settle(error=error)
            return
        finally:
            self._starting = None
        self._line = line
        for call in self._calls:
            line.send(call.message)

    def answered(self, message: bytes) -> None:
        """The answer to the call that waited longest."""
        done, answer = pickle.loads(message)  # noqa: S301 - our own process wrote it
        self._settle(**{"answer" if done else "error": answer})

    def ended(self, exit_code: int) -> None:
        """The process is gone. Whose fault was it?"""
        self._line = None
        if not self._calls:
            return
        call = self._calls[0]
        call.tries += exit_code != 0
        if exit_code == -signal.SIGALRM:
            self._settle(error=TooSlow(f"it took longer than {self._seconds:g} s"))
        elif call.tries == TRIES:
            name = signal.Signals(-exit_code).name if exit_code < 0 else f"exit code {exit_code}"
            self._settle(error=Died(f"it ended the process that did it, {TRIES} times ({name})"))
        if self._calls and self._users:
            self._start()

    def _settle(self, answer: Any = None, error: BaseException | None = None) -> None:
        waiting = self._calls.popleft().answer
        if waiting.done():
            return
        if error is not None:
            waiting.set_exception(error)
        else:
            waiting.set_result(answer)


class _Line(asyncio.SubprocessProtocol):
    """What goes to the process and what comes back."""

    def __init__(self, isolation: Isolation) -> None:
        self._isolation = isolation
        self._transport: asyncio.SubprocessTransport | None = None
        self._received = bytearray()
        self._over = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.SubprocessTransport, transport)
        for end in (0, 1):
            widen(self._transport.get_pipe_transport(end))

    def send(self, message: bytes) -> None:
        assert self._transport is not None
        pipe = cast(asyncio.WriteTransport, self._transport.get_pipe_transport(0))
        pipe.write(len(message).to_bytes(LENGTH) + message)

    async def end(self) -> None:
        assert self._transport is not None
        self._transport.close()
        await self._over.wait()

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        self._received += data
        while len(self._received) >= LENGTH:
            end = LENGTH + int.from_bytes(self._received[:LENGTH])
            if len(self._received) < end:
                return
            message = bytes(self._received[LENGTH:end])
            del self._received[:end]
            self._isolation.answered(message)

    def connection_lost(self, error: Exception | None) -> None:
        assert self._transport is not None
        self._transport.close()
        self._over.set()
        self._isolation.ended(self._transport.get_returncode() or 0)


def widen(pipe: asyncio.BaseTransport | None) -> None:
    """Let a pipe hold many pages, where the system has a way: else each waits for the one before to be read."""
    with contextlib.suppress(OSError, AttributeError):
        assert pipe is not None
        fcntl.fcntl(pipe.get_extra_info("pipe").fileno(), fcntl.F_SETPIPE_SZ, PIPE_BYTES)


def serve(calls: BinaryIO, answers: BinaryIO, *, seconds: float, memory: int) -> None:
    """Answer calls until there are no more, or until this process has grown."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    while length := int.from_bytes(calls.read(LENGTH)):
        message = calls.read(length)
        signal.setitimer(signal.ITIMER_REAL, seconds)
        answer = answer_to(message)
        signal.setitimer(signal.ITIMER_REAL, 0)
        answers.write(len(answer).to_bytes(LENGTH) + answer)
        answers.flush()
        if most_memory() > GROWN:
            return


def most_memory() -> int:
    """The most memory that this process ever needed, in bytes.

    Not `getrusage`: there a process begins with what the one that started it had needed, and a crawl of many sites
    needs much.
    """
    with Path("/proc/self/status").open() as status:
        peak = next(line for line in status if line.startswith("VmHWM:"))
    return int(peak.split()[1]) * 1024


def answer_to(message: bytes) -> bytes:
    """The answer to a call, pickled: whether it went well, and what it gave or raised."""
    try:
        function, arguments = pickle.loads(message)  # noqa: S301 - whoever started this process wrote it
        return pickle.dumps((True, function(*arguments)))
    except Exception as error:  # noqa: BLE001 - it is told to whoever asked
        told = "".join(traceback.format_exception(error))
        try:
            error.add_note(told)
            return pickle.dumps((False, error))
        except Exception:  # noqa: BLE001 - an error that cannot travel is told in words
            return pickle.dumps((False, RuntimeError(told)))


def main() -> None:
    """Be the process."""
    answers = os.fdopen(os.dup(1), "wb")
    # What a library prints must not stand among the answers.
    os.dup2(2, 1)
    serve(sys.stdin.buffer, answers, seconds=float(sys.argv[1]), memory=int(sys.argv[2]))
    answers.close()
    # Taking Python down in good order takes longer than reading a page, and nothing here needs it.
    os._exit(0)


if __name__ == "__main__":
    main()
