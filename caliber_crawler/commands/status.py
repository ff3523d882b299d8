"""``caliber status``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from tabulate import tabulate

from caliber_crawler.archive import Archive
from caliber_crawler.commands.options import archive_option, echo_json, json_option


@click.command()
@archive_option
@json_option
def status(archive: Path, *, as_json: bool) -> None:
    """What the archive holds, how the last runs ended, and what went wrong where.

    \b
    Example:
      caliber status --archive data/archive.db
    """
    with Archive.open(archive) as opened:
        report = opened.status()
    if as_json:
        echo_json(report)
        return
    for title, rows in _tables(report).items():
        if rows:
            click.secho(title, bold=True)
            click.echo(tabulate(rows, headers="keys", tablefmt="simple", intfmt=","))
            click.echo()
    if report["sqlite"]["warning"]:
        click.secho(report["sqlite"]["warning"], fg="yellow", err=True)


def _tables(report: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    kept = {name: report[name] for name in ("articles", "versions", "edits", "view_counts", "gone")}
    runs = [
        {name: run[name] for name in ("id", "command", "site", "outcome", "reason", "started_at", "finished_at")}
        for run in report["runs"]
    ]
    return {
        "Articles": report["editions"],
        "In all": [kept],
        "Captures": [report["captures"]],
        "Raw pages, in bytes": [report["bodies"]],
        "Addresses": [report["frontier"]],
        "Last runs": runs,
        "Problems of the last run": report["problems"]["last_run"],
        "Problems by reason": report["problems"]["all"],
    }
