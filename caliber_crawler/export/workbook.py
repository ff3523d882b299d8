"""XLSX, for spreadsheet programs. Requires the extra ``xlsx``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import IO, Any

from caliber_crawler.errors import MissingExtra
from caliber_crawler.export.feed import NOT_IN_XML
from caliber_crawler.export.row import Row
from caliber_crawler.quantity import quantity

MAX_ROWS = 1_048_576
MAX_CELL = 32_767
"""Limits of a sheet and of a cell in characters: https://support.microsoft.com/office/excel-specifications-and-limits."""
NOTES = "notes"
MAX_NOTES = 10_000


@dataclass
class Written:
    """What a workbook contains."""

    rows: int = 0
    sheets: int = 0
    cut: int = 0
    """The number of cells that did not fit; the sheet ``notes`` lists the first :data:`MAX_NOTES`."""
    notes: list[tuple[str, int, str, int]] = field(default_factory=list)


def write_workbook(rows: Iterable[Row], columns: Sequence[str], title: str, file: IO[bytes]) -> Written:
    """Write a table; more rows than a sheet can have continue on the next sheet. Raises ``MissingExtra``.

    All text stays text, also if it looks like a formula or a link. A text that does not fit into a cell ends with a
    mark, and the sheet ``notes`` lists it with its length.
    """
    try:
        import openpyxl
    except ImportError:
        raise MissingExtra("xlsx") from None
    book = openpyxl.Workbook(write_only=True)
    written = Written()
    sheet: Any = None
    place = MAX_ROWS
    for row in rows:
        if place >= MAX_ROWS:
            sheet = new_sheet(book, title, columns, written)
            place = 1
        place += 1
        cells: list[Any] = []
        for column in columns:
            value = row[column]
            if isinstance(value, list):
                value = "; ".join(map(str, value))
            if isinstance(value, str):
                value = NOT_IN_XML.sub("", value)
                if utf16_length(value) > MAX_CELL:
                    note(written, sheet.title, place, column, len(value))
                    value = shortened(value, f" … [cut: the whole text has {quantity(len(value), 'character')}]")
                cells.append(text_cell(sheet, value))
            else:
                cells.append(value)
        sheet.append(cells)
        written.rows += 1
    if sheet is None:
        new_sheet(book, title, columns, written)
    if written.cut:
        notes = book.create_sheet(NOTES)
        notes.append(["sheet", "row", "column", "characters of the whole text"])
        for line in written.notes:
            notes.append(line)
        if written.cut > len(written.notes):
            notes.append([f"and {written.cut - len(written.notes):,} more"])
    book.save(file)
    return written


def new_sheet(book: Any, title: str, columns: Sequence[str], written: Written) -> Any:
    written.sheets += 1
    sheet = book.create_sheet(title if written.sheets == 1 else f"{title} {written.sheets}")
    sheet.freeze_panes = "A2"
    sheet.append(list(columns))
    return sheet


def note(written: Written, sheet: str, row: int, column: str, length: int) -> None:
    written.cut += 1
    if len(written.notes) < MAX_NOTES:
        written.notes.append((sheet, row, column, length))


def utf16_length(text: str) -> int:
    """The length of a text as spreadsheet programs count it."""
    return len(text) + sum(letter > "\uffff" for letter in text)


def text_cell(sheet: Any, text: str) -> Any:
    """A cell of a write-only sheet with a text, which stays text also if it looks like a formula."""
    from openpyxl.cell import WriteOnlyCell

    cell = WriteOnlyCell(sheet, text)
    # Assigning a text that begins with "=" makes it a formula.
    cell.data_type = "s"
    return cell


def shortened(text: str, mark: str) -> str:
    """A text that does not fit into a cell, with a mark at its end."""
    kept = text[: MAX_CELL - len(mark)]
    while utf16_length(kept) > MAX_CELL - len(mark):
        kept = kept[: -max(1, (utf16_length(kept) - MAX_CELL + len(mark)) // 2)]
    return kept + mark
