"""A disk that is really full: under a crawl, and under every command that writes.

    python -m benchmarks.full_disks                      # six disks for each: about ten minutes; needs root
    python -m benchmarks.full_disks --only merge --disks 2

Each runs on a small file system in memory, of which a random number of bytes is free. It must end with the exit code
for a full disk, or well. Then space is freed, it is run again to its end, and the archive or file is compared with that
of a large disk (see :mod:`benchmarks.kills`). Exit code 3: something was lost, is there twice or is left over, or
verification finds something.
"""

from __future__ import annotations

import argparse
import random
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.kills import (
    AT,
    COMMANDS,
    Command,
    Result,
    check_end,
    findings,
    is_archive,
    make_base,
    print_row,
    run,
)
from caliber_crawler.demo import DemoSite, running
from caliber_crawler.errors import ArchiveFull

SIZE = 64
"""Megabytes of the file systems."""
MAX_FREE = 0.8
"""What is free at most, as a multiple of what the command writes on a large disk, or of its input."""
MIN_FREE = 16_384
"""Bytes."""


@contextmanager
def disk_at(folder: Path) -> Iterator[None]:
    """Mount a file system in memory at a folder."""
    folder.mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE}m", "tmpfs", str(folder)], check=True, timeout=30)
    try:
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True, timeout=30)


def size_of(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def on_full_disks(name: str, plan: Command, disks: int, base: Path) -> Result:
    """Run a command on disks with little space, and compare its results with that on a large disk."""
    chance, started = random.Random(name), time.monotonic()
    whole, full = base / f"{name}-whole", base / f"{name}-full"
    whole.mkdir()
    plan.prepare(base, whole)
    before = size_of(whole)
    result = Result(name=name)
    if (exit_code := run(*plan.arguments(whole))) not in plan.ends:
        result.different.append(f"exit code {exit_code} on a large disk")
    written = max(size_of(whole) - before, before)
    for _ in range(disks):
        with disk_at(full):
            plan.prepare(base, full)
            free = chance.randint(MIN_FREE, int(MIN_FREE + MAX_FREE * written))
            ballast = full / "ballast"
            ballast.write_bytes(bytes(shutil.disk_usage(full).free - free))
            exit_code = run(*plan.arguments(full))
            result.kills += exit_code == ArchiveFull.exit_code
            if exit_code not in (ArchiveFull.exit_code, *plan.ends):
                result.different.append(f"exit code {exit_code} on a full disk")
            found = [message for file in full.glob("archive.db") if is_archive(file) for message in findings(file)]
            result.findings += len(found)
            result.different += found[:3]
            ballast.unlink()
            check_end(plan, whole, full, run(*plan.arguments(full)), result)
    result.seconds = round(time.monotonic() - started, 1)
    return result


def nothing(base: Path, folder: Path) -> None:
    """A crawl begins without an archive."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--disks", type=int, default=6, help="number of full disks for each command")
    parser.add_argument("--articles", type=int, default=60, help="articles of the site")
    parser.add_argument("--only", action="append", choices=["crawl", *COMMANDS])
    options = parser.parse_args()
    results = []
    print(f"{'':16}{'full':>6}{'lost':>6}{'twice':>7}{'verify':>8}{'seconds':>9}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        site = DemoSite(articles=options.articles, seed=1, sections=("analytics",), clock=lambda: AT)
        names = options.only or ["crawl", *COMMANDS]
        if set(names) & COMMANDS.keys():
            make_base(options.articles, folder)
        with running(site, log=folder / "requests.jsonl") as base_url:
            crawl = Command(
                nothing,
                lambda f: ("crawl", "--base-url", base_url, "--archive", f / "archive.db", "--delay", 0),
                "archive.db",
                compared=("articles", "texts", "versions"),
            )
            for name in names:
                results.append(on_full_disks(name, {"crawl": crawl, **COMMANDS}[name], options.disks, folder))
                print_row(results[-1])
    return 0 if all(result.passed for result in results) else 3


if __name__ == "__main__":
    raise SystemExit(main())
