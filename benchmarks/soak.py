"""A long crawl among hostile pages: memory must not grow, run counts must add up, and no good page may be lost.

A site serves good articles, and between them several copies of every trick of ``tests/hostile/tricks.py``, over
loopback without delays:

    python -m benchmarks.soak                                 # 5,000 good articles, 600 hostile ones: some minutes
    python -m benchmarks.soak --articles 300 --copies 1 --json
"""

from __future__ import annotations

import argparse
import json
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from caliber_crawler.demo import DemoSite
from tests.hostile import tricks
from tests.hostile.site import HostileSite, misbehaving

AT = datetime(2026, 1, 7, tzinfo=UTC)
TEASERS = 20
"""Number of teasers on a listing page of the demo site."""
OUTCOMES = ("stored", "unchanged", "refused", "failed", "missing", "remaining")
MAX_GROWTH = 50.0
"""Megabytes; the goal for memory growth."""


@dataclass(frozen=True)
class SoakResult:
    """The result of a soak test. Memory is that of the crawl and its extraction worker, in megabytes."""

    good: int
    hostile: int
    stored: int
    lost: int
    balanced: bool
    outcome: str
    seconds: float
    pages_a_second: float
    memory_early: float
    memory_late: float
    memory_peak: float

    @property
    def growth(self) -> float:
        """Growth from the second fifth of the time, when caches are full, to the last fifth."""
        return self.memory_late - self.memory_early

    @property
    def passed(self) -> bool:
        return not self.lost and self.balanced and self.outcome == "finished" and self.growth < MAX_GROWTH


def soak(articles: int, copies: int, folder: Path, *, bombs: bool = True) -> SoakResult:
    """Crawl a site with this number of good articles and copies of every trick."""
    kinds = (
        tricks.TRICKS if bombs else {path: trick for path, trick in tricks.TRICKS.items() if path not in tricks.BOMBS}
    )
    hostile = {f"{path}-{copy}": trick for copy in range(copies) for path, trick in kinds.items()}
    demo = DemoSite(articles=articles, seed=1, sections=("analytics",), clock=lambda: AT)
    good = {page["slug"] for page in demo.truth(AT)}
    english = sum(page["language"] == "en" for page in demo.truth(AT))
    on_a_page = -(-len(hostile) // max(1, english // TEASERS))
    archive = folder / "soak.db"
    started = time.monotonic()
    site = HostileSite(demo, tricks=hostile, tricks_on_a_page=on_a_page)
    with misbehaving(site, log=folder / "soak.jsonl") as base_url:
        account, memory = crawl(base_url, archive)
    seconds = time.monotonic() - started
    with closing(sqlite3.connect(archive)) as connection:
        stored = {slug for (slug,) in connection.execute("SELECT slug FROM articles")}
    fifth = max(1, len(memory) // 5)
    return SoakResult(
        good=len(good),
        hostile=len(hostile),
        stored=len(stored & good),
        lost=len(good - stored),
        balanced=account["discovered"] == sum(account.get(outcome, 0) for outcome in OUTCOMES),
        outcome=account["outcome"],
        seconds=round(seconds, 1),
        pages_a_second=round(account["pages"] / seconds, 1),
        memory_early=round(statistics.median(memory[fifth : 2 * fifth] or memory), 1),
        memory_late=round(statistics.median(memory[-fifth:]), 1),
        memory_peak=round(max(memory), 1),
    )


def crawl(base_url: str, archive: Path) -> tuple[dict[str, object], list[float]]:
    """The run's counts, and its memory twice a second from the start of the extraction worker."""
    arguments = ("crawl", "--base-url", base_url, "--archive", archive, "--via", "listing", "--delay", 0, "--json")
    memory: list[float] = []
    with tempfile.TemporaryFile() as stdout, tempfile.TemporaryFile() as stderr:
        command = [sys.executable, "-m", "caliber_crawler", *map(str, arguments)]
        process = subprocess.Popen(command, stdout=stdout, stderr=stderr)
        while process.poll() is None:
            if memory or children(process.pid):
                memory.append(megabytes(process.pid))
            time.sleep(0.5)
        stdout.seek(0)
        stderr.seek(0)
        answer = stdout.read()
        if not answer:
            raise SystemExit(stderr.read().decode())
    return json.loads(answer), [each for each in memory if each]


def megabytes(pid: int) -> float:
    """Anonymous memory of a process and its descendants; 0 for a process that has ended."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0
    own = next((int(line.split()[1]) / 1024 for line in lines if line.startswith("RssAnon:")), 0.0)
    return own + sum(map(megabytes, children(pid)))


def children(pid: int) -> list[int]:
    """The running child processes of a process."""
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=int, default=5_000)
    parser.add_argument("--copies", type=int, default=16, help="number of copies of each trick")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        result = soak(options.articles, options.copies, Path(folder))
    if options.json:
        print(json.dumps(asdict(result) | {"passed": result.passed}))
    else:
        print(
            f"{result.stored:,} of {result.good:,} good articles stored among {result.hostile:,} hostile pages", end=" "
        )
        print(f"in {result.seconds:,.0f} s ({result.pages_a_second} pages per second); run {result.outcome}", end="; ")
        print("counts add up" if result.balanced else "COUNTS DO NOT ADD UP")
        print(
            f"memory {result.memory_early:.0f} → {result.memory_late:.0f} MB, peak {result.memory_peak:.0f} MB", end=" "
        )
        print(f"(goal: growth below {MAX_GROWTH:.0f} MB)")
    return 0 if result.passed else 3


if __name__ == "__main__":
    raise SystemExit(main())
