"""Canned queries: the list of all, and each with its form, chart, table and SQL, as CSV and as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from datasette import NotFound
from datasette.utils.asgi import Response
from markupsafe import Markup, escape

from caliber_crawler.browse.canned_queries import CannedQuery, RowsChart, canned_queries
from caliber_crawler.browse.cells import MAX_URL_LENGTH, author_query, link
from caliber_crawler.browse.charts_page import colour_domain
from caliber_crawler.browse.dates import brief_local_moment, brief_moment, day
from caliber_crawler.browse.search_page import choices
from caliber_crawler.browse.sql_rows import SqlRows, sql_csv, sql_rows
from caliber_crawler.browse.urls import is_web_url

if TYPE_CHECKING:
    from caliber_crawler.browse.pages import Context, PageRequest

MAX_ROWS = 500
"""Maximum number of rows on a page; CSV and JSON contain all."""
MAX_RANKS = 30
"""Maximum number of bars in a chart of ranks."""
ARTICLE_TABLES = ("articles", "versions", "view_counts", "links")
"""The tables that the queries need: see ``routes.py``."""


async def queries_page(page_request: PageRequest) -> Response:
    """``/-/queries``."""
    return await page_request.html("archive_queries.html", {"queries": canned_queries()})


async def query_page(page_request: PageRequest) -> Response:
    """``/-/queries/<name>?language=en``."""
    name, query = _asked_for(page_request)
    values = _values(page_request, query)
    result = await page_request.read(lambda connection: sql_rows(connection, query.sql, values, most=MAX_ROWS))
    listed = await page_request.read(choices)
    chart = query.chart
    context: Context = {
        "name": name,
        "query": query,
        "values": values,
        "options": {key: listed.get(f"{key}s") or query.choices.get(key) for key in query.params},
        "result": result,
        "cells": [_cells(page_request, result.columns, row) for row in result.rows],
        "chart": chart if chart and _has_values(chart, result) else None,
        "max_ranks": MAX_RANKS,
        "domain": await page_request.read(
            lambda connection: colour_domain(connection, chart.series if chart else None)
        ),
        "may_ask_sql": await page_request.may_ask_sql(),
    }
    return await page_request.html("archive_query_rows.html", context, scripts=True)


async def query_csv(page_request: PageRequest) -> Response:
    """``/-/queries/<name>.csv``: all rows."""
    name, query = _asked_for(page_request)
    return await sql_csv(page_request, name, query.sql, _values(page_request, query))


async def query_json(page_request: PageRequest) -> Response:
    """``/-/queries/<name>.json``: all rows."""
    name, query = _asked_for(page_request)
    values = _values(page_request, query)
    result = await page_request.read(lambda connection: sql_rows(connection, query.sql, values))
    answered = {
        "query": name,
        "parameters": values,
        "total": result.total,
        "rows": [dict(zip(result.columns, row, strict=True)) for row in result.rows],
    }
    return Response(json.dumps(answered, ensure_ascii=False), content_type="application/json; charset=utf-8")


def _has_values(chart: RowsChart, result: SqlRows) -> bool:
    """Return whether any mark of a chart would have a size."""
    place = result.columns.index(chart.x if chart.mark == "ranks" else chart.y)
    return any(row[place] for row in result.rows)


def _asked_for(page_request: PageRequest) -> tuple[str, CannedQuery]:
    name = page_request.request.url_vars["query"]
    if name not in canned_queries():
        raise NotFound("This query does not exist.")
    return name, canned_queries()[name]


def _values(page_request: PageRequest, query: CannedQuery) -> dict[str, str]:
    return {name: page_request.argument(name) for name in query.params}


def _cells(page_request: PageRequest, columns: Sequence[str], row: Sequence[object]) -> list[Markup]:
    """Return the cells of a row as HTML: links to the article, to other sites and to an author; readable dates."""
    values = dict(zip(columns, row, strict=True))
    return [_cell(page_request, values, column, value) for column, value in values.items()]


def _cell(page_request: PageRequest, row: dict[str, object], column: str, value: object) -> Markup:
    if value is None:
        return Markup()
    if isinstance(value, int | float):
        # An ID is a name and not a quantity.
        shown = str(value) if column == "article_id" else f"{value:,}"
        return _article_link(page_request, row, shown) if column == "article_id" else escape(shown)
    text = str(value)
    if column == "headline" and "article_id" in row:
        return _article_link(page_request, row, text)
    if column == "author":
        url = page_request.url_of("search", q=author_query(text), language=row.get("language"))
        return Markup('<a href="{}">{}</a>').format(url, text)
    if column in ("url", "linked") and is_web_url(text):
        return link(text, longest=MAX_URL_LENGTH)
    return escape(_date(column, text) or text)


def _article_link(page_request: PageRequest, row: dict[str, object], shown: str) -> Markup:
    url = page_request.datasette.urls.row(page_request.database, "articles", str(row["article_id"]))
    language = row.get("language")
    spoken = Markup(' lang="{}"').format(language) if language and not shown.isdecimal() else Markup()
    return Markup('<a href="{}" data-article{}>{}</a>').format(url, spoken, shown)


def _date(column: str, text: str) -> str | None:
    """Return a time or day as on other pages; ``None`` for a column of something else."""
    _, _, kind = column.rpartition("_")
    if kind not in ("at", "local", "on", "time"):
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if len(text) == len("2026-01-31"):
        return day(text)
    return brief_moment(text) if moment.utcoffset() is not None and text.endswith("Z") else brief_local_moment(text)
