"""The search page: ranked hits with highlighted words, filtered by query parameters; without a query, all articles."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

from datasette.utils.asgi import Response

from caliber_crawler.browse.csv_file import csv_file
from caliber_crawler.browse.search import MAX_EXPORTED, NARROWING, Answer, answer, asked_for, wrong_day
from caliber_crawler.browse.search_counts import MAX_VALUES, SearchCounts, count_hits
from caliber_crawler.errors import QueryError

if TYPE_CHECKING:
    from caliber_crawler.archive.core.connection import Connection
    from caliber_crawler.archive.search import Search
    from caliber_crawler.browse.pages import Context, PageRequest

PER_PAGE = 20
MAX_PAGES = 1_000

COLUMNS = ("article_id", "url", "headline", "published_at", "language", "section", "views", "site", "snippet")


async def search_page(page_request: PageRequest) -> Response:
    """``/-/search?q=…&language=en&section=politics&from=2026-01-01&to=2026-01-31&order=newest&page=2``."""
    number = page_request.number("page", 1, most=MAX_PAGES)
    search = replace(asked_for(page_request), limit=PER_PAGE, offset=(number - 1) * PER_PAGE)
    answered, counts = await page_request.read(lambda connection: counted_answer(connection, search))
    listed = await page_request.read(choices)
    context: Context = {
        "query": search.query,
        "order": search.order,
        "wanted": {name: page_request.argument(name) for name in NARROWING},
        "answer": answered,
        "number": number,
        "first": search.offset + 1,
        "has_more": answered.total > number * PER_PAGE and number < MAX_PAGES,
        "max_exported": MAX_EXPORTED,
        "is_last": number == MAX_PAGES,
        "listed": PER_PAGE * MAX_PAGES,
        "counts": counts,
        "most_values": None if page_request.argument("facets") == "all" else MAX_VALUES,
    }
    return await page_request.html("archive_search.html", context | listed, status=answered.status)


def counted_answer(connection: Connection, search: Search) -> tuple[Answer, SearchCounts | None]:
    """Return the articles of a page with the counts of all that match; ``None`` for a search that is wrong."""
    counts = None
    with suppress(QueryError):  # which the answer describes
        if not wrong_day(search.where):
            counts = count_hits(connection, replace(search.where, search=search.query or None))
    return answer(connection, search, counts.total if counts else None), counts


async def search_csv(page_request: PageRequest) -> Response:
    """``/-/search.csv``: at most :data:`MAX_EXPORTED` hits."""
    found = await _everything(page_request)
    if found.message:
        return Response.text(str(found.error or found.message), status=found.status)
    return csv_file("search.csv", _exported(found), COLUMNS)


async def search_json(page_request: PageRequest) -> Response:
    """``/-/search.json``: at most :data:`MAX_EXPORTED` hits; ``message`` and ``place`` are about a wrong query."""
    found = await _everything(page_request)
    answered: Context = {"total": found.total, "message": found.message, "hits": _exported(found)}
    if found.error:
        answered["place"] = [found.error.start, found.error.end]
    return Response(
        json.dumps(answered, ensure_ascii=False), found.status, content_type="application/json; charset=utf-8"
    )


async def _everything(page_request: PageRequest) -> Answer:
    search = replace(asked_for(page_request), limit=MAX_EXPORTED)
    return await page_request.read(lambda connection: answer(connection, search))


def _exported(found: Answer) -> list[dict[str, object]]:
    return [asdict(hit) for hit in found.hits]


def choices(connection: Connection) -> dict[str, list[str]]:
    """Return the languages, sections and sites of an archive, for forms."""
    names = ("language", "section", "site")
    return {f"{name}s": connection.values(f"SELECT DISTINCT {name} FROM sections ORDER BY 1") for name in names}
