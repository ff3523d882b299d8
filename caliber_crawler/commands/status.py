"""``caliber status``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from tabulate import tabulate

from caliber_crawler.archive import Archive
from caliber_crawler.commands.options import archive_option, echo_json, json_option
from caliber_crawler.crawling.liveness import silent_since


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
    names = ("id", "command", "site", "outcome", "reason", "started_at", "finished_at")
    runs = [{name: run[name] for name in names} | {"outcome": _outcome(run)} for run in report["runs"]]
    return {
        "Articles": report["editions"],
        "Total": [kept],
        "Captures": [report["captures"]],
        "Raw pages (bytes)": [report["bodies"]],
        "URLs": [report["frontier"]],
        "Last runs": runs,
        "Problems of the last run": report["problems"]["last_run"],
        "Problems by reason": report["problems"]["all"],
    }


def _outcome(run: dict[str, Any]) -> str:
    since = silent_since(run)
    return str(run["outcome"]) if since is None else f"no sign of life since {since:%Y-%m-%d %H:%M} UTC"
