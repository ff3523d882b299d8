"""CSV and JSON Lines."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Sequence
from typing import IO, Any

from caliber_crawler.export.row import Row

FORMULA = re.compile("[\\s\x00]*[=+\\-@\t\r\n＝＋－＠]")
"""Start of a cell that a spreadsheet evaluates: https://owasp.org/www-community/attacks/CSV_Injection."""

LINE_ENDS = {"\x85": "\\u0085", "\u2028": "\\u2028", "\u2029": "\\u2029"}
"""Characters that JSON does not escape but many programs treat as line ends."""


def write_csv(rows: Iterable[Row], columns: Sequence[str], file: IO[str]) -> int:
    """Write a table in the format of RFC 4180, with a header; return the number of rows.

    Text that a spreadsheet would evaluate as a formula is prefixed with an apostrophe, which spreadsheets do not show.
    Open the file with ``newline=""``.
    """
    # All text is quoted, so that a spreadsheet with another separator setting does not split cells.
    writer = csv.writer(file, quoting=csv.QUOTE_NONNUMERIC)
    writer.writerow(columns)
    count = 0
    for row in rows:
        writer.writerow([cell(row[column]) for column in columns])
        count += 1
    return count


def cell(value: Any) -> Any:
    """Return a value that is safe in a spreadsheet; numbers remain numbers, ``None`` becomes empty."""
    if not isinstance(value, str):
        return value
    value = value.replace("\x00", "")
    return f"'{value}" if FORMULA.match(value) else value


def write_jsonl(rows: Iterable[Row], columns: Sequence[str], file: IO[str]) -> int:
    """Write one JSON object per line; return their number."""
    count = 0
    for row in rows:
        line = json.dumps({column: row[column] for column in columns}, ensure_ascii=False)
        for letter, escaped in LINE_ENDS.items():
            line = line.replace(letter, escaped)
        file.write(line + "\n")
        count += 1
    return count
