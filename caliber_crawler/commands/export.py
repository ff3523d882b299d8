"""``caliber export``."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from io import TextIOWrapper
from itertools import islice
from pathlib import Path
from typing import IO, Literal

import click

from caliber_crawler.archive import COLUMNS, Archive, Selection
from caliber_crawler.commands.options import MOMENT, archive_option
from caliber_crawler.errors import SiteError
from caliber_crawler.export import new_file, new_path, write_csv, write_jsonl, write_parquet, write_rss
from caliber_crawler.warc import write_wacz, write_warc

NEWEST = 50
"""Articles in a feed when nothing else is asked for."""

Export = Callable[[Archive, Selection, int | None, Path | None], int]


def export_csv(archive: Archive, selection: Selection, limit: int | None, output: Path | None) -> int:
    # Spreadsheets know a file's UTF-8 by its mark; what reads from a pipe would take it for a part of the first name.
    with opened(output, "utf-8-sig" if output else "utf-8") as file:
        return write_csv(archive.rows(selection, limit=limit), list(COLUMNS), file)


def export_jsonl(archive: Archive, selection: Selection, limit: int | None, output: Path | None) -> int:
    with opened(output, "utf-8") as file:
        return write_jsonl(archive.rows(selection, limit=limit), list(COLUMNS), file)


def export_rss(archive: Archive, selection: Selection, limit: int | None, output: Path | None) -> int:
    with opened_binary(output) as file:
        return write_rss(archive.rows(selection, newest_first=True, limit=limit or NEWEST), file)


def export_parquet(archive: Archive, selection: Selection, limit: int | None, output: Path | None) -> int:
    with opened_binary(output) as file:
        return write_parquet(archive.rows(selection, limit=limit), COLUMNS, file)


def export_sqlite(archive: Archive, selection: Selection, limit: int | None, output: Path | None) -> int:
    assert output is not None
    with new_path(output) as unfinished:
        return archive.copy_light(selection, unfinished, limit=limit)


def export_warc(archive: Archive, selection: Selection, limit: int | None, output: Path | None) -> int:
    assert output is not None
    with new_file(output) as file:
        return write_warc(islice(archive.exchanges(selection), limit), file, name=output.name, rights=rights(archive))


def export_wacz(archive: Archive, selection: Selection, limit: int | None, output: Path | None) -> int:
    assert output is not None
    with new_file(output) as file:
        captures = islice(archive.exchanges(selection), limit)
        return write_wacz(captures, archive.headline_on, file, title=output.stem, rights=rights(archive))


def rights(archive: Archive) -> str:
    """Each site's own condition for using its pages."""
    sites = (archive.sites.get(name) for name in archive.held("site"))
    return " ".join(f"{site['title']}: {site['reuse'] or 'not stated'}." for site in sites if site)


FORMATS: dict[str, Export] = {
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
@click.option("--include-reserved", is_flag=True, help="Also pages that their site reserves.")
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    help=f"At most so many; of a feed, the newest.  [default: all; rss: {NEWEST}]",
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
    *,
    include_reserved: bool,
) -> None:
    """Write articles in another FORMAT, each with its source, the time of retrieval and the condition for reuse.

    csv and jsonl hold a row for each article as it stands now, parquet the same for data frames. rss is a feed of the
    newest. sqlite is an archive without raw pages, for publishing: every version, every view count, search. warc and
    wacz hold every capture of their pages, for the tools of web archives (pywb, ReplayWeb.page).

    A page that asks not to be archived or indexed, or not to be mined for text and data (X-Robots-Tag, robots and TDM
    elements), is kept here and left out there, unless --include-reserved says that you may pass it on.

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
        sites=listed(site),
        sections=listed(section),
        languages=listed(language),
        since=since,
        until=until,
        search=search,
        reserved=include_reserved,
    )
    things: Literal["articles", "captures"] = "captures" if format in OF_CAPTURES else "articles"
    with Archive.open(archive) as opened_archive:
        require_known(opened_archive, selection)
        count = FORMATS[format](opened_archive, selection, limit, output)
        left_out = opened_archive.left_out(selection, things)
    click.echo(f"{count:,} {things}{f' in {output}' if output else ''}.", err=True)
    if left_out:
        click.echo(f"{left_out:,} {things} that their site reserves were left out (--include-reserved).", err=True)


def listed(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(part for each in text.split(",") if (part := each.strip())))


def require_known(archive: Archive, selection: Selection) -> None:
    """Raise ``SiteError`` for a site, section or language of which the archive holds nothing: a slip of the pen."""
    asked: dict[Literal["site", "section", "language"], tuple[str, ...]] = {
        "site": selection.sites,
        "section": selection.sections,
        "language": selection.languages,
    }
    for column, wanted in asked.items():
        held = archive.held(column) if wanted else []
        for each in wanted:
            if each not in held:
                raise SiteError(f"{archive.path} holds no {column} {each!r}; it holds {', '.join(held) or 'none'}.")


@contextmanager
def opened_binary(output: Path | None) -> Iterator[IO[bytes]]:
    if output is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
    else:
        with new_file(output) as file:
            yield file


@contextmanager
def opened(output: Path | None, encoding: str) -> Iterator[IO[str]]:
    with opened_binary(output) as binary:
        file = TextIOWrapper(binary, encoding=encoding, newline="")
        yield file
        file.flush()
        file.detach()
