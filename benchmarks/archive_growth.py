"""How the work of an archive grows with its size: python -m benchmarks.archive_growth [--sizes 300 3000 30000]

Fills a new archive to each size, three sizes a decade apart, and measures the CPU time of each task there, the least
of three. The exponent is the slope of the logarithms: 0 means that a task does not depend on the size, and 1 that it
is linear.
An archive that is filled for the first time has no statistics for SQLite's planner: it is not closed before.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path

from tabulate import tabulate

from benchmarks.archive import generate_articles, start, write
from benchmarks.shard_costs import exponent
from caliber_crawler.archive import Archive

ADDED = 50
"""The number of articles that are saved at each size, each in its own transactions."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[300, 3_000, 30_000])
    sizes: list[int] = parser.parse_args().sizes
    with tempfile.TemporaryDirectory() as folder:
        columns = [measure(Path(folder), size) for size in sizes]
    rows = [
        [name, *(f"{column[name]:,.2f}" for column in columns), f"{exponent(sizes, [c[name] for c in columns]):.2f}"]
        for name in columns[0]
    ]
    print(tabulate(rows, ["ms of CPU", *(f"{size:,} articles" for size in sizes), "exponent"], disable_numparse=True))


def measure(folder: Path, size: int) -> dict[str, float]:
    """The CPU time of each task in an archive of a size, in milliseconds."""
    path = folder / f"{size}.db"
    articles = generate_articles(size + ADDED)
    with Archive.open(path, mode="write") as archive:
        run_id = start(archive)
        with archive.transaction():
            write(archive, list(islice(articles, size)), run_id)
        added = list(articles)
        found = {"save an article": cpu(lambda: write(archive, added, run_id)) / ADDED}
        archive.runs.finish(run_id, "finished", None, {})
    with Archive.open(path) as archive:
        id = archive.db.execute("SELECT max(article_id) FROM view_counts").fetchone()[0]
        found |= {
            "open, and close": best(lambda: Archive.open(path).close()),
            "search": best(lambda: archive.search("corridor")),
            "article": best(lambda: archive.article(id)),
            "view_growth of an article": best(lambda: archive.views(id)),
            "view_growth, whole": best(
                lambda: archive.db.execute("SELECT count(*), sum(per_hour) FROM view_growth").fetchone()
            ),
            "status": best(archive.status),
        }
    found["verify"] = best(lambda: Archive.verify_file(path), 1)
    Archive.verify_new_rows(path, {})
    with Archive.open(path, mode="write") as archive:
        write(archive, list(islice(generate_articles(size + 2 * ADDED), size + ADDED, None)), start(archive))
    found[f"verify --new, {ADDED} new articles"] = best(lambda: Archive.verify_new_rows(path, {}), 1)
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
