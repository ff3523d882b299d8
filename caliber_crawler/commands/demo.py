"""``caliber demo``: crawl, serve and print the demo site."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from caliber_crawler.commands.options import TIMESTAMP, json_option
from caliber_crawler.commands.terminal import echo

if TYPE_CHECKING:
    from caliber_crawler.demo import DemoSite

ARTICLES, SEED = 60, 1

articles_option = click.option(
    "--articles",
    type=click.IntRange(10, 200_000),
    default=ARTICLES,
    show_default=True,
    help="Number of articles on the site.",
)
seed_option = click.option("--seed", type=int, default=SEED, show_default=True, help="Random seed.")
sections_option = click.option(
    "--sections", default="", help="Only these sections, separated by commas.  [default: all]"
)


@click.group(invoke_without_command=True)
@click.option(
    "--archive",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("data/demo.db"),
    show_default=True,
    help="The archive to create. An earlier demo is replaced; any other archive is not modified.",
)
@articles_option
@seed_option
@json_option
@click.pass_context
def demo(ctx: click.Context, archive: Path, articles: int, seed: int, *, as_json: bool) -> None:
    """Crawl the analytics section of a built-in mock of Caliber.Az into a new archive and print the results.

    \b
    Example:
      caliber demo
      caliber demo serve --port 8000 --articles 1000
    """
    if ctx.invoked_subcommand is None:
        from caliber_crawler.commands.demo_crawl import crawl_demo

        sys.exit(crawl_demo(archive, articles=articles, seed=seed, as_json=as_json))


@demo.command()
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="0 chooses a free port.")
@click.option("--host", default="127.0.0.1", show_default=True, help="A loopback IP address (127.x.x.x).")
@articles_option
@seed_option
@sections_option
@click.option("--at", type=TIMESTAMP, help="Freeze the site's clock at this time, ISO 8601.  [default: it runs]")
@click.option("--log", type=click.Path(path_type=Path), help="Log each request to this file as a line of JSON.")
def serve(port: int, host: str, articles: int, seed: int, sections: str, at: datetime | None, log: Path | None) -> None:
    """Serve the demo site until Ctrl-C.

    \b
    Example:
      caliber demo serve --port 8000 --articles 1000 &
      caliber crawl --base-url http://127.0.0.1:8000 --delay 0 --archive demo.db
    """
    from caliber_crawler.demo import serve as serve_site

    def announce(base_url: str) -> None:
        echo(f"{base_url}   (Ctrl-C to stop)", err=True)

    try:
        serve_site(_site(articles, seed, sections, at), port=port, host=host, log=log, ready=announce)
    except OSError as error:
        raise click.ClickException(
            f"Cannot listen on {host}:{port}: {error.strerror}. Choose another port: --port 0 takes a free one."
        ) from None
    except ValueError as error:
        raise click.UsageError(str(error)) from None


@demo.command()
@articles_option
@seed_option
@sections_option
@click.option("--at", type=TIMESTAMP, help="The ground truth at this time, ISO 8601.  [default: now]")
@click.option(
    "--base-url", default="http://127.0.0.1:8000", show_default=True, help="The URL at which the site is served."
)
def truth(articles: int, seed: int, sections: str, at: datetime | None, base_url: str) -> None:
    """Print the ground truth of every page of the demo site, one JSON object per line.

    \b
    Example:
      caliber demo truth --articles 1000 --at 2026-01-07T00:00:00Z | head -1
    """
    site = _site(articles, seed, sections, at, base_url)
    for page in site.truth(at or datetime.now(UTC)):
        echo(json.dumps(page, ensure_ascii=False))


def _site(
    articles: int, seed: int, sections: str, at: datetime | None, base_url: str = "http://127.0.0.1:8000"
) -> DemoSite:
    from caliber_crawler.demo import DemoSite

    chosen = tuple(section.strip() for section in sections.split(",") if section.strip())
    clock = (lambda: at) if at else (lambda: datetime.now(UTC))
    try:
        return DemoSite(articles=articles, seed=seed, sections=chosen or None, clock=clock, base_url=base_url)
    except ValueError as error:
        raise click.UsageError(str(error)) from None
