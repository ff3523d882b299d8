"""CPU time of the web pages of a large archive: ``python -m benchmarks.browse --articles 200000``.

Goals, with 200,000 articles: home page and article page within 200 ms, every other page within 300 ms. Datasette runs
in this process, without a network. Each page is requested several times; the median of its CPU time counts.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from datasette.app import Datasette

from benchmarks.demo_archive import WORDS, create_archive
from caliber_crawler.archive import Archive
from caliber_crawler.browse.canned_queries import canned_queries
from caliber_crawler.browse.charts_page import charts

ROUNDS = 5

VALUES = {
    "term_over_time": "term={common}",
    "mentioned_together": "first={known}&second={other}",
    "who_links_to": "host=www.worldbank.org",
}
"""Parameters of canned queries."""

GOALS = {
    "home": ("/", 200),
    "article": ("/{database}/articles/{article}", 200),
    "search, a common word": ("/{database}/-/search?q={common}", 300),
    "search, in every article": ("/{database}/-/search?q={everywhere}", 300),
    "search, two words": ("/{database}/-/search?q={known}+{other}", 300),
    "search, a rare word": ("/{database}/-/search?q={rare}", 300),
    "search, newest first": ("/{database}/-/search?q={common}&order=newest", 300),
    "all articles": ("/{database}/-/search", 300),
    "all articles of a section": ("/{database}/-/search?section=politics&language=en", 300),
    "all articles, page 500": ("/{database}/-/search?page=500", 300),
    "attention": ("/{database}/-/attention?q={common}", 300),
    "edits": ("/{database}/-/edits", 300),
    "changes": ("/{database}/-/changes/{edited}", 300),
    "compare": ("/{database}/-/compare?a={article}&b={edited}", 300),
    "copies": ("/{database}/-/copies", 300),
    "coding": ("/{database}/-/coding", 300),
    "words, concordance": ("/{database}/-/words?tab=concordance&word={known}&sort1=1R", 300),
    "words, collocates": ("/{database}/-/words?tab=collocates&word={known}&language=en&stop=1", 300),
    "words, keyness": ("/{database}/-/words?tab=keyness&section=economics&language=en&stop=1", 300),
    "alerts": ("/{database}/-/alerts", 300),
    "health": ("/{database}/-/health", 300),
    **{f"chart {name}": (f"/{{database}}/-/charts/{name}", 300) for name in charts()},
    **{f"query {name}": (f"/{{database}}/-/queries/{name}?{VALUES.get(name, '')}", 300) for name in canned_queries()},
    "feed of the newest": ("/{database}/-/feeds/articles", 300),
    "table articles": ("/{database}/articles", None),
}
"""URL of each page, and the goal for its CPU time in milliseconds; tables are those of Datasette. The pages of words
need the word index, which ``benchmarks.workbench`` builds before."""


@dataclass(frozen=True)
class Measurement:
    """The CPU times of one page in milliseconds."""

    name: str
    times: list[float]
    goal: int | None
    size: int

    @property
    def is_met(self) -> bool:
        return self.goal is None or median(self.times) <= self.goal


async def measure(path: Path) -> list[Measurement]:
    """Request every page once to warm up, then :data:`ROUNDS` times."""
    datasette = Datasette([str(path)], settings={"suggest_facets": False, "sql_time_limit_ms": 10_000})
    with Archive.open(path) as archive:
        nearest = "ORDER BY abs(id - (SELECT max(id) / 2 FROM articles)) LIMIT 1"
        (article,) = archive.db.execute(f"SELECT id FROM articles {nearest}").fetchone()
        (edited,) = archive.db.execute(f"SELECT id FROM articles WHERE version_count > 1 {nearest}").fetchone()
    words = {"database": path.stem, **WORDS}
    found = []
    for name, (pattern, goal) in GOALS.items():
        url = pattern.format(article=article, edited=edited, **words)
        times, size = [], 0
        for _ in range(ROUNDS + 1):
            started = time.process_time()
            response = await datasette.client.get(url)
            times.append((time.process_time() - started) * 1000)
            size = len(response.content)
            if response.status_code != 200:
                raise SystemExit(f"{url} returned status {response.status_code}")
        found.append(Measurement(name, times[1:], goal, size))
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=int, default=2_000)
    parser.add_argument("--archive", type=Path, help="archive of an earlier run; created if it does not exist")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = options.archive or Path(folder) / "archive.db"
        if not path.exists():
            started = time.perf_counter()
            create_archive(path, options.articles)
            print(f"{options.articles:,} articles created in {time.perf_counter() - started:.0f} s", file=sys.stderr)
        measured = asyncio.run(measure(path))
        size = path.stat().st_size
    report(measured, options.articles, size, as_json=options.json)
    return 0 if all(each.is_met for each in measured) else 3


def report(measured: list[Measurement], articles: int, size: int, *, as_json: bool) -> None:
    if as_json:
        pages = {each.name: {"median_ms": round(median(each.times), 1), "goal_ms": each.goal} for each in measured}
        print(json.dumps({"articles": articles, "archive_bytes": size, "pages": pages}, indent=2))
        return
    print(f"{articles:,} articles, {size / 1e6:,.0f} MB; median (and maximum) CPU time of {ROUNDS} requests")
    for each in measured:
        goal = f"goal {each.goal} ms{'' if each.is_met else ', NOT MET'}" if each.goal else ""
        print(
            f"{each.name:26} {median(each.times):7.0f} ms ({max(each.times):.0f})  {each.size / 1000:6.0f} kB  {goal}"
        )


if __name__ == "__main__":
    sys.exit(main())
