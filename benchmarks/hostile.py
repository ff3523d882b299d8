"""Every trick of a hostile server at many places of a site, beside 20 good pages.

    python -m benchmarks.hostile                      # all: about 20 minutes
    python -m benchmarks.hostile --only gzip-bomb     # one trick at every place, one crawl for each
    python -m benchmarks.hostile --place feed --json

A trick (``tests/hostile``) is served as an article, the target of a redirect, a listing, a sitemap, a feed,
``tdmrep.json`` and ``robots.txt``. A crawl meets several tricks at once, each at URLs of its own, and the archive says
what became of each. If such a crawl misses a goal, there is one crawl for each trick in it; if that misses a goal too,
there is one for each of its places, and only those count. A site has one feed, one ``tdmrep.json`` and one robots.txt.
Without ``--only`` or ``--place``, each crawl has one trick at each of the first two, and some tricks are served as
robots.txt. Exit code 3: something missed a goal.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from caliber_crawler.demo import DemoSite
from tests.hostile import bodies, tricks
from tests.hostile.site import Behaviour, Exchange, HostileSite, answering, misbehaving

AT = datetime(2026, 1, 7, tzinfo=UTC)
ARTICLES, GOOD = 46, 20
"""Articles of the demo site, and the number of them in English, which are the good pages."""
MAX_SECONDS = 180.0
"""Seconds after which a crawl is killed and counts as hung."""
SHORT_TIMEOUT = 3
"""Seconds to wait for servers that do not answer, instead of 30: only to save time."""
MAX_CRAWL, MAX_WORKER, MAX_STALL = 250, 500, 0.5
"""The goals: megabytes of the two processes, and CPU seconds for which the event loop may stand still."""
ROBOTS_EXITS = (13, 14)
"""Exit codes of a run that fetches nothing because robots.txt is unavailable: what RFC 9309 asks for."""
EXITS = (0, 1, 3, 10, *ROBOTS_EXITS, 15)
"""Exit codes that say that a crawl ended by itself."""
SECTIONS = ("interviews", "karabakh", "politics", "opinion", "economics", "world")
"""Sections of the site without an article: each of their listings can be a trick. The good pages are in another."""
TOGETHER = ("article", "redirect", "listing", "sitemap")
"""The places at which each crawl has several tricks."""
ALONE = ("feed", "tdmrep", "robots")
"""The places of which a site has one."""
PLACES = (*TOGETHER, *ALONE)
TRICKS: Mapping[str, Behaviour] = {
    **{path.rpartition("/")[2]: trick for path, trick in {**tricks.TRICKS, **tricks.SLOW}.items()},
    **bodies.BODIES,
}
SLOW = {path.rpartition("/")[2] for path in tricks.SLOW}
AS_ROBOTS = (*bodies.RULES, *bodies.PROLOGUES, "gzip-members", "nul-bytes", "any-bytes", "utf-16", "one-line-30-mb",
             "gzip-bomb", "endless", "header-flood", "loop", "to-metadata", "cut-chunks", "reset", "no-http",
             "http-500", "unasked-304", "silent")  # fmt: skip
"""Tricks that are served as robots.txt without ``--place``."""


class Case(NamedTuple):
    """A trick at a place."""

    trick: str
    place: str


class Measured(NamedTuple):
    """A crawl: its exit code (``None``: killed), error output, and the peak memory of it and its worker in MB."""

    exit_code: int | None
    errors: str
    crawl: float
    worker: float


@dataclass(frozen=True)
class Result:
    """What became of one trick at one place. Memory in megabytes; ``stall`` in seconds of CPU time."""

    trick: str
    place: str
    outcome: str
    good: int
    exit_code: int | None
    crawl: float
    worker: float
    stall: float
    stalled_after: str
    """The page that was begun before the longest stall."""
    traceback: bool
    seconds: float
    tricks: int
    """Number of tricks in the crawl."""

    @property
    def misses(self) -> list[str]:
        """The goals that were missed."""
        unavailable = self.place == "robots" and self.exit_code in ROBOTS_EXITS
        goals = {
            "hung" if self.exit_code is None else f"exit code {self.exit_code}": self.exit_code in EXITS,
            "traceback": not self.traceback,
            f"{self.good} of {GOOD} good pages": self.good == GOOD or unavailable,
            f"{self.crawl:.0f} MB in the crawl": self.crawl <= MAX_CRAWL,
            f"{self.worker:.0f} MB in the worker": self.worker <= MAX_WORKER,
            f"stall of {self.stall:.2f} s": self.stall <= MAX_STALL,
        }
        return [miss for miss, is_met in goals.items() if not is_met]


def path_of(case: Case, number: int) -> str:
    """The path at which the trick with this number in its crawl is served."""
    match case.place:
        case "listing":
            return f"/en/category/{SECTIONS[number]}"
        case "sitemap":
            return f"/sitemap-{case.trick}.xml"
        case "article" | "redirect":
            return f"/en/post/{case.place}-{case.trick}"
    return {"feed": "/rss.xml", "tdmrep": "/.well-known/tdmrep.json", "robots": "/robots.txt"}[case.place]


def plans(only: Sequence[str] | None, places: Sequence[str] | None) -> Iterator[list[Case]]:
    """The cases of each crawl. Neighbours are tricks of different kinds: similar failures in a row would end a run."""
    names = list(only or TRICKS)
    if only or places:
        yield from ([Case(trick, place)] for trick in names for place in places or PLACES)
        return
    groups = -(-len(names) // len(SECTIONS))
    for number in range(groups):
        some = names[number::groups]
        cases = [Case(trick, place) for place in TOGETHER for trick in some]
        feed = next((trick for trick in some if trick in bodies.LISTS), some[number % len(some)])
        rules = next((trick for trick in some if trick in bodies.RULES), some[-1 - number % len(some)])
        yield [*cases, Case(feed, "feed"), Case(rules, "tdmrep")]
    yield from ([Case(trick, "robots")] for trick in AS_ROBOTS)


def results_of(cases: Sequence[Case], folder: Path) -> list[Result]:
    """Crawl all cases together. If that misses a goal, crawl each trick, then each of its places."""
    results = crawl(cases, folder)
    if len(cases) == 1 or not any(result.misses for result in results):
        return results
    of_tricks = [
        [case for case in cases if case.trick == trick] for trick in dict.fromkeys(case.trick for case in cases)
    ]
    parts = of_tricks if len(of_tricks) > 1 else [[case] for case in cases]
    return [result for part in parts for result in results_of(part, folder)]


def crawl(cases: Sequence[Case], folder: Path) -> list[Result]:
    """Crawl a site with these tricks, and measure."""
    folder = Path(tempfile.mkdtemp(dir=folder))
    archive, stalls = folder / "a.db", folder / "stalls.json"
    demo = DemoSite(articles=ARTICLES, seed=1, sections=("analytics",), clock=lambda: AT)
    paths = paths_of(cases)
    started = time.monotonic()
    with misbehaving(site_of(demo, paths), log=folder / "requests.jsonl") as base_url:
        measured = _measure(*command_of(cases, base_url, archive, stalls))
    seconds = round(time.monotonic() - started, 1)
    stall = json.loads(stalls.read_text()) if stalls.exists() else {"seconds": 0.0, "page": ""}
    good = {page["slug"] for page in demo.truth(AT) if page["language"] == "en"}
    outcomes, stored = _outcomes(archive, base_url, paths, good)
    results = [
        Result(
            trick=case.trick,
            place=case.place,
            outcome=outcomes[case],
            good=stored,
            exit_code=measured.exit_code,
            crawl=round(measured.crawl),
            worker=round(measured.worker),
            stall=stall["seconds"],
            stalled_after=stall["page"].removeprefix(base_url),
            traceback="Traceback" in measured.errors,
            seconds=seconds,
            tricks=len(tricks_of(cases)),
        )
        for case in cases
    ]
    for file in folder.iterdir():
        file.unlink()
    return results


def tricks_of(cases: Sequence[Case]) -> list[str]:
    """The tricks of some cases, each once."""
    return list(dict.fromkeys(case.trick for case in cases))


def paths_of(cases: Sequence[Case]) -> dict[Case, str]:
    """The path at which each case of a crawl is served."""
    numbers = {trick: number for number, trick in enumerate(tricks_of(cases))}
    return {case: path_of(case, numbers[case.trick]) for case in cases}


def command_of(cases: Sequence[Case], base_url: str, archive: Path, stalls: Path) -> tuple[list[str], dict[str, str]]:
    """The command of a crawl that meets these cases, and its environment; see :mod:`benchmarks.stalls`."""
    tricks = tricks_of(cases)
    sections = ",".join(("analytics", *SECTIONS[: len(tricks)]))
    options = f"--language en --section {sections} --via listing,feed,sitemap --delay 0 --json".split()
    command = [sys.executable, "-m", "benchmarks.stalls", "crawl", "--base-url", base_url, "--archive", str(archive)]
    slow = {"TIMEOUT": str(SHORT_TIMEOUT)} if SLOW.intersection(tricks) else {}
    return [*command, *options], {**os.environ, "STALLS": str(stalls), **slow}


def site_of(demo: DemoSite, paths: Mapping[Case, str]) -> HostileSite:
    """The site with tricks at these paths. Its robots.txt names the sitemaps."""
    sitemaps = [path for case, path in paths.items() if case.place == "sitemap"]

    async def rules(exchange: Exchange) -> None:
        lines = ["User-agent: *", *(f"Sitemap: {demo.base_url}{path}" for path in sitemaps)]
        await answering(200, "\n".join(lines).encode(), Content_Type="text/plain")(exchange)

    articles: dict[str, Behaviour] = {}
    instead: dict[str, Behaviour] = {"/robots.txt": rules}
    for case, path in paths.items():
        behaviour = TRICKS[case.trick]
        if case.place == "article":
            articles[path] = behaviour
        elif case.place == "redirect":
            articles[path] = tricks.redirecting(f"/en/post/target-{case.trick}")
            instead[f"/en/post/target-{case.trick}"] = behaviour
        else:
            instead[path] = behaviour
    return HostileSite(demo, tricks=articles, instead=instead)


def _measure(command: Sequence[str], environment: Mapping[str, str]) -> Measured:
    """Run a crawl and measure it."""
    own = worker = 0.0
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=errors, env=environment)
        until = time.monotonic() + MAX_SECONDS
        while (exit_code := process.poll()) is None and time.monotonic() < until:
            own = max(own, peak(process.pid))
            worker = max([worker, *map(peak, children(process.pid))])
            time.sleep(0.05)
        if exit_code is None:
            process.kill()
        process.wait()
        errors.seek(0)
        return Measured(exit_code, errors.read().decode(errors="replace"), own, worker)


def peak(pid: int) -> float:
    """The peak of a process's resident memory in megabytes; 0 when it has ended."""
    with suppress(OSError):
        found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
        return int(found[1]) / 1024 if found else 0.0
    return 0.0


def children(pid: int) -> list[int]:
    """The running child processes of a process."""
    with suppress(OSError):
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []


def _outcomes(archive: Path, base_url: str, paths: Mapping[Case, str], good: set[str]) -> tuple[dict[Case, str], int]:
    """What the archive says about each trick: state and reason; and the number of good pages in the archive."""
    if not archive.exists():
        return dict.fromkeys(paths, "no archive"), 0
    with closing(sqlite3.connect(archive)) as connection:
        stored = {slug for (slug,) in connection.execute("select slug from articles")}
        outcomes = {case: _outcome(connection, case, base_url + path) for case, path in paths.items()}
    return {case: outcome.replace(base_url, "") for case, outcome in outcomes.items()}, len(stored & good)


def _outcome(connection: sqlite3.Connection, case: Case, url: str) -> str:
    first = lambda query, *values: connection.execute(query, values).fetchone()  # noqa: E731
    if case.place == "robots":
        run = first("select outcome, reason from runs order by id desc")
        return "no run" if run is None else ": ".join(filter(None, ("run " + run[0], run[1])))
    if entry := first("select state, reason from frontier where url = ?", url):
        problem = first("select reason from problems where url = ? order by fatal desc, id desc", url)
        return " ".join(filter(None, (entry[0], entry[1] or (problem and problem[0]))))
    if page := first("select status, error from captures where url = ? order by id desc", url):
        return f"fetched {page[0]}" if page[0] else f"failed: {page[1]}"
    return "not requested"


def print_table(results: Sequence[Result]) -> None:
    """Print each result that misses a goal, and the summary by place."""
    for result in results:
        print(
            f"{result.trick:24} {result.place:9} {result.outcome[:40]:40} {result.good:>3} good, "
            f"exit {result.exit_code}"
            f"  {result.crawl:>4.0f} + {result.worker:>4.0f} MB  stall {result.stall:.2f} s"
            + (f"  MISSED: {', '.join(result.misses)}" if result.misses else "")
        )
    print()
    print(
        f"{'place':9}{'tricks':>8}{'missed':>8}{'crashes':>9}{'lost':>6}{'crawl MB':>10}{'worker MB':>11}{'stall s':>9}"
    )
    for place in PLACES:
        rows = [result for result in results if result.place == place]
        if rows:
            print(
                f"{place:9}{len(rows):>8}{sum(bool(row.misses) for row in rows):>8}"
                f"{sum(row.traceback or row.exit_code not in EXITS for row in rows):>9}"
                f"{sum(any('good pages' in miss for miss in row.misses) for row in rows):>6}"
                f"{max(row.crawl for row in rows):>10.0f}{max(row.worker for row in rows):>11.0f}"
                f"{max(row.stall for row in rows):>9.2f}"
            )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", metavar="NAME", action="append", choices=sorted(TRICKS), help="one trick; repeatable")
    parser.add_argument("--place", action="append", choices=PLACES, help="one place; repeatable")
    parser.add_argument("--jobs", type=int, default=1, help="crawls at a time")
    parser.add_argument("--json", action="store_true", help="print one JSON object per result as soon as it is there")
    options = parser.parse_args()
    results: list[Result] = []
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(options.jobs) as pool:
        jobs = [pool.submit(results_of, cases, Path(folder)) for cases in plans(options.only, options.place)]
        for job in jobs:
            for result in job.result():
                results.append(result)
                if options.json:
                    print(json.dumps(asdict(result) | {"misses": result.misses}, ensure_ascii=False), flush=True)
    if not options.json:
        print_table(results)
    return 3 if any(result.misses for result in results) else 0


if __name__ == "__main__":
    raise SystemExit(main())
