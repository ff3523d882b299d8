"""Seats: processes that read one part after the other, each for the one that started it, and end with it.

Reading needs a process's main thread, for only that one hears the alarm that ends a page which takes too long; Dask
gives its tasks another. And a page that ends the process which reads it must not end more than that.
"""

from __future__ import annotations

import contextlib
import os
import select
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection, wait
from typing import Any

from caliber_crawler.bulk.parts import Part
from caliber_crawler.bulk.reading import Outcome
from caliber_crawler.errors import CaliberError

Work = Callable[[Part], Outcome]
Answer = tuple[str, Any]
"""``done`` and the outcome, ``raised`` and an error of ours, ``failed`` and a clause."""
ENDING_S = 5.0


class SeatLost(Exception):
    """The process ended before the part did. The message is one clause."""


class Seat:
    """A process that does one part at a time."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        with ours, theirs:
            self._process = subprocess.Popen(  # noqa: S603
                [sys.executable, "-P", "-c", f"from {__name__} import serve; serve({theirs.fileno()})"],
                pass_fds=[theirs.fileno()],
                # What this process can import, that one can.
                env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
                stdin=subprocess.DEVNULL,
                # What a library prints must not stand in the command's own output.
                stdout=sys.stderr.fileno() if has_descriptor(sys.stderr) else subprocess.DEVNULL,
                # Control-C in a terminal is for the one that gives out the parts.
                start_new_session=True,
            )
            self.connection = Connection(ours.detach())
        self.part: Part | None = None

    def give(self, work: Work, part: Part) -> None:
        """Have a part done."""
        self.part = part
        # A process that is gone already is noticed where its answer is waited for.
        with contextlib.suppress(OSError):
            self.connection.send((work, part))

    def answer(self) -> tuple[Part, Answer]:
        """What came of it; waits for that. Raises ``SeatLost``."""
        assert self.part is not None
        try:
            found: Answer = self.connection.recv()
        except (EOFError, OSError):
            raise SeatLost(f"its process ended ({self._process.wait()})") from None
        part, self.part = self.part, None
        return part, found

    def close(self) -> None:
        """Let the process end: at once, if it is at a part."""
        self.connection.close()
        try:
            self._process.wait(ENDING_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def __del__(self) -> None:
        # A thread of Dask ends without a word.
        self.close()


def answered(seats: Sequence[Seat]) -> list[Seat]:
    """Wait until some have ended their parts, or themselves, and give them."""
    busy = {seat.connection: seat for seat in seats if seat.part is not None}
    return [busy[connection] for connection in wait(list(busy)) if isinstance(connection, Connection)]


def tried(work: Work, part: Part) -> Answer:
    """Do a part; what it gave, or why it failed. One bad part must not cost the others."""
    try:
        return "done", work(part)
    except CaliberError as error:
        return "raised", error
    except Exception as error:  # noqa: BLE001
        return "failed", f"{type(error).__name__}: {error}"


def has_descriptor(stream: Any) -> bool:
    try:
        return int(stream.fileno()) >= 0
    except (AttributeError, OSError, ValueError):
        return False


def serve(descriptor: int) -> None:
    """Be the process: do parts until there are no more."""
    threading.Thread(target=end_with, args=(descriptor,), daemon=True).start()
    with Connection(descriptor) as connection, contextlib.suppress(EOFError, OSError):
        while True:
            connection.send(tried(*connection.recv()))


def end_with(descriptor: int) -> None:
    """End this process when the other end of the line is gone, in the middle of a part too."""
    line = select.poll()
    line.register(descriptor, select.POLLHUP | select.POLLRDHUP)
    line.poll()
    os._exit(0)
