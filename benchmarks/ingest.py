"""CPU time of `caliber ingest` by process: python -m benchmarks.ingest [--articles N...] [--weight KB] [--jobs N]...

Writes a web archive of demo pages, each with a menu of other headlines so that it has the size of a real page, and
ingests it with --jobs processes. The CPU time of the writing process and of the extraction workers is printed
separately, medians of three runs; modules are compiled beforehand, as if installed. The writer's time per page limits
the total speed for any number of workers.

With several sizes (--articles 150 1500 15000), the exponent of the writer's whole time is printed: 1 means that a page
costs the same in an archive of any size.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from click.testing import CliRunner
from tabulate import tabulate

from benchmarks.cpu_time import cpu_time, installed_environment
from benchmarks.shard_costs import exponent
from caliber_crawler.commands.ingest import ingest
from caliber_crawler.demo import DemoSite
from caliber_crawler.items import Capture
from caliber_crawler.processes import end_idle_workers
from caliber_crawler.quantity import quantity
from caliber_crawler.spiders.caliber import CaliberSpider
from caliber_crawler.warc import write_warc

REPEATS = 3
AGES = (timedelta(hours=1), timedelta(days=365))
HTML = (("Content-Type", "text/html; charset=utf-8"),)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=int, nargs="+", default=[300])
    parser.add_argument("--weight", type=int, default=100, help="KB of markup around each article")
    parser.add_argument("--jobs", type=int, action="append")
    parser.add_argument("--measure", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        measure(*options.measure, options.jobs[0])
        return
    sizes: list[int] = sorted(options.articles)
    jobs = options.jobs or [1, 2]
    bytecode = TemporaryDirectory()  # until the end of this process
    environment = installed_environment(Path(bytecode.name))
    idle = {each: median(run_idle(each, environment) for _ in range(REPEATS)) for each in jobs}
    rows = []
    writing: dict[int, list[float]] = {each: [] for each in jobs}
    for articles in sizes:
        with TemporaryDirectory() as folder:
            warc = Path(folder) / "crawl.warc.gz"
            with warc.open("wb") as file:
                pages = write_warc(captures(articles, options.weight * 1000), file, name=warc.name)
            runs = {each: [run(warc, each, environment) for _ in range(REPEATS)] for each in jobs}
        for each, figures in runs.items():
            writer, workers, wall = (
                median(figure[name] for figure in figures) for name in ("writer", "workers", "wall")
            )
            writing[each].append(writer)
            rows.append(
                (pages, each, 1000 * writer / pages, 1000 * max(0.0, workers - idle[each]) / pages, pages / wall)
            )
    print(f"medians of {REPEATS} runs")
    heads = ("pages", "processes", "writer, ms/page", "workers, ms/page", "pages/s")
    print(tabulate(rows, headers=heads, floatfmt=".1f", intfmt=","))
    if len(sizes) > 1:
        for each, times in writing.items():
            print(
                f"exponent of the writer's time, {quantity(each, 'process', 'processes')}: {exponent(sizes, times):.2f}"
            )


def captures(articles: int, weight: int) -> Iterator[Capture]:
    """Each article one hour and one year after publication, in order of time."""
    site = DemoSite(articles, base_url=CaliberSpider.site.base_url)
    truth = list(site.truth())
    dice = random.Random(1)
    visits = [
        (datetime.fromisoformat(article["published_at"]) + age, article["url"]) for article in truth for age in AGES
    ]
    for at, url in sorted(visits):
        menu = "".join(
            f'<li><a href="/x/{dice.random()}">{other["headline"]}</a></li>'
            for other in dice.sample(truth, min(40, len(truth)))
        )
        around = f"<nav><ul>{menu}</ul></nav><script>{'var shared = 1; ' * (weight // 16)}</script>".encode()
        body = site.respond(url.removeprefix(site.base_url), at).body.replace(b"</body>", around + b"</body>")
        yield Capture(site="caliber", url=url, fetched_at=at, status=200, headers=HTML, body=body)


def run(warc: Path, jobs: int, environment: dict[str, str]) -> dict[str, float]:
    """Ingest a file in a separate process; return its CPU and wall-clock times."""
    with TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "benchmarks.ingest", "--jobs", str(jobs), "--measure", str(warc), folder]
        done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


def measure(warc: str, folder: str, jobs: int) -> None:
    started, before = time.perf_counter(), cpu_time(resource.RUSAGE_SELF)
    done = CliRunner().invoke(ingest, [warc, "--archive", f"{folder}/archive.db", "--jobs", str(jobs)])
    if done.exit_code != 0:
        raise SystemExit(done.output)
    wall = time.perf_counter() - started
    end_idle_workers()  # only ended processes are counted
    writer, workers = cpu_time(resource.RUSAGE_SELF) - before, cpu_time(resource.RUSAGE_CHILDREN)
    print(json.dumps({"writer": writer, "workers": workers, "wall": wall}))


def run_idle(jobs: int, environment: dict[str, str]) -> float:
    """CPU time of the workers before they extract anything."""
    script = (
        "import resource\n"
        "from caliber_crawler.ingest import SiteResolver\n"
        "from caliber_crawler.processes import Executor, end_idle_workers\n"
        "from caliber_crawler.reextraction import Reextractor\n"
        "from caliber_crawler.site import SiteRegistry\n"
        "if __name__ == '__main__':\n"
        f"    executor = Executor(repr, lambda item: (item,), {jobs}, start_next=1)\n"
        f"    list(executor.map([Reextractor(SiteRegistry())] * {jobs}))\n"
        "    end_idle_workers()\n"
        "    used = resource.getrusage(resource.RUSAGE_CHILDREN)\n"
        "    print(used.ru_utime + used.ru_stime)\n"
    )
    with TemporaryDirectory() as folder:
        path = Path(folder) / "idle.py"
        path.write_text(script)
        command = [sys.executable, str(path)]
        return float(subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout)


if __name__ == "__main__":
    main()
