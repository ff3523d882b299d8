"""How many sites one process can crawl at a time: python -m benchmarks.one_process [--sites N]... [--articles N]

The sites are demo sites at addresses 127.20.0.1, 127.20.0.2 and so on, from a process of their own. All are crawled at
the same time, one request per second to each. The log of the sites proves the delay, as a rate: on a busy
machine, it may see a request late, and the next one on time. CPU time is that of the crawling
process and its extraction worker; memory is what they have more at the end than with the first number of sites.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any, TextIO

from tabulate import tabulate

from benchmarks.soak import megabytes
from benchmarks.year_crawls import cpu_seconds
from caliber_crawler.demo import DemoSite
from caliber_crawler.demo.server import Receive, Scope, Send, SiteApp

PORT = 9_620
DELAY = 1.0
"""Seconds between two requests to a site."""


def host_of(number: int) -> str:
    return f"127.20.{number // 250}.{number % 250 + 1}"


class Sites:
    """Many sites behind one port, told apart by the host of the request."""

    def __init__(self, sites: int, log: TextIO) -> None:
        self._log = log
        site = DemoSite(articles=3_000, seed=1, sections=("analytics",))
        self._apps = {}
        for number in range(sites):
            own = DemoSite(articles=3_000, seed=1, sections=("analytics",), base_url=f"http://{host_of(number)}:{PORT}")
            own.newsroom = site.newsroom
            self._apps[f"{host_of(number)}:{PORT}"] = SiteApp(own)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        host = dict(scope["headers"])[b"host"].decode()
        self._log.write(f"{host}\t{time.time():.4f}\n")
        await self._apps[host](scope, receive, send)


def serve(sites: int, log: Path) -> None:
    """Serve until terminated."""
    import uvicorn

    with log.open("w", buffering=1) as lines:
        config = uvicorn.Config(
            Sites(sites, lines), log_config=None, access_log=False, lifespan="off", ws="none", server_header=False
        )
        sockets = [socket.create_server((host_of(number), PORT), backlog=100) for number in range(sites)]
        uvicorn.Server(config).run(sockets=sockets)


def crawl(sites: int, articles: int, archive: Path) -> None:
    """Crawl all sites at a time, and print what it took as JSON."""
    from caliber_crawler.crawl_process import Crawl, crawl_sites
    from caliber_crawler.crawling.options import CrawlOptions
    from caliber_crawler.known_sites import project_settings
    from caliber_crawler.spiders.caliber import CaliberSpider

    spiders = []
    for number in range(sites):
        name = f"demo-{number:05}"
        known = replace(CaliberSpider.site, name=name, hosts=())
        members = {"name": name, "site": known.served_at(f"http://{host_of(number)}:{PORT}")}
        spiders.append(type("OneSpider", (CaliberSpider,), members))
    crawls = [Crawl(spider=spider, options=CrawlOptions(language="en", limit=articles)) for spider in spiders]
    settings = project_settings(ARCHIVE=str(archive), LOG_LEVEL="ERROR", DOWNLOAD_DELAY=DELAY)
    cpu, peak = cpu_seconds(os.getpid()), 0.0

    def watch(running: object) -> None:
        nonlocal peak
        peak = max(peak, megabytes(os.getpid()))

    crawl_sites(crawls, settings, parallel=sites, report=watch)
    failed = [crawl for crawl in crawls if crawl.run is None or crawl.run.accounts.outcome == "failed"]
    stored = sum(crawl.run.accounts.counts["new"] for crawl in crawls if crawl.run is not None)
    result = {"cpu": cpu_seconds(os.getpid()) - cpu, "megabytes": peak, "failed": len(failed), "stored": stored}
    print(json.dumps(result))


def measure(sites: int, articles: int, folder: Path) -> dict[str, Any]:
    """Crawl a number of sites."""
    log, this = folder / f"{sites}.tsv", [sys.executable, "-m", "benchmarks.one_process"]
    server = subprocess.Popen([*this, "--serve", str(sites), "--folder", str(folder)])
    try:
        time.sleep(5)
        arguments = ["--crawl", str(sites), "--articles", str(articles), "--folder", str(folder)]
        ended = subprocess.run([*this, *arguments], capture_output=True, text=True, check=False)
    finally:
        server.terminate()
        server.wait()
    if ended.returncode:
        raise SystemExit(ended.stderr)
    times: defaultdict[str, list[float]] = defaultdict(list)
    for line in log.read_text().splitlines():
        host, at = line.split("\t")
        times[host].append(float(at))
    gaps = [later - earlier for each in times.values() for earlier, later in pairwise(each)]
    rates = [(len(each) - 1) / (each[-1] - each[0]) for each in times.values()]
    seconds = max(each[-1] for each in times.values()) - min(each[0] for each in times.values())
    requests = sum(map(len, times.values()))
    found = json.loads(ended.stdout.splitlines()[-1])
    return {
        "sites": sites,
        "requests": requests,
        "requests per second": round(requests / seconds, 1),
        "articles": found["stored"],
        "failed": found["failed"],
        "CPU ms per request": round(1000 * found["cpu"] / requests, 1),
        "memory, MB": round(found["megabytes"]),
        "seconds between two requests to a site, median": round(median(gaps), 3),
        "highest rate of a site, requests per second": round(max(rates), 3),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sites", type=int, nargs="+", default=[1, 100, 1_000])
    parser.add_argument("--articles", type=int, default=10, help="articles of each site")
    parser.add_argument("--serve", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--crawl", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve(options.serve, options.folder / f"{options.serve}.tsv")
    elif options.crawl:
        crawl(options.crawl, options.articles, options.folder / f"{options.crawl}.db")
    else:
        with tempfile.TemporaryDirectory() as folder:
            rows = [measure(sites, options.articles, Path(folder)) for sites in options.sites]
        print(tabulate([[name, *(row[name] for row in rows)] for name in rows[0]], tablefmt="pipe"))


if __name__ == "__main__":
    main()
