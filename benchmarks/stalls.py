"""Runs ``caliber crawl`` and measures how long its event loop stands still: the CPU time of each callback.

    STALLS=stalls.json python -m benchmarks.stalls crawl --archive a.db

The longest callback after the first request, and the page that was last begun, are in the file ``STALLS``, which is
written whenever there is a longer one. ``TIMEOUT`` replaces the crawl's ``DOWNLOAD_TIMEOUT`` in seconds. When a signal
stops the crawl, the file ``HEARD`` states when its handler ran, and when the event loop began to stop the crawl: by the
clock of the system, and in CPU time of the process.
"""

from __future__ import annotations

import json
import os
import time
from asyncio import events
from pathlib import Path
from typing import Any

from scrapy import signals
from scrapy.crawler import Crawler

from caliber_crawler import settings
from caliber_crawler.crawling.watchdog import WATCHDOG

MIN_SECONDS = 0.02
"""Shorter callbacks are not written."""


class Beginning:
    """An extension that starts the measurement at the first request: no server can make the start of a crawl longer."""

    def __init__(self) -> None:
        self.measured = False

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Beginning:
        beginning = cls()
        crawler.signals.connect(beginning.measure, signals.request_reached_downloader)
        return beginning

    def measure(self) -> None:
        """Measure each callback of every event loop of this process from now on."""
        if self.measured:
            return
        self.measured = True
        file = Path(os.environ["STALLS"])
        run = events.Handle._run
        longest = MIN_SECONDS

        def measured(handle: Any) -> None:
            nonlocal longest
            started = time.thread_time()
            try:
                run(handle)
            finally:
                seconds = time.thread_time() - started
                if seconds > longest:
                    longest = seconds
                    page = WATCHDOG._page[1] if WATCHDOG._page else ""
                    file.write_text(json.dumps({"seconds": round(seconds, 3), "page": page}))

        events.Handle._run = measured  # type: ignore[method-assign]


def write_when_heard(file: Path) -> None:
    """Have the times written at which a signal is handled."""
    from caliber_crawler.crawl_process import CrawlProcess  # after the settings are changed

    handle, stop = CrawlProcess._signal_shutdown, CrawlProcess.stop
    times: dict[str, tuple[float, float]] = {}

    def handled(self: CrawlProcess, signum: int, frame: Any) -> None:
        times.setdefault("handled", (time.monotonic(), time.process_time()))
        handle(self, signum, frame)

    async def stopped(self: CrawlProcess) -> None:
        if times:
            times.setdefault("stopped", (time.monotonic(), time.process_time()))
            file.write_text(json.dumps(times))
        await stop(self)

    CrawlProcess._signal_shutdown = handled  # type: ignore[method-assign]
    CrawlProcess.stop = stopped  # type: ignore[method-assign]


def main() -> None:
    settings.DOWNLOAD_TIMEOUT = int(os.environ.get("TIMEOUT", settings.DOWNLOAD_TIMEOUT))
    settings.EXTENSIONS["benchmarks.stalls.Beginning"] = 0
    if file := os.environ.get("HEARD"):
        write_when_heard(Path(file))
    from caliber_crawler.commands.cli import main as run_caliber  # after the settings are changed

    run_caliber()


if __name__ == "__main__":
    main()
