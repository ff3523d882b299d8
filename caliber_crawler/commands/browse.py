"""``caliber browse``."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from caliber_crawler.archive import Archive
from caliber_crawler.browse import public as strangers
from caliber_crawler.commands.options import archive_option
from caliber_crawler.commands.terminal import echo
from caliber_crawler.errors import ArchiveError


@click.command()
@archive_option
@click.option("--port", type=click.IntRange(0, 65535), default=8001, show_default=True, help="0 takes a free one.")
@click.option("--open", "in_browser", is_flag=True, help="Open a web browser on it.")
@click.option("--public", is_flag=True, help="Serve it to strangers: SQL, raw pages and downloads closed, limits set.")
@click.option("--include-opted-out", is_flag=True, help="With --public: also articles that their site reserves.")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on; others need --public.")
def browse(archive: Path, port: int, host: str, *, in_browser: bool, public: bool, include_opted_out: bool) -> None:
    """Open the archive in Datasette, on this machine only. Works while a crawl writes; Ctrl-C stops it.

    With --public it may be put online, best behind a web server that speaks HTTPS: it then says what it closed. What a
    site reserves (not to be archived, indexed or mined) is not for strangers: `caliber export sqlite` makes a copy
    without it.

    \b
    Example:
      caliber browse --open
      caliber browse --public --host 0.0.0.0
    """
    if host not in ("127.0.0.1", "::1", "localhost") and not public:
        raise click.UsageError("Add --public to let others in: without it, anyone could run any SQL and take the file.")
    with Archive.open(archive) as opened:  # a clear word for a missing or foreign file, before a server starts
        if public and not include_opted_out and (opted_out := opened.opted_out_articles()):
            raise ArchiveError(f"{strangers.refusal(str(archive), len(opted_out))}.")
    arguments = ["datasette", "serve", str(archive), "--host", host, "--port", str(port)]
    settings = strangers.SETTINGS if public else {"suggest_facets": "off"}  # ten times slower on a large archive
    for name, value in settings.items():
        arguments += ["--setting", name, value]
    if public:
        arguments += ["--metadata", strangers.configuration(include_opted_out=include_opted_out)]
        echo("Open to strangers:", err=True)
        for deed in strangers.PUBLIC_LIMITS:
            echo(f"- {deed}", err=True)
    if in_browser:
        arguments.append("--open")
    os.execv(sys.executable, [sys.executable, "-m", *arguments])  # noqa: S606 (no shell is wanted)
