"""Speed of a crawl compared with bare Scrapy, requests of a second crawl, and memory of a large crawl.

Everything runs over loopback without delays, against the demo site in a separate process:

    python -m benchmarks.crawl                 # 5,000 and 10,000 articles: some minutes
    python -m benchmarks.crawl --large 100000  # takes long

Rates depend on the load of the machine, so the two crawlers alternate and medians are printed, with the CPU time per
page including the extraction worker. In the comparison, the server generates each page once, in a warm-up round. Both
crawlers have their modules compiled, as if installed, also where the environment forbids Python to keep bytecode.
Archives are created in advance, because this imports sqlite-utils (and pandas if installed), unlike a crawl.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from statistics import median
from typing import Any

from tabulate import tabulate

from caliber_crawler.demo import DemoSite, Response
from caliber_crawler.demo.server import serve

CONCURRENCY = 16
"""Concurrent requests. Our crawler may extract and store this many pages less one at the same time."""
LAPS = 5
NOW = datetime(2026, 1, 7, tzinfo=UTC)
"""The time of the demo site's clock."""


@dataclass(frozen=True)
class Measurement:
    """One crawl by the server's log: the number of requests, and the seconds from the first to the last.

    ``cpu`` is the CPU time of all its processes in seconds, ``megabytes`` the peak memory of the largest process.
    """

    requests: int
    seconds: float
    cpu: float
    megabytes: float

    @property
    def rate(self) -> float:
        """Pages per second."""
        return self.requests / self.seconds if self.seconds else 0.0

    @property
    def milliseconds(self) -> float:
        """CPU time per page in milliseconds."""
        return 1000 * self.cpu / self.requests if self.requests else 0.0


@contextmanager
def demo_site(articles: int, folder: Path, *, cached: bool = False) -> Iterator[tuple[str, Path]]:
    """Serve a demo site with one section; yield its URL and its log. A ``cached`` site generates each page once."""
    log = folder / f"requests-{articles}.jsonl"
    log.touch()
    arguments: list[object] = ["-m", "caliber_crawler", "demo", "serve", "--port", 0, "--articles", articles]
    arguments += ["--sections", "analytics", "--log", log, "--at", NOW.isoformat()]
    if cached:
        arguments = [__file__, "--serve", articles, "--log", log]
    server = subprocess.Popen([sys.executable, *map(str, arguments)], stderr=subprocess.PIPE, text=True)
    try:
        assert server.stderr is not None
        yield server.stderr.readline().split()[0], log
    finally:
        server.terminate()
        server.wait()


def measure(arguments: list[object], log: Path) -> Measurement:
    """Run a crawler to its end. Bytecode is kept in the folder of the log."""
    before = len(log.read_text().splitlines())
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(log.parent / "bytecode")}
    process = subprocess.Popen([sys.executable, *map(str, arguments)], stdout=subprocess.DEVNULL, env=environment)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    time.sleep(0.2)
    times = [datetime.fromisoformat(json.loads(line)["time"]) for line in log.read_text().splitlines()[before:]]
    seconds = (max(times) - min(times)).total_seconds() if times else 0.0
    return Measurement(len(times), seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


class CachedSite(DemoSite):
    """A site that generates each of its pages once."""

    @cache  # noqa: B019 - there is only one site, which lives as long as the process
    def respond(self, target: str, now: datetime | None = None) -> Response:
        return super().respond(target, now)


def serve_cached(articles: int, log: Path) -> None:
    """Serve until interrupted; print the URL to standard error."""
    site = CachedSite(articles, sections=["analytics"], clock=lambda: NOW)
    serve(site, 0, log=log, ready=lambda url: print(url, file=sys.stderr, flush=True))


def crawl(url: str, archive: Path) -> list[object]:
    """The command of our crawl of every edition, into an existing archive."""
    script = "import sys; from caliber_crawler.archive import Archive; Archive.open(sys.argv[1], mode='write').close()"
    subprocess.run([sys.executable, "-c", script, str(archive)], check=True)
    return [
        *("-m", "caliber_crawler", "crawl", "--base-url", url, "--archive", archive, "--via", "listing"),
        *("--delay", 0, "--concurrency", CONCURRENCY),
    ]


def bare(url: str) -> None:
    """Crawl the same pages with a spider that fetches and parses, but stores nothing."""
    from scrapy import Spider
    from scrapy.crawler import AsyncCrawlerProcess

    class Bare(Spider):
        name = "bare"
        start_urls = [  # noqa: RUF012 - the usual form in Scrapy
            f"{url}{path}" for path in ("/en/category/analytics", "/category/analitika", "/arm/category/analytics")
        ]

        def parse(self, response: Any, page: int = 1) -> Any:
            links = set(response.css('.float_block a[href*="/post/"]::attr(href)').getall())
            for link in links:
                yield response.follow(link, self.parse_article)
            if links:
                yield response.follow(f"?page={page + 1}", self.parse, cb_kwargs={"page": page + 1})

        def parse_article(self, response: Any) -> Any:
            yield {
                "headline": response.css("h1.post_title ::text").getall(),
                "date": response.css(".post_time::text").get(),
                "section": response.css(".post_categoty ::text").get(),
                "body": response.css(".post_body p ::text").getall(),
                "views": response.css(".post_hits ::text").get(),
                "cover": response.css(".post_cover::attr(style)").get(),
            }

    settings = {
        "CONCURRENT_REQUESTS_PER_DOMAIN": CONCURRENCY,
        "DOWNLOAD_DELAY": 0,
        "LOG_LEVEL": "ERROR",
        "TELNETCONSOLE_ENABLED": False,
        "REMOTE_CONTROL_ENABLED": False,
        "ROBOTSTXT_OBEY": True,
    }
    process = AsyncCrawlerProcess(settings)
    process.crawl(Bare)
    process.start()


def main() -> None:
    """Measure, and print one table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--small", type=int, default=5_000, help="articles for the comparison with bare Scrapy")
    parser.add_argument("--middle", type=int, default=10_000, help="articles for the second crawl and for memory")
    parser.add_argument(
        "--large", type=int, default=0, help="articles of the crawl whose memory is compared with it; 0 skips it"
    )
    parser.add_argument("--laps", type=int, default=LAPS, help="how often the two crawlers alternate")
    parser.add_argument("--bare", help=argparse.SUPPRESS)
    parser.add_argument("--serve", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--log", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.bare:
        bare(options.bare)
        return
    if options.serve:
        serve_cached(options.serve, options.log)
        return
    rows: list[list[str]] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        compare(options.small, options.laps, folder, rows)
        middle = crawl_twice(options.middle, folder, rows) if options.middle else None
        if options.large and middle:
            with demo_site(options.large, folder) as (url, log):
                large = measure(crawl(url, folder / "large.db"), log)
            rows.append(
                [
                    f"peak memory, {options.large:,} articles",
                    f"{large.megabytes:.0f} MB",
                    f"{large.megabytes / middle.megabytes:.2f} of {options.middle:,}",
                    "<= 1.3",
                ]
            )
    print(tabulate(rows, headers=["", "measured", "compared", "goal"]))


def compare(articles: int, laps: int, folder: Path, rows: list[list[str]]) -> None:
    """Run our crawler and bare Scrapy on the same pages, alternately."""
    theirs, ours = [], []
    with demo_site(articles, folder, cached=True) as (url, log):
        measure([__file__, "--bare", url], log)
        measure(crawl(url, folder / "warm-up.db"), log)
        for lap in range(laps):
            theirs.append(measure([__file__, "--bare", url], log))
            ours.append(measure(crawl(url, folder / f"lap-{lap}.db"), log))
    pairs = list(zip(ours, theirs, strict=True))
    ratio = median(our.rate / their.rate for our, their in pairs)
    cpu = median(our.milliseconds / their.milliseconds for our, their in pairs)
    for name, done, comparison, goal, cpu_comparison, cpu_goal in (
        ("bare Scrapy", theirs, "", "", "", ""),
        ("caliber crawl", ours, f"{ratio:.2f} of bare Scrapy", ">= 1.1", f"{cpu:.2f} of bare Scrapy", "<= 1.3"),
    ):
        rows.append(
            [f"{name}, {articles:,} articles", f"{median(lap.rate for lap in done):.0f} pages/s", comparison, goal]
        )
        milliseconds = median(lap.milliseconds for lap in done)
        rows.append(["", f"{milliseconds:.1f} ms of CPU per page", cpu_comparison, cpu_goal])


def crawl_twice(articles: int, folder: Path, rows: list[list[str]]) -> Measurement:
    """Crawl a section twice without changes."""
    with demo_site(articles, folder) as (url, log):
        first = measure(crawl(url, folder / "middle.db"), log)
        second = measure(crawl(url, folder / "middle.db"), log)
    rows.append([f"caliber crawl, {articles:,} articles", f"{first.rate:.0f} pages/s", f"{first.megabytes:.0f} MB", ""])
    rows.append(
        [
            "second crawl, nothing changed",
            f"{second.requests} requests",
            f"{second.requests / first.requests:.2%} of {first.requests:,}",
            "<= 1 %",
        ]
    )
    return first


if __name__ == "__main__":
    main()
