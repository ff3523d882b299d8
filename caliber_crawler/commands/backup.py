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

    Files in cold storage are not copied; the command names them.

    DESTINATION is a folder, or a new file ending in .db.  [default: backups/ beside the archive]

    \b
    Example:
      caliber backup /mnt/disk/archive --keep 7
    """
    with Archive.open(archive) as opened:
        path = opened.backup(destination or archive.parent / "backups", keep=keep)
        files = opened.cold_pages.files
        cold_files = [str(files.folder_of(file) / file.name) for file in files.all() if file.size is not None]
        note = files.note()
    if as_json:
        echo_json({"path": str(path), "size": path.stat().st_size, "cold_files": cold_files})
        return
    echo(f"Wrote {path}: {path.stat().st_size / 1e6:,.1f} MB, verified.")
    if note:
        echo(f"{note} The backup does not contain these files: copy them, too.")
