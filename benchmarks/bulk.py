"""Speed of bulk extraction and merging: python -m benchmarks.bulk [--articles N] [--files N] [--repeat N]

Merging is measured in articles per second of CPU time. Extraction runs alternately with one and two processes, and the
medians are printed. The speed-up by wall-clock time is meaningful on an idle machine only. The speed-up by CPU time is
the time of one process divided by the time of the main process plus half of the time of the two workers.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from unittest.mock import patch

from tabulate import tabulate

from benchmarks.cpu_time import cpu_time
from benchmarks.newsstand import create_archive
from caliber_crawler.archive import Archive
from caliber_crawler.archive.merge.bulk_insert import BulkInsert
from caliber_crawler.bulk import BulkExtraction, DaskEngine, Engine, Instructions, LocalEngine, Part, Shards, parts_of
from caliber_crawler.commands.merge import merge_one
from caliber_crawler.demo import DemoSite
from caliber_crawler.ingest import SiteResolver
from caliber_crawler.items import Capture
from caliber_crawler.processes import end_idle_workers
from caliber_crawler.site import SiteRegistry
from caliber_crawler.software import software
from caliber_crawler.spiders.caliber import CaliberSpider
from caliber_crawler.warc import write_warc

SITE = CaliberSpider.site
PAGES_IN_FILE = 400
ELSEWHERE = "https://news.example.org"
"""Pages of a generic site, like nearly all pages in crawls of the whole web."""
MEMORY = Path("/dev/shm")
OTHERS = 10_000_000
"""First number of the articles that are not in the merged archive."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=int, default=2_000, help="number of articles to merge")
    parser.add_argument(
        "--files", type=int, default=8, help=f"number of web archives to extract, with {PAGES_IN_FILE} pages each"
    )
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--only", choices=("merge", "extract"))
    options = parser.parse_args()
    # In memory where possible: the disk matters more for these small parts than for parts of real size.
    if MEMORY.is_dir():
        tempfile.tempdir = os.environ["TMPDIR"] = str(MEMORY)
    with tempfile.TemporaryDirectory() as folder:
        if options.only != "extract":
            table("Articles merged per second of CPU time", merging(Path(folder), options))
        if options.only != "merge":
            table("Pages extracted per second", extraction(Path(folder), options))


def table(title: str, rows: Iterator[dict[str, object]]) -> None:
    print(f"\n{title}\n{tabulate(list(rows), headers='keys', floatfmt=',.2f', intfmt=',')}")


def merging(folder: Path, options: argparse.Namespace) -> Iterator[dict[str, object]]:
    count = options.articles
    other, here = create_archive(folder / "other.db", 0, count), create_archive(folder / "here.db", OTHERS, count)
    later, known = create_archive(folder / "later.db", 0, count, days=[2]), folder / "known.db"
    cases: dict[str, tuple[Path, Path | None, bool]] = {
        "new articles into an empty archive": (other, None, True),
        "new articles into an archive of the same size": (other, here, True),
        "the same, one article at a time": (other, here, False),
        "known articles, nothing new": (other, known, True),
        "known articles, each with another visit": (later, known, True),
    }
    merge(other, known)
    speeds: dict[str, list[float]] = {case: [] for case in cases}
    for _ in range(options.repeat):
        for case, (other, target, in_bulk) in cases.items():
            into = folder / "into.db"
            into.unlink(missing_ok=True)
            if target is not None:
                into.write_bytes(target.read_bytes())
            speeds[case].append(count / merge(other, into, in_bulk=in_bulk))
    for case, measured in speeds.items():
        yield {"": case, "articles": count, "median": statistics.median(measured), "best": max(measured)}


def merge(other: Path, into: Path, *, in_bulk: bool = True) -> float:
    """Merge an archive into another; return the CPU time in seconds."""
    with Archive.open(into, mode="write") as here, Archive.open(other) as there:
        start = time.process_time()
        if in_bulk:
            merge_one(here, there)
        else:
            with (
                patch.object(BulkInsert, "insert_captures", lambda _, ids: ids),
                patch.object(BulkInsert, "insert_articles", lambda _, ids, article_of: ids),
            ):
                merge_one(here, there)
        return time.process_time() - start


def extraction(folder: Path, options: argparse.Namespace) -> Iterator[dict[str, object]]:
    parts = [part for path in web_archives(folder, options.files) for part in parts_of(path)]
    pages = options.files * PAGES_IN_FILE
    engines: dict[str, Callable[[], Engine]] = {
        "one process": lambda: LocalEngine(1),
        "two processes": lambda: LocalEngine(2),
        "Dask, two workers": lambda: DaskEngine(None, 2),
    }
    times: dict[str, list[Times]] = {name: [] for name in engines}
    for turn in range(options.repeat):
        for name, engine in engines.items():
            workers = 1 if name.startswith("one") else 2
            times[name].append(extract_all(folder / f"{turn}-{name}", parts, engine(), workers))
    for name, measured in times.items():
        pairs = list(zip(times["one process"], measured, strict=True))
        yield {
            "": name,
            "pages": pages,
            "pages/s": pages / statistics.median(this.clock for this in measured),
            "speed-up by the clock": statistics.median(one.clock / this.clock for one, this in pairs),
            # The CPU time of processes that Dask workers start is not known here.
            "pages/s of CPU": None if "Dask" in name else pages / statistics.median(this.cpu for this in measured),
            "speed-up by CPU time": None
            if "Dask" in name
            else statistics.median(one.ideal_clock / this.ideal_clock for one, this in pairs),
        }


@dataclass(frozen=True, slots=True)
class Times:
    """Wall-clock time, CPU time of this process, CPU time of its ``workers``; all in seconds."""

    clock: float
    main_cpu: float
    worker_cpu: float
    workers: int

    @property
    def cpu(self) -> float:
        return self.main_cpu + self.worker_cpu

    @property
    def ideal_clock(self) -> float:
        """The wall-clock time if the main process and the workers never waited for a CPU."""
        return self.main_cpu + self.worker_cpu / max(1, self.workers)


def extract_all(out: Path, parts: list[Part], engine: Engine, workers: int) -> Times:
    instructions = Instructions(
        site_resolver=SiteResolver(sites=SiteRegistry([SITE]), default=SITE, any_site=True), software=software()
    )
    work = BulkExtraction(Shards(out), instructions, parts)
    clock, main_cpu, worker_cpu = time.perf_counter(), time.process_time(), cpu_time(resource.RUSAGE_CHILDREN)
    for _ in work.run(engine):
        pass
    assert work.articles >= 0.9 * len(parts) * PAGES_IN_FILE, work.counts
    seconds = time.perf_counter() - clock
    end_idle_workers()  # only ended processes are counted
    return Times(seconds, time.process_time() - main_cpu, cpu_time(resource.RUSAGE_CHILDREN) - worker_cpu, workers)


def web_archives(folder: Path, files: int) -> Iterator[Path]:
    site = DemoSite(files * PAGES_IN_FILE, base_url=ELSEWHERE)
    pages = [capture(site, truth) for truth in site.truth()]
    for number in range(files):
        path = folder / f"{number:03}.warc.gz"
        with path.open("wb") as file:
            write_warc(pages[number * PAGES_IN_FILE : (number + 1) * PAGES_IN_FILE], file, name=path.name)
        yield path


def capture(site: DemoSite, truth: dict[str, object]) -> Capture:
    url, at = str(truth["url"]), datetime.fromisoformat(str(truth["published_at"])) + timedelta(days=3)
    body = site.respond(url.removeprefix(site.base_url), at).body
    return Capture(
        site=SITE.name, url=url, fetched_at=at, status=200, headers=(("Content-Type", "text/html"),), body=body
    )


if __name__ == "__main__":
    print(f"{os.cpu_count()} CPUs, load {os.getloadavg()[0]:.1f}")
    main()
