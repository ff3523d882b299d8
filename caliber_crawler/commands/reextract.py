"""``caliber reextract``."""

from __future__ import annotations

import os
import sys
import textwrap
from datetime import datetime
from pathlib import Path

import click
from tqdm import tqdm

from caliber_crawler.archive import FIELDS, Archive, ReextractionFilter
from caliber_crawler.commands.archived_sites import reextractor
from caliber_crawler.commands.options import TIMESTAMP, archive_option, echo_json, json_option
from caliber_crawler.commands.terminal import echo
from caliber_crawler.errors import CHECKS_FAILED
from caliber_crawler.extraction.extractor import extractor_of
from caliber_crawler.quantity import quantity
from caliber_crawler.reextraction.run import ReextractionRun
from caliber_crawler.software import software

EXAMPLE_WIDTH = 90


@click.command()
@archive_option
@click.option("--site", help="Only pages of this site.")
@click.option("--field", type=click.Choice(FIELDS), help="Update only this field.")
@click.option("--since", type=TIMESTAMP, help="Only articles with a page fetched at or after this time.")
@click.option("--until", type=TIMESTAMP, help="Only articles with a page fetched before this time.")
@click.option("--failed", is_flag=True, help="Re-extract stored pages without an article instead.")
@click.option("--again", is_flag=True, help="Also pages that the current code has extracted already.")
@click.option("--dry-run", is_flag=True, help="Change nothing; report how many articles would change, by field.")
@click.option(
    "--jobs",
    type=click.IntRange(1),
    default=os.cpu_count() or 1,
    help="Number of worker processes.  [default: one per core]",
)
@json_option
def reextract(
    archive: Path,
    site: str | None,
    field: str | None,
    since: datetime | None,
    until: datetime | None,
    jobs: int,
    *,
    failed: bool,
    again: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Re-extract stored pages with the current code, and update what differs. No page is fetched.

    A different text becomes a version with cause `reextract`, never an edit. View counts and the times at which an
    article was seen do not change. Stop or kill it at any time; rerun the command to resume.

    \b
    Example:
      caliber reextract --dry-run
      caliber reextract --site caliber --field authors
    """
    with Archive.open(archive, mode="read" if dry_run else "write") as opened:
        extractor = reextractor(opened)
        if site is not None:
            extractor.sites.named(site)
        extractors = {name: extractor_of(definition) for name, definition in extractor.sites.items()}
        pages = opened.reextractions.pages(
            ReextractionFilter(
                sites=(site,) if site else tuple(extractor.sites),
                since=since,
                until=until,
                failed=failed,
                extractors=None if again or field else extractors,
            )
        )
        work = ReextractionRun(opened, extractor, only=field, dry_run=dry_run, jobs=jobs)
        run_id = None
        if pages and not dry_run:
            arguments = {"site": site, "field": field, "since": since, "until": until, "failed": failed, "again": again}
            run_id = opened.runs.start("reextract", site=site, arguments=arguments, settings={}, software=software())
        total = sum(map(len, pages))
        with tqdm(total=total, unit=" pages", disable=None if total > 1 else True) as progress:
            for done in work.run(pages, run_id):
                progress.update(done)
                if run_id is not None:
                    opened.runs.heartbeat(run_id, work.tally.counts)
        if run_id is not None:
            opened.runs.finish(run_id, "finished", None, work.tally.counts)
    if as_json:
        echo_json(_report(work, run_id))
    else:
        _print(work, dry_run=dry_run)
    sys.exit(CHECKS_FAILED if work.tally.unavailable else 0)


def _report(work: ReextractionRun, run_id: int | None) -> dict[str, object]:
    tally = work.tally
    return {
        "run": run_id,
        **{
            name: tally.counts[name]
            for name in ("articles", "pages", "changed", "unchanged", "saved", "unreadable", "unavailable")
        },
        "fields": {name: tally.fields[name] for name in FIELDS},
        "examples": [
            {
                "field": change.field,
                "article": change.article_id,
                "before": _as_text(change.before),
                "after": _as_text(change.after),
            }
            for change in tally.examples.values()
        ],
    }


def _print(work: ReextractionRun, *, dry_run: bool) -> None:
    counts = work.tally.counts
    if not counts["pages"]:
        echo("Nothing to do: the current code has extracted every page already (use --again to repeat it).")
        return
    verb = "would change" if dry_run else "changed"
    echo(
        f"{quantity(counts['articles'], 'article')}, {quantity(counts['pages'], 'page')}: {counts['changed']:,} {verb},"
        f" {counts['unchanged']:,} unchanged; {quantity(counts['saved'], 'new article')},"
        f" {quantity(counts['unreadable'], 'page')} without an article."
    )
    if work.tally.unavailable:
        echo(f"{quantity(counts['unavailable'], 'page')} could not be read. {work.tally.unavailable}", err=True)
    for name in FIELDS:
        if work.tally.fields[name]:
            change = work.tally.examples[name]
            echo(f"  {name:14} {work.tally.fields[name]:>7,}  example: article {change.article_id}:")
            for sign, value in (("-", change.before), ("+", change.after)):
                echo(f"      {sign} {textwrap.shorten(_as_text(value) or '(none)', EXAMPLE_WIDTH, placeholder='…')}")


def _as_text(value: object) -> str | None:
    if value is None:
        return None
    return "; ".join(map(str, value)) if isinstance(value, tuple) else str(value)
