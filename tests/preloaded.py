"""An interpreter that has loaded the libraries already, and forks for each program that a test runs.

Most of the time of a short command is spent on loading Scrapy, Twisted and lxml. A fork runs the same code with its own
memory, folder, environment and output; only the libraries in ``LIBRARIES`` are there from the start. Tests of loading,
killing and installing start real processes.

Server: ``python -P preloaded.py SOCKET``; it ends when its standard input closes.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import os
import pickle
import runpy
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import NamedTuple

LIBRARIES = (
    *("caliber_crawler.archive", "caliber_crawler.extraction_steps", "caliber_crawler.pipelines"),
    *(
        "caliber_crawler.news_spider",
        "caliber_crawler.fetching.download_handler",
        "caliber_crawler.fetching.downloader",
    ),
    *("scrapy.commands", "scrapy.core.downloader.contextfactory", "scrapy.core.downloader.handlers.http11"),
    *("scrapy.crawler", "scrapy.downloadermiddlewares.cookies", "scrapy.extensions.feedexport"),
    *("scrapy.extensions.remote_control", "scrapy.extensions.telnet", "scrapy.extensions.throttle"),
    *("scrapy.utils.reactor", "twisted.internet.asyncioreactor", "twisted.web.client"),
    *("click", "rich.console", "rich.progress", "rich.table", "sqlite3", "tabulate", "tqdm.std"),
    "sqlite_utils.db",  # it loads pandas, if that is installed: half the CPU time of a small crawl
)
"""Modules that read neither the environment nor the terminal when they are loaded."""
LENGTH = 8
STREAMS = 3


class Program(NamedTuple):
    """What a fork runs: a module with arguments, in a folder and with an environment."""

    module: str
    arguments: tuple[str, ...]
    folder: str
    environment: dict[str, str]


class Interpreter:
    """The test's side: a server, started once for each process of the test run."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="preloaded-")
        self._address = str(Path(self._folder.name) / "socket")
        # A pipe, because the server ends when this process ends, for whatever reason.
        self._process = subprocess.Popen([sys.executable, "-P", __file__, self._address], stdin=subprocess.PIPE)
        atexit.register(self.close)

    def run(self, program: Program, *, timeout: float) -> tuple[int, str, str]:
        """Run a program to its end; return its exit code and output. Raises ``TimeoutExpired``."""
        with (
            tempfile.TemporaryFile() as stdout,
            tempfile.TemporaryFile() as stderr,
            Path(os.devnull).open("rb") as stdin,
            self._connect() as connection,
        ):
            message = pickle.dumps(tuple(program))
            streams = [stdin.fileno(), stdout.fileno(), stderr.fileno()]
            socket.send_fds(connection, [len(message).to_bytes(LENGTH)], streams)
            connection.sendall(message)
            child = int.from_bytes(read(connection, LENGTH))
            connection.settimeout(timeout)
            try:
                exit_code = int.from_bytes(read(connection, LENGTH), signed=True)
            except TimeoutError:
                os.kill(child, signal.SIGKILL)
                raise subprocess.TimeoutExpired([program.module, *program.arguments], timeout) from None
            return exit_code, text_of(stdout.fileno()), text_of(stderr.fileno())

    def _connect(self) -> socket.socket:
        connection = socket.socket(socket.AF_UNIX)
        deadline = time.monotonic() + 120
        while True:
            try:
                connection.connect(self._address)
            except (FileNotFoundError, ConnectionRefusedError):
                if self._process.poll() is not None or time.monotonic() > deadline:
                    raise
                time.sleep(0.02)
            else:
                return connection

    def close(self) -> None:
        """End the server."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(30)
        self._folder.cleanup()


@cache
def interpreter() -> Interpreter:
    """The interpreter of this process."""
    return Interpreter()


def text_of(descriptor: int) -> str:
    """All text that was written to a file."""
    with os.fdopen(os.dup(descriptor), "r", encoding="utf-8", errors="strict") as file:
        file.seek(0)
        return file.read()


def read(connection: socket.socket, size: int) -> bytes:
    """Read exactly this number of bytes."""
    content = b""
    while len(content) < size:
        more = connection.recv(size - len(content))
        if not more:
            raise EOFError("the preloaded interpreter has ended")
        content += more
    return content


# --- The server -------------------------------------------------------------------------------------------------------


def serve(address: str) -> Program | None:
    """Fork for each request. Returns the program in a fork, and ``None`` in the server when its input closes."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(address)
    listener.listen()
    running: dict[int, tuple[int, socket.socket]] = {}
    poll = select.poll()
    poll.register(listener.fileno(), select.POLLIN)
    poll.register(0, select.POLLIN)
    while True:
        for descriptor, _ in poll.poll():
            if descriptor == 0:
                return None
            if descriptor in running:
                poll.unregister(descriptor)
                end(descriptor, *running.pop(descriptor))
                continue
            connection, _ = listener.accept()
            length, streams, *_ = socket.recv_fds(connection, LENGTH, STREAMS)
            program = Program(*pickle.loads(read(connection, int.from_bytes(length))))
            child = os.fork()
            if child == 0:
                for number, stream in enumerate(streams):
                    os.dup2(stream, number)
                inherited = [listener.fileno(), connection.fileno(), *streams, *running]
                inherited += [other.fileno() for _, other in running.values()]
                for each in inherited:
                    with suppress(OSError):
                        os.close(each)
                return program
            for stream in streams:
                os.close(stream)
            handle = os.pidfd_open(child)
            running[handle] = (child, connection)
            poll.register(handle, select.POLLIN)
            connection.sendall(child.to_bytes(LENGTH))


def end(handle: int, child: int, connection: socket.socket) -> None:
    """Report the exit code of a fork: negative if a signal ended it, as in ``subprocess``."""
    os.close(handle)
    _, status = os.waitpid(child, 0)
    with suppress(OSError):
        connection.sendall(os.waitstatus_to_exitcode(status).to_bytes(LENGTH, signed=True))
    connection.close()


def become(program: Program) -> Callable[[], object]:
    """Take over folder, environment and arguments. The function returned runs the program."""
    os.environ.clear()
    os.environ.update(program.environment)
    time.tzset()
    os.chdir(program.folder)
    sys.path.insert(0, program.folder)
    sys.argv = [program.module, *program.arguments]
    return lambda: runpy.run_module(program.module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    for name in LIBRARIES:
        importlib.import_module(name)
    gc.freeze()
    if program := serve(sys.argv[1]):
        become(program)()
