"""``caliber export``."""

from __future__ import annotations

import os
import shlex
import sys
from dataclasses import replace
from pathlib import Path
from typing import Literal

import click

from caliber_crawler.archive import Archive, Selection
from caliber_crawler.archive.core.side_files import OF_SQLITE, files_of
from caliber_crawler.archive.search.text_rows import RowKind
from caliber_crawler.commands.export_formats import (
    FORMATS,
    IN_FOLDERS,
    NEWEST,
    OF_CAPTURES,
    TO_STDOUT,
    WITH_FIELDS,
    WITH_VERSIONS,
    WITH_VIEW_COUNTS,
    ExportJob,
)
from caliber_crawler.commands.options import SIZE, archive_option, join_names
from caliber_crawler.commands.selection_options import selection_options
from caliber_crawler.commands.terminal import echo
from caliber_crawler.output_files import is_stream
from caliber_crawler.quantity import quantity
from caliber_crawler.warc import MAX_FILE_BYTES, numbered_path


@click.command()
@click.argument("format", type=click.Choice(list(FORMATS)))
@archive_option
@selection_options
@click.option("--light", is_flag=True, expose_value=False, help="sqlite: without raw pages (always on).")
@click.option("--include-opted-out", is_flag=True, help="Also export pages with a rights reservation.")
@click.option("--fields", default="", help="Only these columns, separated by commas, in this order.")
@click.option("--versions", is_flag=True, help="A row for each version that the site published, not for each article.")
@click.option("--view-counts", is_flag=True, help="A row for each observed view count; datapackage: a table of them.")
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    help=f"Maximum number of articles or pages; rss: the newest.  [default: all; rss: {NEWEST}]",
)
@click.option(
    "--max-size",
    type=SIZE,
    default=MAX_FILE_BYTES,
    help="warc and wacz: start a new WARC file at this size; 0 disables the limit.  [default: 1GB]",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="File (txt, markdown and datapackage: folder or .zip file) to write; it gets its name when it is complete."
    " A link, a device or a pipe stays and is written to."
    " - writes to stdout."
    f"  [default for {', '.join(TO_STDOUT)}: stdout]",
)
def export(
    format: str,
    archive: Path,
    selection: Selection,
    fields: str,
    limit: int | None,
    output: Path | None,
    max_size: int,
    *,
    versions: bool,
    view_counts: bool,
    include_opted_out: bool,
) -> None:
    """Export articles to another FORMAT, each with its source, time of retrieval and terms of use.

    csv, jsonl, parquet and xlsx contain one row per article in its current state. txt and markdown write a folder (or a
    ZIP file, if OUTPUT ends in .zip) with a file per article and metadata.csv, for quanteda, AntConc or Voyant. vrt and
    conllu contain every word and sentence, for Corpus Workbench, NoSketch Engine and CoNLL-U tools. datapackage is a
    folder or ZIP file of CSV tables with a description, terms of use and hashes (see `caliber check-package`). rss is a
    feed of the newest articles. sqlite is an archive for publication: versions, view counts and search, without raw
    pages; its view `sources` lists the source and terms of use of each article. warc and wacz contain every capture of
    the articles' pages, for web archive tools (pywb, ReplayWeb.page). bibtex, ris and csl-json contain a citation of
    each article, for reference managers. If one WARC file is not enough, NAME.warc.gz becomes NAME-00000.warc.gz,
    NAME-00001.warc.gz and so on.

    Pages with a rights reservation (X-Robots-Tag, robots and TDM elements: no archiving, indexing or text and data
    mining) are archived but not exported. Use --include-opted-out if you may publish them.

    \b
    Example:
      caliber export csv --section analytics --since 2026-01-01 -o analytics.csv
      caliber export sqlite --language en -o published.db
      caliber export txt --search corridor -o corpus.zip
    """
    if output == Path("-"):
        output = None if format in TO_STDOUT else Path("/dev/stdout")
    if output is None and format not in TO_STDOUT:
        raise click.UsageError(f"Format {format} needs an output file: add --output FILE.")
    for name, given, formats in (
        ("--fields", bool(fields), WITH_FIELDS),
        ("--versions", versions, WITH_VERSIONS),
        ("--view-counts", view_counts, WITH_VIEW_COUNTS),
    ):
        if given and format not in formats:
            raise click.UsageError(f"{name} is for {', '.join(formats)}, not for {format}.")
    is_package = format == "datapackage"
    if versions and view_counts and not is_package:
        raise click.UsageError("Use either --versions or --view-counts: they are different tables.")
    if output is not None:
        require_harmless(output, archive)
        if format not in IN_FOLDERS and output.is_dir():
            raise click.UsageError(f"--output {output} is a folder; format {format} writes a file.")
    kind: RowKind = "articles"
    if not is_package:
        kind = "versions" if versions else "view_counts" if view_counts else "articles"
    selection = replace(selection, include_opted_out=include_opted_out)
    things: Literal["articles", "captures"] = "captures" if format in OF_CAPTURES else "articles"
    with Archive.open(archive) as opened_archive:
        opened_archive.require_existing(selection)
        # A device or a pipe is one file.
        size = 0 if output is not None and is_stream(output) else max_size
        left_out = opened_archive.count_opted_out(selection, things)
        job = ExportJob(
            archive=opened_archive,
            selection=selection,
            limit=limit,
            output=output,
            max_size=size,
            kind=kind,
            fields=join_names(fields),
            with_versions=versions,
            with_view_counts=view_counts,
            command=shlex.join(["caliber", *sys.argv[1:]]),
            opted_out=left_out,
        )
        _ = job.columns  # reports an unknown field before anything is written
        count = FORMATS[format](job)
    what = things if kind == "articles" else kind.replace("_", " ")
    echo(f"Exported {quantity(count, what.removesuffix('s'))}{summary_line(job)}.", err=True)
    for note in job.notes:
        echo(note, err=True)
    if stale := stale_files(job):
        echo(
            f"{', '.join(map(str, stale))} {'is' if len(stale) == 1 else 'are'} left from an earlier export.",
            err=True,
        )
    if left_out:
        skipped = quantity(left_out, things.removesuffix("s"))
        echo(f"Skipped {skipped} with a rights reservation (--include-opted-out exports them).", err=True)


def require_harmless(output: Path, archive: Path) -> None:
    """Raise ``UsageError`` if writing to ``output`` would damage the archive or another database."""
    for file in files_of(archive):
        is_linked = output.exists() and file.exists() and output.samefile(file)
        if is_linked or os.path.realpath(output) == os.path.realpath(file):
            what = "the archive itself" if file == archive else "a file of the archive"
            raise click.UsageError(f"--output {output} is {what}; choose another file.")
    # SQLite would apply the remaining journal of the former file to the new one.
    for ending in OF_SQLITE:
        if (journal := Path(f"{output}{ending}")).exists():
            raise click.UsageError(
                f"--output {output} is a database in use, or was not closed: {journal} exists. Choose another file."
            )


def summary_line(job: ExportJob) -> str:
    """Where the export is, as the end of a sentence."""
    if len(job.written) > 1:
        return f" to {quantity(len(job.written), 'file')}, {job.written[0]} to {job.written[-1].name}"
    return f" to {job.output}" if job.output else ""


def stale_files(job: ExportJob) -> list[Path]:
    """Files of an earlier export to the same name that was split differently."""
    if not job.written:
        return []
    pattern = numbered_path(job.path, 0).name.replace("-00000", "-[0-9][0-9][0-9][0-9][0-9]")
    return sorted({*job.path.parent.glob(pattern), *filter(Path.exists, [job.path])} - {*job.written})
