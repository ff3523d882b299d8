"""The report about the sites of an archive, and its page: CPU time, in an archive made by direct inserts.

``python -m benchmarks.sites --sites 1000 --runs 100``
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from time import process_time

from caliber_crawler.archive import Archive

FIELDS = ("authors", "body", "cover_image", "headline", "published_at", "section", "signature", "subtitle", "views")
METHODS = ("selector", "structured_data")
URLS_PER_SITE = 200
ALARM_SHARE = 0.05
"""Share of the sites with an alarm in each of the last three runs."""
TEXT = json.dumps({"padding": "x" * 200})
"""Settings, arguments and versions of a run, about as long as those of a real one."""


def text(time: datetime) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")


def create_archive(path: Path, sites: int, runs: int, *, hours: float, seed: int = 1) -> None:
    """Fill an archive with sites that were crawled every ``hours``: interleaved, as a timetable would."""
    Archive.open(path, mode="write").close()
    random, now = Random(seed), datetime.now(UTC).replace(microsecond=0)
    names = [f"site{number:04}" for number in range(sites)]
    alarming = set(random.sample(names, round(ALARM_SHARE * sites)))
    with closing(sqlite3.connect(path)) as connection:
        connection.executemany(
            "INSERT INTO sites VALUES (?, ?, ?, 'UTC', NULL)",
            [(name, f"The {name} Times", f"https://{name}.example.org") for name in names],
        )
        connection.executemany(
            """INSERT INTO runs (command, site, outcome, started_at, heartbeat_at, finished_at, counts, arguments,
              settings, software, exit_code, new_articles, problem_count, stored_bytes)
            VALUES ('crawl', ?, 'finished', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
            run_rows(names, alarming, runs, hours, now, random),
        )
        connection.execute(
            """INSERT INTO problems (run_id, noted_at, stage, reason, message, fatal)
            SELECT id, finished_at, 'check', 'no_headline', 'The page has no headline.', 1 FROM runs"""
        )
        connection.execute(
            """INSERT INTO problems (run_id, noted_at, stage, reason, message, fatal)
            SELECT id, finished_at, 'run', 'unknown_layout', 'All pages have a new layout.', 0 FROM runs
            WHERE exit_code = 3"""
        )
        for field in FIELDS:
            for method in METHODS:
                connection.execute(
                    "INSERT INTO field_coverage SELECT id, site, 'new', ?, ?, 20, 10 FROM runs", (field, method)
                )
        connection.executemany(
            """INSERT INTO frontier (url, site, kind, state, due_at, discovered_at, discovered_via)
            VALUES (?, ?, ?, ?, ?, ?, 'listing')""",
            url_rows(names, now, random),
        )
        connection.commit()


def run_rows(
    names: list[str], alarming: set[str], runs: int, hours: float, now: datetime, random: Random
) -> Iterator[tuple[object, ...]]:
    for number in range(runs):
        started = now - timedelta(hours=hours * (runs - number - 0.5))
        for name in names:
            code = 3 if name in alarming and number >= runs - 3 else 0
            new = random.randint(5, 40)
            counts = json.dumps({"new": new, "stored": new, "pages": 3 * new, "padding": "x" * 300})
            at, end = text(started), text(started + timedelta(minutes=4))
            yield (name, at, end, end, counts, TEXT, TEXT, TEXT, code, new, 1, 4_000 * new)


def url_rows(names: list[str], now: datetime, random: Random) -> Iterator[tuple[object, ...]]:
    for name in names:
        for number in range(URLS_PER_SITE):
            kind = "listing" if number < 5 else "article"
            state = random.choices(("done", "queued", "failed", "refused"), (90, 5, 3, 2))[0]
            due = text(now + timedelta(minutes=random.randint(-60, 10_000))) if number % 2 else None
            discovered = f"{text(now)[:-1]}.000000Z"
            yield (f"https://{name}.example.org/story/{number}", name, kind, state, due, discovered)


def best(work: Callable[[], object], times: int = 5) -> float:
    """CPU milliseconds of the best of several calls."""

    def once() -> float:
        started = process_time()
        work()
        return process_time() - started

    return round(1000 * min(once() for _ in range(times)), 1)


def page_times(path: Path) -> dict[str, float]:
    """CPU milliseconds of the page and its files."""
    from datasette.app import Datasette

    async def measure() -> dict[str, float]:
        datasette = Datasette([str(path)])
        await datasette.invoke_startup()
        found: dict[str, float] = {}
        for page in ("sites", "sites.csv", "sites.json"):
            times = []
            for _ in range(4):
                started = process_time()
                answer = await datasette.client.get(f"/{path.stem}/-/{page}")
                times.append(process_time() - started)
                assert answer.status_code == 200, answer.text
            found[page] = round(1000 * min(times[1:]), 1)
        return found

    return asyncio.run(measure())


def measure(path: Path) -> dict[str, float]:
    """CPU milliseconds of the report and of the pages."""
    with Archive.open(path) as archive:
        found = {
            "report": best(archive.sites.report),
            "open alarms": best(archive.alarms.open),
            "status": best(archive.status),
        }
    return found | page_times(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sites", type=int, default=1_000)
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--hours", type=float, default=24, help="hours between two crawls of a site")
    parser.add_argument("--keep", type=Path, help="create the archive here, or use the one that is there")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = options.keep or Path(folder) / "archive.db"
        if not path.exists():
            create_archive(path, options.sites, options.runs, hours=options.hours)
        json.dump(measure(path), sys.stdout, indent=2)
        print()


if __name__ == "__main__":
    main()
