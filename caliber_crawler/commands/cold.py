"""``caliber cold``."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypedDict

import click
from tqdm import tqdm

from caliber_crawler.archive import Archive
from caliber_crawler.archive.core.times import utc_text
from caliber_crawler.cold_storage import move_pages, return_pages
from caliber_crawler.commands.options import SIZE, archive_option, echo_json, json_option
from caliber_crawler.commands.terminal import echo
from caliber_crawler.errors import ArchiveError, CaliberError
from caliber_crawler.quantity import quantity, size_text
from caliber_crawler.software import software
from caliber_crawler.warc import MAX_FILE_BYTES

DAYS = {"d": 1, "w": 7, "y": 365}
MAX_DAYS = 365_000


class Age(click.ParamType[timedelta]):
    """An age, such as ``365d``, ``8w`` or ``2y``; a number without a unit is in days."""

    name = "age"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        if isinstance(value, timedelta):
            return value
        match = re.fullmatch(r"(\d{1,6})\s*([dwy]?)", value.strip().lower(), re.ASCII)
        days = int(match[1]) * DAYS[match[2] or "d"] if match else MAX_DAYS + 1
        if days > MAX_DAYS:
            self.fail(f"{value!r} is not an age; write it as 365d, 8w or 2y.", param, ctx)
        return timedelta(days=days)


class FileRow(TypedDict):
    """A cold file in the list. ``size`` is in bytes, ``None`` after an interrupted move; ``path`` if it is there."""

    name: str
    folder: str
    pages: int
    size: int | None
    sha256: str | None
    path: str | None


@contextmanager
def recorded_run(archive: Archive, command: str, arguments: Mapping[str, object]) -> Iterator[Counter[str]]:
    """Record a run with what the block counts, or why it failed; none if it did nothing."""
    run_id = archive.runs.start(command, site=None, arguments=arguments, settings={}, software=software())
    counts: Counter[str] = Counter()
    try:
        yield counts
    except CaliberError as error:
        archive.runs.finish(run_id, "failed", str(error), +counts)
        raise
    if +counts:
        archive.runs.finish(run_id, "finished", None, +counts)
    else:
        archive.runs.discard(run_id)


@click.group()
def cold() -> None:
    """Move old pages to cold storage: WARC files outside the archive.

    Everything that reads a stored page reads it from there. See docs/guides/retention.md.

    \b
    Example:
      caliber cold move --older-than 365d --to /mnt/cold
      caliber cold list
    """


@cold.command()
@archive_option
@click.option(
    "--older-than", type=Age(), required=True, help="Minimum age of the last capture of a page: 365d, 8w, 2y."
)
@click.option(
    "--to",
    "folder",
    type=click.Path(path_type=Path),
    help="Folder for the files, which must exist.  [default: that of the last move]",
)
@click.option(
    "--max-size",
    type=SIZE,
    default=MAX_FILE_BYTES,
    help="Maximum size of a file, such as 500MB, after which a new one begins; 0 disables the limit.  [default: 1GB]",
)
@click.option("--vacuum", is_flag=True, help="Give the free space in the archive file back to the disk.")
@click.option("--dry-run", is_flag=True, help="Print how many pages would be moved, and move nothing.")
@json_option
def move(
    archive: Path,
    older_than: timedelta,
    folder: Path | None,
    max_size: int,
    *,
    vacuum: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Move pages that were last fetched before a time to WARC files.

    A page leaves the archive once its record was read back from the complete file. After an interruption, run the
    command again: what was moved is not written twice. No crawl may run meanwhile.

    \b
    Example:
      caliber cold move --older-than 365d --to /mnt/cold
    """
    before = datetime.now(UTC) - older_than
    if dry_run:
        with Archive.open(archive) as opened:
            pages, stored = opened.cold_pages.count_movable(before)
        if as_json:
            echo_json({"pages": pages, "stored": stored})
        else:
            echo(f"Would move {quantity(pages, 'page')}, which take {stored / 1e6:,.1f} MB in {archive}.")
        return
    arguments = {"before": utc_text(before), "to": folder, "max_size": max_size, "vacuum": vacuum}
    with Archive.open(archive, mode="write") as opened:
        total, _ = opened.cold_pages.count_movable(before)
        with recorded_run(opened, "cold move", arguments) as counts:
            with tqdm(total=total, unit=" pages", disable=None) as bar:

                def progress(pages: int) -> None:
                    counts.update(pages=pages, files=1)  # if a later file fails
                    bar.update(pages)

                moved = move_pages(opened, before, folder, max_size=max_size, progress=progress)
            counts |= {"pages": moved.pages, "recovered": moved.recovered, "damaged": moved.damaged}
            counts |= {"bytes": moved.size, "released": moved.released}
        if vacuum:
            opened.cold_pages.vacuum()
        free = opened.cold_pages.free_bytes
    if as_json:
        echo_json({**asdict(moved), "files": [str(path) for path in moved.files], "free": free})
        return
    if moved.recovered:
        echo(f"Completed an interrupted move: {quantity(moved.recovered, 'page')}.")
    if moved.damaged:
        echo(f"{quantity(moved.damaged, 'damaged page')} stayed in the archive; run `caliber verify`.", err=True)
    for path in moved.files:
        echo(f"Wrote {path}.")
    what = f"Moved {quantity(moved.pages, 'page')}, which took {moved.released / 1e6:,.1f} MB in {archive}."
    echo(what if moved.pages else f"No page of {archive} is that old.")
    if free:
        echo(
            f"{archive} has {free / 1e6:,.1f} MB of free space, which new pages use. `--vacuum` gives it back to the"
            " disk."
        )


@cold.command(name="list")
@archive_option
@json_option
def list_files(archive: Path, *, as_json: bool) -> None:
    """List the files in cold storage, and whether each is available.

    \b
    Example:
      caliber cold list --json
    """
    with Archive.open(archive) as opened:
        files = opened.cold_pages.files
        rows: list[FileRow] = [
            {
                "name": file.name,
                "folder": str(files.folder_of(file)),
                "pages": files.count_pages(file),
                "size": file.size,
                "sha256": file.sha256,
                "path": None if (path := files.find(file)) is None else str(path),
            }
            for file in files.all()
        ]
    if as_json:
        echo_json(rows)
        return
    for row in rows:
        state = "interrupted" if row["size"] is None else "" if row["path"] else "not available"
        parts = (f"{row['folder']}/{row['name']}", quantity(row["pages"], "page"), size_text(row["size"] or 0), state)
        echo("  ".join(filter(None, parts)))
    if not rows:
        echo(f"{archive} has no pages in cold storage.")


@cold.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@archive_option
@json_option
def locate(folder: Path, archive: Path, *, as_json: bool) -> None:
    """Record that the files in cold storage are in FOLDER now.

    Only files that are there, with their size, are recorded.

    \b
    Example:
      caliber cold locate /mnt/new
    """
    with Archive.open(archive, mode="write") as opened:
        files = opened.cold_pages.files
        found = files.locate(folder)
        missing = [file for file in files.all() if files.find(file) is None]
    if not found:
        raise ArchiveError(f"{folder} contains no file in which {archive} has pages.")
    if as_json:
        echo_json({"found": [file.name for file in found], "missing": [file.name for file in missing]})
        return
    echo(f"Recorded {folder} for {quantity(len(found), 'file')}.")
    for file in missing:
        echo(f"Still not available: {file.name}", err=True)


@cold.command(name="return")
@archive_option
@json_option
def return_all(archive: Path, *, as_json: bool) -> None:
    """Move all pages from cold storage back into the archive.

    The files are not deleted: another archive may refer to them. After an interruption, run the command again.

    \b
    Example:
      caliber cold return --archive data/archive.db
    """
    with Archive.open(archive, mode="write") as opened:
        total = sum(map(opened.cold_pages.files.count_pages, opened.cold_pages.files.all()))
        with recorded_run(opened, "cold return", {}) as counts:
            with tqdm(total=total, unit=" pages", disable=None) as bar:
                returned = return_pages(opened, progress=lambda pages: bar.update(pages))
            counts |= {"pages": returned.pages, "damaged": returned.damaged, "files": len(returned.files)}
    if as_json:
        echo_json({**asdict(returned), "files": [str(path) for path in returned.files]})
        return
    echo(f"Returned {quantity(returned.pages, 'page')} to {archive}.")
    if returned.damaged:
        echo(f"{quantity(returned.damaged, 'page')} could not be read; run `caliber verify --cold`.", err=True)
    for path in returned.files:
        echo(f"Delete {path} unless another archive refers to it: it still contains these pages.")
