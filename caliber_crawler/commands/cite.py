"""``caliber cite``."""

from __future__ import annotations

from pathlib import Path

import click

from caliber_crawler.archive import Archive
from caliber_crawler.archive.texts.citation import CITATIONS, CitationStyle
from caliber_crawler.commands.options import archive_option
from caliber_crawler.commands.terminal import echo


@click.command()
@click.argument("article")
@archive_option
@click.option(
    "--style",
    type=click.Choice(list(CITATIONS)),
    default="text",
    show_default=True,
    help="How to write it.",
)
def cite(article: str, archive: Path, style: CitationStyle) -> None:
    """Print how to cite an article: where and when it was published, when it was kept, and the digest that proves it.

    ARTICLE is its id, or any address it was ever known under. The digest is the SHA-256 of the page as served; a text
    can be checked with the one of its words (see docs/architecture.md).

    \b
    Example:
      caliber cite 17 --style bibtex
    """
    with Archive.open(archive) as opened:
        echo(opened.citation(article, style))
