"""``caliber export``."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from io import TextIOWrapper
from itertools import islice
from pathlib import Path
from typing import IO, Literal

import click

from caliber_crawler.archive import COLUMNS, Archive, Selection
from caliber_crawler.commands.options import MOMENT, SIZE, archive_option
from caliber_crawler.commands.terminal import echo
from caliber_crawler.export import Row, new_file, new_files, new_path, write_csv, write_jsonl, write_parquet, write_rss
from caliber_crawler.items import Capture
from caliber_crawler.warc import MAX_FILE_BYTES, numbered_path, write_wacz, write_warcs

NEWEST = 50
"""Articles in a feed when nothing else is asked for."""


@dataclass(kw_only=True)
class ExportJob:
    """What is to be written, and where to."""

    archive: Archive
    selection: Selection
    limit: int | None
    output: Path | None
    max_size: int
    written: list[Path] = field(default_factory=list)
    """The files that came of it, where they are others than ``output``."""

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
        assert self.output is not None, "asked for by the command"
        return self.output


def export_csv(job: ExportJob) -> int:
    # Spreadsheets know a file's UTF-8 by its mark; what reads from a pipe would take it for a part of the first name.
    with open_output(job.output, "utf-8-sig" if job.output else "utf-8") as file:
        return write_csv(job.rows(), list(COLUMNS), file)


def export_jsonl(job: ExportJob) -> int:
    with open_output(job.output, "utf-8") as file:
        return write_jsonl(job.rows(), list(COLUMNS), file)


def export_rss(job: ExportJob) -> int:
    with open_binary_output(job.output) as file:
        return write_rss(job.rows(newest_first=True, default_limit=NEWEST), file)


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
    "csv": export_csv,
    "jsonl": export_jsonl,
    "parquet": export_parquet,
    "rss": export_rss,
    "sqlite": export_sqlite,
    "warc": export_warc,
    "wacz": export_wacz,
}
TO_STDOUT = ("csv", "jsonl", "rss")
OF_CAPTURES = ("warc", "wacz")


@click.command()
@click.argument("format", type=click.Choice(list(FORMATS)))
@archive_option
@click.option("--site", default="", help="Only these sites, separated by commas.")
@click.option("--section", default="", help="Only these sections, separated by commas.")
@click.option("--language", default="", help="Only these languages (en, ru, hy …), separated by commas.")
@click.option("--since", type=MOMENT, help="Only articles published at this time or after it.")
@click.option("--until", type=MOMENT, help="Only articles published before this time.")
@click.option("--search", metavar="QUERY", help="Only articles that `caliber search` finds for this.")
@click.option("--light", is_flag=True, expose_value=False, help="Of sqlite: without raw pages, as it always is.")
@click.option("--include-opted-out", is_flag=True, help="Also pages that their site reserves.")
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    help=f"At most so many; of a feed, the newest.  [default: all; rss: {NEWEST}]",
)
@click.option(
    "--max-size",
    type=SIZE,
    default=MAX_FILE_BYTES,
    help="Of warc and wacz: begin another WARC file when one has reached this size; 0: never.  [default: 1GB]",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help=f"The file to write; it gets its name when it is complete.  [default for {', '.join(TO_STDOUT)}: stdout]",
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
    limit: int | None,
    output: Path | None,
    max_size: int,
    *,
    include_opted_out: bool,
) -> None:
    """Write articles in another FORMAT, each with its source, the time of retrieval and the condition for reuse.

    csv and jsonl hold a row for each article as it stands now, parquet the same for data frames. rss is a feed of the
    newest. sqlite is an archive without raw pages, for publishing: every version, every view count, search; its view
    `sources` tells where each article is from and how it may be used. warc and wacz hold every capture of their pages,
    for the tools of web archives (pywb, ReplayWeb.page). Where one WARC file is not enough, NAME.warc.gz becomes
    NAME-00000.warc.gz, NAME-00001.warc.gz and so on.

    A page that asks not to be archived or indexed, or not to be mined for text and data (X-Robots-Tag, robots and TDM
    elements), is kept here and left out there, unless --include-opted-out says that you may pass it on.

    \b
    Example:
      caliber export csv --section analytics --since 2026-01-01 -o analytics.csv
      caliber export sqlite --language en -o published.db
    """
    if output is None and format not in TO_STDOUT:
        raise click.UsageError(f"A {format} file needs a name: --output FILE.")
    if output is not None and output.exists() and archive.exists() and output.samefile(archive):
        raise click.UsageError(f"{output} is the archive itself.")
    selection = Selection(
        sites=join_names(site),
        sections=join_names(section),
        languages=join_names(language),
        since=since,
        until=until,
        search=search,
        include_opted_out=include_opted_out,
    )
    things: Literal["articles", "captures"] = "captures" if format in OF_CAPTURES else "articles"
    with Archive.open(archive) as opened_archive:
        opened_archive.require_held(selection)
        job = ExportJob(archive=opened_archive, selection=selection, limit=limit, output=output, max_size=max_size)
        count = FORMATS[format](job)
        left_out = opened_archive.count_opted_out(selection, things)
    echo(f"{count:,} {things}{summary_line(job)}.", err=True)
    if stale := stale_files(job):
        echo(
            f"{', '.join(map(str, stale))} of an earlier export {'is' if len(stale) == 1 else 'are'} still there.",
            err=True,
        )
    if left_out:
        echo(f"{left_out:,} {things} that their site reserves were left out (--include-opted-out).", err=True)


def summary_line(job: ExportJob) -> str:
    """Where it is, as the end of a sentence."""
    if len(job.written) > 1:
        return f" in {len(job.written):,} files, {job.written[0]} to {job.written[-1].name}"
    return f" in {job.output}" if job.output else ""


def stale_files(job: ExportJob) -> list[Path]:
    """Files that an export to the same place would have written, had it been larger or smaller."""
    if not job.written:
        return []
    anyone = numbered_path(job.path, 0).name.replace("-00000", "-[0-9][0-9][0-9][0-9][0-9]")
    return sorted({*job.path.parent.glob(anyone), *filter(Path.exists, [job.path])} - {*job.written})


def join_names(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(part for each in text.split(",") if (part := each.strip())))


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
