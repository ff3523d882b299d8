"""``caliber browse``."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from caliber_crawler.archive import Archive
from caliber_crawler.commands.options import archive_option


@click.command()
@archive_option
@click.option("--port", type=click.IntRange(0, 65535), default=8001, show_default=True, help="0 takes a free one.")
@click.option("--open", "in_browser", is_flag=True, help="Open a web browser on it.")
def browse(archive: Path, port: int, *, in_browser: bool) -> None:
    """Open the archive in Datasette, on this machine only. Works while a crawl writes; Ctrl-C stops it.

    \b
    Example:
      caliber browse --open
    """
    Archive.open(archive).close()  # a clear word for a missing or foreign file, before a server starts
    arguments = ["datasette", "serve", str(archive), "--host", "127.0.0.1", "--port", str(port)]
    arguments += ["--setting", "suggest_facets", "off"]  # ten times slower on a large archive
    if in_browser:
        arguments.append("--open")
    os.execv(sys.executable, [sys.executable, "-m", *arguments])  # noqa: S606 (no shell is wanted)
