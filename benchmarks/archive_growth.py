"""How the work of an archive grows with its size: python -m benchmarks.archive_growth [--sizes 1000 10000 100000]

Fills one archive to each size in turn, three sizes a decade apart, and measures the CPU time of each task there. The
exponent is the slope of the logarithms: 0 means that a task does not depend on the size, and 1 that it is linear. The
texts have 320 words with natural frequencies, in three languages; each article was visited once.

The goals are for a million articles: ``--sizes 10000 100000 1000000`` takes 7 GB. SQLite has only the statistics that
the archive itself makes.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import accumulate
from pathlib import Path
from statistics import median, quantiles

from datasette.app import Datasette
from tabulate import tabulate
from tqdm import tqdm

from benchmarks.shard_costs import exponent
from benchmarks.word_frequencies import SITE, START, VOCABULARY, WORDS, paragraphs, save, visits
from caliber_crawler.archive import Archive
from caliber_crawler.items import Article

BATCH_SIZE = 500
ADDED = 50
"""The number of articles that are saved at each size, each in its own transactions, and that are merged."""
BETWEEN = timedelta(minutes=3)
"""Time between two publications: a million articles in six years."""
ROUNDS = 5
GOALS = {"open, and close": 20, "search, p95": 60, "front page": 100, "page of an article": 100}
"""CPU time in milliseconds with a million articles."""
CUMULATIVE = list(accumulate(1 / (rank + 3) for rank in range(len(VOCABULARY))))  # Zipf's law

QUERIES = (
    *(VOCABULARY[rank] for rank in (2, 5, 10, 20, 40, 70, 100, 200, 400, 800, 1500, 2500)),
    *(f"{VOCABULARY[rank]} {VOCABULARY[rank + 9]}" for rank in (30, 60, 100, 300)),
    f'"{VOCABULARY[3]} {VOCABULARY[5]}"',
    f"{VOCABULARY[50]} OR {VOCABULARY[500]}",
    f"{VOCABULARY[50]} NOT {VOCABULARY[20]}",
    f"headline:{VOCABULARY[30]}",
)
"""What the search is measured with: from a word in nearly every article to rare ones, and two or more words."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000, 10_000, 100_000])
    parser.add_argument("--archive", type=Path, help="keep the archive here; an earlier run is not continued")
    parser.add_argument("--without-verify", action="store_true", help="verification takes the longest")
    options = parser.parse_args()
    sizes: list[int] = sorted(options.sizes)
    columns = []
    with tempfile.TemporaryDirectory() as folder:
        path: Path = options.archive or Path(folder) / "archive.db"
        if path.exists():
            parser.error(f"{path} exists already")
        for size in sizes:
            fill(path, size)
            columns.append(measure(path, Path(folder), size, verify=not options.without_verify))
            print(f"{size:,} articles: {columns[-1]}", file=sys.stderr)
    rows = [
        [
            name,
            *(f"{column[name]:,.2f}" for column in columns),
            f"{exponent(sizes, [column[name] for column in columns]):.2f}",
            GOALS.get(name, "–"),
        ]
        for name in columns[0]
    ]
    heads = ["ms of CPU", *(f"{size:,} articles" for size in sizes), "exponent", "goal"]
    print(tabulate(rows, heads, tablefmt="pipe", disable_numparse=True))


def articles(first: int, count: int) -> Iterator[Article]:
    """Articles by number: the same number gives the same article."""
    for number in range(first, first + count):
        body = paragraphs(random.Random(number).choices(VOCABULARY, cum_weights=CUMULATIVE, k=WORDS))
        yield next(visits(number, START + number * BETWEEN, body))[0]


def fill(path: Path, size: int) -> None:
    """Add articles up to a number of articles."""
    with Archive.open(path, mode="write") as archive:
        archive.sites.store(SITE)
        known = int(archive.db.execute("SELECT count(*) FROM articles").fetchone()[0])
        run = start(archive)
        for first in tqdm(range(known, size, BATCH_SIZE), unit_scale=BATCH_SIZE, disable=None):
            with archive.transaction():
                add(archive, run, first, min(BATCH_SIZE, size - first))
        archive.runs.finish(run, "finished", None, {})


def start(archive: Archive) -> int:
    return archive.runs.start("crawl", site="caliber", arguments={}, settings={}, software={})


def add(archive: Archive, run: int, first: int, count: int) -> None:
    for article in articles(first, count):
        assert article.published_at is not None
        save(archive, run, article, article.published_at + timedelta(hours=1))


def measure(path: Path, folder: Path, size: int, *, verify: bool) -> dict[str, float]:
    """The CPU time of each task in an archive of a size, in milliseconds, and its bytes."""
    found: dict[str, float] = {"MB of the file": path.stat().st_size / 1e6}
    with Archive.open(path) as archive:
        times = [best(lambda query=query: archive.search(query)) for query in QUERIES]  # type: ignore[misc]
        trend = VOCABULARY[100], VOCABULARY[40]
        found |= {
            "open, and close": best(lambda: Archive.open(path).close()),
            "search, median": median(times),
            "search, p95": quantiles(times, n=20, method="inclusive")[-1],
            "an article with its versions": best(lambda: archive.article(size // 2)),
            "trend of a year, two queries": best(
                lambda: archive.attention(trend, since="2023-01-01", until="2023-12-31")
            ),
            "trend of everything, two queries": best(lambda: archive.attention(trend)),
            "`view_growth` of an article": best(lambda: archive.views(size // 2)),
            "`view_growth`, whole": best(
                lambda: archive.db.execute("SELECT count(*), sum(per_hour) FROM view_growth").fetchone(), 1
            ),
            "`status`": best(archive.status),
        }
    found |= asyncio.run(pages(path, size))
    if verify:
        found["`verify`"] = best(lambda: Archive.verify_file(path), 1)
        Archive.verify_new_rows(path, {})
    found |= writing(path, folder, size)
    if verify:
        found[f"`verify --new`, {2 * ADDED} new articles"] = best(lambda: Archive.verify_new_rows(path, {}), 1)
    return found


async def pages(path: Path, size: int) -> dict[str, float]:
    """The CPU time of pages of ``caliber browse``, the median of some requests after the first."""
    datasette = Datasette([str(path)], settings={"suggest_facets": False, "sql_time_limit_ms": 30_000})
    urls = {
        "front page": "/",
        "page of an article": f"/{path.stem}/articles/{size // 2}",
        "page of a search": f"/{path.stem}/-/search?q={VOCABULARY[100]}",
        "page of all articles": f"/{path.stem}/-/search",
        "page of attention": f"/{path.stem}/-/attention?q={VOCABULARY[100]}",
        "page of health": f"/{path.stem}/-/health",
    }
    found = {}
    for name, url in urls.items():
        times = []
        for _ in range(ROUNDS + 1):
            started = time.process_time()
            response = await datasette.client.get(url)
            times.append((time.process_time() - started) * 1000)
            if response.status_code != 200:
                raise SystemExit(f"{url} returned status {response.status_code}")
        found[name] = median(times[1:])
    return found


def writing(path: Path, folder: Path, size: int) -> dict[str, float]:
    """Tasks that add articles: one by one as a crawl does, and from another archive."""
    other = folder / f"other-{size}.db"
    with Archive.open(other, mode="write") as archive:
        archive.sites.store(SITE)
        add(archive, start(archive), size + ADDED, ADDED)
    with Archive.open(path, mode="write") as archive, Archive.open(other) as new:
        run = start(archive)
        found = {"save an article": cpu(lambda: add(archive, run, size, ADDED)) / ADDED}
        archive.runs.finish(run, "finished", None, {})
        found[f"merge {ADDED} new articles"] = cpu(lambda: list(archive.merge(new, {})))
    return found


def best(work: Callable[[], object], times: int = 3) -> float:
    return min(cpu(work) for _ in range(times))


def cpu(work: Callable[[], object]) -> float:
    """Milliseconds of CPU time."""
    begin = time.process_time()
    work()
    return (time.process_time() - begin) * 1000


if __name__ == "__main__":
    main()
