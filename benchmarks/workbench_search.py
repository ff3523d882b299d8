"""CPU time of search, attention and views at equal age: ``python -m benchmarks.workbench_search --articles 200000``.

Goals, with 200,000 articles: a trend of five queries within 1 s, a page within 300 ms. Datasette runs in this process,
without a network. The CPU time of the process counts, the median of several runs.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from urllib.parse import quote_plus

from datasette.app import Datasette

from benchmarks.demo_archive import WORDS, create_archive
from caliber_crawler.archive import Archive

ROUNDS = 5
EVERYWHERE, COMMON, KNOWN, OTHER, RARE = WORDS.values()
FIVE = (COMMON, OTHER, f"{EVERYWHERE} NOT {COMMON}", f"{COMMON} NEAR/5 {OTHER}", f"{RARE} OR headline:{OTHER}")

QUERIES = {
    "a common word": COMMON,
    "a word in every article": EVERYWHERE,
    "a rare word": RARE,
    "and, or, not": f"({COMMON} OR {RARE}) {OTHER} NOT {KNOWN}",
    "a phrase": '"member states"',
    "near": f"{COMMON} NEAR/5 {OTHER}",
    "a prefix": f"{COMMON[:4]}*",
    "a headline": f"headline:{COMMON}",
    "an author": f'{COMMON} author:"Turalan Suleymanbey"',
    "a section": f"section:politics {COMMON}",
}
"""What is searched for, and the query."""


@dataclass(frozen=True)
class Measurement:
    """The CPU time of one task in milliseconds."""

    name: str
    milliseconds: float
    goal: int | None

    @property
    def is_met(self) -> bool:
        return self.goal is None or self.milliseconds <= self.goal


def measure(path: Path) -> Iterator[Measurement]:
    """Every task, once to warm up and then :data:`ROUNDS` times."""
    with Archive.open(path) as archive:
        for by in ("day", "month"):
            yield cpu(f"trend of five queries per {by}", 1_000, lambda by=by: archive.attention(FIVE, by=by))  # type: ignore[misc]
        yield cpu(
            "trend of five queries by section", 1_000, lambda: archive.attention(FIVE, by="month", breakdown="section")
        )
        yield cpu("views at 24 h, a month", 300, lambda: archive.views_at(24, since="2026-04-30"))
        yield cpu("views at 24 h, all articles", None, lambda: archive.views_at(24))
    yield from asyncio.run(measure_pages(path))


async def measure_pages(path: Path) -> list[Measurement]:
    datasette = Datasette([str(path)], settings={"suggest_facets": False, "sql_time_limit_ms": 10_000})
    base, five = f"/{path.stem}/-", "&".join(f"q={quote_plus(query)}" for query in FIVE)
    pages = {f"search page, {name}": (f"search?q={quote_plus(query)}", 300) for name, query in QUERIES.items()}
    pages |= {
        "search page, newest first": (f"search?q={COMMON}&order=newest", 300),
        "search page, page 50": (f"search?q={COMMON}&page=50", 300),
        "attention page, five queries": (f"attention?{five}", 1_000),
        "chart of articles": ("charts/published", 300),
        "chart of views at the same age": ("charts/age", 300),
        "home page": ("home", 300),
    }
    found = []
    for name, (page, goal) in pages.items():
        times = []
        for _ in range(ROUNDS + 1):
            started = time.process_time()
            response = await datasette.client.get(f"{base}/{page}")
            times.append((time.process_time() - started) * 1000)
            if response.status_code != 200:
                raise SystemExit(f"{page} returned status {response.status_code}")
        found.append(Measurement(name, median(times[1:]), goal))
    return found


def cpu(name: str, goal: int | None, task: Callable[[], object]) -> Measurement:
    """The median CPU time of a task."""
    times = []
    for _ in range(ROUNDS + 1):
        started = time.process_time()
        task()
        times.append((time.process_time() - started) * 1000)
    return Measurement(name, median(times[1:]), goal)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=int, default=2_000)
    parser.add_argument("--archive", type=Path, help="archive of an earlier run; created if it does not exist")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = options.archive or Path(folder) / "archive.db"
        if not path.exists():
            create_archive(path, options.articles)
        measured = list(measure(path))
    if options.json:
        print(json.dumps([asdict(each) for each in measured], indent=2))
    else:
        for each in measured:
            goal = f"goal {each.goal:,} ms{'' if each.is_met else ', NOT MET'}" if each.goal else ""
            print(f"{each.name:45} {each.milliseconds:7,.0f} ms CPU  {goal}")
    return 0 if all(each.is_met for each in measured) else 3


if __name__ == "__main__":
    sys.exit(main())
