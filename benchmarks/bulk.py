"""What bulk reading and merging give: python -m benchmarks.bulk [--articles N] [--files N] [--repeat N]

Merge is measured in articles for each second of a processor. Reading is done by one process and by two, in turns; of
each the median is told. Their speed-up by the clock is what a machine with nothing else to do shows. By the processor
it is what one process took, over half of what two of them took together with all of what gave them their work.
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

from benchmarks.newsstand import made
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
"""Pages of a site without a file, as nearly all in the crawls of the whole web are."""
MEMORY = Path("/dev/shm")
OTHERS = 10_000_000
"""Where the numbers of other articles begin."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=int, default=2_000, help="to be merged")
    parser.add_argument("--files", type=int, default=8, help=f"web archives of {PAGES_IN_FILE} pages, to be read")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--only", choices=("merge", "read"))
    options = parser.parse_args()
    # In memory where there is room: how fast a disk is decides nothing here that it decides for parts of real size.
    if MEMORY.is_dir():
        tempfile.tempdir = os.environ["TMPDIR"] = str(MEMORY)
    with tempfile.TemporaryDirectory() as folder:
        if options.only != "read":
            table("Articles merged for each second of a processor", merging(Path(folder), options))
        if options.only != "merge":
            table("Pages read a second", extraction(Path(folder), options))


def table(title: str, rows: Iterator[dict[str, object]]) -> None:
    print(f"\n{title}\n{tabulate(list(rows), headers='keys', floatfmt=',.2f', intfmt=',')}")


def merging(folder: Path, options: argparse.Namespace) -> Iterator[dict[str, object]]:
    count = options.articles
    other, here = made(folder / "other.db", 0, count), made(folder / "here.db", OTHERS, count)
    later, known = made(folder / "later.db", 0, count, days=[2]), folder / "known.db"
    ways: dict[str, tuple[Path, Path | None, bool]] = {
        "into an empty archive": (other, None, True),
        "into one of as many others": (other, here, True),
        "into one of as many others, an article at a time": (other, here, False),
        "into one that knows them all": (other, known, True),
        "into one that knows them, each with a later visit": (later, known, True),
    }
    merge(other, known)
    speeds: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(options.repeat):
        for way, (other, target, at_once) in ways.items():
            into = folder / "into.db"
            into.unlink(missing_ok=True)
            if target is not None:
                into.write_bytes(target.read_bytes())
            speeds[way].append(count / merge(other, into, at_once=at_once))
    for way, measured in speeds.items():
        yield {"": way, "articles": count, "median": statistics.median(measured), "best": max(measured)}


def merge(other: Path, into: Path, *, at_once: bool = True) -> float:
    """Merge, and give the seconds of a processor that took."""
    with Archive.open(into, mode="write") as here, Archive.open(other) as there:
        begun = time.process_time()
        if at_once:
            merge_one(here, there)
        else:
            with (
                patch.object(BulkInsert, "insert_captures", lambda _, ids: ids),
                patch.object(BulkInsert, "insert_articles", lambda _, ids, article_of: ids),
            ):
                merge_one(here, there)
        return time.process_time() - begun


def extraction(folder: Path, options: argparse.Namespace) -> Iterator[dict[str, object]]:
    parts = [part for path in web_archives(folder, options.files) for part in parts_of(path)]
    pages = options.files * PAGES_IN_FILE
    engines: dict[str, Callable[[], Engine]] = {
        "one process": lambda: LocalEngine(1),
        "two processes": lambda: LocalEngine(2),
        "Dask, two workers": lambda: DaskEngine(None, 2),
    }
    took: dict[str, list[Took]] = {name: [] for name in engines}
    for turn in range(options.repeat):
        for name, engine in engines.items():
            took[name].append(read(folder / f"{turn}-{name}", parts, engine(), 1 if name.startswith("one") else 2))
    for name, measured in took.items():
        pairs = list(zip(took["one process"], measured, strict=True))
        yield {
            "": name,
            "pages": pages,
            "pages a second": pages / statistics.median(this.clock for this in measured),
            "speed-up by the clock": statistics.median(one.clock / this.clock for one, this in pairs),
            # What the processes do that workers of Dask start is not told to this one.
            "pages a processor second": None
            if "Dask" in name
            else pages / statistics.median(this.both for this in measured),
            "speed-up by the processor": None
            if "Dask" in name
            else statistics.median(one.alone / this.alone for one, this in pairs),
        }


@dataclass(frozen=True, slots=True)
class Took:
    """Seconds of the clock, of the processor in this process, and in the ``workers`` it started."""

    clock: float
    here: float
    there: float
    workers: int

    @property
    def both(self) -> float:
        return self.here + self.there

    @property
    def alone(self) -> float:
        """What the clock would show if every process had a processor of its own."""
        return self.here + self.there / max(1, self.workers)


def read(out: Path, parts: list[Part], engine: Engine, workers: int) -> Took:
    instructions = Instructions(
        site_resolver=SiteResolver(sites=SiteRegistry([SITE]), default=SITE, any_site=True), software=software()
    )
    work = BulkExtraction(Shards(out), instructions, parts)
    clock, here, there = time.perf_counter(), time.process_time(), of_children()
    for _ in work.run(engine):
        pass
    assert work.articles >= 0.9 * len(parts) * PAGES_IN_FILE, work.counts
    seconds = time.perf_counter() - clock
    end_idle_workers()  # so that what they needed is counted
    return Took(seconds, time.process_time() - here, of_children() - there, workers)


def of_children() -> float:
    """Seconds of a processor in processes that this one started and that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


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
    print(f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}")
    main()
