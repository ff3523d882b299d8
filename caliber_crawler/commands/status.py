"""``caliber status``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
from tabulate import tabulate

from caliber_crawler.archive import Archive, RunRecord, StatusReport
from caliber_crawler.commands.options import archive_option, echo_json, json_option
from caliber_crawler.commands.terminal import echo, secho
from caliber_crawler.errors import CaliberError

SILENCE = timedelta(minutes=5)
"""After so long without a sign of life a crawl was killed, or hangs."""


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
            secho(title, bold=True)
            echo(tabulate(rows, headers="keys", tablefmt="simple", intfmt=","))
            echo()
    if report["sqlite"]["warning"]:
        secho(report["sqlite"]["warning"], fg="yellow", err=True)


def _tables(report: StatusReport) -> dict[str, Sequence[Mapping[str, object]]]:
    kept = {name: report[name] for name in ("articles", "versions", "edits", "view_counts", "gone")}
    names = ("id", "command", "site", "outcome", "reason", "started_at", "finished_at")
    runs = [
        {name: value for name, value in run.items() if name in names} | {"outcome": _outcome(run)}
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


def _outcome(run: RunRecord) -> str:
    since = silent_since(run)
    return str(run["outcome"]) if since is None else f"no sign of life since {since:%Y-%m-%d %H:%M} UTC"


def silent_since(run: RunRecord) -> datetime | None:
    """Since when a crawl that should be under way is silent: it was killed, or hangs. A live one tells each minute."""
    if run["outcome"] != "running" or run["command"] != "crawl":
        return None
    since = datetime.fromisoformat(run["heartbeat_at"])
    return since if datetime.now(UTC) - since >= SILENCE else None


def hanging(archive: Path) -> str | None:
    """A sentence on a crawl that keeps others from the archive and gives no sign of life, if there is one."""
    try:
        with Archive.open(archive) as opened:
            since = next((since for run in opened.runs.last(1) if (since := silent_since(run))), None)
    except CaliberError:
        return None
    if since is None:
        return None
    return f"The crawl under way gave no sign of life since {since:%Y-%m-%d %H:%M} UTC: it seems to hang."
