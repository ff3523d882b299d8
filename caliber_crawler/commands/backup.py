"""``caliber backup``."""

from __future__ import annotations

from pathlib import Path

import click

from caliber_crawler.archive import Archive
from caliber_crawler.commands.options import archive_option, echo_json, json_option
from caliber_crawler.commands.terminal import echo


@click.command()
@click.argument("destination", required=False, type=click.Path(path_type=Path))
@archive_option
@click.option("--keep", type=click.IntRange(1), help="Maximum number of backups in the folder; older ones are deleted.")
@json_option
def backup(destination: Path | None, archive: Path, keep: int | None, *, as_json: bool) -> None:
    """Back up the archive, even during a crawl. Every byte of the copy is verified.

    DESTINATION is a folder, or a new file ending in .db.  [default: backups/ beside the archive]

    \b
    Example:
      caliber backup /mnt/disk/archive --keep 7
    """
    with Archive.open(archive) as opened:
        path = opened.backup(destination or archive.parent / "backups", keep=keep)
    if as_json:
        echo_json({"path": str(path), "size": path.stat().st_size})
    else:
        echo(f"Wrote {path}: {path.stat().st_size / 1e6:,.1f} MB, verified.")
