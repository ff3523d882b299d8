"""Serves the sites of ``benchmarks/year.py`` from one process, at a simulated time, with a log of all responses.

The program that crawls writes lines to its standard input: a time in seconds since 1970, and the reading of the
monotonic clock at which it began. The answer is an empty line. The log has one line for each response: the number of
the site, the time, the status and the target, separated by tabs. Status 0 is a response that never ended.
"""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, MutableMapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TextIO
from urllib.parse import urlsplit

import uvicorn

from benchmarks.year_sites import YearSite
from caliber_crawler.demo.server import Receive, Scope, Send, SiteApp

MAX_HANGING = 600.0
"""Seconds after which a response that hangs is given up."""


class SimulatedClock:
    """A clock that was set and goes on at the usual speed."""

    def __init__(self) -> None:
        self._at, self._since = datetime.now(UTC), time.monotonic()

    def set(self, at: datetime, since: float) -> None:
        """Set the clock: it was ``at`` at this reading of the monotonic clock."""
        self._at, self._since = at, since

    def __call__(self) -> datetime:
        return self._at + timedelta(seconds=time.monotonic() - self._since)


class YearApp:
    """One site as an ASGI application, with a line in the log for each response."""

    def __init__(self, site: YearSite, log: TextIO) -> None:
        self.site, self._log, self._app = site, log, SiteApp(site)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        now = self.site.clock()
        outage = self.site.outage(now)
        target = scope["raw_path"].decode("latin-1") + ("?" if scope["query_string"] else "")
        target += scope["query_string"].decode("latin-1")
        status = 0

        async def send_logged(message: MutableMapping[str, Any]) -> None:
            nonlocal status
            status = message.get("status", status)
            await send(message)

        try:
            if outage is not None and outage.kind == "hanging":
                with suppress(TimeoutError):
                    async with asyncio.timeout(MAX_HANGING):
                        while (await receive())["type"] != "http.disconnect":
                            pass
                return
            # The response and the line in the log have the same time.
            self.site.clock = lambda: now
            await self._app(scope, receive, send_logged)
        finally:
            self.site.clock = CLOCK
            self._log.write(f"{self.site.number}\t{now.timestamp():.6f}\t{status}\t{target}\n")


CLOCK = SimulatedClock()


class Listener:
    """One site's server, which can refuse connections for a while."""

    def __init__(self, site: YearSite, log: TextIO) -> None:
        self.site, self._app = site, YearApp(site, log)
        self._server: uvicorn.Server | None = None
        self._task: asyncio.Task[None] | None = None

    async def follow_the_clock(self) -> None:
        """Listen, unless the site is down."""
        outage = self.site.outage(CLOCK())
        is_down = outage is not None and outage.kind == "down"
        if is_down and self._server is not None and self._task is not None:
            self._server.should_exit = True
            await self._task
            self._server = None
        if not is_down and self._server is None:
            parts = urlsplit(self.site.base_url)
            listener = socket.create_server((parts.hostname, parts.port), backlog=100)
            config = uvicorn.Config(
                self._app,
                log_config=None,
                access_log=False,
                lifespan="off",
                ws="none",
                server_header=False,
                timeout_graceful_shutdown=1,
            )
            self._server = uvicorn.Server(config)
            self._task = asyncio.create_task(self._server.serve(sockets=[listener]))
            while not self._server.started:
                await asyncio.sleep(0.01)


async def follow_the_clock(listeners: Sequence[Listener]) -> None:
    """Start and stop the sites whose state has changed."""
    for listener in listeners:
        await listener.follow_the_clock()


def serve(sites: Sequence[YearSite], log: Path) -> None:
    """Serve until standard input ends."""
    loop = asyncio.new_event_loop()
    # Not in the main thread, where uvicorn would handle signals.
    threading.Thread(target=loop.run_forever, daemon=True).start()
    with log.open("a", encoding="utf-8", buffering=1) as lines:
        listeners = [Listener(site, lines) for site in sites]
        for line in sys.stdin:
            at, since = map(float, line.split())
            CLOCK.set(datetime.fromtimestamp(at, UTC), since)
            asyncio.run_coroutine_threadsafe(follow_the_clock(listeners), loop).result(60)
            print(flush=True)


class Served:
    """The sites in their own process."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.pid = process.pid

    def set_clock(self, at: datetime) -> None:
        """Set the clock of the sites; returns when they listen, or no longer listen."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{at.timestamp():.6f} {time.monotonic():.6f}\n")
        self._process.stdin.flush()
        if not self._process.stdout.readline():
            raise SystemExit(f"The server of the sites ended with exit code {self._process.wait(10)}.")


def served(days: int, sites: int, port: int, seed: int, log: Path) -> AbstractContextManager[Served]:
    """Serve the sites from a process of their own."""
    return served_by("benchmarks.year_server", days, sites, port, seed, log)


@contextmanager
def served_by(module: str, *arguments: object) -> Iterator[Served]:
    """Serve sites from a process that runs a module."""
    command = [sys.executable, "-m", module, *map(str, arguments)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield Served(process)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        with suppress(subprocess.TimeoutExpired):
            process.wait(5)
        process.kill()


def main() -> None:
    days, sites, port, seed = map(int, sys.argv[1:5])
    served_sites = [YearSite(number, days, sites, port, seed) for number in range(sites)]
    for site in served_sites:
        site.clock = CLOCK
    serve(served_sites, Path(sys.argv[5]))


if __name__ == "__main__":
    main()
