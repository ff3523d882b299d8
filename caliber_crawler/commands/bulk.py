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
from caliber_crawler.commands.terminal import echo
from caliber_crawler.errors import ArchiveError, CaliberError, InputError, MissingExtra, NoPages
from caliber_crawler.ingest import SiteResolver
from caliber_crawler.ingest.ingester import REPORTED_SKIPS
from caliber_crawler.known_sites import known_sites
from caliber_crawler.software import software
from caliber_crawler.spiders import DEFAULT_SITE

CHECKS_FAILED = 3
HERE = "here"
MAX_LISTED = 20
"""Sentences about single inputs: of a list of 90,000 paths, all may be wrong in the same way."""


@click.group()
def bulk() -> None:
    """Read whole web archives, in many processes or on many machines.

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
    help="The folder of shards; with Dask, one that all machines share.",
)
@click.option(
    "--prefix",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where the files of a list of paths lie.  [default: beside the list]",
)
@click.option("--site", "site_name", help="Only pages of this site.  [default: all that have a file]")
@click.option("--any-site", is_flag=True, help="Pages of every site.")
@click.option("--jobs", type=click.IntRange(min=1), help="Processes that read.  [default: one per core]")
@click.option(
    "--dask",
    is_flag=False,
    flag_value=HERE,
    metavar="[ADDRESS]",
    help="Let the workers of a Dask cluster read: of the scheduler at ADDRESS (tcp://host:8786), or new ones here.",
)
@click.option("--include-opted-out", is_flag=True, help="Also reserved pages into the Parquet.")
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
    """Read web archives, or the pages of archives once more, each part into a shard of its own.

    INPUTS are WARC, WET and WACZ files, folders of them, lists of them as Common Crawl publishes (warc.paths.gz), and
    archives of this program, which stay as they are. A shard is a folder with an archive (`caliber merge` makes one of
    many) and a Parquet file of its articles (DuckDB reads many as one table). It is there whole or not at all: stop or
    kill the command at any time, the same command goes on where it was. What was read already, with today's code, is
    not read again.

    With --dask, processes of other machines read, too: they need this program with its extra `bulk`, and the inputs
    and --out under the same paths.

    \b
    Example:
      caliber bulk extract CC-NEWS-*.warc.gz --any-site --out shards/
      caliber bulk extract warc.paths.gz --prefix /data/commoncrawl --out shards/ --dask tcp://10.0.0.1:8786
      caliber bulk extract data/archive.db --out reread/
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
    planned = planned_parts(found)
    if not planned.parts and len(planned.refused) == 1:
        raise planned.refused[0]
    tell(planned.refused)
    work = BulkExtraction(Shards(out), instructions, planned.parts)
    failures = list(read_all(work, engine))
    tell(failures)
    bad = [*planned.refused, *failures]
    if as_json:
        echo_json(report(work, planned))
    else:
        for line in summary(work, planned, out):
            echo(line)
    sys.exit(exit_code(work, bad))


@dataclass(frozen=True, slots=True)
class Planned:
    """The parts of all inputs, and why some have none."""

    files: int
    parts: Sequence[Part]
    refused: Sequence[CaliberError]


def planned_parts(found: Inputs) -> Planned:
    parts: list[Part] = []
    refused: list[CaliberError] = list(found.refused)
    for path in found.files:
        try:
            parts += parts_of(path)
        except ArchiveError as error:
            refused.append(error)
        except OSError as error:
            refused.append(InputError(f"{path} cannot be read: {error.strerror}."))
    return Planned(len(found.files), parts, refused)


def site_resolver(name: str | None, *, any_site: bool) -> SiteResolver:
    sites = known_sites()
    return SiteResolver(
        sites=sites.only(name) if name else sites, default=sites.named(name or DEFAULT_SITE), any_site=any_site
    )


def engine_for(dask: str | None, jobs: int) -> Engine:
    if dask is None:
        return LocalEngine(jobs)
    if dask != HERE and "://" not in dask:
        raise click.BadParameter(
            f"{dask!r} is no address of a scheduler (tcp://host:8786); write --dask last to have workers here.",
            param_hint="--dask",
        )
    return DaskEngine(None if dask == HERE else dask, jobs)


def read_all(work: BulkExtraction, engine: Engine) -> Iterator[CaliberError]:
    """Read, with a line of progress; the reasons why parts could not be read."""
    size = sum(part.size for part in work.left())
    with tqdm(total=size, unit="B", unit_scale=True, smoothing=0.1, disable=None) as line:
        for part, outcome in work.run(engine):
            line.update(part.size)
            line.set_postfix_str(f"{work.articles:,} articles", refresh=False)
            if outcome.error is not None:
                yield outcome.error


def tell(errors: Sequence[CaliberError]) -> None:
    for error in errors[:MAX_LISTED]:
        echo(f"Refused: {error}", err=True)
    if len(errors) > MAX_LISTED:
        echo(f"Refused: {len(errors) - MAX_LISTED:,} more.", err=True)


def report(work: BulkExtraction, planned: Planned) -> dict[str, object]:
    return {
        "inputs": planned.files,
        "refused_inputs": len(planned.refused),
        "parts": {name: work.parts[name] for name in ("read", "finished", "failed", "swept")},
        "articles": work.articles,
        "left_out": work.left_out,
        **work.counts,
        "skipped": dict(work.skipped),
        "processor_seconds": round(work.seconds, 3),
    }


def summary(work: BulkExtraction, planned: Planned, out: Path) -> Iterator[str]:
    parts = work.parts
    yield (
        f"Inputs: {planned.files:,}. Parts: {parts['read'] + parts['finished'] + parts['failed']:,}, of them "
        f"{parts['read']:,} read, {parts['finished']:,} finished before, {parts['failed']:,} failed."
    )
    pages = work.counts["pages"]
    if parts["read"]:
        yield f"{pages:,} pages: {work.articles:,} articles in {out}/*/archive.db and {out}/*/articles.parquet."
    if work.skipped:
        reasons = (f"{count:,} {reason.replace('_', ' ')}" for reason, count in work.skipped.most_common())
        yield f"{work.skipped.total():,} records were skipped: {', '.join(reasons)}."
    if work.left_out:
        yield f"{work.left_out:,} articles that their site reserves are in no Parquet (--include-opted-out)."
    if parts["swept"]:
        yield f"{parts['swept']:,} shards that a killed command left unfinished were swept away."


def exit_code(work: BulkExtraction, bad: Sequence[CaliberError]) -> int:
    """0 all read; 3 some inputs or records were bad; 5 nothing in them for us; else that of what all failed of."""
    read = work.parts["read"] + work.parts["finished"]
    if bad and not read:
        codes = {error.exit_code for error in bad}
        return codes.pop() if len(codes) == 1 else CaliberError.exit_code
    if bad or any(work.skipped[reason] for reason in REPORTED_SKIPS):
        return CHECKS_FAILED
    if work.parts["read"] and not work.parts["finished"] and not work.counts["pages"]:
        return NoPages.exit_code
    return 0
