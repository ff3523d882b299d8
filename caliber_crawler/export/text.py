"""CSV and JSON Lines."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Sequence
from typing import IO, Any

from caliber_crawler.export.file import Row

FORMULA = re.compile("[\\s\x00]*[=+\\-@\t\r\n＝＋－＠]")
"""What makes a spreadsheet calculate, not show, a cell: https://owasp.org/www-community/attacks/CSV_Injection."""

LINE_ENDS = {"\x85": "\\u0085", "\u2028": "\\u2028", "\u2029": "\\u2029"}
"""Letters that JSON leaves as they are, and many a program takes for the end of a line."""


def write_csv(rows: Iterable[Row], columns: Sequence[str], file: IO[str]) -> int:
    """Write a table as RFC 4180 describes it, a header first; how many rows.

    Text that a spreadsheet would take for a formula gets an apostrophe in front, which spreadsheets do not show.
    Open the file with ``newline=""``.
    """
    # Quotes around all text: no other separator that a spreadsheet may believe in can cut a cell in two.
    writer = csv.writer(file, quoting=csv.QUOTE_NONNUMERIC)
    writer.writerow(columns)
    count = 0
    for row in rows:
        writer.writerow([cell(row[column]) for column in columns])
        count += 1
    return count


def cell(value: Any) -> Any:
    """A value as it is safe in a spreadsheet; numbers stay numbers, and what is unknown is empty."""
    if not isinstance(value, str):
        return value
    value = value.replace("\x00", "")
    return f"'{value}" if FORMULA.match(value) else value


def write_jsonl(rows: Iterable[Row], columns: Sequence[str], file: IO[str]) -> int:
    """Write one JSON object per line; how many."""
    count = 0
    for row in rows:
        line = json.dumps({column: row[column] for column in columns}, ensure_ascii=False)
        for letter, escaped in LINE_ENDS.items():
            line = line.replace(letter, escaped)
        file.write(line + "\n")
        count += 1
    return count
