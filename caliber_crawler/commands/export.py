"""``caliber export``."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from io import TextIOWrapper
from itertools import islice
from pathlib import Path
from typing import IO, Literal

import click

from caliber_crawler.archive import COLUMNS, Archive, Selection
from caliber_crawler.archive.texts.citation_styles import CitationStyle, write_bibliography
from caliber_crawler.commands.options import SIZE, TIMESTAMP, archive_option, code_option, join_names
from caliber_crawler.commands.terminal import echo
from caliber_crawler.export import Row, write_csv, write_jsonl, write_parquet, write_rss
from caliber_crawler.items import Capture
from caliber_crawler.output_files import is_stream, new_file, new_files, new_path
from caliber_crawler.warc import MAX_FILE_BYTES, numbered_path, write_wacz, write_warcs

NEWEST = 50
"""Default number of articles in a feed."""
DATABASE_FILES = ("-wal", "-shm", "-journal")
"""Endings of the files that SQLite keeps beside a database."""


@dataclass(kw_only=True)
class ExportJob:
    """What to export, and where to."""

    archive: Archive
    selection: Selection
    limit: int | None
    output: Path | None
    max_size: int
    written: list[Path] = field(default_factory=list)
    """The written files, if they have other names than ``output``."""

    def rows(self, *, newest_first: bool = False, default_limit: int | None = None) -> Iterator[Row]:
        limit = self.limit or default_limit
        return self.archive.rows(self.selection, newest_first=newest_first, limit=limit)

    @property
    def captures(self) -> Iterator[Capture]:
        return islice(self.archive.selected_captures(self.selection), self.limit)

    @property
    def rights(self) -> str:
        return self.archive.rights(self.selection)

    @property
    def path(self) -> Path:
        assert self.output is not None, "required by the command"
        return self.output


def export_csv(job: ExportJob) -> int:
    # Spreadsheets detect UTF-8 by the BOM; a program that reads a pipe would take it as part of the first name.
    with open_output(job.output, "utf-8-sig" if job.output else "utf-8") as file:
        return write_csv(job.rows(), list(COLUMNS), file)


def export_jsonl(job: ExportJob) -> int:
    with open_output(job.output, "utf-8") as file:
        return write_jsonl(job.rows(), list(COLUMNS), file)


def export_rss(job: ExportJob) -> int:
    with open_binary_output(job.output) as file:
        return write_rss(job.rows(newest_first=True, default_limit=NEWEST), file)


def export_bibliography(job: ExportJob, style: CitationStyle) -> int:
    with open_output(job.output, "utf-8") as file:
        return write_bibliography(job.archive.cited_texts(job.selection, limit=job.limit), style, file)


def export_parquet(job: ExportJob) -> int:
    with open_binary_output(job.output) as file:
        return write_parquet(job.rows(), COLUMNS, file)


def export_sqlite(job: ExportJob) -> int:
    with new_path(job.path) as unfinished:
        return job.archive.write_light_copy(job.selection, unfinished, limit=job.limit)


def export_warc(job: ExportJob) -> int:
    with new_files(job.path) as files:
        count, job.written = write_warcs(job.captures, files, job.path, max_size=job.max_size, rights=job.rights)
    return count


def export_wacz(job: ExportJob) -> int:
    with new_file(job.path) as file:
        return write_wacz(
            job.captures,
            job.archive.headline_on,
            file,
            title=job.path.stem,
            rights=job.rights,
            max_size=job.max_size,
        )


FORMATS: dict[str, Callable[[ExportJob], int]] = {
    "bibtex": partial(export_bibliography, style="bibtex"),
    "csl-json": partial(export_bibliography, style="csl-json"),
    "csv": export_csv,
    "jsonl": export_jsonl,
    "parquet": export_parquet,
    "ris": partial(export_bibliography, style="ris"),
    "rss": export_rss,
    "sqlite": export_sqlite,
    "warc": export_warc,
    "wacz": export_wacz,
}
TO_STDOUT = ("bibtex", "csl-json", "csv", "jsonl", "ris", "rss")
OF_CAPTURES = ("warc", "wacz")


@click.command()
@click.argument("format", type=click.Choice(list(FORMATS)))
@archive_option
@click.option("--site", default="", help="Only these sites, separated by commas.")
@click.option("--section", default="", help="Only these sections, separated by commas.")
@click.option("--language", default="", help="Only these languages (en, ru, hy …), separated by commas.")
@click.option("--since", type=TIMESTAMP, help="Only articles published at or after this time.")
@click.option("--until", type=TIMESTAMP, help="Only articles published before this time.")
@click.option("--search", metavar="QUERY", help="Only articles that `caliber search` finds for QUERY.")
@code_option
@click.option("--light", is_flag=True, expose_value=False, help="sqlite: without raw pages (always on).")
@click.option("--include-opted-out", is_flag=True, help="Also export pages with a rights reservation.")
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
    type=click.Path(dir_okay=False, path_type=Path),
    help="File to write; it gets its name when it is complete. A link, a device or a pipe stays and is written to."
    " - writes to stdout."
    f"  [default for {', '.join(TO_STDOUT)}: stdout]",
)
def export(
    format: str,
    archive: Path,
    site: str,
    section: str,
    language: str,
    since: datetime | None,
    until: datetime | None,
    search: str | None,
    code: tuple[str, ...],
    limit: int | None,
    output: Path | None,
    max_size: int,
    *,
    include_opted_out: bool,
) -> None:
    """Export articles to another FORMAT, each with its source, time of retrieval and terms of use.

    csv and jsonl contain one row per article in its current state; parquet is the same for data frames. rss is a feed
    of the newest articles. sqlite is an archive for publication: versions, view counts and search, without raw pages;
    its view `sources` lists the source and terms of use of each article. warc and wacz contain every capture of the
    articles' pages, for web archive tools (pywb, ReplayWeb.page). bibtex, ris and csl-json contain a citation of each
    article, for reference managers. If one WARC file is not enough, NAME.warc.gz becomes
    NAME-00000.warc.gz, NAME-00001.warc.gz and so on.

    Pages with a rights reservation (X-Robots-Tag, robots and TDM elements: no archiving, indexing or text and data
    mining) are archived but not exported. Use --include-opted-out if you may publish them.

    \b
    Example:
      caliber export csv --section analytics --since 2026-01-01 -o analytics.csv
      caliber export sqlite --language en -o published.db
    """
    if output == Path("-"):
        output = None if format in TO_STDOUT else Path("/dev/stdout")
    if output is None and format not in TO_STDOUT:
        raise click.UsageError(f"Format {format} needs an output file: add --output FILE.")
    if output is not None:
        require_harmless(output, archive)
    selection = Selection(
        sites=join_names(site),
        sections=join_names(section),
        languages=join_names(language),
        since=since,
        until=until,
        search=search,
        codes=code,
        include_opted_out=include_opted_out,
    )
    things: Literal["articles", "captures"] = "captures" if format in OF_CAPTURES else "articles"
    with Archive.open(archive) as opened_archive:
        opened_archive.require_existing(selection)
        # A device or a pipe is one file.
        size = 0 if output is not None and is_stream(output) else max_size
        job = ExportJob(archive=opened_archive, selection=selection, limit=limit, output=output, max_size=size)
        count = FORMATS[format](job)
        left_out = opened_archive.count_opted_out(selection, things)
    echo(f"Exported {count:,} {things}{summary_line(job)}.", err=True)
    if stale := stale_files(job):
        echo(
            f"{', '.join(map(str, stale))} {'is' if len(stale) == 1 else 'are'} left from an earlier export.",
            err=True,
        )
    if left_out:
        echo(f"Skipped {left_out:,} {things} with a rights reservation (--include-opted-out exports them).", err=True)


def require_harmless(output: Path, archive: Path) -> None:
    """Raise ``UsageError`` if writing to ``output`` would damage the archive or another database."""
    for ending in ("", *DATABASE_FILES, ".lock"):
        file = Path(f"{archive}{ending}")
        is_linked = output.exists() and file.exists() and output.samefile(file)
        if is_linked or os.path.realpath(output) == os.path.realpath(file):
            what = "the archive itself" if not ending else "a file of the archive"
            raise click.UsageError(f"--output {output} is {what}; choose another file.")
    # SQLite would apply the remaining journal of the former file to the new one.
    for ending in DATABASE_FILES:
        if (journal := Path(f"{output}{ending}")).exists():
            raise click.UsageError(
                f"--output {output} is a database in use, or was not closed: {journal} exists. Choose another file."
            )


def summary_line(job: ExportJob) -> str:
    """Where the export is, as the end of a sentence."""
    if len(job.written) > 1:
        return f" to {len(job.written):,} files, {job.written[0]} to {job.written[-1].name}"
    return f" to {job.output}" if job.output else ""


def stale_files(job: ExportJob) -> list[Path]:
    """Files of an earlier export to the same name that was split differently."""
    if not job.written:
        return []
    pattern = numbered_path(job.path, 0).name.replace("-00000", "-[0-9][0-9][0-9][0-9][0-9]")
    return sorted({*job.path.parent.glob(pattern), *filter(Path.exists, [job.path])} - {*job.written})


@contextmanager
def open_binary_output(output: Path | None) -> Iterator[IO[bytes]]:
    if output is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
    else:
        with new_file(output) as file:
            yield file


@contextmanager
def open_output(output: Path | None, encoding: str) -> Iterator[IO[str]]:
    with open_binary_output(output) as binary:
        file = TextIOWrapper(binary, encoding=encoding, newline="")
        yield file
        file.flush()
        file.detach()
