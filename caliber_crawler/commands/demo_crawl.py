"""Crawl the demo site, show the result, and hold it against what the demo site knows to be true."""

from __future__ import annotations

import shutil
import sys
import textwrap
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
from tabulate import tabulate

from caliber_crawler.archive import Archive
from caliber_crawler.commands.crawl import CHECKS_FAILED, exit_code, summary
from caliber_crawler.commands.crawling import run_spider
from caliber_crawler.commands.options import echo_json
from caliber_crawler.crawling.options import CrawlOptions
from caliber_crawler.demo import DemoSite, running
from caliber_crawler.errors import ForeignDatabase
from caliber_crawler.known_sites import project_settings, spider_named

OPTIONS = CrawlOptions(section="analytics", delay=0, concurrency=8)
SHOWN = 15
COMPARED = ("headline", "subtitle", "published_at", "published_local", "section", "language", "authors", "body")


def crawl_demo(path: Path, *, articles: int, seed: int, as_json: bool) -> int:
    """Crawl the analytics of a demo site into a fresh archive at ``path``; gives the exit code."""
    _make_room(path)
    site = DemoSite(articles=articles, seed=seed, sections=("analytics",))
    settings = project_settings(ARCHIVE=str(path), LOG_LEVEL="ERROR", **OPTIONS.as_settings())
    with running(site) as base_url:
        click.echo(f"The demo site stands at {base_url}; crawling its analytics in three editions.", err=True)
        run = run_spider(spider_named("caliber", settings), settings, replace(OPTIONS, base_url=base_url))
        truth = list(site.truth(run.started_at))
    with Archive.open(path) as archive:
        held = list(archive.db.query("select * from article_texts order by published_at desc"))
        wrong = _differences(truth, held)
    if as_json:
        echo_json(
            {
                "archive": str(path),
                "outcome": run.accounts.outcome,
                **run.accounts.counts,
                "true": len(truth),
                "wrong": wrong,
            }
        )
    else:
        _print(path, held, summary(run), len(truth), wrong)
    return exit_code(run) or (CHECKS_FAILED if wrong else 0)


def _make_room(path: Path) -> None:
    """Remove an earlier demo's archive, and nothing else."""
    if not path.exists():
        return
    with Archive.open(path) as archive:
        addresses = [row["url"] for row in archive.db.query("select url from captures")]
    if any(not address.startswith("http://127.") for address in addresses):
        raise ForeignDatabase(f"{path} holds more than a demo, and was left alone; name another file with --archive.")
    for file in (path, Path(f"{path}-wal"), Path(f"{path}-shm"), Path(f"{path}.lock")):
        file.unlink(missing_ok=True)


def _differences(truth: list[dict[str, Any]], held: list[dict[str, Any]]) -> list[str]:
    """One line for every article that is missing, too many, or differs in a field."""
    articles = {article["slug"]: article for article in held}
    lines = [f"{slug} is in the archive and not on the site" for slug in articles.keys() - {p["slug"] for p in truth}]
    for page in truth:
        article = articles.get(page["slug"])
        if article is None:
            lines.append(f"{page['slug']} is missing")
            continue
        fields = [name for name in COMPARED if _plain(article[name]) != _plain(page[name])]
        if fields:
            lines.append(f"{page['slug']} differs in {', '.join(fields)}")
    return sorted(lines)


def _plain(value: Any) -> Any:
    return ("; ".join(value) if isinstance(value, list) else value) or None


def _print(path: Path, held: list[dict[str, Any]], lines: list[str], true: int, wrong: list[str]) -> None:
    rows = [
        {
            "headline": textwrap.shorten(article["headline"], 60, placeholder=" …"),
            "published": article["published_local"].replace("T", " ")[:16],
            "language": article["language"],
            "views": article["views"],
        }
        for article in held[:SHOWN]
    ]
    click.echo(tabulate(rows, headers="keys", tablefmt="simple", intfmt=","))
    if len(held) > SHOWN:
        click.echo(f"… and {len(held) - SHOWN:,} more.")
    click.echo()
    click.echo("\n".join(lines))
    if wrong:
        click.echo(f"Held against the site's own truth, {len(wrong):,} of {true:,} articles are wrong:")
        click.echo("\n".join(f"  {line}" for line in wrong))
    else:
        click.echo(f"Held against the site's own truth, all {true:,} articles are right, field by field.")
    click.echo("\nWhat to look at next:")
    next_steps = {
        f"browse --archive {path} --open": "read and search it in a web browser",
        f"show 1 --archive {path}": "one article and all that is known of it",
        f"search corridor --archive {path}": "find words, the best match first",
        f"status --archive {path}": "what the archive holds, how the run went",
    }
    for arguments, purpose in next_steps.items():
        click.echo(f"  {_program()} {arguments:40}  {purpose}")


def _program() -> str:
    """How this command is called from here: by name, or, in an environment that is not active, by its path."""
    if shutil.which("caliber"):
        return "caliber"
    called = Path(sys.argv[0])
    return f"{sys.executable} -m caliber_crawler" if called.name == "__main__.py" else str(called)
