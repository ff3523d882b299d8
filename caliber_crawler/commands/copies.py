"""``caliber copies``."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from caliber_crawler.archive import Archive, ArticleFilter, selection_of
from caliber_crawler.archive.analysis.copies import CopyGroup, CopyMember, CopyStatus, Excerpt
from caliber_crawler.commands.options import archive_option, echo_json, json_option
from caliber_crawler.commands.progress import run_pass
from caliber_crawler.commands.selection_options import filter_options
from caliber_crawler.commands.terminal import echo, secho
from caliber_crawler.errors import NoSuchArticle
from caliber_crawler.export.text import write_csv
from caliber_crawler.quantity import quantity

csv_option = click.option("--csv", "as_csv", is_flag=True, help="Print CSV: one row for each article or excerpt.")


@click.group()
def copies() -> None:
    """Find texts that several articles have in common, within a site and across sites.

    A near-duplicate has at least half of its runs of five words in common with the article of its group that was
    published first. An excerpt is contained in a longer text. `caliber copies find` finds both and stores them in the
    table `copies`; the other commands read it. No crawl does this by itself: run it after crawls, it only compares what
    is new or changed.

    \b
    Example:
      caliber copies find
      caliber copies list
      caliber copies show 17
    """


@copies.command()
@archive_option
@json_option
def find(archive: Path, *, as_json: bool) -> None:
    """Compare the texts that are new or changed since the last time with all others.

    The hashes of the texts are in a file beside the archive (ARCHIVE.copies), which may be deleted at any time: then
    every text is compared anew. Stop or kill the command at any time; the next one continues.

    \b
    Example:
      caliber copies find --archive data/archive.db
    """
    result = run_pass(archive, lambda opened: opened.copies.find(), "texts")
    if as_json:
        echo_json(asdict(result))
        return
    echo(
        f"Compared {quantity(result.compared, 'text')}: {quantity(result.near_duplicates, 'near-duplicate')},"
        f" {quantity(result.excerpts, 'excerpt')}"
        f" ({result.added:,} new, {result.removed:,} removed)."
    )


@copies.command("list")
@archive_option
@click.option("--excerpts", is_flag=True, help="List excerpts instead of near-duplicates.")
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True, help="Maximum number; not of CSV.")
@filter_options
@csv_option
@json_option
def list_copies(
    archive: Path, limit: int, filters: ArticleFilter, *, excerpts: bool, as_csv: bool, as_json: bool
) -> None:
    """List groups of near-duplicates with an article that matches, the newest first; with --excerpts, excerpts.

    \b
    Example:
      caliber copies list --csv > near-duplicates.csv
    """
    with Archive.open(archive) as opened:
        opened.require_existing(selection_of(**filters))
        found: list[Any] = opened.copies.excerpts(**filters) if excerpts else opened.copies.groups(**filters)
        status = opened.copies.status()
    if as_csv:
        rows = found if excerpts else [member for group in found for member in group.members]
        write_csv(rows, list((Excerpt if excerpts else CopyMember).__annotations__), sys.stdout)
    elif as_json:
        echo_json([row if excerpts else group_as_json(row) for row in found[:limit]])
    else:
        for each in found[:limit]:
            print_excerpt(each) if excerpts else print_group(each)
    if not found:
        echo(nothing_found(status), err=True)
    elif not as_csv:
        kind = "excerpts" if excerpts else "groups of near-duplicates"
        echo(
            f"{len(found):,} {kind}." if len(found) <= limit else f"The first {limit:,} of {len(found):,} {kind}.",
            err=True,
        )


@copies.command()
@click.argument("article")
@archive_option
@json_option
def show(article: str, archive: Path, *, as_json: bool) -> None:
    """Print the near-duplicates of an article, its excerpts, and the longer texts that contain it.

    ARTICLE is its ID, or any URL that it has or had.

    \b
    Example:
      caliber copies show 17
    """
    with Archive.open(archive) as opened:
        id = opened.articles.find(article)
        if id is None:
            raise NoSuchArticle(f"{archive} contains no article {article}.")
        group, excerpts, status = opened.copies.group_of(id), opened.copies.excerpts_of(id), opened.copies.status()
    if as_json:
        echo_json({"group": None if group is None else group_as_json(group), "excerpts": excerpts})
        return
    if group is not None:
        print_group(group)
    for excerpt in excerpts:
        print_excerpt(excerpt)
    if group is None and not excerpts:
        echo(nothing_found(status), err=True)


def group_as_json(group: CopyGroup) -> dict[str, object]:
    return {"group_id": group.first["group_id"], "articles": list(group.members)}


def print_group(group: CopyGroup) -> None:
    secho(group.first["headline"], bold=True)
    for member in group.members:
        note = "first" if member is group.first else f"{member['similarity']:.0%} similar"
        echo(
            f"  {member['published_at'] or 'no date'}  {member['site']}  {member['language']}  {note:12}"
            f"  [{member['article_id']}]  {member['url']}"
        )
    echo()


def print_excerpt(excerpt: Excerpt) -> None:
    secho(excerpt["headline"], bold=True)
    echo(f"  {excerpt['published_at'] or 'no date'}  [{excerpt['article_id']}]  {excerpt['url']}")
    echo(
        f"  {excerpt['containment']:.0%} of it in: {excerpt['original_headline']}  [{excerpt['original_id']}]"
        f"  {excerpt['original_url']}\n"
    )


def nothing_found(status: CopyStatus) -> str:
    if not status.is_searched and status.found_at is None:
        return "No copies are known: run `caliber copies find` first."
    return "None found."
