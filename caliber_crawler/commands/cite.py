"""``caliber cite``."""

from __future__ import annotations

from pathlib import Path

import click

from caliber_crawler.archive import Archive
from caliber_crawler.archive.texts.citation_styles import STYLES, CitationStyle
from caliber_crawler.commands.options import archive_option
from caliber_crawler.commands.terminal import echo


@click.command()
@click.argument("article")
@archive_option
@click.option(
    "--style",
    type=click.Choice(list(STYLES)),
    default="text",
    show_default=True,
    help="Format of the citation.",
)
@click.option("--version", type=click.IntRange(min=1), help="Cite this version, by its number.  [default: the current]")
def cite(article: str, archive: Path, style: CitationStyle, version: int | None) -> None:
    """Print a citation of an article: where and when it was published, when it was archived, and its digest.

    ARTICLE is its ID, or any URL that it has or had. The digest is the SHA-256 of the page as served. A text can be
    verified with its content digest (see docs/explanation/architecture.md). `caliber export bibtex`, `ris` and
    `csl-json` write a bibliography of a selection or search.

    \b
    Example:
      caliber cite 17 --style bibtex
      caliber cite 17 --style ris --version 1
    """
    with Archive.open(archive) as opened:
        echo(opened.citation(article, style, version=version))
