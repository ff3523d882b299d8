"""The rows of a page's SQL query: the first ones for the page, all of them as CSV."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from datasette.views.base import DatasetteError

from caliber_crawler.browse.csv_file import csv_file

if TYPE_CHECKING:
    from datasette.utils.asgi import Response

    from caliber_crawler.archive.core.connection import Connection
    from caliber_crawler.browse.pages import PageRequest


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
