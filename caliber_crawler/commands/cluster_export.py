"""``caliber cluster export``."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import click

from caliber_crawler.archive import Selection
from caliber_crawler.archive.search.text_rows import RowKind
from caliber_crawler.commands.cluster_options import dsn_option, requires_extra, shards_option
from caliber_crawler.commands.options import echo_json, join_names, json_option
from caliber_crawler.commands.selection_options import selection_options
from caliber_crawler.commands.terminal import echo
from caliber_crawler.errors import CHECKS_FAILED, CaliberError, MissingExtra
from caliber_crawler.quantity import quantity


@click.command()
@click.argument("format", type=click.Choice(["parquet"]))
@dsn_option
@shards_option
@selection_options
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="The folder to write: a file for each site.",
)
@click.option("--fields", default="", help="Only these columns, separated by commas, in this order.")
@click.option("--versions", is_flag=True, help="A row for each version that the site published, not for each article.")
@click.option("--view-counts", is_flag=True, help="A row for each observed view count.")
@click.option("--include-opted-out", is_flag=True, help="Also export pages with a rights reservation.")
@click.option("--jobs", type=click.IntRange(min=1), help="Number of worker processes.  [default: one per core]")
@click.option(
    "--scratch",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="A local folder for the shards in use.  [default: the system's temporary folder]",
)
@json_option
@requires_extra
def export(
    format: str,
    dsn: str,
    shards: str,
    selection: Selection,
    output: Path,
    fields: str,
    jobs: int | None,
    scratch: Path | None,
    *,
    versions: bool,
    view_counts: bool,
    include_opted_out: bool,
    as_json: bool,
) -> None:
    """Export all shards to FORMAT, a file for each site, several at a time.

    Run it again after an interruption, or later: files whose shard and options are the same stay. Shards that cannot be
    exported are listed, and the exit code is 3.

    \b
    Example:
      caliber cluster export parquet --since 2026-01-01 -o articles
      duckdb -c "SELECT site, count(*) FROM 'articles/*.parquet' GROUP BY site"
    """
    from caliber_crawler.cluster.binding import expect_storage
    from caliber_crawler.cluster.database import require_set_up
    from caliber_crawler.cluster.shard_export import ShardExport, export_all
    from caliber_crawler.cluster.shards import current_shards
    from caliber_crawler.cluster.storage import Storage

    if find_spec("pyarrow") is None:
        raise MissingExtra("parquet")
    if versions and view_counts:
        raise click.UsageError("Use either --versions or --view-counts: they are different tables.")
    require_set_up(dsn)
    storage = Storage(shards)
    expect_storage(dsn, storage)
    kind: RowKind = "versions" if versions else "view_counts" if view_counts else "articles"
    job = ShardExport(
        folder=output,
        storage=shards,
        cluster=storage.cluster,
        dsn=dsn,
        selection=replace(selection, include_opted_out=include_opted_out),
        kind=kind,
        fields=join_names(fields),
        scratch=scratch,
    )
    output.mkdir(parents=True, exist_ok=True)
    wanted = [shard for shard in current_shards(dsn) if not selection.sites or shard.site in selection.sites]
    left = [shard for shard in wanted if not job.is_current(shard)]
    counts: dict[str, int] = {}
    failures: dict[str, CaliberError] = {}
    for site, outcome in export_all(job, left, jobs or os.cpu_count() or 1):
        if isinstance(outcome, CaliberError):
            failures[site] = outcome
        else:
            counts[site] = outcome
    if as_json:
        messages = {site: str(failure) for site, failure in failures.items()}
        echo_json({"rows": counts, "unchanged": len(wanted) - len(left), "failures": messages})
    else:
        rows = quantity(sum(counts.values()), kind.replace("_", " ").removesuffix("s"))
        unchanged = f"; {quantity(len(wanted) - len(left), 'site')} unchanged" if len(left) < len(wanted) else ""
        echo(f"Exported {rows} of {quantity(len(counts), 'site')} to {output}{unchanged}.", err=True)
    for site, failure in failures.items():
        echo(f"The shard of {site} was not exported: {failure}", err=True)
    if failures:
        sys.exit(CHECKS_FAILED)
