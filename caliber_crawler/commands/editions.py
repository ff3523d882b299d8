"""``caliber editions``."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from caliber_crawler.archive import Archive, ArticleFilter, selection_of
from caliber_crawler.archive.analysis.editions import Counterpart, EditionStatus
from caliber_crawler.commands.options import archive_option, echo_json, json_option
from caliber_crawler.commands.progress import run_with_progress
from caliber_crawler.commands.selection_options import filter_options
from caliber_crawler.commands.terminal import echo, secho
from caliber_crawler.errors import NoSuchArticle
from caliber_crawler.export.text import write_csv
from caliber_crawler.quantity import quantity

KINDS = ("names", "numbers", "pictures", "authors")


@click.group()
def editions() -> None:
    """Find articles of the same story in other languages: its counterparts.

    What pages state comes first (hreflang, language switches). For other articles of a site, names across scripts,
    numbers, pictures and authors are compared with those published within three days. Each result has its evidence and
    a score; weak evidence gives no result. `caliber editions find` stores results in the table `counterparts`; the
    other commands read it. No crawl does this by itself: run it after crawls.

    \b
    Example:
      caliber editions find
      caliber editions show 17
    """


@editions.command()
@archive_option
@json_option
def find(archive: Path, *, as_json: bool) -> None:
    """Compare the articles that are new or changed since the last time, and those published around them.

    What was compared is recorded in a file beside the archive (ARCHIVE.editions), which may be deleted at any time:
    then all articles are compared anew. Stop or kill the command at any time; the next one continues.

    \b
    Example:
      caliber editions find --archive data/archive.db
    """
    with Archive.open(archive, mode="write") as opened:
        search = opened.editions.find()
        run_with_progress(search, "articles")
        status = opened.editions.status()
    result = search.result
    if as_json:
        echo_json({**asdict(result), "pairs": status.pairs})
        return
    echo(
        f"Compared {quantity(result.compared, 'article')}: {quantity(status.pairs, 'pair')} in two languages"
        f" ({result.added:,} new, {result.removed:,} removed)."
    )


@editions.command("list")
@archive_option
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True, help="Maximum number; not of CSV.")
@filter_options
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV: one row for each article and counterpart.")
@json_option
def list_editions(archive: Path, limit: int, filters: ArticleFilter, *, as_csv: bool, as_json: bool) -> None:
    """List the articles that match with their counterparts, the newest first. A pair is listed for each that matches.

    \b
    Example:
      caliber editions list --csv > counterparts.csv
    """
    with Archive.open(archive) as opened:
        opened.require_existing(selection_of(**filters))
        found, status = opened.editions.pairs(**filters), opened.editions.status()
    if as_csv:
        write_csv(found, list(Counterpart.__annotations__), sys.stdout)
    elif as_json:
        echo_json([with_evidence(each) for each in found[:limit]])
    else:
        for each in found[:limit]:
            print_counterpart(each)
    if not found:
        echo(nothing_found(status), err=True)
    elif not as_csv:
        echo(f"{len(found):,} found." if len(found) <= limit else f"The first {limit:,} of {len(found):,}.", err=True)


@editions.command()
@click.argument("article")
@archive_option
@json_option
def show(article: str, archive: Path, *, as_json: bool) -> None:
    """Print the counterparts of an article with their evidence. ARTICLE is its ID, or any URL that it has or had.

    \b
    Example:
      caliber editions show 17
    """
    with Archive.open(archive) as opened:
        id = opened.articles.find(article)
        if id is None:
            raise NoSuchArticle(f"{archive} contains no article {article}.")
        found, status = opened.editions(id), opened.editions.status()
    if as_json:
        echo_json([with_evidence(each) for each in found])
        return
    for each in found:
        print_counterpart(each)
    if not found:
        echo(nothing_found(status), err=True)


def with_evidence(row: Counterpart) -> dict[str, Any]:
    """A row for JSON: the evidence as an object."""
    return {**row, "evidence": json.loads(row["evidence"])}


def print_counterpart(row: Counterpart) -> None:
    secho(f"{row['headline']}  [{row['article_id']}]", bold=True)
    echo(
        f"  {row['counterpart_language']}  {row['counterpart_published_at'] or 'no date'}"
        f"  {row['counterpart_headline']}  [{row['counterpart_id']}]"
    )
    echo(f"  {row['method']}, score {row['score']:.2f}{evidence_text(json.loads(row['evidence']))}\n")


def evidence_text(evidence: dict[str, Any]) -> str:
    """The evidence of a result in one line."""
    parts = [
        f"{kind}: {', '.join(' = '.join(dict.fromkeys(forms)) for forms in evidence[kind])}"
        for kind in KINDS
        if kind in evidence
    ]
    if "hours_apart" in evidence:
        parts.append(f"{evidence['hours_apart']:.0f} hours apart")
    return "".join(f"; {part}" for part in parts)


def nothing_found(status: EditionStatus) -> str:
    if not status.is_searched and status.found_at is None:
        return "No counterparts are known: run `caliber editions find` first."
    return "None found."
