"""Charts. Each is one SQL query, which the browser draws from the table below the chart."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, cast
from urllib.parse import urlencode

from datasette import NotFound
from datasette.utils.asgi import BadRequest

from caliber_crawler.archive.analysis.attention.periods import last_day_of
from caliber_crawler.archive.search.selection import distinct_values
from caliber_crawler.browse.search import is_day
from caliber_crawler.browse.sql_rows import sql_csv, sql_rows

if TYPE_CHECKING:
    from datasette.utils.asgi import Response

    from caliber_crawler.archive.analysis.attention import Period
    from caliber_crawler.archive.core.connection import Connection
    from caliber_crawler.browse.pages import Context, PageRequest

MAX_ROWS = 5_000
NO_SECTION = "none"
"""What the queries call articles without a section."""
NUMBERS = re.compile(r"\d{1,18}( ?, ?\d{1,18}){0,49}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """One entry of ``charts.toml``."""

    title: str
    about: str
    mark: str
    sql: str
    x: str
    y: str
    series: str | None = None
    scale: str = "linear"
    note: str | None = None
    """A query for one sentence about the rows."""
    parameters: Mapping[str, str] = field(default_factory=dict)
    choices: Mapping[str, list[str]] = field(default_factory=dict)

    def values(self, page_request: Mapping[str, str]) -> tuple[dict[str, str], str | None]:
        """Return the value of each parameter, and an error message for the first invalid one, which is not used."""
        values, objection = dict(self.parameters), None
        for name, value in page_request.items():
            if not value or name not in values:
                continue
            wrong = self._objection(name, value)
            if wrong is None:
                values[name] = value
            objection = objection or wrong
        return values, objection

    def _objection(self, name: str, value: str) -> str | None:
        if name in ("from", "to") and not is_day(value):
            return f"“{value}” is not a date: write it as 2026-01-31."
        if name == "articles" and not NUMBERS.fullmatch(value):
            return f"“{value}” is not a list of article IDs: write it as 1, 2, 3."
        if name in self.choices and value not in self.choices[name]:
            return f"“{value}” is not one of {', '.join(self.choices[name])}."
        return None


@cache
def charts() -> dict[str, Chart]:
    """Return all charts by name, in the order of the page."""
    described = tomllib.loads(files(__package__).joinpath("charts.toml").read_text("utf-8"))
    return {name: Chart(**chart) for name, chart in described.items()}


async def charts_page(page_request: PageRequest) -> Response:
    """``/-/charts/<name>``; ``/-/charts`` shows the first chart."""
    name, chart, values, objection = _asked_for(page_request)

    def load_page(connection: Connection) -> Context:
        found = sql_rows(connection, chart.sql, values, most=MAX_ROWS)
        return {
            "columns": found.columns,
            "rows": found.rows,
            "total": found.total,
            "urls_of_rows": _urls_of_rows(page_request, chart, values, found.columns, found.rows),
            "note": connection.value(chart.note, values) if chart.note else None,
            "domain": colour_domain(connection, values.get("by", chart.series)),
            "languages": connection.values("SELECT DISTINCT language FROM sections ORDER BY 1"),
            "sections": connection.values("SELECT DISTINCT section FROM sections ORDER BY 1"),
        }

    query = urlencode({"sql": chart.sql.strip(), **values})
    page = {"name": name, "chart": chart, "charts": charts(), "values": values, "objection": objection}
    answer = await page_request.read(load_page)
    return await page_request.html(
        "archive_charts.html",
        page | answer | {"query": query if await page_request.may_ask_sql() else None},
        scripts=True,
    )


async def chart_csv(page_request: PageRequest) -> Response:
    """``/-/charts/<name>.csv``: all rows of a chart's table."""
    name, chart, values, objection = _asked_for(page_request)
    if objection:
        raise BadRequest(objection)
    return await sql_csv(page_request, name, chart.sql, values)


def _asked_for(page_request: PageRequest) -> tuple[str, Chart, dict[str, str], str | None]:
    """Return a chart's name, the chart, the values of its parameters, and a message about an invalid one."""
    name = page_request.request.url_vars.get("chart") or next(iter(charts()))
    if name not in charts():
        raise NotFound("This chart does not exist.")
    chart = charts()[name]
    arguments = {name: page_request.argument(name) for name in chart.parameters}
    if "articles" in arguments:
        # The search page has a parameter for each ticked article.
        arguments["articles"] = ", ".join(filter(None, map(str.strip, page_request.request.args.getlist("articles"))))
    values, objection = chart.values(arguments)
    return name, chart, values, objection


def colour_domain(connection: Connection, column: str | None) -> list[str]:
    """Return every value that has a colour in a chart, in a fixed order; empty if its colours have no fixed meaning."""
    match column:
        case "section":
            return [*distinct_values(connection, "section"), NO_SECTION]
        case "language":
            return distinct_values(connection, "language")
    return []


def _urls_of_rows(
    page_request: PageRequest,
    chart: Chart,
    values: Mapping[str, str],
    columns: Sequence[str],
    rows: Sequence[tuple[object, ...]],
) -> list[str]:
    """Return the URL of the article or the articles of each row; empty for charts without."""
    if "article_id" in columns:
        place = columns.index("article_id")
        urls = page_request.datasette.urls
        return [urls.row(page_request.database, "articles", str(row[place])) for row in rows]
    return [_articles_url(page_request, values, row) for row in rows] if "per" in chart.parameters else []


def _articles_url(page_request: PageRequest, values: Mapping[str, str], row: tuple[object, ...]) -> str:
    """Return the URL of the articles that a bar of the chart of articles counts."""
    first, group = str(row[0]), str(row[1])
    filters = {name: values[name] for name in ("language", "section") if values[name]}
    last = last_day_of(first, cast("Period", values["per"]))
    first, last = max(first, values["from"]), min(last, values["to"] or last)
    if group == NO_SECTION and values["by"] == "section":
        # A search cannot select articles without a section.
        filters |= {"section__isnull": "1", "published_date__gte": first, "published_date__lte": last}
        table = page_request.datasette.urls.table(page_request.database, "articles")
        return f"{table}?{urlencode(filters)}"
    return page_request.url_of("search", **(filters | {values["by"]: group, "from": first, "to": last}))
