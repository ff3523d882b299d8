"""The rows of a page's SQL query: the first ones for the page, all of them as CSV."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from datasette.database import QueryInterrupted
from datasette.views.base import DatasetteError

from caliber_crawler.browse.csv_file import csv_file

if TYPE_CHECKING:
    from datasette.app import Datasette
    from datasette.utils.asgi import Response

    from caliber_crawler.archive.core.connection import Connection
    from caliber_crawler.browse.pages import PageRequest

MAX_COUNT_MS = 500
"""Milliseconds for counting the rows of a query that has more than a page shows."""


@dataclass(frozen=True, slots=True)
class SqlRows:
    """The rows of a query, or its first ones, and the number of all."""

    columns: tuple[str, ...]
    rows: list[tuple[object, ...]]
    total: int


def sql_rows(connection: Connection, sql: str, values: Mapping[str, str], *, most: int | None = None) -> SqlRows:
    """Return all rows of a query, or the first ones."""
    cursor = connection.execute(sql, dict(values))
    columns = tuple(column[0] for column in cursor.description)
    rows = [tuple(row) for row in (cursor if most is None else cursor.fetchmany(most + 1))]
    # To count the others as they come costs less than to run the query again.
    total = len(rows) + sum(1 for _ in cursor)
    return SqlRows(columns, rows[:most], total)


async def count_rows(sql: str, datasette: Datasette, database: str, values: Mapping[str, str]) -> int | None:
    """Return the number of rows of a visitor's query; ``None`` if that would take too long or cannot be counted."""
    counting = f"SELECT count(*) FROM (\n{sql.strip().removesuffix(';')}\n)"
    try:
        counted = await datasette.get_database(database).execute(
            counting, dict(values), custom_time_limit=MAX_COUNT_MS, log_sql_errors=False
        )
    except (sqlite3.Error, QueryInterrupted):
        return None
    return int(counted.rows[0][0])


async def sql_csv(page_request: PageRequest, name: str, sql: str, values: Mapping[str, str]) -> Response:
    """Return all rows of a query as a CSV file; a file beyond Datasette's limit is an error and not cut."""
    found = await page_request.read(lambda connection: sql_rows(connection, sql, values))
    answer = csv_file(f"{name}.csv", (dict(zip(found.columns, row, strict=True)) for row in found.rows), found.columns)
    most = int(page_request.datasette.setting("max_csv_mb"))
    if most and len(answer.body) > most << 20:
        raise DatasetteError(
            f"The file would be larger than {most} MB. Select fewer articles.", title="Limit exceeded", status=400
        )
    return answer
