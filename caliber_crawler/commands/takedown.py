"""``caliber takedown``."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import click

from caliber_crawler.archive import Archive
from caliber_crawler.commands.options import TIMESTAMP, archive_option, echo_json, json_option
from caliber_crawler.commands.terminal import echo
from caliber_crawler.errors import NoSuchArticle
from caliber_crawler.quantity import quantity


@click.command()
@click.argument("article")
@archive_option
@click.option("--reason", required=True, help="Reason, for the record; do not repeat the removed content here.")
@click.option("--requested-at", type=TIMESTAMP, help="When the request was made, ISO 8601, UTC.  [default: now]")
@json_option
def takedown(article: str, archive: Path, reason: str, requested_at: datetime | None, *, as_json: bool) -> None:
    """Delete an article permanently: its versions, view counts, pages, URLs and entries in the search index.

    ARTICLE is its ID, or any URL that it has or had. It is never fetched or ingested again. The request is recorded
    without any content of the article. If the command is interrupted, run it again. Delete earlier backups, exports and
    other copies yourself.

    \b
    Example:
      caliber takedown https://caliber.az/en/post/some-article --reason "asked for by its author"
    """
    with Archive.open(archive, mode="write") as opened:
        found = opened.articles.find(article)
        if found is None:
            if not (unwiped := opened.deletion.unwiped()):
                raise NoSuchArticle(f"{archive} contains no article {article}.")
            opened.deletion.wipe()
            opened.forget_deleted()
            if as_json:
                echo_json({"wiped": unwiped})
            else:
                earlier = ", ".join(map(str, unwiped))
                echo(f"Removed the bytes that an interrupted takedown had left in {archive} (takedown {earlier}).")
            return
        takedown = opened.deletion.take_down(found, reason, requested_at or datetime.now(UTC))
        opened.deletion.wipe()
        opened.forget_deleted()
    if as_json:
        echo_json(asdict(takedown))
        return
    echo(
        f"Takedown {takedown.id}: deleted {quantity(takedown.versions, 'version')},"
        f" {quantity(takedown.view_counts, 'view count')} and"
        f" {quantity(takedown.captures, 'capture')}, and the content of"
        f" {quantity(takedown.blanked, 'listing page')} that named it."
    )
    if takedown.mentioned_by:
        others = ", ".join(map(str, takedown.mentioned_by))
        echo(f"Articles that still link to it: {others}.", err=True)
