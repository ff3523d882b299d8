"""Spreadsheets that people edit: CSV as programs write it, and XLSX (extra ``coding``)."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from caliber_crawler.errors import CaliberError, InputError, MissingExtra, SheetError
from caliber_crawler.export import write_csv
from caliber_crawler.export.feed import NOT_IN_XML
from caliber_crawler.export.workbook import MAX_CELL, shortened, text_cell, utf16_length

MAX_BYTES = 50_000_000
"""Largest file. A sheet of 10,000 long articles has about this size."""
MAX_UNPACKED_BYTES = 250_000_000
MAX_COLUMNS = 1_000
CUT = " … [cut]"
DELIMITERS = ",;\t|"

Choices = Mapping[str, Sequence[str]]
"""The values that a spreadsheet offers in each of these columns."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table of text."""

    columns: list[str]
    rows: list[dict[str, str]]
    """Cells by column; empty cells are empty text."""


def read_sheet(path: Path) -> Sheet:
    """Read a CSV or XLSX file, of XLSX the first sheet.

    CSV may be in UTF-8 or UTF-16, with or without a byte order mark, and separated by comma, semicolon, tab or ``|``.
    Raises ``InputError`` if the file cannot be read, ``SheetError`` if it is not such a table, and ``MissingExtra``.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from error
    if len(content) > MAX_BYTES:
        raise SheetError(f"{path} is larger than {MAX_BYTES // 1_000_000} MB, so it is not a sheet.")
    lines = _xlsx_lines(path, content) if content.startswith(b"PK") else _csv_lines(path, content)
    columns = [name.strip() for name in next(lines, [])]
    while columns and not columns[-1]:
        columns.pop()
    if not columns:
        raise SheetError(f"{path} has no header row.")
    if len(columns) > MAX_COLUMNS:
        raise SheetError(f"{path} has more than {MAX_COLUMNS:,} columns.")
    if repeated := next((name for name in columns if columns.count(name) > 1), None):
        raise SheetError(f"{path} has two columns named {repeated!r}.")
    rows = []
    for number, cells in enumerate(lines, start=2):
        if any(cell.strip() for cell in cells[len(columns) :]):
            raise SheetError(f"{path}, row {number}: it has more cells than the header.")
        padded = [*cells, *[""] * (len(columns) - len(cells))]
        rows.append(dict(zip(columns, padded, strict=False)))
    return Sheet(columns, rows)


def _csv_lines(path: Path, content: bytes) -> Iterator[list[str]]:
    is_utf16 = content.startswith((b"\xff\xfe", b"\xfe\xff"))
    try:
        text = content.decode("utf-16" if is_utf16 else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise SheetError(f"{path} is not in UTF-8: save it as “CSV UTF-8”, or as XLSX.") from error
    header = text.split("\n", 1)[0]
    delimiter = max(DELIMITERS, key=header.count)
    try:
        yield from csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    except csv.Error as error:
        raise SheetError(f"{path} is not a CSV file: {error}.") from error


def _xlsx_lines(path: Path, content: bytes) -> Iterator[list[str]]:
    openpyxl = _openpyxl()
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            if sum(member.file_size for member in packed.infolist()) > MAX_UNPACKED_BYTES:
                raise SheetError(f"{path} unpacks to more than {MAX_UNPACKED_BYTES // 1_000_000} MB.")
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        lines = ([_text(value) for value in row] for row in book.worksheets[0].iter_rows(values_only=True))
        yield from lines
    except CaliberError:
        raise
    except Exception as error:  # a damaged file makes the libraries' parsers raise whatever they can
        raise SheetError(f"{path} is not an XLSX file that can be read.") from error


def _text(value: object) -> str:
    """A cell as people see it: whole numbers without a decimal point, times in ISO 8601."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return value.isoformat() if isinstance(value, datetime) else str(value)


def write_sheet(
    rows: Iterable[Mapping[str, Any]], columns: Sequence[str], file: IO[bytes], *, suffix: str, choices: Choices
) -> list[str]:
    """Write a table as ``.csv`` or ``.xlsx``; return a note on each cell that had to be cut.

    ``choices`` are offered in XLSX as drop-down lists. Text that looks like a formula stays text.
    """
    if suffix != ".xlsx":
        with _text_file(file) as text:
            write_csv(rows, columns, text)
        return []
    return _write_xlsx(rows, columns, file, choices)


@contextmanager
def _text_file(file: IO[bytes]) -> Iterator[IO[str]]:
    # Spreadsheets detect UTF-8 by the byte order mark.
    text = io.TextIOWrapper(file, "utf-8-sig", newline="")
    yield text
    text.flush()
    text.detach()


def _write_xlsx(
    rows: Iterable[Mapping[str, Any]], columns: Sequence[str], file: IO[bytes], choices: Choices
) -> list[str]:
    openpyxl = _openpyxl()
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet()
    sheet.freeze_panes = "A2"
    sheet.append(list(columns))
    notes: list[str] = []
    number = 1
    for number, row in enumerate(rows, start=2):
        cells: list[Any] = []
        for name in columns:
            value = row[name]
            if isinstance(value, str):
                value = NOT_IN_XML.sub("", value)
                if utf16_length(value) > MAX_CELL:
                    notes.append(f"row {number}, column {name}: cut to {MAX_CELL:,} characters")
                    value = shortened(value, CUT)
                value = text_cell(sheet, value)
            cells.append(value)
        sheet.append(cells)
    for name, values in choices.items():
        letter = openpyxl.utils.get_column_letter(columns.index(name) + 1)
        _offer(openpyxl, sheet, f"{letter}2:{letter}{max(number, 2)}", values)
    book.save(file)
    return notes


def _offer(openpyxl: Any, sheet: Any, cells: str, values: Sequence[str]) -> None:
    """Add a drop-down list, if the values fit: a list is one text of at most 255 characters."""
    listed = ",".join(values)
    if len(listed) > 255 or any("," in value or '"' in value for value in values):
        return
    validation = openpyxl.worksheet.datavalidation.DataValidation(type="list", formula1=f'"{listed}"', allow_blank=True)
    validation.add(cells)
    sheet.data_validations.append(validation)


def _openpyxl() -> Any:
    try:
        import openpyxl
        import openpyxl.utils
        import openpyxl.worksheet.datavalidation
    except ImportError:
        raise MissingExtra("coding") from None
    return openpyxl
