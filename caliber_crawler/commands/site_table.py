"""The sites of an archive as a table: ``caliber status --sites``."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click
from tabulate import tabulate

from caliber_crawler.archive.reports.site_reports import COLUMNS, SiteReport, flat_row
from caliber_crawler.commands.options import echo_json
from caliber_crawler.commands.terminal import echo
from caliber_crawler.export import write_csv
from caliber_crawler.quantity import size_text

MAX_ALARM_LENGTH = 80
"""Characters of the alarms of a site; `--csv` and `--json` have the whole text."""


def print_sites(reports: Sequence[SiteReport], *, as_csv: bool, as_json: bool) -> None:
    """Print a row for each site, as text, CSV or JSON."""
    if as_csv and as_json:
        raise click.UsageError("Give either --csv or --json, not both.")
    if as_json:
        echo_json(reports)
    elif as_csv:
        write_csv(map(flat_row, reports), COLUMNS, sys.stdout)
    elif reports:
        rows = [text_row(report) for report in reports]
        echo(tabulate(rows, headers="keys", tablefmt="simple", intfmt=",", disable_numparse=True))
    else:
        echo("The archive has no sites yet. Crawl one: caliber crawl URL", err=True)


def text_row(report: SiteReport) -> dict[str, object]:
    """The most important columns of a site, short enough for a terminal."""
    coverage, growth, usual = report["coverage"], report["bytes_per_day"], report["usual_new_articles"]
    alarms = str(flat_row(report)["alarms"])
    return {
        "site": report["site"],
        "state": report["state"] or "not crawled",
        "since": report["state_since"],
        "last crawl": report["last_run_at"],
        "outcome": report["last_run_outcome"],
        "exit code": report["last_run_exit_code"],
        "new": report["new_articles"],
        "usual": None if usual is None else f"{usual:,.0f}",
        "coverage": None if coverage is None else f"{coverage:.1%}",
        "failed": report["failed_urls"],
        "refused": report["refused_urls"],
        "problems": report["problems"],
        "stored": size_text(report["stored_bytes"]),
        "per day": None if growth is None else size_text(growth),
        "next due": report["next_due_at"],
        "alarms": alarms if len(alarms) <= MAX_ALARM_LENGTH else f"{alarms[:MAX_ALARM_LENGTH]}…",
    }
