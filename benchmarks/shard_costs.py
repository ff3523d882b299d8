"""Bytes and CPU of a job and of a collect by the size of the shard: python -m benchmarks.shard_costs [--sizes N]...

A job stores 20 new articles and another visit of 80 known ones, spread over the shard. The exponent is the slope of the
logarithm of the cost over that of the number of articles: 0 is flat, 1 is proportional to the size of the shard.
"""

from __future__ import annotations

import argparse
import math
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from tabulate import tabulate

from benchmarks import newsstand
from benchmarks.newsstand import create_archive, extractions, later_visit, store
from caliber_crawler.archive import Archive
from caliber_crawler.cluster.crawler import write_changes
from caliber_crawler.cluster.kept_shards import KeptShard, KeptShards
from caliber_crawler.cluster.log_hold import LogHold
from caliber_crawler.cluster.page_changes import apply_increment, page_digests, updated_digests

NEW, VISITS = 20, 80
"""Articles that a job stores for the first time, and again."""
BATCH = 1_000
"""Articles in memory at a time."""


@contextmanager
def measured(costs: dict[str, float], name: str) -> Iterator[None]:
    """Add the CPU time of a block, in seconds."""
    start = time.process_time()
    yield
    costs[name] = time.process_time() - start


def merge(path: Path, shard: Path) -> bool:
    with Archive.open(path, mode="write") as here, Archive.open(shard) as there:
        merging = here.merge(there, {})
        for _ in merging:
            pass
        return merging.is_incremental


def work_on(shard: Path, size: int) -> None:
    """What the crawl of a job does: store new articles and visits, in some transactions."""
    with Archive.open(shard, mode="write") as archive:
        run_id = archive.runs.start("crawl", site="caliber", arguments={}, settings={}, software={})
        step = max(1, size // VISITS)
        for number in range(0, step * VISITS, step):
            with archive.transaction():
                store(archive, later_visit(next(extractions(number % size, 1)), 30), run_id)
        for extraction in extractions(size, NEW):
            with archive.transaction():
                store(archive, extraction, run_id)
        archive.runs.finish(run_id, "finished", None, {"new": NEW})


def create_shard(shard: Path, size: int) -> None:
    """Create a shard, or go on with one that was not completed."""
    with Archive.open(shard, mode="write") as archive:
        known = archive.db.execute("SELECT count(*) FROM articles").fetchone()[0]
    for first in range(known, size, BATCH):
        create_archive(shard, first, min(BATCH, size - first))


def costs_of(folder: Path, size: int, kept: Path | None) -> dict[str, float]:
    """The costs of the second job on a shard of ``size`` articles and of the second collect."""
    shard, collected, increment = folder / "shard.db", folder / "all.db", folder / "increment"
    if kept is None:
        create_shard(shard, size)
    else:
        create_shard(kept / f"shard-{size}.db", size)
        shutil.copy(kept / f"shard-{size}.db", shard)
    costs: dict[str, float] = {}
    with measured(costs, "first collect, CPU s"):
        merge(collected, shard)
    before = page_digests(shard)
    other = shutil.copy(shard, folder / "other.db")
    hold = LogHold(shard)
    with measured(costs, "job: crawl, CPU s"):
        work_on(shard, size)
    with measured(costs, "job: changed pages, CPU s"):
        assert hold.is_active
        now = write_changes(shard, before, increment, hold)
    assert now is not None
    kept = KeptShards(folder / "kept", None)
    with measured(costs, "keeping the shard, CPU s"):
        kept.put("site", shard, KeptShard("part", now))
        assert kept.take("site", shard) is not None
    with measured(costs, "taking the job into another copy, CPU s"):
        written = apply_increment(increment, other)
        assert updated_digests(before, other, written) == now
    costs["whole shard, MB"] = shard.stat().st_size / 1e6
    costs["job: published, MB"] = increment.stat().st_size / 1e6
    with measured(costs, "collect of the job, CPU s"):
        assert merge(collected, shard)
    with measured(costs, "collect without news, CPU s"):
        assert merge(collected, shard)
    for path in folder.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    return costs


def exponent(sizes: list[int], values: list[float]) -> float:
    """The slope of a line through the logarithms (least squares)."""
    xs, ys = [math.log(size) for size in sizes], [math.log(max(value, 1e-6)) for value in values]
    middle_x, middle_y = sum(xs) / len(xs), sum(ys) / len(ys)
    square = sum((x - middle_x) ** 2 for x in xs)
    return sum((x - middle_x) * (y - middle_y) for x, y in zip(xs, ys, strict=True)) / square


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000, 10_000, 100_000])
    parser.add_argument("--short", action="store_true", help="articles of 60 words on pages of 3 KB: faster to create")
    parser.add_argument("--shards", type=Path, help="keep the created shards in this folder for the next time")
    options = parser.parse_args()
    sizes: list[int] = options.sizes
    if options.short:
        newsstand.WORDS, newsstand.PAGE_BYTES = 60, 3_000
    columns = []
    for size in sizes:
        with TemporaryDirectory(prefix="caliber-costs-") as folder:
            columns.append(costs_of(Path(folder), size, options.shards))
        print(f"{size:,} articles: {columns[-1]}", file=sys.stderr)
    rows = [
        [name, *(f"{column[name]:.3f}" for column in columns), f"{exponent(sizes, [c[name] for c in columns]):.2f}"]
        for name in columns[0]
    ]
    heads = ["", *(f"{size:,} articles" for size in sizes), "exponent"]
    print(tabulate(rows, headers=heads, tablefmt="pipe", disable_numparse=True))


if __name__ == "__main__":
    main()
