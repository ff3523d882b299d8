"""Run the tests in several processes: ``pytest --forks 3``.

One process collects the tests, which takes as long as a thousand of them, and forks. Each fork begins with its own part
of the list, because neighbouring tests share fixtures; one that has no tests left takes half of the longest remainder.
pytest-xdist collects in each of its processes, and reports a test at a higher cost: 1,100 small tests took 18 s of CPU
time with it in three processes, and take 9 s here.

A fork sends the reports of a test when it has ended. If a fork ends during a test, the test has failed, and another
fork takes its place.
"""

from __future__ import annotations

import atexit
import os
import pickle
import selectors
import signal
import socket
import sys
import threading
import warnings
from contextlib import suppress
from itertools import pairwise
from typing import Any

import pytest

LENGTH = 8
BATCH = 10
"""Maximum number of tests that a fork gets at a time."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--forks", type=int, default=1, metavar="N", help="run the tests in N processes")


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool | None:
    number = min(session.config.getoption("forks"), len(session.items))
    if number < 2 or session.config.option.collectonly or session.testsfailed:
        return None
    if reporter := session.config.pluginmanager.getplugin("terminalreporter"):
        reporter.showfspath = False  # neighbours in the output are not neighbours in the list
    Forks(session, number).run()
    return True


def send(connection: socket.socket, message: Any) -> None:
    content = pickle.dumps(message)
    connection.sendall(len(content).to_bytes(LENGTH) + content)


def receive(connection: socket.socket) -> Any:
    """The next message. Raises ``EOFError`` if the other side has ended."""
    return pickle.loads(receive_exactly(connection, int.from_bytes(receive_exactly(connection, LENGTH))))


def receive_exactly(connection: socket.socket, size: int) -> bytes:
    content = b""
    while len(content) < size:
        try:
            more = connection.recv(size - len(content))
        except ConnectionResetError:
            more = b""
        if not more:
            raise EOFError
        content += more
    return content


class Fork:
    """A process that runs tests, as seen from the process that started it."""

    def __init__(self, pid: int, connection: socket.socket, part: range) -> None:
        self.pid = pid
        self.connection = connection
        self.part = part
        """The tests that it will get."""
        self.given: list[int] = []
        """Those that it has got and not reported."""

    def take(self) -> list[int]:
        """Give it its next tests; less at a time when few are left, so that others can take them."""
        size = min(BATCH, max(1, len(self.part) // 10))
        taken, self.part = self.part[:size], self.part[size:]
        self.given += taken
        return list(taken)


class Forks:
    """All processes that run tests."""

    def __init__(self, session: pytest.Session, number: int) -> None:
        self._session = session
        self._hook = session.config.hook
        self._selector = selectors.DefaultSelector()
        self._forks: list[Fork] = []
        self._started = 0
        # Where the folder of the temporary files is unknown yet, each fork would have another.
        session.config._tmp_path_factory.getbasetemp()  # type: ignore[attr-defined]
        ends = [len(session.items) * index // number for index in range(number + 1)]
        self._parts = [range(*each) for each in pairwise(ends)]

    def run(self) -> None:
        """Run all tests. Raises ``Session.Failed`` if one failed that should end the session."""
        try:
            for part in self._parts:
                self._start(part)
            while self._forks:
                for key, _ in self._selector.select():
                    self._answer(key.data)
        finally:
            for fork in self._forks:
                with suppress(ProcessLookupError):
                    os.kill(fork.pid, signal.SIGTERM)
                os.waitpid(fork.pid, 0)
        if self._session.shouldfail:
            raise self._session.Failed(self._session.shouldfail)
        if self._session.shouldstop:
            raise self._session.Interrupted(self._session.shouldstop)

    def _start(self, part: range) -> None:
        ours, theirs = socket.socketpair()
        sys.stdout.flush()
        sys.stderr.flush()
        self._started += 1
        with warnings.catch_warnings():
            # Libraries have threads for their computations, which wait.
            warnings.simplefilter("ignore", DeprecationWarning)
            pid = os.fork()
        if pid == 0:
            ours.close()
            self._selector.close()
            for fork in self._forks:
                fork.connection.close()
            run_fork(self._session, theirs, self._started)
        theirs.close()
        fork = Fork(pid, ours, part)
        self._forks.append(fork)
        self._selector.register(ours, selectors.EVENT_READ, fork)

    def _answer(self, fork: Fork) -> None:
        """Report a test, or send the next ones."""
        try:
            message = receive(fork.connection)
        except EOFError:
            self._end(fork)
            return
        if message is None:
            send(fork.connection, self._next_tests(fork))
            return
        index, reports = message
        fork.given.remove(index)
        self._report(index, reports)

    def _next_tests(self, fork: Fork) -> list[int]:
        if self._session.shouldfail or self._session.shouldstop:
            return []
        if not fork.part:
            longest = max(self._forks, key=lambda each: len(each.part))
            middle = len(longest.part) // 2
            longest.part, fork.part = longest.part[:middle], longest.part[middle:]
        return fork.take() if fork.part else []

    def _report(self, index: int, reports: list[tuple[str, Any]]) -> None:
        item = self._session.items[index]
        self._hook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
        for kind, content in reports:
            if kind == "report":
                report = self._hook.pytest_report_from_serializable(config=self._session.config, data=content)
                self._hook.pytest_runtest_logreport(report=report)
            else:
                text, category, file, line, when, node, place = content
                message = warnings.WarningMessage(text, category, file, line)
                options = {"warning_message": message, "when": when, "nodeid": node, "location": place}
                self._hook.pytest_warning_recorded.call_historic(kwargs=options)
        self._hook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)

    def _end(self, fork: Fork) -> None:
        """Account for a process that has ended. If it had tests left, another one runs them."""
        self._selector.unregister(fork.connection)
        fork.connection.close()
        self._forks.remove(fork)
        _, status = os.waitpid(fork.pid, 0)
        if not fork.given:
            if status:
                raise RuntimeError(f"A process of the tests ended with {os.waitstatus_to_exitcode(status)} after them.")
            return
        running, *others = fork.given
        item = self._session.items[running]
        text = f"The process that ran the test ended with {os.waitstatus_to_exitcode(status)}."
        report = pytest.TestReport(item.nodeid, item.location, {}, "failed", text, "call")
        data = self._hook.pytest_report_to_serializable(config=self._session.config, report=report)
        self._report(running, [("report", data)])
        left = range(others[0] if others else fork.part.start, fork.part.stop)
        if left and not self._session.shouldfail:
            self._start(left)


# --- In a fork --------------------------------------------------------------------------------------------------------


class Sender:
    """Collects the reports and warnings of a test for the first process."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self.reports: list[tuple[str, Any]] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        data = self._config.hook.pytest_report_to_serializable(config=self._config, report=report)
        self.reports.append(("report", data))

    def pytest_warning_recorded(
        self, warning_message: warnings.WarningMessage, when: str, nodeid: str, location: tuple[str, int, str] | None
    ) -> None:
        text, category = str(warning_message.message), warning_message.category
        place = (text, category, warning_message.filename, warning_message.lineno)
        self.reports.append(("warning", (*place, when, nodeid, location)))


def run_fork(session: pytest.Session, connection: socket.socket, number: int) -> None:
    """Run the tests that the first process sends, and end this process."""
    code = 1
    try:
        prepare(session.config, number)
        run_tests(session, connection)
        code = 0
    except (KeyboardInterrupt, BrokenPipeError):
        session._setupstate.teardown_exact(None)  # type: ignore[attr-defined]
    finally:
        threading._shutdown()  # type: ignore[attr-defined]
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def prepare(config: pytest.Config, number: int) -> None:
    """Detach this process from the first one: from its terminal, its files of captured output, and its folder."""
    plugins = config.pluginmanager
    for name in ("terminalreporter", "junitxml", "lfplugin"):
        if plugin := plugins.getplugin(name):
            plugins.unregister(plugin)
    capture: Any = plugins.getplugin("capturemanager")
    capture.stop_global_capturing()
    capture.start_global_capturing()
    capture.suspend_global_capture(in_=False)
    factory: Any = config._tmp_path_factory  # type: ignore[attr-defined]
    factory._basetemp = factory.getbasetemp() / f"fork-{number}"
    factory._basetemp.mkdir(mode=0o700)
    signal.signal(signal.SIGTERM, signal.default_int_handler)


def run_tests(session: pytest.Session, connection: socket.socket) -> None:
    """Ask for tests until there are none."""
    sender = Sender(session.config)
    session.config.pluginmanager.register(sender)

    def more() -> list[int]:
        send(connection, None)
        found: list[int] = receive(connection)
        return found

    given = more()
    while given:
        index = given.pop(0)
        # Before the test, because it decides which fixtures end after it.
        given = given or more()
        session.config.hook.pytest_runtest_protocol(
            item=session.items[index], nextitem=session.items[given[0]] if given else None
        )
        send(connection, (index, sender.reports))
        sender.reports = []
