"""Crawl the demo site, print the result, and verify it against the site's ground truth."""

from __future__ import annotations

import shlex
import shutil
import sys
import textwrap
from dataclasses import replace
from pathlib import Path

from tabulate import tabulate

from caliber_crawler.archive import Archive, ArticleRow
from caliber_crawler.archive.search.selection import Selection
from caliber_crawler.commands.crawl import summary
from caliber_crawler.commands.crawling import run_spider
from caliber_crawler.commands.options import echo_json
from caliber_crawler.commands.terminal import echo
from caliber_crawler.crawling.exit_code import exit_code
from caliber_crawler.crawling.options import CrawlOptions
from caliber_crawler.demo import DemoSite, running
from caliber_crawler.demo.comparison import differences
from caliber_crawler.errors import CHECKS_FAILED, ForeignDatabase
from caliber_crawler.interpreter import python_command
from caliber_crawler.known_sites import project_settings, spider_named
from caliber_crawler.quantity import quantity
from caliber_crawler.spiders import DEFAULT_SITE

OPTIONS = CrawlOptions(section="analytics", delay=0, concurrency=16)
MAX_PRINTED = 15
"""Maximum number of articles in the printed table."""


def crawl_demo(path: Path, *, articles: int, seed: int, as_json: bool) -> int:
    """Crawl the analytics section of a demo site into a new archive at ``path``; return the exit code."""
    _remove_demo(path)
    site = DemoSite(articles=articles, seed=seed, sections=("analytics",))
    settings = project_settings(ARCHIVE=str(path), LOG_LEVEL="ERROR", **OPTIONS.as_settings())
    with running(site) as base_url:
        echo(f"Serving the demo site at {base_url}; crawling the analytics section in three editions.", err=True)
        run = run_spider(spider_named(DEFAULT_SITE, settings), settings, replace(OPTIONS, base_url=base_url))
        truth = list(site.truth(run.started_at))
    with Archive.open(path) as archive:
        archived = list(archive.rows(Selection(), newest_first=True))
    wrong = differences(truth, archived)
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
        _print(path, archived, summary(run), len(truth), wrong)
    return exit_code(run) or (CHECKS_FAILED if wrong else 0)


def _remove_demo(path: Path) -> None:
    """Delete the archive of an earlier demo. Raises :class:`ForeignDatabase` for any other archive."""
    if not path.exists():
        return
    with Archive.open(path) as archive:
        is_demo = not archive.captures.any_outside("http://127.")
    if not is_demo:
        raise ForeignDatabase(
            f"{path} is not the archive of a demo and was not modified; choose another file with --archive."
        )
    for file in (path, Path(f"{path}-wal"), Path(f"{path}-shm"), Path(f"{path}.lock")):
        file.unlink(missing_ok=True)


def _print(path: Path, archived: list[ArticleRow], lines: list[str], true: int, wrong: list[str]) -> None:
    rows = [
        {
            "headline": textwrap.shorten(article["headline"], 60, placeholder=" …"),
            "published": (article["published_local"] or "").replace("T", " ")[:16],
            "language": article["language"],
            "views": article["views"],
        }
        for article in archived[:MAX_PRINTED]
    ]
    echo(tabulate(rows, headers="keys", tablefmt="simple", intfmt=","))
    if len(archived) > MAX_PRINTED:
        echo(f"… and {len(archived) - MAX_PRINTED:,} more.")
    echo()
    echo("\n".join(lines))
    if wrong:
        echo(f"Verified against ground truth: {len(wrong):,} of {quantity(true, 'article')} differ:")
        echo("\n".join(f"  {line}" for line in wrong))
    else:
        echo(f"Verified against ground truth: {true:,} of {quantity(true, 'article')} match, field by field.")
    echo("\nWhat to look at next:")
    next_steps = {
        f"browse --archive {path} --open": "view and search it in a web browser",
        f"show 1 --archive {path}": "one article and everything known about it",
        f"search corridor --archive {path}": "search the articles, best match first",
        f"status --archive {path}": "the archive's contents and the outcome of the run",
    }
    for arguments, purpose in next_steps.items():
        echo(f"  {_program()} {arguments:40}  {purpose}")


def _program() -> str:
    """The command as the user can call it: its name, or its path if its environment is not active."""
    if shutil.which("caliber"):
        return "caliber"
    called = Path(sys.argv[0])
    return shlex.join(python_command("-m", "caliber_crawler")) if called.name == "__main__.py" else str(called)
