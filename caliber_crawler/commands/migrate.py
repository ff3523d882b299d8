"""``caliber migrate``."""

from __future__ import annotations

from pathlib import Path

import click

from caliber_crawler.archive import Archive
from caliber_crawler.archive.core.connection import backup_path
from caliber_crawler.archive.core.format import VERSION
from caliber_crawler.commands.options import archive_option, echo_json, json_option
from caliber_crawler.commands.terminal import echo
from caliber_crawler.errors import NoArchive


@click.command()
@archive_option
@json_option
def migrate(archive: Path, *, as_json: bool) -> None:
    """Migrate an archive of an earlier version of this program. A copy of the old archive is kept beside it.

    Every command that writes to an archive migrates it first. An archive of a later version is not modified.

    \b
    Example:
      caliber migrate --archive data/archive.db
    """
    if not archive.exists():
        raise NoArchive(f"There is no archive at {archive}. Name another with --archive.")
    with Archive.open(archive, mode="write") as opened:
        before = opened.migrated_from
    copy = None if before is None else backup_path(archive, before)
    if as_json:
        echo_json({"from": before or VERSION, "to": VERSION, "copy": str(copy) if copy else None})
    elif copy is None:
        echo(f"{archive} is up to date (schema {VERSION}).")
    else:
        echo(f"Migrated {archive} from schema {before} to {VERSION}; a copy of the old archive is at {copy}.")
