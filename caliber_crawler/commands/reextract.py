"""``caliber reextract``."""

from __future__ import annotations

import os
import textwrap
from datetime import datetime
from pathlib import Path

import click
from tqdm import tqdm

from caliber_crawler.archive import FIELDS, Archive, ReextractionFilter
from caliber_crawler.commands.archived_sites import reextractor
from caliber_crawler.commands.options import MOMENT, archive_option, echo_json, json_option
from caliber_crawler.commands.terminal import echo
from caliber_crawler.extraction.extractor import extractor_of
from caliber_crawler.reextraction.run import ReextractionRun
from caliber_crawler.software import software

EXAMPLE_WIDTH = 90


@click.command()
@archive_option
@click.option("--site", help="Only pages of this site.")
@click.option("--field", type=click.Choice(FIELDS), help="Take over only this field.")
@click.option("--since", type=MOMENT, help="Only articles with a page fetched since then.")
@click.option("--until", type=MOMENT, help="Only articles with a page fetched before then.")
@click.option("--failed", is_flag=True, help="Instead: pages that were kept and gave no article.")
@click.option("--again", is_flag=True, help="Also pages that today's code has read already.")
@click.option(
    "--dry-run", is_flag=True, help="Change nothing; say for each field in how many articles it would change."
)
@click.option(
    "--jobs", type=click.IntRange(1), default=os.cpu_count() or 1, help="Processes that read.  [default: one per core]"
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
    """Read kept pages again with today's code, and take over what it reads better. No page is fetched.

    A text that is read differently becomes a version marked as read anew, never an edit; view counts and the times an
    article was seen stay. Stop or kill it at any time: the same command goes on where it was.

    \b
    Example:
      caliber reextract --dry-run
      caliber reextract --site caliber --field authors
    """
    with Archive.open(archive, mode="read" if dry_run else "write") as opened:
        reader = reextractor(opened)
        if site is not None:
            reader.sites.named(site)
        extractors = {name: extractor_of(described) for name, described in reader.sites.items()}
        pages = opened.reextractions.pages(
            ReextractionFilter(
                sites=(site,) if site else tuple(reader.sites),
                since=since,
                until=until,
                failed=failed,
                extractors=None if again or field else extractors,
            )
        )
        work = ReextractionRun(opened, reader, only=field, dry_run=dry_run, jobs=jobs)
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


def _report(work: ReextractionRun, run_id: int | None) -> dict[str, object]:
    tally = work.tally
    return {
        "run": run_id,
        **{name: tally.counts[name] for name in ("articles", "pages", "changed", "unchanged", "saved", "unreadable")},
        "fields": {name: tally.fields[name] for name in FIELDS},
        "examples": [
            {
                "field": change.field,
                "article": change.article_id,
                "before": _shown(change.before),
                "after": _shown(change.after),
            }
            for change in tally.examples.values()
        ],
    }


def _print(work: ReextractionRun, *, dry_run: bool) -> None:
    counts = work.tally.counts
    if not counts["pages"]:
        echo("Nothing to do: today's code has read every page already (--again reads them once more).")
        return
    verb = "would change" if dry_run else "changed"
    echo(
        f"{counts['articles']:,} articles, {counts['pages']:,} pages: {counts['changed']:,} {verb},"
        f" {counts['unchanged']:,} not; {counts['saved']:,} saved for the first time,"
        f" {counts['unreadable']:,} pages without an article."
    )
    for name in FIELDS:
        if work.tally.fields[name]:
            change = work.tally.examples[name]
            echo(f"  {name:14} {work.tally.fields[name]:>7,}  for example article {change.article_id}:")
            for sign, value in (("-", change.before), ("+", change.after)):
                echo(f"      {sign} {textwrap.shorten(_shown(value) or '(none)', EXAMPLE_WIDTH, placeholder='…')}")


def _shown(value: object) -> str | None:
    if value is None:
        return None
    return "; ".join(map(str, value)) if isinstance(value, tuple) else str(value)
