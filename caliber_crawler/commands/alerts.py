"""``caliber alerts``."""

from __future__ import annotations

import os
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click
from tabulate import tabulate

from caliber_crawler.alerts.messages import line
from caliber_crawler.archive import Archive
from caliber_crawler.archive.analysis.alerts import KINDS, Alert, Kind
from caliber_crawler.archive.core.times import utc_now
from caliber_crawler.commands.options import archive_option, echo_json, join_names, json_option
from caliber_crawler.commands.terminal import echo
from caliber_crawler.errors import CHECKS_FAILED, ArchiveLocked
from caliber_crawler.notification.target import FORMS, parse_target

if TYPE_CHECKING:
    from caliber_crawler.alerts.delivery import Delivery


class Kinds(click.ParamType[tuple[Kind, ...]]):
    """Kinds of events, separated by commas."""

    name = "kinds"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[Kind, ...]:
        if isinstance(value, tuple):
            return value
        named = join_names(value)
        if not named or set(named) - set(KINDS):
            self.fail(f"{value!r} is not a list of {', '.join(KINDS)}.", param, ctx)
        return cast(tuple[Kind, ...], named)


@click.group()
def alerts() -> None:
    """Saved searches whose new matches are sent after each crawl: to a webhook, a chat, by e-mail, or to a feed.

    \b
    Example:
      caliber alerts add sanctions 'sanctions -football' --to mailto:desk@example.org
    """


@alerts.command()
@click.argument("name")
@click.argument("query")
@archive_option
@click.option("--to", "targets", multiple=True, required=True, metavar="TARGET", help=f"{FORMS}; may be repeated.")
@click.option(
    "--on",
    "kinds",
    type=Kinds(),
    default="new",
    show_default=True,
    help=f"What to report, separated by commas: {', '.join(KINDS)}.",
)
@click.option("--min-words", type=click.IntRange(min=1), default=1, help="text: smallest change, in words.")
@click.option("--site", default="", help="Only these sites, separated by commas.")
@click.option("--section", default="", help="Only these sections, separated by commas.")
@click.option("--language", default="", help="Only these languages (en, ru, hy …), separated by commas.")
@click.option("--include-known", is_flag=True, help="Also report the articles that match now.")
def add(
    name: str,
    query: str,
    archive: Path,
    targets: tuple[str, ...],
    kinds: tuple[Kind, ...],
    min_words: int,
    site: str,
    section: str,
    language: str,
    *,
    include_known: bool,
) -> None:
    """Save QUERY under NAME and report what it finds from now on.

    QUERY is one for `caliber search`. Reported are new articles that match, and with --on also changed headlines and
    texts of matching articles, and their removal. E-mail needs CALIBER_SMTP_URL (smtps://user:password@host) and
    CALIBER_SMTP_FROM. The URL of a chat is a secret: keep it in a variable and write env:NAME.

    \b
    Example:
      caliber alerts add sanctions sanctions --to env:SLACK_WEBHOOK --on new,headline,removed
    """
    for target in targets:
        parse_target(target, os.environ)
    filters = {"sites": join_names(site), "sections": join_names(section), "languages": join_names(language)}
    alert = Alert(
        name=name,
        query=query,
        targets=tuple(dict.fromkeys(targets)),
        kinds=kinds,
        min_words=min_words,
        filters={key: values for key, values in filters.items() if values},
    )
    with Archive.open(archive, mode="write") as opened:
        opened.require_existing(alert.selection())
        opened.alerts.add(alert, include_known=include_known)
    echo(f"Added {name!r}. Its matches are sent after each crawl, and by `caliber alerts send`.", err=True)


@alerts.command("list")
@archive_option
@json_option
def list_alerts(archive: Path, *, as_json: bool) -> None:
    """Print every alert; with --json, with its newest events.

    \b
    Example:
      caliber alerts list
    """
    with Archive.open(archive) as opened:
        known = opened.alerts.all()
        if as_json:
            echo_json([{**asdict(each), "events": opened.alerts.newest(each.name)} for each in known])
            return
    if known:
        rows = [
            [each.name, each.query, ", ".join(each.kinds), ", ".join(map(shown_target, each.targets))] for each in known
        ]
        echo(tabulate(rows, ["name", "query", "on", "to"], disable_numparse=True))
    else:
        echo("No alerts: caliber alerts add NAME QUERY --to TARGET adds one.", err=True)


@alerts.command()
@click.argument("name")
@archive_option
def remove(name: str, archive: Path) -> None:
    """Delete the alert NAME and its events.

    \b
    Example:
      caliber alerts remove sanctions
    """
    with Archive.open(archive, mode="write") as opened:
        opened.alerts.remove(name)
    echo(f"Removed {name!r}.", err=True)


@alerts.command()
@archive_option
@json_option
def send(archive: Path, *, as_json: bool) -> None:
    """Find what changed since the last time, and send what is pending. Exit code 3 if something could not be sent.

    A crawl does the same at its end. What could not be sent is sent the next time.

    \b
    Example:
      caliber alerts send
    """
    from caliber_crawler.alerts.delivery import deliver

    with Archive.open(archive, mode="write") as opened:
        results = deliver(opened, utc_now(), os.environ)
        newest = opened.alerts.newest(limit=10) if any(each.sent for each in results) else []
    if as_json:
        echo_json([asdict(each) for each in results])
    else:
        for event in newest:
            echo(f"{event['alert']}: {line(event)}")
        report(results)
        if not results:
            echo("Nothing new.", err=True)
    if any(each.failure for each in results):
        click.get_current_context().exit(CHECKS_FAILED)


def send_alerts(path: Path) -> None:
    """Send the alerts of an archive after a command that wrote to it; a failure is only reported."""
    if not path.exists():
        return
    try:
        with Archive.open(path) as archive:
            if not archive.alerts.all():
                return
        # Most archives have no alerts, and mail and XML take time to load.
        from caliber_crawler.alerts.delivery import deliver

        with Archive.open(path, mode="write") as archive:
            report(deliver(archive, utc_now(), os.environ))
    except ArchiveLocked:
        echo("Alerts were not sent, because another command is writing to the archive: caliber alerts send.", err=True)


def report(results: list[Delivery]) -> None:
    for each in results:
        if each.sent:
            echo(f"Alert {each.alert}: sent {each.sent:,} to {each.target}.", err=True)
        if each.failure:
            echo(f"Alert {each.alert} could not be sent to {each.target}: {each.failure}.", err=True)


def alert_row(alert: Alert) -> list[str]:
    return [alert.name, alert.query, ", ".join(alert.kinds), ", ".join(map(shown_target, alert.targets))]


def shown_target(text: str) -> str:
    """A target without what may be a secret."""
    return text if text.startswith(("env:", "mailto:", "file:")) else parse_target(text, os.environ).place
