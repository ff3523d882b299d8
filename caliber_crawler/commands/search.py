"""``caliber search``."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from caliber_crawler.archive import Archive, Hit
from caliber_crawler.commands.options import archive_option, echo_json, json_option
from caliber_crawler.commands.terminal import echo, secho, style


@click.command()
@click.argument("query", nargs=-1, required=True)
@archive_option
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True, help="Maximum number of results.")
@click.option("--language", help="Only articles in this language.")
@click.option("--section", help="Only articles of this section.")
@json_option
def search(
    query: tuple[str, ...], archive: Path, limit: int, language: str | None, section: str | None, *, as_json: bool
) -> None:
    """Search articles, sorted by relevance. Finds all inflections of a word; "quotes" search for an exact phrase.

    \b
    Example:
      caliber search sanctions --language en
      caliber search '"Middle Corridor" China'
    """
    with Archive.open(archive) as opened:
        hits = opened.search(" ".join(query), limit=limit, language=language, section=section)
    if as_json:
        echo_json([asdict(hit) for hit in hits])
        return
    for hit in hits:
        views = f"{hit.views:,} views" if hit.views is not None else "views unknown"
        secho(f"{hit.headline}", bold=True)
        echo(f"  {hit.published_at or 'no date'}  {hit.language}  {hit.section or ''}  {views}  [{hit.article_id}]")
        echo(f"  {_highlight(hit)}\n")
    echo(
        f"{len(hits)} found." if len(hits) < limit else f"Showing the {limit} best results; use --limit to show more.",
        err=True,
    )


def _highlight(hit: Hit) -> str:
    return "".join(style(text, fg="yellow", bold=True) if is_match else text for text, is_match in hit.parts())
