"""An interpreter that has loaded the libraries already, and forks for each program that a test runs.

Most of the time of a short command is spent on loading Scrapy, Twisted and lxml. A fork runs the same code with its own
memory, folder, environment and output; only the libraries in ``LIBRARIES`` are there from the start, and the versions
of packages, which a crawl looks up. The workers of such a program are forks too, of a second interpreter that has
loaded only ``WORKER_LIBRARIES`` and extracted one page. Tests of loading and installing, and those of the workers
themselves, start real processes.

Server: ``python -P preloaded.py SOCKET``; it ends when its standard input closes. The second interpreter serves
``SOCKET.workers``.
"""

from __future__ import annotations

import atexit
import fcntl
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
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path
from typing import IO, Any, NamedTuple

LIBRARIES = (
    *("caliber_crawler.archive", "caliber_crawler.extraction_steps", "caliber_crawler.pipelines"),
    *(f"caliber_crawler.{name}" for name in ("news_spider", "fetching.download_handler", "fetching.downloader")),
    *("scrapy.commands", "scrapy.core.downloader.contextfactory", "scrapy.core.downloader.handlers.http11"),
    *("scrapy.crawler", "scrapy.downloadermiddlewares.cookies", "scrapy.extensions.feedexport"),
    *("scrapy.extensions.remote_control", "scrapy.extensions.telnet", "scrapy.extensions.throttle"),
    *("scrapy.utils.reactor", "twisted.internet.asyncioreactor", "twisted.web.client"),
    *("click", "rich.console", "rich.progress", "rich.table", "sqlite3", "tabulate", "tqdm.std"),
    "sqlite_utils.db",  # it loads pandas, if that is installed: half the CPU time of a small crawl
    # What crawls and other commands load when they begin.
    *("multiprocessing.synchronize", "caliber_crawler.alerts.messages", "caliber_crawler.crawl_process"),
    *("caliber_crawler.archive.queue.aliases", "caliber_crawler.archive.queue.frontier"),
    *("caliber_crawler.archive.reports.site_reports", "caliber_crawler.archive.reports.status"),
    *("caliber_crawler.archive.texts.absence", "caliber_crawler.archive.upkeep.restoration"),
    *("caliber_crawler.archive.upkeep.verification", "caliber_crawler.crawling.estimate", "caliber_crawler.demo"),
    *("caliber_crawler.export.data_package", "caliber_crawler.ingest", "caliber_crawler.notification.site_message"),
    *("caliber_crawler.page_files.saved_page", "caliber_crawler.scheduler", "caliber_crawler.tokenization"),
    "caliber_crawler.archive.upkeep.parallel_verification",
    *(f"caliber_crawler.commands.{name}" for name in ("alerts", "cli", "crawl", "export", "ingest", "notification")),
    *(f"caliber_crawler.commands.{name}" for name in ("reextract", "search", "show", "status", "verify")),
    *(f"caliber_crawler.middlewares.{name}" for name in ("compression", "offsite", "robots", "scrolling")),
    *(f"caliber_crawler.middlewares.{name}" for name in ("backoff", "conditional", "refreshes", "truncated_responses")),
    *(f"caliber_crawler.spiders.{name}" for name in ("caliber", "kommersant", "orf")),
    *(f"scrapy.downloadermiddlewares.{name}" for name in ("defaultheaders", "downloadtimeout", "httpcache")),
    *(f"scrapy.downloadermiddlewares.{name}" for name in ("httpproxy", "offsite", "redirect", "retry", "robotstxt")),
    *(f"scrapy.downloadermiddlewares.{name}" for name in ("httpauth", "stats", "useragent")),
    *(f"scrapy.extensions.{name}" for name in ("closespider", "corestats", "logcount", "logstats", "memusage")),
    *(f"scrapy.spidermiddlewares.{name}" for name in ("depth", "httperror", "metacopy", "start", "urllength")),
    "scrapy.statscollectors",
)
"""Modules that read neither the environment nor the terminal when they are loaded."""
WORKER_LIBRARIES = (
    "caliber_crawler.extraction.dates.labels",
    *("caliber_crawler.extraction.generic.extractor", "caliber_crawler.extraction.generic.fast_trafilatura"),
    "caliber_crawler.isolated_extraction",
    "caliber_crawler.processes.serving",
    "feedparser",
)
"""What a worker loads before its first page."""
PAGE_SECONDS = "TEST_PAGE_SECONDS"
"""A variable with another limit of CPU time for a page, for tests that exceed it."""
LENGTH = 8
MAX_DESCRIPTORS = 8


class Program(NamedTuple):
    """What a fork runs: a module with arguments, in a folder and with an environment."""

    module: str
    """Its name, or ``-c``: then the first argument is the code."""
    arguments: tuple[str, ...]
    folder: str
    environment: dict[str, str]
    descriptors: tuple[int, ...] = (0, 1, 2)
    """The numbers of its open files."""
    new_session: bool = False


class Fork:
    """A running program, with the methods of ``subprocess.Popen``."""

    stdin: IO[bytes]
    stdout: IO[bytes]

    def __init__(self, address: str, program: Program, files: Sequence[int]) -> None:
        """Start a program at the interpreter that serves ``address``; ``files`` become its ``descriptors``."""
        self._program = program
        self._connection = connect(address)
        message = pickle.dumps(tuple(program))
        socket.send_fds(self._connection, [len(message).to_bytes(LENGTH)], files)
        self._connection.sendall(message)
        self.pid = int.from_bytes(read(self._connection, LENGTH))
        self.returncode: int | None = None

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end; return the exit code. Raises ``TimeoutExpired``."""
        if self.returncode is None:
            self._connection.settimeout(timeout)
            try:
                self.returncode = int.from_bytes(read(self._connection, LENGTH), signed=True)
            except TimeoutError:
                raise subprocess.TimeoutExpired(list(self._program.arguments), timeout or 0) from None
            self._connection.close()
        return self.returncode

    def poll(self) -> int | None:
        """The exit code of an ended program."""
        if self.returncode is None and select.select([self._connection], [], [], 0)[0]:
            self.wait()
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send a signal to a program that has not ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask the program to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End the program at once."""
        self.send_signal(signal.SIGKILL)


class Interpreter:
    """The test's side: a server, started once for each process of the test run."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="preloaded-")
        self._address = str(Path(self._folder.name) / "socket")
        # A pipe, because the server ends when this process ends, for whatever reason.
        self._process = subprocess.Popen([sys.executable, "-P", __file__, self._address], stdin=subprocess.PIPE)
        atexit.register(self.close)

    def start(self, program: Program, stdout: IO[Any] | None = None, stderr: IO[Any] | None = None) -> Fork:
        """Start a program. Without a file for its output, the output is lost."""
        with Path(os.devnull).open("r+b") as nothing:
            files = [nothing, stdout or nothing, stderr or nothing]
            return Fork(self._address, program, [file.fileno() for file in files])

    def run(self, program: Program, *, timeout: float) -> tuple[int, str, str]:
        """Run a program to its end; return its exit code and output. Raises ``TimeoutExpired``."""
        with tempfile.TemporaryFile() as stdout, tempfile.TemporaryFile() as stderr:
            fork = self.start(program, stdout, stderr)
            try:
                exit_code = fork.wait(timeout)
            except subprocess.TimeoutExpired:
                fork.kill()
                fork.wait()
                raise
            return exit_code, text_of(stdout.fileno()), text_of(stderr.fileno())

    def start_worker(self, *arguments: str, **options: Any) -> Fork:
        """Start a worker of this process, in place of ``caliber_crawler.interpreter.start_python``."""
        return start_worker(f"{self._address}.workers", *arguments, **options)

    def close(self) -> None:
        """End the server."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(30)
        self._folder.cleanup()


def connect(address: str) -> socket.socket:
    """Connect to an interpreter, possibly one that is still loading its libraries."""
    connection = socket.socket(socket.AF_UNIX)
    deadline = time.monotonic() + 120
    while True:
        try:
            connection.connect(address)
        except (FileNotFoundError, ConnectionRefusedError):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)
        else:
            return connection


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


def serve(address: str, libraries: Iterable[str] = ()) -> Program | None:
    """Fork for each request. Returns the program in a fork, and ``None`` in the server when its input closes.

    The first request loads the libraries: some test runs need workers only.
    """
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
            if libraries:
                load(libraries)
                libraries = ()
            length, files, *_ = socket.recv_fds(connection, LENGTH, MAX_DESCRIPTORS)
            program = Program(*pickle.loads(read(connection, int.from_bytes(length))))
            child = os.fork()
            if child == 0:
                for each in (listener, connection, *(other for _, other in running.values())):
                    each.close()
                for process in running:
                    os.close(process)
                # Above the numbers that they get, so that none is overwritten before it is used.
                free = max(*files, *program.descriptors) + 1
                moved = [fcntl.fcntl(file, fcntl.F_DUPFD_CLOEXEC, free) for file in files]
                for file in files:
                    os.close(file)
                for number, file in zip(program.descriptors, moved, strict=True):
                    os.dup2(file, number)
                    os.close(file)
                return program
            for file in files:
                os.close(file)
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


def become(program: Program, workers: str) -> Callable[[], object]:
    """Take over folder, environment and arguments. The function returned runs the program.

    ``workers`` is the address of the interpreter that starts its workers.
    """
    unknown = {name for name in program.environment.items() - os.environ.items() if name[0].startswith("PYTHON")}
    assert {name for name, _ in unknown} <= {"PYTHONPATH", "PYTHONSAFEPATH"}, "only a new interpreter reads it"
    os.environ.clear()
    os.environ.update(program.environment)
    time.tzset()
    os.chdir(program.folder)
    if program.new_session:
        os.setsid()
    sys.argv = [program.module, *program.arguments[program.module == "-c" :]]
    if seconds := os.environ.get(PAGE_SECONDS):
        shorten_limits(float(seconds))
    # As the interpreter does when it starts; it reads no other variable that the tests set.
    sys.path[:0] = filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))
    code = partial(exec, program.arguments[0], {"__name__": "__main__"}) if program.module == "-c" else None
    if code and "PYTHONSAFEPATH" in os.environ:
        return code  # a worker
    importlib.import_module("caliber_crawler.processes.worker").start_python = partial(start_worker, workers)
    sys.path.insert(0, program.folder)
    if code:
        return code
    return lambda: runpy.run_module(program.module, run_name="__main__", alter_sys=True)


def run_and_exit(run: Callable[[], object]) -> None:
    """Run a program and end as the interpreter does, without destroying all objects, the libraries' first.

    That takes 0.1 s, and a short command itself 0.02 s. An error takes the usual way out.
    """
    try:
        run()
        code = 0
    except SystemExit as left:
        if not isinstance(left.code, int | None):
            raise
        code = left.code or 0
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code & 0xFF)


def shorten_limits(seconds: float) -> None:
    """Limit the CPU time for a page, in a program or in a worker."""
    isolated_extraction = importlib.import_module("caliber_crawler.isolated_extraction")
    limits = isolated_extraction.PAGE_LIMITS._replace(cpu_seconds=seconds)
    isolated_extraction.PAGE_LIMITS = limits
    if pipelines := sys.modules.get("caliber_crawler.pipelines"):
        pipelines.ExtractionStage.executor = pipelines.AsyncExecutor(limits)


def start_worker(
    address: str,
    *arguments: str,
    variables: Mapping[str, str],
    pass_fds: Sequence[int],
    stderr: int | None,
    **_: object,
) -> Fork:
    """Start a worker as ``caliber_crawler.interpreter.start_python`` does: with pipes, and in a session of its own."""
    environment = {**os.environ, **variables, "PYTHONSAFEPATH": "1"}
    environment.pop("PYTHONHASHSEED", None)  # Dask sets it in the process that starts its workers
    numbers = (0, 1, 2, *pass_fds)
    program = Program(arguments[0], arguments[1:], str(Path.cwd()), environment, numbers, new_session=True)
    read_end, calls = os.pipe()
    answers, write_end = os.pipe()
    errors = os.open(os.devnull, os.O_WRONLY) if stderr == subprocess.DEVNULL else os.dup(2)
    fork = Fork(address, program, [read_end, write_end, errors, *pass_fds])
    for each in (read_end, write_end, errors):
        os.close(each)
    fork.stdin, fork.stdout = os.fdopen(calls, "wb", 0), os.fdopen(answers, "rb", 0)
    return fork


def load(libraries: Iterable[str]) -> None:
    """Import these modules and look up the versions of packages; their objects live until the end."""
    metadata = importlib.import_module("importlib.metadata")
    vars(metadata)["version"] = cache(metadata.version)
    for name in libraries:
        importlib.import_module(name)
    importlib.import_module("caliber_crawler.software").software()
    if versions := sys.modules.get("scrapy.utils.versions"):
        versions.get_versions()
    gc.freeze()


def extract_a_page() -> None:
    """Extract a recorded page, of a known site and of any, so that forks need not compile patterns and read lists."""
    page = Path(__file__).parent / "pages/caliber/news-with-embeds/page.html"
    steps, items = (importlib.import_module(f"caliber_crawler.{name}") for name in ("extraction_steps", "items"))
    generic_site = importlib.import_module("caliber_crawler.site.generic").generic_site
    known_site = importlib.import_module("caliber_crawler.spiders.caliber").CaliberSpider.site
    url = "https://caliber.az/en/post/a-page"
    now = datetime.now(UTC)
    capture = items.Capture(site="caliber", url=url, fetched_at=now, status=200, body=page.read_bytes())
    for site in (known_site, generic_site(url)):
        steps.extract_page(capture, site, now)
    gc.collect()
    gc.freeze()


def main(address: str) -> None:
    """Serve both kinds of programs, until one is started in a fork of this process: run it."""
    workers = f"{address}.workers"
    load(WORKER_LIBRARIES)
    extract_a_page()
    is_for_workers = os.fork() == 0
    if program := serve(workers, ()) if is_for_workers else serve(address, LIBRARIES):
        run_and_exit(become(program, workers))


if __name__ == "__main__":
    main(sys.argv[1])
