"""``caliber search``."""

from __future__ import annotations

from dataclasses import asdict
from functools import partial
from pathlib import Path

import click

from caliber_crawler.archive import Archive, ArticleFilter, Hit, selection_of
from caliber_crawler.archive.search import Order
from caliber_crawler.commands.options import (
    QueryCommand,
    archive_option,
    echo_json,
    json_option,
)
from caliber_crawler.commands.selection_options import filter_options
from caliber_crawler.commands.terminal import echo, secho, style
from caliber_crawler.quantity import quantity


@click.command(cls=QueryCommand)
@click.argument("query", nargs=-1, required=True)
@archive_option
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True, help="Maximum number of results.")
@partial(filter_options, without_query=True)
@click.option("--newest", is_flag=True, help="Sort by date of publication, not by relevance.")
@json_option
def search(
    query: tuple[str, ...],
    archive: Path,
    limit: int,
    filters: ArticleFilter,
    *,
    newest: bool,
    as_json: bool,
) -> None:
    """Search articles. Finds all inflections of a word; articles with the exact form come first.

    \b
    corridor pact         both words; also: corridor AND pact
    corridor OR pact      either word; also: corridor | pact
    corridor NOT Zangezur, corridor -Zangezur
    (gas OR oil) price    parentheses group; AND binds closer than OR
    "Middle Corridor"     exact phrase; "minister": exact form of a word
    negotiat*             any ending
    gas NEAR/5 price      at most 5 words between them; also "gas price"~5
    headline:corridor     also subtitle:, body:, author:, section:, language:, site:

    \b
    Example:
      caliber search sanctions --language en
      caliber search '"Middle Corridor" China' --from 2026-01-01
      caliber search corridor -Zangezur
    """
    order: Order = "newest" if newest else "best"
    with Archive.open(archive) as opened:
        opened.require_existing(selection_of(**filters))
        hits = opened.search(" ".join(query), order=order, limit=limit, **filters)
        total = opened.count(**filters | {"search": " ".join(query)})
    if as_json:
        echo_json([asdict(hit) for hit in hits])
        return
    for hit in hits:
        views = quantity(hit.views, "view") if hit.views is not None else "views unknown"
        secho(f"{hit.headline}", bold=True)
        echo(f"  {hit.published_at or 'no date'}  {hit.language}  {hit.section or ''}  {views}  [{hit.article_id}]")
        echo(f"  {_highlight(hit)}\n")
    shown = "" if len(hits) == total else f" Showing {len(hits):,}; use --limit to show more."
    echo(f"{total:,} found.{shown}", err=True)


def _highlight(hit: Hit) -> str:
    return "".join(style(text, fg="yellow", bold=True) if is_match else text for text, is_match in hit.parts())
