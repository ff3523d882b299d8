"""``caliber views``."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import click

from caliber_crawler.archive import Archive, ArticleFilter, selection_of
from caliber_crawler.commands.options import (
    archive_option,
    echo_json,
    json_option,
)
from caliber_crawler.commands.selection_options import filter_options
from caliber_crawler.commands.terminal import echo, secho
from caliber_crawler.export import write_csv
from caliber_crawler.quantity import quantity

COLUMNS = (
    "article_id", "headline", "url", "site", "language", "section", "published_at", "views", "reason", "before_at",
    "views_before", "after_at", "views_after", "hours_between",
)  # fmt: skip
HOURS = {"h": 1, "d": 24, "w": 7 * 24}


class Age(click.ParamType[float]):
    """An age in hours, such as ``24h``, ``7d`` or ``2w``."""

    name = "age"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        match = re.fullmatch(r"(\d{1,6}(?:\.\d{1,3})?)([hdw]?)", str(value), re.ASCII)
        if match is None:
            self.fail(f"{value!r} is not an age; write it as 24h, 7d or 2w.", param, ctx)
        hours = float(match[1]) * HOURS[match[2] or "h"]
        return int(hours) if hours.is_integer() else hours


@click.command()
@archive_option
@click.option("--at", type=Age(), default="24h", show_default=True, help="Age of each article: 24h, 7d, 2w.")
@filter_options
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True, help="Maximum number of articles.")
@click.option("--csv", "as_csv", is_flag=True, help="Print all articles as CSV, also those without a value.")
@json_option
def views(
    archive: Path,
    at: float,
    filters: ArticleFilter,
    limit: int,
    *,
    as_csv: bool,
    as_json: bool,
) -> None:
    """Print the most viewed articles at the same age, such as 24 hours after publication.

    The views at that age are interpolated between the view count before it and the one after it. Articles whose views
    cannot be interpolated are counted, with the reason.

    \b
    Example:
      caliber views --at 24h --section politics
      caliber views --at 7d --from 2026-01-01 --csv > after-a-week.csv
    """
    with Archive.open(archive) as opened:
        opened.require_existing(selection_of(**filters))
        try:
            found = opened.views_at(at, **filters)
        except ValueError as error:
            raise click.UsageError(str(error)) from None
    if as_json:
        rows = list(found.rows[:limit])
        echo_json({"hours": at, "known": len(found), "not_known": found.reasons, "articles": rows})
    elif as_csv:
        write_csv([*found.rows, *found.not_known], COLUMNS, sys.stdout)
    else:
        for row in found.rows[:limit]:
            secho(row["headline"], bold=True)
            when = row["published_local"] or row["published_at"] or "no date"
            views = quantity(row["views"] or 0, "view")
            echo(f"  {views}  {when}  {row['language']}  {row['section'] or ''}  [{row['article_id']}]")
    echo(found.coverage(), err=True)
