"""The formats of ``caliber export``."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, cast

from caliber_crawler import __version__
from caliber_crawler.archive import Archive, Selection
from caliber_crawler.archive.core.times import utc_now, utc_text
from caliber_crawler.archive.search.code_columns import PREFIX
from caliber_crawler.archive.search.text_rows import ExportRow, RowKind
from caliber_crawler.archive.texts.citation_styles import CitationStyle, write_bibliography
from caliber_crawler.commands.output_stream import open_binary_output, open_output
from caliber_crawler.export import Row, write_csv, write_jsonl, write_parquet, write_rss
from caliber_crawler.export.data_package import Description, Source, Table, write_data_package
from caliber_crawler.export.documents import write_documents
from caliber_crawler.export.file_set import FileSet, Folder, ZipFolder
from caliber_crawler.export.vertical import write_conllu, write_vertical
from caliber_crawler.export.workbook import NOTES, write_workbook
from caliber_crawler.items import Capture
from caliber_crawler.output_files import is_stream, new_file, new_files, new_folder, new_path
from caliber_crawler.quantity import quantity
from caliber_crawler.warc import write_wacz, write_warcs

NEWEST = 50
"""Default number of articles in a feed."""
TITLES: dict[RowKind, str] = {
    "articles": "Articles in their current version",
    "versions": "Every version that the sites published",
    "view_counts": "Every observed view count",
}
CODES_OF_VARIABLE = "Codes from all coders, each once, separated by semicolons."
NOT_METADATA = frozenset({"body", "body_markdown"})
"""Columns that a corpus contains as text."""


@dataclass(kw_only=True)
class ExportJob:
    """What to export, and where to."""

    archive: Archive
    selection: Selection
    limit: int | None
    output: Path | None
    max_size: int
    kind: RowKind = "articles"
    fields: tuple[str, ...] = ()
    """The columns; empty for the default of the kind of rows."""
    with_versions: bool = False
    with_view_counts: bool = False
    command: str = ""
    opted_out: int = 0
    written: list[Path] = field(default_factory=list)
    """The written files, if they have other names than ``output``."""
    notes: list[str] = field(default_factory=list)
    """Sentences about the result."""

    def articles(self, *, newest_first: bool = False, default_limit: int | None = None) -> Iterator[Row]:
        limit = self.limit or default_limit
        return self.archive.rows(self.selection, newest_first=newest_first, limit=limit)

    def rows(self, kind: RowKind | None = None) -> Iterator[ExportRow]:
        return self.archive.rows_of_kind(self.selection, kind or self.kind, limit=self.limit)

    @property
    def columns(self) -> dict[str, type]:
        return self.columns_of(self.kind, self.fields)

    def columns_of(self, kind: RowKind, fields: tuple[str, ...] = ()) -> dict[str, type]:
        """The columns of a kind of rows, or some of them. Raises ``InputError`` for an unknown field."""
        return self.archive.columns_of_kind(kind, fields)

    @property
    def metadata(self) -> list[str]:
        """The columns without the texts."""
        return [name for name in self.columns if name not in NOT_METADATA]

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
        return write_csv(job.rows(), list(job.columns), file)


def export_jsonl(job: ExportJob) -> int:
    with open_output(job.output, "utf-8") as file:
        return write_jsonl(map(with_lists, job.rows()), list(job.columns), file)


def with_lists(row: ExportRow) -> Row:
    """A row whose authors are a list of names, and whose codes of a variable are a list."""
    if "author_names" not in row:
        return row
    codes = cast(dict[str, list[str]], row["codes"])
    return {**row, "authors": row["author_names"], **{f"{PREFIX}{name}": given for name, given in codes.items()}}


def export_rss(job: ExportJob) -> int:
    with open_binary_output(job.output) as file:
        return write_rss(job.articles(newest_first=True, default_limit=NEWEST), file)


def export_bibliography(job: ExportJob, style: CitationStyle) -> int:
    with open_output(job.output, "utf-8") as file:
        return write_bibliography(job.archive.cited_texts(job.selection, limit=job.limit), style, file)


def export_parquet(job: ExportJob) -> int:
    with open_binary_output(job.output) as file:
        return write_parquet(job.rows(), job.columns, file)


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


def export_xlsx(job: ExportJob) -> int:
    with open_binary_output(job.output) as file:
        written = write_workbook(job.rows(), list(job.columns), job.kind.replace("_", " "), file)
    if written.sheets > 1:
        job.notes.append(f"The rows continue on {quantity(written.sheets, 'sheet')}.")
    if written.cut:
        job.notes.append(f"{quantity(written.cut, 'cell was', 'cells were')} cut: see the sheet {NOTES}.")
    return written.rows


@contextmanager
def open_file_set(job: ExportJob) -> Iterator[FileSet]:
    """The files of an export: a ZIP file if the output ends in ``.zip`` or is a device or pipe, otherwise a folder."""
    if job.path.suffix.lower() == ".zip" or is_stream(job.path):
        with new_file(job.path) as file:
            files = ZipFolder(file, job.path.stem)
            yield files
            files.close()
    else:
        with new_folder(job.path) as folder:
            yield Folder(folder)


def export_documents(job: ExportJob, suffix: str) -> int:
    with open_file_set(job) as files:
        return write_documents(job.rows(), job.metadata, files, suffix)


def export_vrt(job: ExportJob) -> int:
    with open_output(job.output, "utf-8") as file:
        return write_vertical(job.rows(), job.metadata, file)


def export_conllu(job: ExportJob) -> int:
    with open_output(job.output, "utf-8") as file:
        return write_conllu(job.rows(), job.metadata, file)


def export_data_package(job: ExportJob) -> int:
    kinds: list[RowKind] = ["articles"]
    kinds += ["versions"] if job.with_versions else []
    kinds += ["view_counts"] if job.with_view_counts else []
    tables = (Table(name=kind, title=TITLES[kind], columns=job.columns_of(kind), rows=job.rows(kind)) for kind in kinds)
    with open_file_set(job) as files:
        return write_data_package(tables, describe(job), files)["articles"]


def describe(job: ExportJob) -> Description:
    """The description of a data package."""
    sites = [job.archive.sites.get(name) for name in job.selection.sites or job.archive.distinct_values("site")]
    sources = [
        Source(title=site["title"], url=site["url"], reuse=site["reuse"] or "not stated") for site in sites if site
    ]
    now = utc_text(utc_now())
    titles = ", ".join(source.title for source in sources) or "an empty archive"
    return Description(
        name=job.path.stem.lower().replace(" ", "-") or "articles",
        title=f"Articles of {titles}",
        created_at=now,
        query=query_of(job.selection, job.limit),
        sources=sources,
        command=job.command,
        software=f"caliber_crawler {__version__}",
        opted_out=job.opted_out,
        fields={
            f"{PREFIX}{variable.name}": " ".join(filter(None, (CODES_OF_VARIABLE, variable.label)))
            for variable in job.archive.coding.codebook()
        },
    )


def query_of(selection: Selection, limit: int | None) -> Mapping[str, object]:
    """The filters of a selection that are set."""
    filters: dict[str, Any] = {
        name: getattr(selection, name)
        for name in ("sites", "sections", "languages", "first_day", "last_day", "since", "until", "codes", "search")
    }
    filters |= {"limit": limit, "unique": selection.unique or None}
    filters["include_opted_out"] = selection.include_opted_out or None
    return {
        name: utc_text(value) if isinstance(value, datetime) else list(value) if isinstance(value, tuple) else value
        for name, value in filters.items()
        if value not in (None, ())
    }


FORMATS: dict[str, Callable[[ExportJob], int]] = {
    "bibtex": partial(export_bibliography, style="bibtex"),
    "conllu": export_conllu,
    "csl-json": partial(export_bibliography, style="csl-json"),
    "csv": export_csv,
    "datapackage": export_data_package,
    "jsonl": export_jsonl,
    "markdown": partial(export_documents, suffix=".md"),
    "parquet": export_parquet,
    "ris": partial(export_bibliography, style="ris"),
    "rss": export_rss,
    "sqlite": export_sqlite,
    "txt": partial(export_documents, suffix=".txt"),
    "vrt": export_vrt,
    "warc": export_warc,
    "wacz": export_wacz,
    "xlsx": export_xlsx,
}
TO_STDOUT = ("bibtex", "conllu", "csl-json", "csv", "jsonl", "ris", "rss", "vrt")
IN_FOLDERS = ("datapackage", "markdown", "txt")
"""Formats that write a folder or a ZIP file."""
WITH_FIELDS = ("conllu", "csv", "jsonl", "markdown", "parquet", "txt", "vrt", "xlsx")
WITH_VERSIONS = (*WITH_FIELDS, "datapackage")
WITH_VIEW_COUNTS = ("csv", "datapackage", "jsonl", "parquet", "xlsx")
OF_CAPTURES = ("warc", "wacz")
