"""How soon a crawl hears a signal, while it fetches hostile pages and lists.

    python -m benchmarks.signals --rounds 60          # about ten minutes
    python -m benchmarks.signals --rounds 5 --json

Each round is a crawl of six tricks (:mod:`benchmarks.hostile`), each as an article, a redirect's target, a listing and
a sitemap, beside good pages. SIGTERM or SIGINT is sent at a random time after the first request. Measured are the times
until the handler of the signal runs, until the event loop begins to stop the crawl, and until the process ends: by the
clock, and for the first two in CPU time of the process, which other programs on the machine do not make longer. Exit
code 3: one of the first two took more than a second of CPU time.
"""

from __future__ import annotations

import argparse
import json
import random
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.hostile import ARTICLES, AT, Case, command_of, paths_of, plans, site_of, tricks_of
from caliber_crawler.demo import DemoSite
from tests.hostile.site import misbehaving

MAX_DELAY = 6.0
"""Seconds after the first request until which the signal is sent."""
MAX_SECONDS = 120.0
MAX_HEARD = 1.0
"""The goal in seconds of CPU time."""


@dataclass(frozen=True)
class Heard:
    """When a signal was heard, in seconds after it was sent."""

    signal: str
    tricks: list[str]
    sent_after: float
    """Seconds after the first request."""
    handled: float
    handled_cpu: float
    stopped: float
    stopped_cpu: float
    ended: float
    exit_code: int | None


def cpu_time(pid: int) -> float:
    """The CPU time of another process in seconds; the number of its clock is that of ``clock_getcpuclockid``."""
    return time.clock_gettime((~pid << 3) | 2)


def signalled(cases: list[Case], chance: random.Random, folder: Path) -> Heard | None:
    """Crawl, and send a signal; ``None`` if the crawl ended before."""
    folder = Path(tempfile.mkdtemp(dir=folder))
    demo = DemoSite(articles=ARTICLES, seed=1, sections=("analytics",), clock=lambda: AT)
    log, heard = folder / "requests.jsonl", folder / "heard.json"
    with misbehaving(site_of(demo, paths_of(cases)), log=log) as base_url:
        command, environment = command_of(cases, base_url, folder / "a.db", folder / "stalls.json")
        process = subprocess.Popen(
            command, env={**environment, "HEARD": str(heard)}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        until = time.monotonic() + MAX_SECONDS
        while process.poll() is None and not (log.exists() and log.stat().st_size) and time.monotonic() < until:
            time.sleep(0.01)
        delay = chance.uniform(0, MAX_DELAY)
        with suppress(subprocess.TimeoutExpired):
            process.wait(delay)
            return None
        number = chance.choice((signal.SIGTERM, signal.SIGINT))
        sent, cpu = time.monotonic(), cpu_time(process.pid)
        process.send_signal(number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(MAX_SECONDS)
        ended, exit_code = time.monotonic() - sent, process.poll()
        process.kill()
        process.wait()
    if not heard.exists():
        # It ended by itself at that time, or it never heard the signal.
        ended_itself = exit_code in (0, 1, 3) and ended <= MAX_HEARD
        if ended_itself:
            return None
        return Heard(number.name, tricks_of(cases), delay, ended, ended, ended, ended, ended, exit_code)
    times = json.loads(heard.read_text())
    return Heard(
        signal=number.name,
        tricks=tricks_of(cases),
        sent_after=delay,
        handled=times["handled"][0] - sent,
        handled_cpu=times["handled"][1] - cpu,
        stopped=times["stopped"][0] - sent,
        stopped_cpu=times["stopped"][1] - cpu,
        ended=ended,
        exit_code=exit_code,
    )


def all_heard(rounds: int, seed: int) -> Iterator[Heard]:
    """The results of all rounds in which the crawl still ran."""
    chance = random.Random(seed)
    groups = [cases for cases in plans(None, None) if len(cases) > 1]
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(rounds):
            if heard := signalled(chance.choice(groups), chance, Path(folder)):
                yield heard


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="print one JSON object per round")
    options = parser.parse_args()
    results = []
    for heard in all_heard(options.rounds, options.seed):
        results.append(heard)
        if options.json:
            print(json.dumps(asdict(heard)), flush=True)
    if not options.json:
        print(f"{len(results)} signals; seconds until ...{'median':>10}{'95 %':>8}{'longest':>9}")
        for name in ("handled", "handled_cpu", "stopped", "stopped_cpu", "ended"):
            times = sorted(getattr(heard, name) for heard in results)
            print(f"{name:32}{times[len(times) // 2]:>8.2f}{times[len(times) * 95 // 100]:>8.2f}{times[-1]:>9.2f}")
    return 3 if any(max(heard.handled_cpu, heard.stopped_cpu) > MAX_HEARD for heard in results) else 0


if __name__ == "__main__":
    raise SystemExit(main())
