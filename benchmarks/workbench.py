"""CPU time of all research functions in one table: ``python -m benchmarks.workbench --articles 2000``.

It runs the programs ``workbench_*.py`` and ``browse.py``. Search, attention, pages and words share one archive;
near-duplicates and counterparts have one of their own with made copies, and names have one. Goals are for 200,000
articles: with fewer, meeting them proves nothing.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from tabulate import tabulate

from benchmarks import browse, workbench_copies, workbench_names, workbench_search, workbench_words

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


def figures(folder: Path, count: int, seed: int) -> Iterator[Figure]:
    """Every figure, area by area."""
    path = folder / "archive.db"
    browse.create_archive(path, count)
    for each in workbench_search.measure(path):
        goal = each.goal / 1000 if each.goal else None
        yield Figure("search", each.name, each.milliseconds / 1000, goal)
    for page in asyncio.run(browse.measure(path, count)):
        yield Figure("pages", page.name, median(page.times) / 1000, page.goal / 1000 if page.goal else None)
    for name, seconds in workbench_words.words_figures(path).items():
        goal = workbench_words.CONCORDANCE_GOAL if name == "concordance, a known word sorted" else None
        yield Figure("words", name, seconds, goal)
    passes = workbench_copies.measure(folder, count, seed)["cpu_s"]
    for what, seconds in passes.items():
        yield Figure("copies", f"near-duplicates, {what}", seconds["copies"], PASS_GOAL if what == "all" else None)
        yield Figure("copies", f"counterparts, {what}", seconds["editions"])
    workbench_names.create_archive(folder / "names.db", count, seed)
    for name, value in workbench_names.measure(folder / "names.db").items():
        yield Figure("names", name, value)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    options = parser.parse_args()
    if options.articles <= workbench_copies.NEW:
        parser.error(f"--articles must be greater than {workbench_copies.NEW}.")
    with tempfile.TemporaryDirectory() as folder:
        found = list(figures(Path(folder), options.articles, options.seed))
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
