"""The sites of an archive: last run, state and alarms, new articles against usual, coverage, problems, growth."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from datasette.utils.asgi import Response

from caliber_crawler.archive.core.times import utc_now, utc_text
from caliber_crawler.archive.reports.site_reports import (
    COLUMNS,
    DAYS,
    FieldShare,
    SiteReport,
    add_fields,
    flat_row,
    reports_without_fields,
    severity,
    site_reports,
)
from caliber_crawler.archive.reports.status import cold_storage
from caliber_crawler.browse.csv_file import csv_file

if TYPE_CHECKING:
    from caliber_crawler.archive.core.connection import Connection
    from caliber_crawler.browse.pages import Context, PageRequest

PER_PAGE = 50
MAX_PAGES = 10_000
HEIGHT, STEP = 20, 3
"""Height of a row's picture of new articles, and the width of a day in it, in its own units."""

Key = Callable[[SiteReport], float | str | None]
ORDERS: dict[str, tuple[str, Key, bool]] = {
    "title": ("Site", lambda report: report["title"].casefold(), False),
    "last_run": ("Last crawl", lambda report: report["last_run_at"], True),
    "new": ("New in 24 h", lambda report: report["new_articles"], True),
    "coverage": ("Coverage", lambda report: report["coverage"], False),
    "failed": ("Failed", lambda report: report["failed_urls"], True),
    "refused": ("Refused", lambda report: report["refused_urls"], True),
    "problems": ("Problems", lambda report: report["problems"], True),
    "stored": ("Stored", lambda report: report["stored_bytes"], True),
    "growth": ("Growth", lambda report: report["bytes_per_day"], True),
    "due": ("Next due", lambda report: report["next_due_at"], False),
}
"""Orders other than by state: heading, value, and whether the largest value comes first."""


class Row(NamedTuple):
    """A site as a row of the page."""

    report: SiteReport
    bars: list[tuple[int, float]]
    """Position and height of a bar for each day with new articles."""
    most: int
    """The largest number of new articles of a day."""
    low: list[FieldShare]
    has_history: bool
    """Whether it is known what share of its pages has each field usually."""


async def sites_page(page_request: PageRequest) -> Response:
    """``/-/sites?sort=growth&page=2``."""
    number = page_request.number("page", 1, most=MAX_PAGES)
    order = page_request.argument("sort")

    def load(connection: Connection) -> Context:
        now = utc_now()
        reports = in_order(reports_without_fields(connection, now), order)
        shown = reports[PER_PAGE * (number - 1) : PER_PAGE * number]
        add_fields(connection, shown)
        states = [report["state"] for report in reports]
        return {
            "now": utc_text(now),
            "total": len(reports),
            "counts": {name: states.count(name) for name in ("failed", "alarm", None, "healthy")},
            "cold": cold_storage(connection),
            "rows": [row(report) for report in shown],
        }

    context: Context = {
        "orders": {name: heading for name, (heading, _, _) in ORDERS.items()},
        "order": order if order in ORDERS else "",
        "descending": order in ORDERS and ORDERS[order][2],
        "number": number,
        "per_page": PER_PAGE,
        "days": DAYS,
        "width": STEP * DAYS,
        "height": HEIGHT,
        "step": STEP,
    }
    return await page_request.html("archive_sites.html", context | await page_request.read(load))


async def sites_csv(page_request: PageRequest) -> Response:
    """``/-/sites.csv``: every site, in the same order."""
    reports = await page_request.read(site_reports)
    return csv_file("sites.csv", map(flat_row, in_order(reports, page_request.argument("sort"))), COLUMNS)


async def sites_json(page_request: PageRequest) -> Response:
    """``/-/sites.json``: the same with alarms, fields and days as lists."""
    reports = in_order(await page_request.read(site_reports), page_request.argument("sort"))
    body = json.dumps(reports, ensure_ascii=False)
    return Response(body, content_type="application/json; charset=utf-8")


def in_order(reports: Sequence[SiteReport], order: str) -> list[SiteReport]:
    """Return the sites in one of ``ORDERS``, those without a value last; by state for any other name."""
    if order not in ORDERS:
        return sorted(reports, key=severity)
    _, value, largest_first = ORDERS[order]
    known = [report for report in reports if value(report) is not None]
    known.sort(key=value, reverse=largest_first)  # type: ignore[arg-type]  # no value is missing, all are of one type
    return [*known, *(report for report in reports if value(report) is None)]


def row(report: SiteReport) -> Row:
    """Return a site as a row of the page."""
    fields = report["fields"]
    days = report["new_per_day"]
    return Row(
        report,
        bars(days),
        max((day for day in days if day), default=0),
        [each for each in fields if each["is_low"]],
        any(each["usual"] is not None for each in fields),
    )


def bars(days: Sequence[int | None]) -> list[tuple[int, float]]:
    """Return the bars of a row's picture."""
    top = max((day for day in days if day), default=1)
    return [(STEP * place, round(max(HEIGHT * day / top, 1), 1)) for place, day in enumerate(days) if day]
