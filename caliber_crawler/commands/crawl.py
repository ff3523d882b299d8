"""``caliber crawl``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from caliber_crawler.commands.options import archive_option, echo_json, json_option
from caliber_crawler.errors import SiteUnreachable

if TYPE_CHECKING:
    from caliber_crawler.crawl_run import CrawlRun

CHECKS_FAILED = 3
TOLERATED_FAILURES = 0.05
"""Share of the visited pages that may be refused or fail before a crawl's exit code says so."""


@click.command()
@click.argument("site", default="caliber")
@archive_option
@click.option("--section", default="", help="Sections, separated by commas; 'all' for all.  [default: the site's own]")
@click.option(
    "--language", default="", help="Editions by language (en, ru, arm …), separated by commas.  [default: all]"
)
@click.option("--since", default="", metavar="DATE", help="Only articles published at this date or after it.")
@click.option("--until", default="", metavar="DATE", help="Only articles published before this date.")
@click.option("--limit", type=click.IntRange(min=1), help="Fetch at most so many article pages.")
@click.option("--base-url", default="", metavar="URL", help="The same site served elsewhere: a mirror, the demo site.")
@click.option("--delay", type=click.FloatRange(min=0), help="Seconds between two requests.  [default: 1]")
@click.option("--concurrency", type=click.IntRange(min=1), help="Requests at the same time.  [default: 1]")
@click.option("-v", "--verbose", is_flag=True, help="Log every page to stderr.")
@json_option
def crawl(
    site: str,
    archive: Path,
    section: str,
    language: str,
    since: str,
    until: str,
    limit: int | None,
    base_url: str,
    delay: float | None,
    concurrency: int | None,
    *,
    verbose: bool,
    as_json: bool,
) -> None:
    """Fetch what is new on SITE, and the articles that are due for another look.

    Every raw page is kept before it is read. A crawl may be stopped or killed at any moment: the next one goes on where
    it was. The site is asked once a second, one request at a time, as its robots.txt allows.

    \b
    Example:
      CALIBER_CONTACT=you@example.org caliber crawl --section analytics --language en --since 2026-01-01
    """
    from caliber_crawler.commands.crawling import project_settings, run_spider, spider_named

    settings = project_settings(
        ARCHIVE=str(archive),
        DOWNLOAD_DELAY=delay,
        CONCURRENT_REQUESTS_PER_DOMAIN=concurrency,
        LOG_LEVEL="INFO" if verbose else "ERROR",
    )
    arguments = {
        "section": section,
        "language": language,
        "since": since,
        "until": until,
        "limit": limit,
        "base_url": base_url,
    }
    run = run_spider(spider_named(site, settings), settings, arguments)
    if as_json:
        echo_json({"run": run.id, "outcome": run.outcome, "why": run.why, **run.counts})
    else:
        click.echo("\n".join(summary(run)))
    if run.unreachable:
        raise SiteUnreachable(f"{run.why}.")
    sys.exit(exit_code(run))


def visited(run: CrawlRun) -> int:
    """Article pages that were asked for."""
    return sum(run.counts[outcome] for outcome in ("stored", "visited", "refused", "failed"))


def summary(run: CrawlRun) -> list[str]:
    """What the run did, in a few lines that add up."""
    counts = run.counts
    outcomes = " + ".join(f"{name} {counts[name]:,}" for name in ("stored", "unchanged", "refused", "failed", "left"))
    lines = [
        f"Run {run.id} {run.outcome}" + (f": {run.why}." if run.why else "."),
        f"discovered {counts['discovered']:,} = {outcomes}",
        f"  stored: {counts['new']:,} new articles, {counts['updated']:,} new versions of known ones",
        f"  unchanged: {counts['visited']:,} read again, {counts['held']:,} held already and not due",
        f"  requests: {visited(run):,} articles, {counts['pages'] - visited(run):,} listing pages",
    ]
    if counts["outside_window"]:
        lines.append(f"  passed over: {counts['outside_window']:,} cards outside the dates asked for")
    if counts["problems"]:
        lines.append(f"  problems: {counts['problems']:,} (caliber status tells them by reason)")
    if not run.balanced:
        lines.append("  These numbers do not add up: please report it.")
    if counts["left"]:
        lines.append("  The same command goes on with what is left.")
    return lines


def exit_code(run: CrawlRun) -> int:
    """0 done, 1 failed, 3 too much was refused, a listing could not be walked, or the numbers do not add up."""
    if run.outcome == "failed" or (run.outcome == "stopped" and not run.limit_reached):
        return 1
    bad = run.counts["refused"] + run.counts["failed"]
    sound = bad <= TOLERATED_FAILURES * visited(run) and not run.counts["broken_walks"] and run.balanced
    return 0 if sound else CHECKS_FAILED
