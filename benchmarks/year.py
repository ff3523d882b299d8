"""A year of hourly crawls of twenty sites in fast-forward, compared with what the sites served.

Real crawls of demo sites over loopback, all in one process with a simulated clock: seasons, edits, deletions, outages
of every kind, three redesigns, two changed definitions, backups, retention, verification. What was served is in the log
of the sites; the archive must contain every article, version and view count of it, and alarms only while they had a
cause.

    python -m benchmarks.year --folder FOLDER                          # the whole year: hours
    python -m benchmarks.year --folder FOLDER --days 7 --sites 3
    python -m benchmarks.year --folder FOLDER --hours-between 6 --seconds 3000
    python -m benchmarks.year --folder FOLDER --report --chart growth.svg

Run the same command again to go on after a kill or after ``--seconds``. Exit code 3: something differs.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

from tabulate import tabulate

from benchmarks import year_alarms, year_chart, year_truth
from benchmarks.year_crawls import Plan, Year, read_lines
from caliber_crawler.quantity import quantity

FAULTS = (
    "articles missing",
    "articles served and not stored",
    "articles stored twice",
    "articles that do not exist",
    "versions missing",
    "false edits",
    "versions with other text",
    "view counts that were not served",
    "view counts missing",
    "wrong about being gone",
)
BLOCKS = "▁▂▃▄▅▆▇█"
GROWING = ("articles", "versions", "captures", "view_counts", "frontier", "runs", "problems", "megabytes")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, required=True, help="for the archive and the state of the year")
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--sites", type=int, default=20)
    parser.add_argument("--hours-between", type=int, default=1, help="hours between two crawls of a site")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="stop after this time; run again to go on")
    parser.add_argument("--port", type=int, default=9_619)
    parser.add_argument("--seed", type=int, default=1, help="another seed is another year")
    parser.add_argument("--chart", type=Path, metavar="FILE", help="draw the growth of the archive as SVG")
    parser.add_argument("--report", action="store_true", help="only compare what was run so far")
    options = parser.parse_args()
    plan = Plan(
        options.folder, options.days, options.sites, options.hours_between, options.seconds, options.port, options.seed
    )
    if not options.report:
        Year(plan).run()
    if options.chart is not None:
        year_chart.draw(read_lines(plan.folder / "rounds.jsonl"), options.chart)
    return report(plan)


def report(plan: Plan) -> int:
    """Compare, and print everything."""
    rounds, commands = (read_lines(plan.folder / f"{name}.jsonl") for name in ("rounds", "commands"))
    if not rounds:
        print("No round of crawls has ended yet.")
        return 3
    sites, end = plan.year_sites(), datetime.fromisoformat(rounds[-1]["at"])
    until = end + timedelta(hours=plan.hours_between)
    comparison = year_truth.compare(plan.archive, plan.folder / "responses.tsv", sites, end, until)
    causes, false = year_alarms.compare(sites, rounds)
    print("\n".join(work(plan, rounds, end)))
    print()
    print(tabulate(sorted(comparison.counts.items()), headers=["compared with what was served", "count"], intfmt=","))
    for kind, examples in comparison.examples.items():
        print(f"\n{kind}:", *examples, sep="\n  ")
    print()
    print(alarm_table(causes))
    for kind, cause in causes.items():
        if cause.silent:
            print(f"\nnot noticed, {kind}:", *cause.silent[:5], sep="\n  ")
    print(f"\nrounds of a site with an alarm without a cause: {len(false)}", *false[:20], sep="\n  ")
    print()
    failed = [each for each in commands if each["exit_code"]]
    print("\n".join(command_lines(commands)))
    print()
    print("\n".join(chart(rounds)))
    faults = {name: comparison.counts[name] for name in FAULTS if comparison.counts[name]}
    return 3 if faults or false or failed else 0


def work(plan: Plan, rounds: Sequence[Mapping[str, Any]], end: datetime) -> Iterator[str]:
    """How much was crawled, and what it took."""
    crawls, pages = sum(each["crawls"] for each in rounds), sum(each["pages"] for each in rounds)
    cpu, served = (sum(max(0.0, each[name]) for each in rounds) for name in ("cpu", "server_cpu"))
    days = (end + timedelta(hours=plan.hours_between) - datetime.fromisoformat(rounds[0]["at"])) / timedelta(days=1)
    yield f"{days:,.1f} of {plan.days} days of {quantity(plan.sites, 'site')}, a crawl every {plan.hours_between} h"
    yield f"{crawls:,} crawls, {sum(each['without_requests'] for each in rounds):,} of them found nothing due"
    yield f"{pages:,} pages, {sum(each['new'] for each in rounds):,} new articles"
    yield f"{sum(each['notices'] for each in rounds):,} changes of state to report"
    yield (
        f"{cpu:,.0f} s of CPU for crawls: {1000 * cpu / crawls:.0f} ms per crawl, {1000 * cpu / max(1, pages):.1f} ms"
        f" per page; {served:,.0f} s for serving the sites"
    )


def alarm_table(causes: Mapping[str, year_alarms.Causes]) -> str:
    """What was noticed of each kind of cause."""
    rows = [
        [
            kind,
            cause.occurred,
            cause.noticed,
            cause.rounds,
            cause.unhealthy,
            ", ".join(f"{reason} ({count})" for reason, count in cause.reasons.most_common(4)),
        ]
        for kind, cause in sorted(causes.items())
    ]
    return tabulate(rows, headers=["cause", "occurred", "noticed", "rounds", "with an alarm", "reported"], intfmt=",")


def command_lines(commands: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """The commands between crawls, by name and result."""
    results: dict[tuple[str, Any], list[float]] = {}
    for each in commands:
        results.setdefault((each["command"], each["exit_code"]), []).append(each.get("cpu", 0.0))
    for (name, code), cpu in results.items():
        yield f"{name}: {len(cpu)} times, exit code {code}, {min(cpu)} to {max(cpu)} s of CPU"
    yield from (f"  {each['at']} {each['output']}" for each in commands if each["exit_code"])


def chart(rounds: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """The growth of everything, a character for each week."""
    weeks = [each["growth"] for each in rounds if "growth" in each]
    if not weeks:
        return
    yield f"growth per week, {len(weeks)} weeks (from nothing to the highest)"
    for name in GROWING:
        steps = [later[name] - before[name] for before, later in pairwise([dict.fromkeys(GROWING, 0), *weeks])]
        yield f"{name:>12} {spark(steps)} {weeks[-1][name]:,.0f} at the end, {max(steps):,.0f} in the largest week"
    costs = [year_chart.cost(week) for _, week in year_chart.by_week(rounds)]
    yield f"{'CPU a crawl':>12} {spark(costs)} {costs[0]:.0f} ms in the first week, {costs[-1]:.0f} ms in the last"


def spark(values: Sequence[float]) -> str:
    """Values as blocks of different heights."""
    top = max(values) or 1
    return "".join(BLOCKS[min(len(BLOCKS) - 1, int(max(0.0, value) / top * len(BLOCKS)))] for value in values)


if __name__ == "__main__":
    raise SystemExit(main())
