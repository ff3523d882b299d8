"""Speed of `caliber reextract`: python -m benchmarks.reextraction [--sizes 200 2000 20000] [--jobs N]

Fills an archive with demo pages of a known layout to each size, three sizes a decade apart, as if an earlier extractor
had stored them, and re-extracts all of them. Nothing changes, as after most changes of the code: what a text is for
most pages stays the same. Each article was visited twice, so it has two pages. Then every tenth page gets a layout in
which one field differs, and all pages are extracted once more.

The CPU time of the writing process and of the workers is printed separately. With enough cores, the writer's time per
page limits the speed; with N cores, all of it divided by N. ``--profile`` prints where the writing process spends it.
With ``--kill``, each run is killed after half of the pages, and the figures are those of another one that resumes.
"""

from __future__ import annotations

import argparse
import cProfile
import json
import pstats
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path

from click.testing import CliRunner
from tabulate import tabulate

from benchmarks.cpu_time import cpu_time
from benchmarks.shard_costs import exponent
from caliber_crawler.archive import Archive
from caliber_crawler.commands.reextract import reextract
from caliber_crawler.demo import DemoSite
from caliber_crawler.extraction_steps import extract_page
from caliber_crawler.items import Capture, Extraction
from caliber_crawler.processes import end_idle_workers
from caliber_crawler.spiders.caliber import CaliberSpider

SITE = CaliberSpider.site
VISITS = (timedelta(hours=1), timedelta(days=30))
HTML = (("Content-Type", "text/html; charset=utf-8"),)
EARLIER = "caliber_crawler 0.0.1 (00000000)"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[200, 2_000, 20_000], help="pages")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--profile", action="store_true")
    parser.add_argument("--kill", action="store_true")
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        measure(options.measure, options.jobs, profile=options.profile)
        return
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for size in options.sizes:
            path = Path(folder) / f"{size}.db"
            fill(path, size // len(VISITS))
            if options.kill:
                kill_halfway(path, options.jobs)
            rows.append(run(path, options.jobs, profile=options.profile))
    headers = ("pages", "writer, ms/page", "workers, ms/page", "pages/s", "pages/s of two idle cores")
    print(tabulate(rows, headers, floatfmt=".2f", intfmt=","))
    if len(rows) > 1:
        sizes = [row[0] for row in rows]
        for name, place in (("writer", 1), ("workers", 2)):
            print(f"exponent of the {name}'s time: {exponent(sizes, [row[0] * row[place] for row in rows]):.2f}")


def fill(path: Path, articles: int) -> None:
    """Store each article with its pages, in order of time."""
    with Archive.open(path, mode="write") as archive:
        run_id = archive.runs.start("crawl", site=SITE.name, arguments={}, settings={}, software={})
        archive.sites.store(SITE)
        found = extractions(articles)
        while some := list(islice(found, 500)):
            with archive.transaction():
                for extraction in some:
                    capture = archive.captures.store(extraction.capture, run_id)
                    stored = Extraction(
                        capture=capture,
                        article=extraction.article,
                        layout=extraction.layout,
                        extractor=EARLIER,
                        methods=extraction.methods,
                    )
                    archive.articles.save(stored, run_id, SITE.article_urls(extraction.article.urls))
        archive.runs.finish(run_id, "finished", None, {})


def extractions(articles: int) -> Iterator[Extraction]:
    demo = DemoSite(articles, base_url=SITE.base_url)
    visits = [
        (datetime.fromisoformat(str(article["published_at"])) + age, str(article["url"]))
        for article in demo.truth()
        for age in VISITS
    ]
    for at, url in sorted(visits):
        body = demo.respond(url.removeprefix(demo.base_url), at).body
        capture = Capture(site=SITE.name, url=url, fetched_at=at, status=200, headers=HTML, body=body)
        found = extract_page(capture, SITE, at)
        if isinstance(found, Extraction):
            yield found


def kill_halfway(path: Path, jobs: int) -> None:
    """Kill a re-extraction after half of the pages."""
    pages = pending(path)
    process = subprocess.Popen(command(path, jobs), stdout=subprocess.DEVNULL)
    while process.poll() is None and pending(path) > pages / 2:
        time.sleep(0.2)
    process.kill()
    process.wait()
    print(f"Killed: {pages - pending(path):,} of {pages:,} pages were extracted.")


def pending(path: Path) -> int:
    with Archive.open(path) as archive:
        count: int = archive.db.execute("SELECT count(*) FROM captures WHERE extractor = ?", (EARLIER,)).fetchone()[0]
    return count


def command(path: Path, jobs: int) -> list[str]:
    return [sys.executable, "-m", "benchmarks.reextraction", "--jobs", str(jobs), "--measure", str(path)]


def run(path: Path, jobs: int, *, profile: bool) -> tuple[int, float, float, float, float]:
    """Re-extract an archive in a separate process; return its pages, milliseconds for a page, and pages per second."""
    done = subprocess.run(
        [*command(path, jobs), *(["--profile"] if profile else [])], stdout=subprocess.PIPE, text=True, check=True
    )
    figures = json.loads(done.stdout.splitlines()[-1])
    print("\n".join(done.stdout.splitlines()[:-1]))
    pages, writer, workers = figures["pages"], figures["writer"], figures["workers"]
    ideal = pages / max(writer, (writer + workers) / 2)
    return pages, 1000 * writer / pages, 1000 * workers / pages, pages / figures["wall"], ideal


def measure(path: Path, jobs: int, *, profile: bool) -> None:
    profiler = cProfile.Profile()
    started, before = time.perf_counter(), cpu_time(resource.RUSAGE_SELF)
    if profile:
        profiler.enable()
    done = CliRunner().invoke(reextract, ["--archive", str(path), "--jobs", str(jobs), "--json"])
    if profile:
        profiler.disable()
        pstats.Stats(profiler).sort_stats("tottime").print_stats(35)
    if done.exit_code != 0:
        raise SystemExit(done.output)
    wall = time.perf_counter() - started
    end_idle_workers()  # only ended processes are counted
    writer, workers = cpu_time(resource.RUSAGE_SELF) - before, cpu_time(resource.RUSAGE_CHILDREN)
    report = json.loads(done.output)
    print({name: value for name, value in report.items() if name not in ("examples", "fields")})
    print(json.dumps({"pages": report["pages"], "writer": writer, "workers": workers, "wall": wall}))


if __name__ == "__main__":
    main()
