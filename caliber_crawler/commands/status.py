"""``caliber status``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import click
from tabulate import tabulate

from caliber_crawler.archive import Archive, RunRecord, StatusReport
from caliber_crawler.archive.core.rows import SiteFactRow
from caliber_crawler.commands.options import archive_option, echo_json, json_option
from caliber_crawler.commands.terminal import echo, secho
from caliber_crawler.crawling.liveness import last_heartbeat

LEARNED_PARTS = ("headline", "date", "authors", "body")
MAX_CELL_LENGTH = 120
"""Characters of a cell; `--json` has the whole text."""


@click.command()
@archive_option
@json_option
def status(archive: Path, *, as_json: bool) -> None:
    """Print the contents of the archive, the outcome of the last runs, and their problems.

    \b
    Example:
      caliber status --archive data/archive.db
    """
    with Archive.open(archive) as opened:
        report = opened.status()
        learned = learned_rows(opened)
    if as_json:
        echo_json({**report, "learned": learned})
        return
    for title, rows in (_tables(report) | {"Learned layouts": learned}).items():
        if rows:
            secho(title, bold=True)
            echo(tabulate(rows, headers="keys", tablefmt="simple", intfmt=","))
            echo()


def learned_rows(archive: Archive) -> list[dict[str, object]]:
    """What was learned about the layout of each site, with the number of pages that confirm it."""
    rows: list[dict[str, object]] = []
    for site in archive.site_facts.sites():
        facts: dict[str, SiteFactRow] = {}
        for row in archive.site_facts.current(site):
            facts.setdefault(row["fact"], row)
        shown = {
            part: f"{fact['value']} ({fact['pages_confirming']} of {fact['pages_examined']})"
            for part in LEARNED_PARTS
            if (fact := facts.get(f"{part}_selector")) is not None
        }
        if shown:
            confirmed = max(fact["last_confirmed_at"] for fact in facts.values())
            rows.append({"site": site, **{part: shown.get(part) for part in LEARNED_PARTS}, "confirmed": confirmed})
    return rows


def _tables(report: StatusReport) -> dict[str, Sequence[Mapping[str, object]]]:
    totals = {name: report[name] for name in ("articles", "versions", "edits", "view_counts", "gone")}
    names = ("id", "command", "site", "outcome", "reason", "started_at", "finished_at")
    runs = [
        {name: value for name, value in run.items() if name in names} | {"outcome": _outcome(run)}
        for run in report["runs"]
    ]
    return {
        "Articles": report["editions"],
        "Total": [totals],
        "Captures": [report["captures"]],
        "Raw pages (bytes)": [report["bodies"]],
        "URLs": [report["frontier"]],
        "Last runs": runs,
        "Problems of the last run": [_shortened(row) for row in report["problems"]["last_run"]],
        "Problems by reason": [_shortened(row) for row in report["problems"]["all"]],
    }


def _shortened(row: Mapping[str, object]) -> dict[str, object]:
    """A row whose long texts are cut, such as the message about a long URL: one cell must not widen the table."""
    return {
        name: f"{value[:MAX_CELL_LENGTH]}…" if isinstance(value, str) and len(value) > MAX_CELL_LENGTH else value
        for name, value in row.items()
    }


def _outcome(run: RunRecord) -> str:
    since = last_heartbeat(run)
    return str(run["outcome"]) if since is None else f"no heartbeat since {since:%Y-%m-%d %H:%M} UTC"
