"""``caliber bulk``."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import click
from tqdm import tqdm

from caliber_crawler.bulk import (
    BulkExtraction,
    DaskEngine,
    Engine,
    Inputs,
    Instructions,
    LocalEngine,
    Part,
    Shards,
    find_inputs,
    parts_of,
)
from caliber_crawler.commands.options import echo_json, json_option
from caliber_crawler.commands.terminal import echo, list_counts
from caliber_crawler.errors import CHECKS_FAILED, ArchiveError, CaliberError, InputError, MissingExtra, NoPages
from caliber_crawler.ingest import SiteResolver
from caliber_crawler.ingest.ingester import REPORTED_SKIPS
from caliber_crawler.known_sites import known_sites
from caliber_crawler.quantity import quantity
from caliber_crawler.site.unknown import unknown_site
from caliber_crawler.software import software

HERE = "here"
MAX_LISTED = 20
"""Maximum number of errors that are printed one by one: a list may name 90,000 wrong paths."""


@click.group()
def bulk() -> None:
    """Extract whole web archives, in many processes or on many machines.

    \b
    Example:
      caliber bulk extract CC-NEWS-*.warc.gz --any-site --out shards/
    """


@bulk.command()
@click.argument("inputs", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--out",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="The folder for the shards; with --dask, one that all machines share.",
)
@click.option(
    "--prefix",
    type=click.Path(file_okay=False, path_type=Path),
    help="The folder that the paths of a list are relative to.  [default: the folder of the list]",
)
@click.option("--site", "site_name", help="Only pages of this site.  [default: all sites with a site definition]")
@click.option("--any-site", is_flag=True, help="Also pages of sites without a site definition.")
@click.option("--jobs", type=click.IntRange(min=1), help="Number of worker processes.  [default: one per core]")
@click.option(
    "--dask",
    is_flag=False,
    flag_value=HERE,
    metavar="[URL]",
    help="Use the Dask cluster with the scheduler at URL (tcp://host:8786); without URL, start one here.",
)
@click.option(
    "--include-opted-out", is_flag=True, help="Write articles under a rights reservation to the Parquet files too."
)
@json_option
def extract(
    inputs: tuple[Path, ...],
    out: Path,
    prefix: Path | None,
    site_name: str | None,
    jobs: int | None,
    dask: str | None,
    *,
    any_site: bool,
    include_opted_out: bool,
    as_json: bool,
) -> None:
    """Extract web archives, or the stored pages of archives, into shards.

    INPUTS are WARC, ARC, WET, WACZ, HAR and MHTML files, folders of them, lists of them as published by Common Crawl
    (warc.paths.gz), and archives of this program, which are not modified. Each part of the input gives one shard: a
    folder with an archive and a Parquet file of its articles. `caliber merge` merges the archives; DuckDB queries all
    Parquet files as one table.

    A shard is published only when it is complete. Stop or kill the command at any time; rerun it to resume. Parts that
    were extracted with the current code are skipped.

    With --dask, workers on other machines extract too. They need this program with its extra `bulk`, and access to the
    inputs and --out under the same paths.

    \b
    Example:
      caliber bulk extract CC-NEWS-*.warc.gz --any-site --out shards/
      caliber bulk extract warc.paths.gz --prefix /data/commoncrawl --out shards/ --dask tcp://10.0.0.1:8786
      caliber bulk extract data/archive.db --out reextracted/
      caliber merge shards/*/archive.db --archive data/archive.db
    """
    if find_spec("pyarrow") is None:
        raise MissingExtra("bulk")
    instructions = Instructions(
        site_resolver=site_resolver(site_name, any_site=any_site),
        software=software(),
        include_opted_out=include_opted_out,
    )
    engine = engine_for(dask, jobs or os.cpu_count() or 1)
    found = find_inputs(inputs, prefix)
    plan = plan_parts(found)
    if not plan.parts and len(plan.refused) == 1:
        raise plan.refused[0]
    print_refused(plan.refused)
    work = BulkExtraction(Shards(out), instructions, plan.parts)
    failures = list(extract_parts(work, engine))
    print_refused(failures)
    bad = [*plan.refused, *failures]
    if as_json:
        echo_json(report(work, plan))
    else:
        for line in summary(work, plan, out):
            echo(line)
    sys.exit(exit_code(work, bad))


@dataclass(frozen=True, slots=True)
class Plan:
    """The parts of all inputs, and an error for each input that was refused."""

    files: int
    parts: Sequence[Part]
    refused: Sequence[CaliberError]


def plan_parts(found: Inputs) -> Plan:
    parts: list[Part] = []
    refused: list[CaliberError] = list(found.refused)
    for path in found.files:
        try:
            parts += parts_of(path)
        except ArchiveError as error:
            refused.append(error)
        except OSError as error:
            refused.append(InputError(f"{path} cannot be read: {error.strerror}."))
    return Plan(len(found.files), parts, refused)


def site_resolver(name: str | None, *, any_site: bool) -> SiteResolver:
    sites = known_sites()
    return SiteResolver(
        sites=sites.only(name) if name else sites,
        default=sites.named(name) if name else unknown_site(),
        any_site=any_site,
    )


def engine_for(dask: str | None, jobs: int) -> Engine:
    if dask is None:
        return LocalEngine(jobs)
    if dask != HERE and "://" not in dask:
        raise click.BadParameter(
            f"{dask!r} is not the URL of a scheduler (tcp://host:8786); to start workers here, write --dask last.",
            param_hint="--dask",
        )
    return DaskEngine(None if dask == HERE else dask, jobs)


def extract_parts(work: BulkExtraction, engine: Engine) -> Iterator[CaliberError]:
    """Extract all parts with a progress line; yield an error for each part that failed."""
    size = sum(part.size for part in work.left())
    with tqdm(total=size, unit="B", unit_scale=True, smoothing=0.1, disable=None) as line:
        for part, outcome in work.run(engine):
            line.update(part.size)
            line.set_postfix_str(f"{quantity(work.articles, 'article')}", refresh=False)
            if outcome.error is not None:
                yield outcome.error


def print_refused(errors: Sequence[CaliberError]) -> None:
    for error in errors[:MAX_LISTED]:
        echo(f"Refused: {error}", err=True)
    if len(errors) > MAX_LISTED:
        echo(f"Refused: {len(errors) - MAX_LISTED:,} more.", err=True)


def report(work: BulkExtraction, plan: Plan) -> dict[str, object]:
    return {
        "inputs": plan.files,
        "refused_inputs": len(plan.refused),
        "parts": {name: work.parts[name] for name in ("read", "finished", "failed", "swept")},
        "articles": work.articles,
        "left_out": work.left_out,
        **work.counts,
        "skipped": dict(work.skipped),
        "other_records": dict(work.other_records),
        "processor_seconds": round(work.seconds, 3),
    }


def summary(work: BulkExtraction, plan: Plan, out: Path) -> Iterator[str]:
    parts = work.parts
    yield (
        f"Inputs: {plan.files:,}. Parts: {parts['read'] + parts['finished'] + parts['failed']:,} ("
        f"{parts['read']:,} extracted, {parts['finished']:,} finished before, {parts['failed']:,} failed)."
    )
    pages = work.counts["pages"]
    if parts["read"]:
        articles = quantity(work.articles, "article")
        yield f"{quantity(pages, 'page')}: {articles} in {out}/*/archive.db and {out}/*/articles.parquet."
    if work.skipped:
        yield f"Skipped {quantity(work.skipped.total(), 'record')}: {list_counts(work.skipped)}."
    if work.other_records:
        yield f"Records that contain no page: {list_counts(work.other_records)}."
    if work.left_out:
        left_out = quantity(work.left_out, "article")
        yield f"Left out of Parquet: {left_out} under a rights reservation (--include-opted-out)."
    if parts["swept"]:
        yield f"Deleted {quantity(parts['swept'], 'unfinished shard')} of a killed command."


def exit_code(work: BulkExtraction, bad: Sequence[CaliberError]) -> int:
    """0 for success, 3 for some bad inputs or records, 5 for no pages; if everything failed, the code of the errors."""
    complete = work.parts["read"] + work.parts["finished"]
    if bad and not complete:
        codes = {error.exit_code for error in bad}
        return codes.pop() if len(codes) == 1 else CaliberError.exit_code
    if bad or any(work.skipped[reason] for reason in REPORTED_SKIPS):
        return CHECKS_FAILED
    if work.parts["read"] and not work.parts["finished"] and not work.counts["pages"]:
        return NoPages.exit_code
    return 0
