"""Cluster workers as processes, and what tests can observe of them: the archive and the servers' logs."""

from __future__ import annotations

import signal
import socket
import sqlite3
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import psycopg

from tests.cluster.postgres import rows
from tests.cluster.press import Paper, Press
from tests.conftest import Result, run_module, start
from tests.preloaded import Fork

LEASE = 5.0
"""Seconds."""
BACK_OFF = 1
"""Seconds; 60 by default."""
UNFINISHED = "SELECT count(*) AS jobs FROM procrastinate_jobs WHERE status IN ('todo', 'doing')"


@dataclass(frozen=True)
class Visit:
    """A request in the log of its server."""

    worker: str
    at: float
    parallel: int


@dataclass
class Crew:
    """The workers of one cluster. Each has its own name in its user agent."""

    dsn: str
    press: Press
    folder: Path
    workers: dict[str, Fork] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)
    """Further environment variables of all commands."""

    def caliber(self, *arguments: object, **variables: str) -> Result:
        return run_module("caliber_crawler", *arguments, folder=self.folder, **self.settings(variables))

    def settings(self, variables: dict[str, str]) -> dict[str, str]:
        defaults = {"CALIBER_DSN": self.dsn, "CALIBER_SHARDS": str(self.folder / "shards"), **self.press.variables}
        return defaults | self.variables | variables

    def enqueue(self, *options: object) -> None:
        assert self.caliber("cluster", "init").exit_code == 0
        names = [paper.name for paper in self.press.papers]
        result = self.caliber("cluster", "enqueue", *names, "--delay", 0.05, *options)
        assert result.exit_code == 0, result.stderr

    def start(self, name: str, dsn: str = "", *options: object, **further: str) -> Fork:
        scratch = self.folder / "scratch"
        scratch.mkdir(exist_ok=True)
        common = ("--lease", LEASE, "--parallel", 8, "--back-off", BACK_OFF, "--scratch", scratch)
        variables = {"CALIBER_CONTACT": f"{name}@example.org", **({"CALIBER_DSN": dsn} if dsn else {}), **further}
        with (self.folder / f"{name}.log").open("w") as log:
            arguments = ("cluster", "worker", *common, *options)
            process = start(*arguments, folder=self.folder, stderr=log, **self.settings(variables))
        self.workers[name] = process
        return process

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text()

    def wait_for(self, condition: Callable[[], bool], seconds: float = 120.0) -> float:
        """Wait until a condition is true; return the number of seconds."""
        started = time.monotonic()
        while not condition():
            assert time.monotonic() - started < seconds, {name: self.log(name)[-2000:] for name in self.workers}
            time.sleep(0.05)
        return time.monotonic() - started

    def is_done(self) -> bool:
        with suppress(psycopg.OperationalError):
            return rows(self.dsn, UNFINISHED)[0]["jobs"] == 0
        return False

    def visits(self, paper: Paper) -> list[Visit]:
        return [
            Visit(
                worker=request["user_agent"].partition("(+")[2].partition("@")[0],
                at=datetime.fromisoformat(request["time"]).timestamp(),
                parallel=request["in_flight"],
            )
            for request in paper.requests()
        ]

    def by(self, name: str) -> list[Visit]:
        return [visit for paper in self.press.papers for visit in self.visits(paper) if visit.worker == name]

    def count_requests(self) -> int:
        """The number of requests of all workers."""
        return sum(paper.log.read_bytes().count(b"\n") for paper in self.press.papers)

    def is_in_the_middle(self, articles: int) -> bool:
        """Whether both workers have started and a fifth of the pages was requested."""
        pages = len(self.press.papers) * (articles + 8)
        return self.count_requests() > pages / 5 and bool(self.by("anna")) and bool(self.by("boris"))

    def handovers(self) -> dict[str, float]:
        """The hosts that passed from one worker to another, with the seconds between their requests."""
        gaps = {}
        for paper in self.press.papers:
            visits = self.visits(paper)
            assert all(visit.parallel == 1 for visit in visits), f"{paper.name} received two requests at the same time"
            changes = [(earlier, later) for earlier, later in pairwise(visits) if earlier.worker != later.worker]
            assert len(changes) <= 1, f"{paper.name} changed between workers more than once"
            if changes:
                gaps[paper.name] = changes[0][1].at - changes[0][0].at
        return gaps

    def collect(self) -> Path:
        archive = self.folder / "all.db"
        result = self.caliber("cluster", "collect", "--archive", archive)
        assert result.exit_code == 0, result.stderr
        return archive

    def stop(self) -> None:
        for process in self.workers.values():
            if process.poll() is None:
                process.send_signal(signal.SIGCONT)
                process.terminate()
        for process in self.workers.values():
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@contextmanager
def run_crew(dsn: str, press: Press, folder: Path, variables: dict[str, str] | None = None) -> Iterator[Crew]:
    """A crew whose workers are stopped when the block ends."""
    crew = Crew(dsn, press, folder, variables=variables or {})
    try:
        yield crew
    finally:
        crew.stop()


def assert_every_article_once(archive: Path, papers: list[Paper], others: Sequence[str] = ()) -> None:
    """Check that an archive has the articles of these newspapers; those of others are not compared."""
    with closing(sqlite3.connect(archive)) as connection:
        stored = set(connection.execute("select site, slug from articles where duplicate_of is null"))
        stored = {(site, slug) for site, slug in stored if site not in others}
        assert stored == {(paper.name, slug) for paper in papers for slug in paper.truth()}
        (versions, articles, integrity) = connection.execute(
            """select (select count(*) from versions), (select count(*) from articles),
            (select group_concat(quick_check) from pragma_quick_check)"""
        ).fetchone()
    assert (versions, integrity) == (articles, "ok")


class Cable:
    """A TCP proxy to PostgreSQL that can stop forwarding."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._sockets: list[socket.socket] = []
        self._is_cut = False
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Stop forwarding without closing any connection."""
        self._is_cut = True

    def close(self) -> None:
        self._is_cut = True
        for end in (self._listener, *self._sockets):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                far = socket.create_connection(("127.0.0.1", self._target))
                self._sockets += [near, far]
                for source, sink in ((near, far), (far, near)):
                    threading.Thread(target=self._forward, args=(source, sink), daemon=True).start()

    def _forward(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                if self._is_cut:
                    return
                sink.sendall(data)
            if not self._is_cut:
                sink.shutdown(socket.SHUT_WR)
