"""``caliber names``."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import get_args

import click

from caliber_crawler.archive import Archive, ArticleFilter, selection_of
from caliber_crawler.archive.analysis.names import NameCount, NameStatus, QuotationRow
from caliber_crawler.archive.analysis.names.names import MAX_NODES, NamingArticle
from caliber_crawler.archive.analysis.names.tokens import Kind
from caliber_crawler.commands.options import archive_option, echo_json, json_option
from caliber_crawler.commands.output_stream import open_binary_output
from caliber_crawler.commands.progress import run_pass
from caliber_crawler.commands.selection_options import filter_options
from caliber_crawler.commands.terminal import echo, secho
from caliber_crawler.export.gexf import write_network
from caliber_crawler.export.text import write_csv
from caliber_crawler.quantity import quantity

csv_option = click.option("--csv", "as_csv", is_flag=True, help="Print CSV: all rows.")
kind_option = click.option("--kind", type=click.Choice(get_args(Kind)), help="Only names of this kind.")
limit_option = click.option(
    "--limit", type=click.IntRange(min=1), default=20, show_default=True, help="Maximum number; not of CSV."
)


@click.group()
def names() -> None:
    """Find people, places and organizations in texts, and who said what.

    Rules for English and Russian texts find names and quotations; texts in other languages, such as Armenian, are not
    searched. `caliber names find` needs the extra nlp and stores what it finds in the tables `mentions` and
    `quotations`; the other commands read them. No crawl does this by itself: run it after crawls, it only searches
    what is new or changed.

    \b
    Example:
      caliber names find
      caliber names list --kind person
      caliber names quotations "Leyla Mammadova"
    """


@names.command()
@archive_option
@json_option
def find(archive: Path, *, as_json: bool) -> None:
    """Search the texts that are new or changed since the last time.

    Stop or kill the command at any time; the next one continues.

    \b
    Example:
      caliber names find --archive data/archive.db
    """
    result = run_pass(archive, lambda opened: opened.names.find(), "texts")
    if as_json:
        echo_json(asdict(result))
        return
    echo(
        f"Searched {quantity(result.searched, 'text')}: {quantity(result.mentions, 'mention')},"
        f" {quantity(result.quotations, 'quotation')}."
    )
    if result.other_languages:
        echo(f"Not searched: {quantity(result.other_languages, 'text')} in languages without rules.", err=True)


@names.command("list")
@archive_option
@kind_option
@limit_option
@filter_options
@csv_option
@json_option
def list_names(
    archive: Path, kind: Kind | None, limit: int, filters: ArticleFilter, *, as_csv: bool, as_json: bool
) -> None:
    """List names with the number of articles and mentions, those in most articles first.

    \b
    Example:
      caliber names list --kind person --language en
    """
    with Archive.open(archive) as opened:
        opened.require_existing(selection_of(**filters))
        found, status = opened.names.counts(kind, **filters), opened.names.status()
    if as_csv:
        write_csv(found, list(NameCount.__annotations__), sys.stdout)
    elif as_json:
        echo_json(found[:limit])
    elif found:
        width = max(len(each["name"]) for each in found[:limit])
        for each in found[:limit]:
            echo(
                f"{each['name']:{width}}  {each['kind']:12}  articles {each['articles']:>7,}"
                f"  mentions {each['mentions']:>8,}"
            )
    report(len(found), limit, "names", status, is_cut=not as_csv)


@names.command()
@click.argument("name")
@archive_option
@kind_option
@limit_option
@filter_options
@csv_option
@json_option
def show(
    name: str, archive: Path, kind: Kind | None, limit: int, filters: ArticleFilter, *, as_csv: bool, as_json: bool
) -> None:
    """List the articles that mention NAME, the newest first. NAME is a normal form as `caliber names list` prints it.

    \b
    Example:
      caliber names show "Leyla Mammadova"
    """
    with Archive.open(archive) as opened:
        opened.require_existing(selection_of(**filters))
        found, status = opened.names.articles(name, kind, **filters), opened.names.status()
        similar = [] if found else opened.names.similar(name)
    if as_csv:
        write_csv(found, list(NamingArticle.__annotations__), sys.stdout)
    elif as_json:
        echo_json(found[:limit])
    else:
        for each in found[:limit]:
            secho(each["headline"], bold=True)
            times = quantity(each["mentions"], "mention")
            echo(f"  {each['published_date'] or 'no date'}  {times}  [{each['article_id']}]  {each['url']}")
    report(len(found), limit, "articles", status, is_cut=not as_csv, similar=similar)


@names.command()
@click.argument("speaker", required=False)
@archive_option
@limit_option
@filter_options
@csv_option
@json_option
def quotations(
    speaker: str | None, archive: Path, limit: int, filters: ArticleFilter, *, as_csv: bool, as_json: bool
) -> None:
    """Print what SPEAKER said, the newest first; without SPEAKER, all quotations.

    SPEAKER is a normal form as `caliber names list` prints it. A quotation without a name in the text has no speaker.

    \b
    Example:
      caliber names quotations "Leyla Mammadova" --from 2026-01-01
    """
    with Archive.open(archive) as opened:
        opened.require_existing(selection_of(**filters))
        found, status = opened.names.quotations(speaker, **filters), opened.names.status()
        similar = [] if found or speaker is None else opened.names.similar(speaker)
    if as_csv:
        write_csv(found, list(QuotationRow.__annotations__), sys.stdout)
    elif as_json:
        echo_json(found[:limit])
    else:
        for each in found[:limit]:
            print_quotation(each)
    report(len(found), limit, "quotations", status, is_cut=not as_csv, similar=similar)


@names.command()
@archive_option
@kind_option
@click.option("--nodes", type=click.IntRange(2, 10_000), default=MAX_NODES, show_default=True, help="Maximum names.")
@click.option(
    "--least",
    type=click.IntRange(min=1),
    default=2,
    show_default=True,
    help="Minimum articles that mention both names.",
)
@filter_options
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="GEXF file to write.  [default: stdout]",
)
@json_option
def network(
    archive: Path,
    kind: Kind | None,
    nodes: int,
    least: int,
    filters: ArticleFilter,
    output: Path | None,
    *,
    as_json: bool,
) -> None:
    """Write the network of names that occur in the same articles, as GEXF for Gephi.

    Nodes are the names in most articles. An edge connects two names; its weight is the number of articles that mention
    both, and its Jaccard index their share of the articles that mention either.

    \b
    Example:
      caliber names network --kind person -o people.gexf
    """
    with Archive.open(archive) as opened:
        opened.require_existing(selection_of(**filters))
        found = opened.names.network(kind, nodes=nodes, least=least, **filters)
        status = opened.names.status()
    if as_json:
        echo_json({"nodes": [asdict(each) for each in found.nodes], "edges": [asdict(each) for each in found.edges]})
    else:
        with open_binary_output(output) as file:
            write_network(found.nodes, found.edges, file)
    if not found.nodes:
        echo(nothing_found(status), err=True)
        return
    pairs = quantity(len(found.edges), "pair")
    echo(f"{len(found.nodes):,} of {quantity(found.names, 'name')}, {pairs} in the same articles.", err=True)


def print_quotation(row: QuotationRow) -> None:
    speaker = row["speaker"] or row["speaker_written"] or "Not named"
    cue = f" ({row['cue']})" if row["cue"] else ""
    secho(f"{speaker}{cue}", bold=True)
    echo(f"  {row['quotation']}")
    echo(f"  {row['published_date'] or 'no date'}  {row['headline']}  [{row['article_id']}]\n")


def report(
    total: int, limit: int, what: str, status: NameStatus, *, is_cut: bool, similar: list[str] | None = None
) -> None:
    """Print how many results there are, and what was not searched."""
    if not total:
        echo(nothing_found(status, similar or []), err=True)
    elif is_cut:
        counted = f"{total:,} {what if total != 1 else what.removesuffix('s')}."
        echo(counted if total <= limit else f"The first {limit:,} of {total:,} {what}.", err=True)
    if status.searched and status.waiting:
        waiting = quantity(status.waiting, "new or changed text is", "new or changed texts are")
        echo(f"{waiting} not searched yet: run `caliber names find`.", err=True)


def nothing_found(status: NameStatus, similar: list[str] | tuple[str, ...] = ()) -> str:
    if not status.searched:
        return "No names are known: run `caliber names find` first."
    return f"None found. Similar names: {', '.join(similar)}." if similar else "None found."
