"""The search page: ranked hits with the words found marked, narrowed by what stands in its address."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

from datasette.utils.asgi import Response

from caliber_crawler.archive.hits import MARKS
from caliber_crawler.archive.search import FILTERS, ORDERS
from caliber_crawler.browse.search import Answer, search
from caliber_crawler.export.text import write_csv

if TYPE_CHECKING:
    from caliber_crawler.archive.connection import Connection
    from caliber_crawler.browse.pages import Asked

PER_PAGE = 20
MOST_PAGES = 1_000
MOST_EXPORTED = 1_000
"""Hits in a CSV or JSON file; more of an archive is exported by `caliber export`."""

COLUMNS = ("article_id", "url", "headline", "published_at", "language", "section", "views", "site", "snippet")


async def search_page(asked: Asked) -> Response:
    """``/-/search?q=…&language=en&section=politics&from=2026-01-01&to=2026-01-31&order=newest&page=2``."""
    number = asked.number("page", 1, most=MOST_PAGES)
    answer = await _answer(asked, limit=PER_PAGE, offset=(number - 1) * PER_PAGE)
    choices = await asked.read(_choices)
    context: dict[str, Any] = {
        "query": asked.argument("q"),
        "order": _order(asked),
        "wanted": _filters(asked),
        "answer": answer,
        "number": number,
        "first": (number - 1) * PER_PAGE + 1,
        "has_more": answer.total > number * PER_PAGE and number < MOST_PAGES,
        "most_exported": MOST_EXPORTED,
    }
    return await asked.html("archive_search.html", context | choices)


async def search_csv(asked: Asked) -> Response:
    """The same as CSV, :data:`MOST_EXPORTED` hits at most."""
    answer = await _answer(asked, limit=MOST_EXPORTED, offset=0)
    file = io.StringIO()
    write_csv([hit | {"snippet": _plain(hit["snippet"])} for hit in answer.hits], COLUMNS, file)
    return Response(
        file.getvalue(),
        content_type="text/csv; charset=utf-8",
        headers={"content-disposition": 'attachment; filename="search.csv"'},
    )


async def search_json(asked: Asked) -> Response:
    """The same as JSON; ``message`` says what was wrong with the query."""
    answer = await _answer(asked, limit=MOST_EXPORTED, offset=0)
    hits = [hit | {"snippet": _plain(hit["snippet"])} for hit in answer.hits]
    text = json.dumps({"total": answer.total, "message": answer.message, "hits": hits}, ensure_ascii=False)
    return Response(text, content_type="application/json; charset=utf-8")


async def _answer(asked: Asked, *, limit: int, offset: int) -> Answer:
    query, filters, order = asked.argument("q"), _filters(asked), _order(asked)
    return await asked.read(
        lambda connection: search(connection, query, filters, order=order, limit=limit, offset=offset)
    )


def _filters(asked: Asked) -> dict[str, str]:
    return {name: asked.argument(name) for name in FILTERS}


def _order(asked: Asked) -> str:
    return asked.argument("order") if asked.argument("order") in ORDERS else "best"


def _choices(connection: Connection) -> dict[str, list[str]]:
    return {f"{name}s": connection.values(f"SELECT DISTINCT {name} FROM sections ORDER BY 1") for name in FILTERS[:3]}


def _plain(snippet: str) -> str:
    return "".join(letter for letter in snippet if letter not in MARKS)
