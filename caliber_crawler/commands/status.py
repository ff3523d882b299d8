"""``caliber status``."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from getpass import getuser
from pathlib import Path

import click
from tabulate import tabulate

from caliber_crawler.archive import Archive, RunRecord, StatusReport
from caliber_crawler.archive.core.rows import SiteFactRow
from caliber_crawler.commands.options import archive_option, echo_json, json_option
from caliber_crawler.commands.site_table import print_sites
from caliber_crawler.commands.terminal import echo, secho
from caliber_crawler.crawling.liveness import last_heartbeat
from caliber_crawler.errors import CHECKS_FAILED, SiteError
from caliber_crawler.software import software

LEARNED_PARTS = ("headline", "date", "authors", "body")
MAX_CELL_LENGTH = 120
"""Characters of a cell; `--json` has the whole text."""


@click.command()
@archive_option
@click.option(
    "--acknowledge",
    "acknowledged",
    metavar="SITE",
    default="",
    help="Record that you have seen the alarms of SITE: what they report is usual from now on.",
)
@click.option("--by", metavar="NAME", default="", help="Who acknowledges.  [default: the user of this machine]")
@click.option("--note", metavar="TEXT", default="", help="A remark that is stored with the acknowledgement.")
@click.option("--sites", is_flag=True, help="Print one row for each site instead, those that need attention first.")
@click.option("--csv", "as_csv", is_flag=True, help="Print the sites as CSV; needs --sites.")
@click.option("--check", is_flag=True, help="Exit with code 3 if an alarm is open.")
@json_option
def status(
    archive: Path, acknowledged: str, by: str, note: str, *, sites: bool, as_csv: bool, check: bool, as_json: bool
) -> None:
    """Print the contents of the archive, the outcome of the last runs, alarms and problems.

    An alarm is something unusual about a site, such as a redesign. Each crawl reports it again until the site is as
    usual, its site definition changes, or somebody acknowledges it.

    \b
    Example:
      caliber status --archive data/archive.db
      caliber status --sites --csv > sites.csv
      caliber status --acknowledge caliber --note "the site shows no view counters any more"
    """
    if as_csv and not sites:
        raise click.UsageError("--csv prints the sites of the archive: add --sites.")
    if sites and acknowledged:
        raise click.UsageError("Give either --sites or --acknowledge, not both.")
    if sites:
        with Archive.open(archive) as opened:
            reports = opened.sites.report()
        print_sites(reports, as_csv=as_csv, as_json=as_json)
        sys.exit(CHECKS_FAILED if check and any(report["alarms"] for report in reports) else 0)
    if acknowledged:
        _acknowledge(archive, acknowledged, by, note, as_json=as_json)
        return
    with Archive.open(archive) as opened:
        report = opened.status()
        learned = learned_rows(opened)
    if as_json:
        echo_json({**report, "learned": learned})
        sys.exit(CHECKS_FAILED if check and report["alarms"] else 0)
    for title, rows in (_tables(report) | {"Learned layouts": learned}).items():
        if rows:
            secho(title, bold=True)
            echo(tabulate(rows, headers="keys", tablefmt="simple", intfmt=","))
            echo()
    sys.exit(CHECKS_FAILED if check and report["alarms"] else 0)


def _acknowledge(archive: Path, site: str, by: str, note: str, *, as_json: bool) -> None:
    with Archive.open(archive, mode="write") as opened:
        if opened.sites.get(site) is None:
            known = ", ".join(sorted(opened.sites.base_urls())) or "none"
            raise SiteError(f"The archive has no site {site!r}. Its sites: {known}.")
        alarms = opened.alarms.acknowledge(site, by=by or getuser(), note=note, software=software())
    if as_json:
        echo_json(alarms)
    else:
        echo("\n".join(f"Acknowledged: {alarm['message']}" for alarm in alarms) or f"No alarm of {site} is open.")


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
    names = ("id", "command", "site", "outcome", "exit_code", "reason", "started_at", "finished_at")
    runs = [
        {name: value for name, value in run.items() if name in names} | {"outcome": _outcome(run)}
        for run in report["runs"]
    ]
    return {
        "Articles": report["editions"],
        "Total": [totals],
        "Captures": [report["captures"]],
        "Raw pages (bytes)": [report["bodies"]],
        "Pages in cold storage (bytes)": [report["cold"]] if report["cold"]["files"] else [],
        "URLs": [report["frontier"]],
        "Last runs": runs,
        "Alarms": [_shortened(alarm) for alarm in report["alarms"]],
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
