"""Does a long crawl among hostile pages stay flat in memory, keep its accounts, and lose no good page?

A site with so many good articles plays every trick of ``tests/hostile/tricks.py`` over and over beside them,
over loopback, delays off:

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
CARDS = 20
"""Of the demo's listings, a page."""
OUTCOMES = ("stored", "unchanged", "refused", "failed", "missing", "remaining")
GROWTH = 50.0
"""Megabytes; the goal."""


@dataclass(frozen=True)
class Soaked:
    """What came of a soak; memory is that of the crawl and of the process that reads its pages, in megabytes."""

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
        """From the second fifth of the time, when caches are full, to the last."""
        return self.memory_late - self.memory_early

    @property
    def passed(self) -> bool:
        return not self.lost and self.balanced and self.outcome == "finished" and self.growth < GROWTH


def soak(articles: int, copies: int, folder: Path, *, bombs: bool = True) -> Soaked:
    """Crawl a site of so many good articles and so many copies of every trick."""
    kinds = (
        tricks.TRICKS if bombs else {path: trick for path, trick in tricks.TRICKS.items() if path not in tricks.BOMBS}
    )
    hostile = {f"{path}-{copy}": trick for copy in range(copies) for path, trick in kinds.items()}
    demo = DemoSite(articles=articles, seed=1, sections=("analytics",), clock=lambda: AT)
    good = {page["slug"] for page in demo.truth(AT)}
    english = sum(page["language"] == "en" for page in demo.truth(AT))
    on_a_page = -(-len(hostile) // max(1, english // CARDS))
    archive = folder / "soak.db"
    started = time.monotonic()
    site = HostileSite(demo, tricks=hostile, tricks_on_a_page=on_a_page)
    with misbehaving(site, log=folder / "soak.jsonl") as base_url:
        account, memory = crawl(base_url, archive)
    seconds = time.monotonic() - started
    with closing(sqlite3.connect(archive)) as connection:
        stored = {slug for (slug,) in connection.execute("SELECT slug FROM articles")}
    fifth = max(1, len(memory) // 5)
    return Soaked(
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
    """The run's account, and its memory twice a second from the first page that is read."""
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
    """Memory of a process and all that it started, pages of files aside; nothing for one that has ended."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0
    own = next((int(line.split()[1]) / 1024 for line in lines if line.startswith("RssAnon:")), 0.0)
    return own + sum(map(megabytes, children(pid)))


def children(pid: int) -> list[int]:
    """The processes that a process started and that are there."""
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=int, default=5_000)
    parser.add_argument("--copies", type=int, default=16, help="of each trick")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        soaked = soak(asked.articles, asked.copies, Path(folder))
    if asked.json:
        print(json.dumps(asdict(soaked) | {"passed": soaked.passed}))
    else:
        print(
            f"{soaked.stored:,} of {soaked.good:,} good articles stored beside {soaked.hostile:,} hostile ones", end=" "
        )
        print(f"in {soaked.seconds:,.0f} s ({soaked.pages_a_second} pages a second); run {soaked.outcome}", end="; ")
        print("accounts balanced" if soaked.balanced else "ACCOUNTS DO NOT ADD UP")
        print(
            f"memory {soaked.memory_early:.0f} → {soaked.memory_late:.0f} MB, peak {soaked.memory_peak:.0f} MB", end=" "
        )
        print(f"(goal: less than {GROWTH:.0f} MB more)")
    return 0 if soaked.passed else 3


if __name__ == "__main__":
    raise SystemExit(main())
