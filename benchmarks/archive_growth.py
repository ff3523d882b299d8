"""How the work of an archive grows with its size: python -m benchmarks.archive_growth [--sizes 1000 10000 100000]

Creates an archive of each size, three sizes a decade apart, and measures the CPU time of each task there. The exponent
is the slope of the logarithms: 0 means that a task does not depend on the size, and 1 that it is linear. The articles
are those of the demo site at two visits (``demo_archive``).

The goals are for a million articles: ``--sizes 10000 100000 1000000``. SQLite has only the statistics that the archive
itself makes. ``--only`` measures some of the tasks: reading, pages of ``caliber browse``, verification, and writing,
which adds articles to the archives.
"""

from __future__ import annotations

import argparse
import asyncio
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from datasette.app import Datasette
from tabulate import tabulate

from benchmarks.cpu_time import cpu_time
from benchmarks.demo_archive import WORDS, create_archive, extraction_of, later_articles, site_named
from benchmarks.shard_costs import exponent
from caliber_crawler.archive import Archive
from caliber_crawler.processes import end_idle_workers

ADDED = 50
"""The number of articles that are saved at each size, each in its own transactions, and that are merged."""
ROUNDS = 5
ALL = resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN
GOALS = {"open, and close": 20, "search, p95": 60, "front page": 100, "page of an article": 100}
"""CPU time in milliseconds with a million articles."""
RANKS = (0, 1, 2, 5, 10, 20, 40, 70, 100, 150, 200, 300, 400, 600, 800)
"""The words that are searched for, by their rank among all words with the most articles first."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000, 10_000, 100_000])
    parser.add_argument("--folder", type=Path, help="keep the archives here, or take those of an earlier run")
    parser.add_argument(
        "--only", choices=list(TASKS), nargs="+", default=list(TASKS), help="verification takes the longest"
    )
    options = parser.parse_args()
    sizes: list[int] = sorted(options.sizes)
    columns: list[dict[str, float]] = []
    with tempfile.TemporaryDirectory() as temporary:
        folder: Path = options.folder or Path(temporary)
        paths = {size: folder / f"archive-{size}.db" for size in sizes}
        # All first: pages limit the memory of SQLite in this process.
        for size, path in paths.items():
            if not path.exists():
                create_archive(path, size)
        queries = queries_of(paths[sizes[0]])
        for size, path in paths.items():
            columns.append({"MB of the file": path.stat().st_size / 1e6})
            for name in options.only:
                columns[-1] |= TASKS[name](path, size, queries)
            print(f"{size:,} articles: {columns[-1]}", file=sys.stderr)
    rows = [
        [
            name,
            *(f"{column[name]:,.2f}" for column in columns),
            f"{exponent(sizes, [column[name] for column in columns]):.2f}" if len(sizes) > 1 else "–",
            GOALS.get(name, "–"),
        ]
        for name in columns[0]
    ]
    heads = ["ms of CPU", *(f"{size:,} articles" for size in sizes), "exponent", "goal"]
    print(tabulate(rows, heads, tablefmt="pipe", disable_numparse=True))


def queries_of(path: Path) -> list[str]:
    """Words from the most frequent to rare ones, and queries of two words."""
    with Archive.open(path) as archive:
        sql = "SELECT term FROM versions_vocab WHERE length(term) > 3 ORDER BY doc DESC, term LIMIT ?"
        terms = [row[0] for row in archive.db.execute(sql, (RANKS[-1] + 1,))]
    words = [terms[rank] for rank in RANKS]
    one, other = WORDS["known"], WORDS["common"]
    return [*words, f"{one} {other}", f"{one} OR {other}", f"{other} NOT {one}", f'"{one}"', f"headline:{other}"]


def start(archive: Archive) -> int:
    return archive.runs.start("crawl", site="caliber", arguments={}, settings={}, software={})


def add(archive: Archive, run: int, articles: Iterable[dict[str, Any]]) -> None:
    """Save articles as a crawl does: first the page, then the article."""
    for truth in articles:
        extraction = extraction_of(truth, truth["visits"][0])
        capture = archive.captures.store(extraction.capture, run)
        url = site_named(truth["site"]).article_url(truth["url"])
        archive.articles.save(replace(extraction, capture=capture), run, [url] if url else [])


def reading(path: Path, size: int, queries: list[str]) -> dict[str, float]:
    """The CPU time of each task that only reads an archive, in milliseconds."""
    with Archive.open(path) as archive:
        times = [best(lambda query=query: archive.search(query)) for query in queries]  # type: ignore[misc]
        trend = WORDS["common"], WORDS["known"]
        return {
            "open, and close": best(lambda: Archive.open(path).close()),
            "search, median": median(times),
            "search, p95": quantiles(times, n=20, method="inclusive")[-1],
            "an article with its versions": best(lambda: archive.article(size // 2)),
            "trend of a year, two queries": best(
                lambda: archive.attention(trend, since="2025-07-01", until="2026-06-30")
            ),
            "trend of everything, two queries": best(lambda: archive.attention(trend)),
            "`view_growth` of an article": best(lambda: archive.views(size // 2)),
            "`view_growth`, whole": best(
                lambda: archive.db.execute("SELECT count(*), sum(per_hour) FROM view_growth").fetchone(), 1
            ),
            "`status`": best(archive.status),
        }


def verification(path: Path, size: int, queries: list[str]) -> dict[str, float]:
    """Verification in several processes, then of new articles only."""
    started = time.monotonic()
    found = {"`verify`, all processes": best(lambda: verify_whole(path), 1)}
    found["`verify`, by the clock"] = (time.monotonic() - started) * 1000
    with Archive.open(path) as archive:
        found["captures, thousands"] = archive.db.execute("SELECT captures FROM totals").fetchone()[0] / 1000
    Archive.verify_new_rows(path, {})
    end_idle_workers()
    with Archive.open(path, mode="write") as archive:
        run = start(archive)
        add(archive, run, further_articles(archive))
        archive.runs.finish(run, "finished", None, {})
    found[f"`verify --new`, {ADDED} new articles"] = best(lambda: Archive.verify_new_rows(path, {}), 1)
    return found


def further_articles(archive: Archive) -> Iterator[dict[str, Any]]:
    """Articles that an archive does not have yet, also after several measurements."""
    number = archive.db.execute("SELECT max(id) FROM articles").fetchone()[0]
    for truth in later_articles(ADDED):
        yield truth | {"url": f"{truth['url']}-{number}"}


def pages(path: Path, size: int, queries: list[str]) -> dict[str, float]:
    """The CPU time of pages of ``caliber browse``, the median of some requests after the first."""
    return asyncio.run(requests(path, size))


async def requests(path: Path, size: int) -> dict[str, float]:
    datasette = Datasette([str(path)], settings={"suggest_facets": False, "sql_time_limit_ms": 30_000})
    urls = {
        "front page": "/",
        "page of an article": f"/{path.stem}/articles/{size // 2}",
        "page of a search": f"/{path.stem}/-/search?q={WORDS['common']}",
        "page of all articles": f"/{path.stem}/-/search",
        "page of attention": f"/{path.stem}/-/attention?q={WORDS['common']}",
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


def writing(path: Path, size: int, queries: list[str]) -> dict[str, float]:
    """Tasks that add articles: one by one as a crawl does, and from another archive."""
    other = path.with_name(f"other-{size}.db")
    with Archive.open(path) as archive:
        later = list(further_articles(archive))
    with Archive.open(other, mode="write") as archive:
        add(archive, start(archive), (truth | {"url": f"{truth['url']}-other"} for truth in later))
    with Archive.open(path, mode="write") as archive, Archive.open(other) as new:
        run = start(archive)
        found = {"save an article": cpu(lambda: add(archive, run, later)) / ADDED}
        archive.runs.finish(run, "finished", None, {})
        found[f"merge {ADDED} new articles"] = cpu(lambda: list(archive.merge(new, {})))
        found["merge without news"] = cpu(lambda: list(archive.merge(new, {})))
    other.unlink()
    return found


def best(work: Callable[[], object], times: int = 3) -> float:
    return min(cpu(work) for _ in range(times))


def cpu(work: Callable[[], object]) -> float:
    """Milliseconds of CPU time, of this process and of its workers that have ended."""
    begin = cpu_time(*ALL)
    work()
    return (cpu_time(*ALL) - begin) * 1000


def verify_whole(path: Path) -> None:
    Archive.verify_file(path)
    end_idle_workers()


TASKS: dict[str, Callable[[Path, int, list[str]], dict[str, float]]] = {
    "reading": reading,
    "pages": pages,
    "verification": verification,
    "writing": writing,
}


if __name__ == "__main__":
    main()
