"""A day of many small sites in one process: python -m benchmarks.one_day --folder FOLDER [--sites N] [--hours N]

Real crawls of demo sites at addresses 127.21.0.1, 127.21.0.2 and so on, which are served by another process. All sites
are crawled at each hour of a simulated day, a number of them at the same time, with a second between two requests to a
site. The clock goes at its usual speed during the crawls of an hour; then it jumps to the next hour. The first hour
stores the articles of the day until then. A day that was stopped (``--seconds``) goes on after its last hour.

The report has one line for each hour:

* the lag of a site, in seconds: from the full hour, when its crawl is due, to its first request;
* the shortest time from one request of a site to the next one, and the most requests of a site in 10 seconds. The
  sites log when they get to a request, which is late on a busy machine, and when the crawl sent it: each request has
  that time in its header ``X-Sent``, written as the request itself is;
* the time from sending a request until the sites get to it;
* memory of the process and its extraction worker, and how many objects Python's garbage collector knows.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import os
import socket
import sys
import time
from collections import Counter, deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import quantiles
from threading import Thread
from typing import Any, TextIO

from tabulate import tabulate
from twisted.web._newclient import Request

from benchmarks.soak import megabytes
from benchmarks.year_crawls import cpu_seconds, read_lines
from benchmarks.year_server import CLOCK, Served, served_by
from benchmarks.year_sites import ARTICLES, START, SeasonalTimeline
from caliber_crawler.archive import Archive
from caliber_crawler.commands.crawling import ALLOCATIONS
from caliber_crawler.crawl_process import Crawl, CrawlProcess, follow_all
from caliber_crawler.crawling.options import CrawlOptions
from caliber_crawler.demo import DemoSite
from caliber_crawler.demo.server import Receive, Scope, Send, SiteApp
from caliber_crawler.fetching.download_handler import PoliteDownloadHandler
from caliber_crawler.known_sites import project_settings
from caliber_crawler.news_spider import NewsSpider
from caliber_crawler.pipelines import ExtractionStage
from caliber_crawler.spiders.caliber import CaliberSpider

PORT = 9_621
DELAY = 1.0
"""Seconds between two requests to a site."""
SINCE = "2024-12-31"
"""The first crawls fetch the articles of the day before them."""
TOLERANCE = 0.001
"""Seconds: times are rounded."""
WINDOW = 10.0
NEWSROOMS = 20
"""Sites with the same number modulo this one publish the same articles, at the same times."""
HOUR = timedelta(hours=1)


def host_of(number: int) -> str:
    return f"127.21.{number // 250}.{number % 250 + 1}"


# --- The sites --------------------------------------------------------------------------------------------------------


class Sites:
    """Many sites behind one port, told apart by the host of the request."""

    def __init__(self, sites: int, log: TextIO) -> None:
        self._log = log
        newsrooms = []
        for number in range(NEWSROOMS):
            site = DemoSite(ARTICLES, seed=1_000 + number, sections=("analytics",))
            site.newsroom.timeline = SeasonalTimeline(ARTICLES, site.seed)
            newsrooms.append(site.newsroom)
        self._apps: dict[str, tuple[int, SiteApp]] = {}
        for number in range(sites):
            host = f"{host_of(number)}:{PORT}"
            # It has no articles of its own.
            own = DemoSite(1, seed=1, sections=("analytics",), clock=CLOCK, base_url=f"http://{host}")
            own.articles, own.newsroom = ARTICLES, newsrooms[number % NEWSROOMS]
            self._apps[host] = number, SiteApp(own)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = dict(scope["headers"])
        number, app = self._apps[headers[b"host"].decode()]
        self._log.write(f"{number}\t{CLOCK().timestamp():.4f}\t{headers[b'x-sent'].decode()}\n")
        await app(scope, receive, send)


def serve(sites: int, log: Path) -> None:
    """Serve until standard input ends; its lines set the clock, as in ``benchmarks/year_server.py``."""
    import uvicorn

    with log.open("a", buffering=1) as lines:
        sockets = [socket.create_server((host_of(number), PORT), backlog=100) for number in range(sites)]
        config = uvicorn.Config(
            Sites(sites, lines), log_config=None, access_log=False, lifespan="off", ws="none", server_header=False
        )
        server = uvicorn.Server(config)
        # Not in the main thread, where uvicorn would handle signals.
        Thread(target=lambda: asyncio.run(server.serve(sockets=sockets)), daemon=True).start()
        while not server.started:
            time.sleep(0.05)
        for line in sys.stdin:
            at, since = map(float, line.split())
            CLOCK.set(datetime.fromtimestamp(at, UTC), since)
            print(flush=True)


class DatedDownloadHandler(PoliteDownloadHandler):
    """Adds to each request the simulated time at which it is sent."""

    def _begin_sending(self, request: Request) -> None:
        sent = datetime.now(UTC).timestamp()
        super()._begin_sending(request)
        request.headers.setRawHeaders(b"X-Sent", [f"{sent:.4f}".encode()])


# --- The crawls -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Plan:
    """How many sites for how many hours, how many at a time, into which folder, and after how many seconds to stop."""

    folder: Path
    sites: int
    hours: int
    seconds: float
    parallel: int = 100

    def times(self) -> Iterator[datetime]:
        """The hours that are left."""
        done = len(read_lines(self.folder / "hours.jsonl"))
        return (START + number * HOUR for number in range(done, self.hours))


def spider_of(number: int) -> type[NewsSpider]:
    """The spider of a site."""
    name = f"demo-{number:05}"
    known = replace(CaliberSpider.site, name=name, hosts=())
    members = {"name": name, "site": known.served_at(f"http://{host_of(number)}:{PORT}")}
    return type("OneSpider", (CaliberSpider,), members)


def run(plan: Plan) -> None:
    """Run the hours that are left, until the seconds have passed."""
    import time_machine  # not needed to report

    archive = plan.folder / "archive.db"
    settings = project_settings(ARCHIVE=str(archive), LOG_LEVEL="ERROR", DOWNLOAD_DELAY=DELAY)
    settings["DOWNLOAD_HANDLERS"].update({"http": "benchmarks.one_day.DatedDownloadHandler"}, priority="cmdline")
    process = CrawlProcess(settings)
    spiders = [spider_of(number) for number in range(plan.sites)]
    gc.freeze()
    gc.set_threshold(ALLOCATIONS, *gc.get_threshold()[1:])
    serving = served_by("benchmarks.one_day", "--folder", plan.folder, "--serve", plan.sites)
    with serving as server, time_machine.travel(START, tick=True) as clock:

        async def run_hours() -> None:
            began = time.monotonic()
            ExtractionStage.executor.join()
            try:
                with Archive.open(archive, mode="write") as opened:
                    for at in plan.times():
                        if process.stopping or time.monotonic() - began > plan.seconds:
                            return
                        clock.move_to(at)
                        server.set_clock(at)
                        is_first = opened.sites.get(spiders[0].site.name) is None
                        options = CrawlOptions(language="en", since=SINCE) if is_first else CrawlOptions(due=True)
                        crawls = [Crawl(spider=spider, options=options) for spider in spiders]
                        line = await run_hour(process, crawls, opened, server, plan.parallel)
                        if not process.stopping:
                            with (plan.folder / "hours.jsonl").open("a") as lines:
                                lines.write(json.dumps({"at": at.timestamp(), **line}) + "\n")
            finally:
                await ExtractionStage.executor.leave()

        process.run(run_hours())


async def run_hour(
    process: CrawlProcess, crawls: list[Crawl], archive: Archive, server: Served, parallel: int
) -> dict[str, Any]:
    """Crawl all sites; return what it took."""
    began, cpu, server_cpu = time.monotonic(), cpu_seconds(os.getpid()), cpu_seconds(server.pid)
    peak = 0.0

    def crawl_megabytes() -> float:
        return megabytes(os.getpid()) - megabytes(server.pid)

    def watch(running: object) -> None:
        nonlocal peak
        peak = max(peak, crawl_megabytes())

    await follow_all(process, crawls, archive, parallel, watch)
    counts: Counter[str] = Counter()
    for crawl in crawls:
        if crawl.run is None or crawl.run.accounts.outcome == "failed":
            counts["failed"] += 1
        else:
            counts.update({name: crawl.run.accounts.counts[name] for name in ("pages", "new", "updated")})
    crawls.clear()
    gc.collect()
    served_cpu = cpu_seconds(server.pid) - server_cpu
    return {
        **counts,
        "seconds": round(time.monotonic() - began, 1),
        "cpu": round(cpu_seconds(os.getpid()) - cpu - served_cpu, 2),
        "peak": round(peak),
        "megabytes": round(crawl_megabytes(), 1),
        "objects": len(gc.get_objects()),
    }


# --- The report -------------------------------------------------------------------------------------------------------


class Log:
    """The log of the sites, in one pass: it has the last requests of each site only."""

    def __init__(self, path: Path, hours: list[float]) -> None:
        self.requests: Counter[int] = Counter()
        self.shortest: dict[int, float] = {}
        self.most: dict[int, int] = {}
        self.lags: dict[int, list[float]] = {}
        self.early: Counter[int] = Counter()
        """Requests sent earlier after the one before than the delay; see :data:`TOLERANCE`."""
        self.waits: dict[int, list[float]] = {}
        """Seconds from sending a request until the sites got to it."""
        recent: dict[str, deque[float]] = {}
        places = {round(at): number for number, at in enumerate(hours)}
        with path.open() as lines:
            for line in lines:
                site, received, sent = line.split("\t")
                at = float(sent)
                hour = places.get(int(at // 3600 * 3600))
                if hour is not None:
                    self.waits.setdefault(hour, []).append(float(received) - at)
                    self._add(hour, hours[hour], at, recent.setdefault(site, deque()))

    def _add(self, hour: int, due: float, at: float, recent: deque[float]) -> None:
        self.requests[hour] += 1
        if not recent or recent[-1] < due:
            self.lags.setdefault(hour, []).append(at - due)
        if recent:
            gap = at - recent[-1]
            self.shortest[hour] = min(gap, self.shortest.get(hour, gap))
            self.early[hour] += gap < DELAY - TOLERANCE
        recent.append(at)
        while recent[0] <= at - WINDOW:
            recent.popleft()
        self.most[hour] = max(len(recent), self.most.get(hour, 0))


def report(plan: Plan) -> str:
    """A table with one line for each hour."""
    hours: list[Mapping[str, Any]] = read_lines(plan.folder / "hours.jsonl")
    log = Log(plan.folder / "requests.tsv", [hour["at"] for hour in hours])
    rows: list[dict[str, Any]] = []
    for number, hour in enumerate(hours):
        lags, waits = (
            quantiles(each.get(number, [0.0, 0.0]), n=100, method="inclusive") for each in (log.lags, log.waits)
        )
        rows.append(
            {
                "hour": number,
                "requests": log.requests[number],
                "new articles": hour.get("new", 0),
                "failed": hour.get("failed", 0),
                "seconds": hour["seconds"],
                "CPU ms per site": round(1000 * hour["cpu"] / plan.sites, 1),
                "CPU ms per request": round(1000 * hour["cpu"] / max(1, log.requests[number]), 1),
                "median lag": round(lags[49], 1),
                "99 % lag": round(lags[98], 1),
                "shortest gap": round(log.shortest.get(number, 0.0), 3),
                "too early": log.early[number],
                "most in 10 s": log.most.get(number, 0),
                "99 % until received": round(waits[98], 2),
                "peak MB": hour["peak"],
                "MB after": hour["megabytes"],
                "objects": hour["objects"],
            }
        )
    return tabulate(rows, headers="keys", tablefmt="pipe")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, required=True, help="for the archive, the log and the state of the day")
    parser.add_argument("--sites", type=int, default=1_000)
    parser.add_argument("--parallel", type=int, default=100, help="sites that are crawled at the same time")
    parser.add_argument("--hours", type=int, default=24)
    parser.add_argument("--seconds", type=float, default=float("inf"), help="stop after this time; run again to go on")
    parser.add_argument("--serve", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    if options.serve:
        serve(options.serve, options.folder / "requests.tsv")
        return
    plan = Plan(options.folder, options.sites, options.hours, options.seconds, options.parallel)
    run(plan)
    print(report(plan))


if __name__ == "__main__":
    main()
