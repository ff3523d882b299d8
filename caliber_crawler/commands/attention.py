"""``caliber attention``."""

from __future__ import annotations

import sys
from collections import defaultdict
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from caliber_crawler.archive import Archive, ArticleFilter, selection_of
from caliber_crawler.commands.options import (
    QueryCommand,
    archive_option,
    echo_json,
    json_option,
)
from caliber_crawler.commands.selection_options import filter_options
from caliber_crawler.commands.terminal import echo
from caliber_crawler.export import write_csv
from caliber_crawler.quantity import quantity

if TYPE_CHECKING:
    from caliber_crawler.archive.analysis.attention import Attention, AttentionRow, Breakdown, Period

COLUMNS = ("query", "group", "period", "articles", "of_all", "share")
BAR = 30
"""Width of the longest bar in characters."""


@click.command(cls=QueryCommand)
@click.argument("queries", metavar="QUERY...", nargs=-1, required=True)
@archive_option
@click.option("--by", type=click.Choice(["day", "week", "month"]), default="month", show_default=True, help="Period.")
@click.option(
    "--breakdown",
    type=click.Choice(["section", "language", "site", "author"]),
    help="Divide each period by section, language, site or author.",
)
@filter_options
@click.option("--csv", "as_csv", is_flag=True, help="Print a table as CSV, with zeros.")
@json_option
def attention(
    queries: tuple[str, ...],
    archive: Path,
    by: Period,
    breakdown: Breakdown | None,
    filters: ArticleFilter,
    *,
    as_csv: bool,
    as_json: bool,
) -> None:
    """Count the articles that match each QUERY, per day, week or month, with their share of all articles.

    Each argument is a query of its own, in the language of `caliber search`. Periods are those of the site's time zone.

    \b
    Example:
      caliber attention 'sanctions' 'ceasefire OR truce' --by week --from 2026-01-01
      caliber attention corridor --breakdown language --csv > corridor.csv
    """
    with Archive.open(archive) as opened:
        opened.require_existing(selection_of(**filters))
        try:
            found = opened.attention(queries, by=by, breakdown=breakdown, **filters)
        except ValueError as error:
            raise click.UsageError(str(error)) from None
    if as_json:
        echo_json(asdict(found))
    elif as_csv:
        write_csv(found, COLUMNS, sys.stdout)
    else:
        _print(found)
    for query, count in found.undated.items():
        if count:
            echo(f"{query}: {count:,} more without a date.", err=True)
    if found.groups_left_out:
        shown = len({row["group"] for row in found})
        echo(f"Showing the {shown} most frequent of {shown + found.groups_left_out:,}.", err=True)
    echo(f"State of the archive: {found.state}", err=True)


def _print(found: Attention) -> None:
    """Print the periods of each query and group with a bar each; runs of empty periods are left out."""
    series: dict[tuple[str, str | None], list[AttentionRow]] = defaultdict(list)
    for row in found:
        series[row["query"], row["group"]].append(row)
    most = max((row["articles"] for row in found), default=0) or 1
    for (query, group), rows in series.items():
        total, of_all = (sum(row[column] for row in rows) for column in ("articles", "of_all"))
        share = f", {total / of_all:.1%} of {of_all:,}" if of_all else ""
        echo(f"{query}{f' in {group}' if group else ''}: {quantity(total, 'article')}{share}")
        for row in rows:
            if row["of_all"]:
                bar = "█" * round(BAR * row["articles"] / most)
                echo(f"  {row['period']}  {row['articles']:>7,}  {row['share'] or 0:>6.1%}  {bar}".rstrip())
        echo("")
