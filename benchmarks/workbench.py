"""CPU time of all research functions in one table: ``python -m benchmarks.workbench --articles 2000``.

It runs the programs ``workbench_*.py`` and ``browse.py`` on one archive of the demo site (``demo_archive``); the passes
that write run on a copy of it. Goals are for 200,000 articles: with fewer, meeting them proves nothing. ``--archive``
keeps the archive, or takes that of an earlier run.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import sys
import tempfile
from collections.abc import Collection, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from tabulate import tabulate

from benchmarks import browse, workbench_copies, workbench_names, workbench_search, workbench_words
from benchmarks.demo_archive import create_archive, later_articles

AREAS = ("search", "words", "pages", "copies", "names")
GOAL_SIZE = 200_000
"""The number of articles for which the goals are."""
PASS_GOAL = 600.0
"""CPU seconds of the search for near-duplicates: ten minutes, of which it uses one core."""


@dataclass(frozen=True)
class Figure:
    """The CPU seconds of one task; the goal is for :data:`GOAL_SIZE` articles."""

    area: str
    task: str
    seconds: float
    goal: float | None = None

    @property
    def is_met(self) -> bool:
        return self.goal is None or self.seconds <= self.goal


def figures(path: Path, folder: Path, areas: Collection[str]) -> Iterator[Figure]:
    """Every figure, area by area. Files are written to the folder."""
    if "search" in areas:
        for each in workbench_search.measure(path):
            goal = each.goal / 1000 if each.goal else None
            yield Figure("search", each.name, each.milliseconds / 1000, goal)
    if "words" in areas:
        for name, seconds in workbench_words.words_figures(path).items():
            goal = workbench_words.CONCORDANCE_GOAL if name == "concordance, a known word sorted" else None
            yield Figure("words", name, seconds, goal)
    if "pages" in areas:
        for page in asyncio.run(browse.measure(path)):
            yield Figure("pages", page.name, median(page.times) / 1000, page.goal / 1000 if page.goal else None)
    if {"copies", "names"} & set(areas):
        copy = Path(shutil.copyfile(path, folder / "copy.db"))
    if "copies" in areas:
        for what, times in workbench_copies.measure(copy, later_articles())["cpu_s"].items():
            yield Figure("copies", f"near-duplicates, {what}", times["copies"], PASS_GOAL if what == "all" else None)
            yield Figure("copies", f"counterparts, {what}", times["editions"])
    if "names" in areas:
        for name, value in workbench_names.measure(copy).items():
            yield Figure("names", name, value)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=int, default=2_000)
    parser.add_argument("--archive", type=Path, help="archive of an earlier run; created if it does not exist")
    parser.add_argument("--areas", nargs="+", choices=AREAS, default=AREAS, help="only these areas")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = options.archive or Path(folder) / "archive.db"
        if not path.exists():
            create_archive(path, options.articles)
        found = list(figures(path, Path(folder), options.areas))
    rows = [asdict(each) for each in found]
    if options.json:
        print(json.dumps({"articles": options.articles, "goals_for": GOAL_SIZE, "figures": rows}, indent=2))
    else:
        headers = {
            "area": "area",
            "task": "task",
            "seconds": f"CPU s, {options.articles:,} articles",
            "goal": "goal, s",
        }
        print(tabulate(rows, headers, tablefmt="github", floatfmt=".3g", missingval=""))
        print(f"Goals are for {GOAL_SIZE:,} articles.")
    return 0 if all(each.is_met for each in found) else 3


if __name__ == "__main__":
    sys.exit(main())
