"""``caliber takedown``."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import click

from caliber_crawler.archive import Archive
from caliber_crawler.commands.options import MOMENT, archive_option, echo_json, json_option
from caliber_crawler.commands.terminal import echo
from caliber_crawler.errors import NoSuchArticle


@click.command()
@click.argument("article")
@archive_option
@click.option("--reason", required=True, help="Why, for the record; say nothing here that must be forgotten.")
@click.option("--requested-at", type=MOMENT, help="When it was asked for, ISO 8601, UTC.  [default: now]")
@json_option
def takedown(article: str, archive: Path, reason: str, requested_at: datetime | None, *, as_json: bool) -> None:
    """Take an article down for good: its texts, view counts, pages, addresses and every trace in the index are gone.

    ARTICLE is its id, or any address it was ever known under. It is not fetched or taken in again. The request is
    recorded, with no word of the article. Backups, exports and other copies made earlier are yours to delete.

    \b
    Example:
      caliber takedown https://caliber.az/en/post/some-article --reason "asked for by its author"
    """
    with Archive.open(archive, mode="write") as opened:
        found = opened.articles.find(article)
        if found is None:
            raise NoSuchArticle(f"{archive} holds no article {article}.")
        takedown = opened.deletion.take_down(found, reason, requested_at or datetime.now(UTC))
        opened.deletion.wipe()
    if as_json:
        echo_json(asdict(takedown))
        return
    echo(
        f"Forgotten (takedown {takedown.id}): {takedown.versions:,} versions, {takedown.view_counts:,} view counts and"
        f" {takedown.captures:,} captures are gone; {takedown.blanked:,} pages of lists that named it were emptied."
    )
    if takedown.mentioned_by:
        others = ", ".join(map(str, takedown.mentioned_by))
        echo(f"Articles whose own pages still link to it: {others}.", err=True)
