"""Where the CPU time of a crawl goes: python -m benchmarks.crawl_shares [--articles N]

Samples the process that crawls the demo site without delays, after one crawl to warm up, and prints the share of each
part of its work, and the CPU time of its workers. The sampler itself takes some percent.
"""

from __future__ import annotations

import argparse
import atexit
import json
import os
import resource
import runpy
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from types import FrameType
from typing import Any

from tabulate import tabulate

from benchmarks.cpu_time import cpu_time, installed_environment
from benchmarks.crawl import crawl, demo_site

INTERVAL = 0.001
"""Seconds of CPU time between two samples, if the kernel's clock is as fine."""
PARTS = {
    "imports": ("importlib.",),
    "commits: captures": ("Settlement._store",),
    "commits: articles, versions, full-text index": ("Articles.save",),
    "commits: COMMIT": ("Transaction.__exit__",),
    "commits: frontier and the rest": ("Commits._commit",),
    "pipelines and worker": (".process_item", "AsyncExecutor."),
    "scheduler": ("FrontierScheduler.",),
    "Scrapy and Twisted": ("BaseEventLoop.run_forever",),
}
"""The parts, and the functions on the stack that show one; the first part that fits counts."""
OTHER = "other"


def part_of(frame: FrameType | None) -> str:
    """The part of the crawl that a stack belongs to."""
    names = []
    while frame is not None:
        code = frame.f_code
        names.append("importlib." if "importlib" in code.co_filename else code.co_qualname)
        frame = frame.f_back
    for part, marks in PARTS.items():
        if any(mark in name for name in names for mark in marks):
            return part
    return OTHER


def sample(path: str, arguments: list[str]) -> None:
    """Run the command line program, and write the number of samples of each part to a file."""
    samples: Counter[str] = Counter()
    process = os.getpid()

    def count(_: int, frame: FrameType | None) -> None:
        samples[part_of(frame)] += 1

    def write() -> None:
        if os.getpid() == process:
            signal.setitimer(signal.ITIMER_PROF, 0)
            used = {"own": cpu_time(resource.RUSAGE_SELF), "workers": cpu_time(resource.RUSAGE_CHILDREN)}
            Path(path).write_text(json.dumps({"samples": samples, **used}))

    atexit.register(write)
    signal.signal(signal.SIGPROF, count)
    signal.siginterrupt(signal.SIGPROF, False)
    signal.setitimer(signal.ITIMER_PROF, INTERVAL, INTERVAL)
    sys.argv = ["caliber", *arguments]
    runpy.run_module("caliber_crawler", run_name="__main__", alter_sys=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=int, default=1_500)
    parser.add_argument("--sample", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.sample:
        sample(options.sample[0], options.sample[1:])
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with demo_site(options.articles, folder, cached=True) as (url, log):
            environment = installed_environment(folder / "bytecode")
            for lap in ("warm-up", "measured"):
                before = len(log.read_text().splitlines())
                command = [str(each) for each in crawl(url, folder / f"{lap}.db")][2:]
                script = [sys.executable, "-m", "benchmarks.crawl_shares", "--sample", str(folder / "samples.json")]
                subprocess.run([*script, *command], stdout=subprocess.DEVNULL, env=environment, check=True)
            pages = len(log.read_text().splitlines()) - before
        found: dict[str, Any] = json.loads((folder / "samples.json").read_text())
    print(f"{pages:,} pages; ms of CPU for a page: {1000 * found['own'] / pages:.1f} in the crawl's own process,")
    print(f"{1000 * found['workers'] / pages:.1f} in its workers")
    total = sum(found["samples"].values())
    rows = [(part, f"{found['samples'].get(part, 0) / total:.0%}") for part in (*PARTS, OTHER)]
    print(tabulate(rows, headers=("part of the crawl's own process", "share")))


if __name__ == "__main__":
    main()
