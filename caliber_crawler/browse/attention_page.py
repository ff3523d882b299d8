"""Attention over time: a chart and a table of the articles that match several queries."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, cast
from urllib.parse import urlencode

from datasette.utils.asgi import Response

from caliber_crawler.archive.analysis.attention import BREAKDOWNS, PERIODS, Attention, AttentionRow, attention
from caliber_crawler.archive.analysis.attention.counts import MAX_QUERIES, NO_GROUP
from caliber_crawler.archive.analysis.attention.periods import last_day_of
from caliber_crawler.archive.search.selection import distinct_values
from caliber_crawler.browse.csv_file import csv_file
from caliber_crawler.browse.search import NARROWING, Answer, filters_of, reading_of, wrong_day
from caliber_crawler.browse.search_page import choices
from caliber_crawler.errors import QueryError
from caliber_crawler.quantity import quantity

if TYPE_CHECKING:
    from caliber_crawler.archive.analysis.attention import Breakdown, Period
    from caliber_crawler.archive.core.connection import Connection
    from caliber_crawler.archive.search.selection import Selection
    from caliber_crawler.browse.pages import Context, PageRequest

COLUMNS = ("query", "group", "period", "articles", "of_all", "share")
FIELDS = 3
"""Minimum number of fields for queries on the page."""
MAX_POINTS = 5_000
"""Maximum number of points of the chart and rows of the table on the page."""
MEASURES = ("articles", "share")


@dataclass(frozen=True, slots=True)
class Question:
    """What the parameters of a page ask for."""

    queries: tuple[str, ...]
    by: Period
    breakdown: Breakdown | None
    measure: str
    where: Selection
    wanted: dict[str, str]
    """The parameters ``NARROWING``."""

    @property
    def parameters(self) -> list[tuple[str, str]]:
        """The same as parameters of a URL."""
        chosen = [("by", self.by), ("breakdown", self.breakdown or ""), ("measure", self.measure)]
        within = [("within", self.where.search or "")]
        return [*(("q", query) for query in self.queries), *chosen, *within, *self.wanted.items()]


async def attention_page(page_request: PageRequest) -> Response:
    """``/-/attention?q=…&q=…&by=month&breakdown=language&measure=share&language=en&from=2026-01-01``."""
    asked = question(page_request)

    def load(connection: Connection) -> Context:
        context: Context = {"domain": distinct_values_of(connection, asked.breakdown), **choices(connection)}
        if not asked.queries:
            return context
        try:
            found = _attention(connection, asked)
        except QueryError as error:
            return context | {"answer": Answer(message=error.problem, error=error)}
        except ValueError as error:
            return context | {"answer": Answer(message=str(error))}
        if len(found) > MAX_POINTS:
            message = (
                f"This gives {quantity(len(found), 'point')}; the page shows at most {MAX_POINTS:,}. Choose"
                " weeks or months,"
                " fewer queries or fewer days. The CSV has all of them."
            )
            return context | {"found": found, "answer": Answer(message=message)}
        return context | {"found": found, "rows": [_shown(page_request, asked, row) for row in found]}

    loaded = await page_request.read(load)
    answer = cast(Answer, loaded.get("answer") or Answer())
    found = cast("Attention | None", loaded.get("found"))
    state = page_request.argument("state")
    context: Context = {
        "asked": asked,
        "fields": [*asked.queries, *[""] * max(FIELDS - len(asked.queries), len(asked.queries) < MAX_QUERIES)],
        "wanted": asked.wanted,
        "periods": PERIODS,
        "breakdowns": BREAKDOWNS,
        "readings": [text for query in asked.queries if not answer.message and (text := reading_of(query))],
        "answer": answer,
        "csv": _url(page_request, asked, "attention.csv"),
        "json": _url(page_request, asked, "attention.json"),
        "permalink": found is not None and _url(page_request, asked, "attention", state=found.state),
        "earlier_state": state if found is not None and state and state != found.state else None,
    }
    status = 400 if answer.message and found is None else 200
    return await page_request.html("archive_attention.html", loaded | context, status=status, scripts=True)


async def attention_csv(page_request: PageRequest) -> Response:
    """``/-/attention.csv``: every row, also those without articles."""
    found = await _everything(page_request)
    if isinstance(found, str):
        return Response.text(found, status=400)
    return csv_file("attention.csv", found, COLUMNS)


async def attention_json(page_request: PageRequest) -> Response:
    """``/-/attention.json``: the same with the state of the archive."""
    found = await _everything(page_request)
    answered = {"message": found} if isinstance(found, str) else asdict(found)
    status = 400 if isinstance(found, str) else 200
    return Response(json.dumps(answered, ensure_ascii=False), status, content_type="application/json; charset=utf-8")


async def _everything(page_request: PageRequest) -> Attention | str:
    """Return the attention, or what is wrong with the question."""
    asked = question(page_request)
    try:
        return await page_request.read(lambda connection: _attention(connection, asked))
    except QueryError as error:
        return str(error)
    except ValueError as error:
        return str(error)


def _attention(connection: Connection, asked: Question) -> Attention:
    if message := wrong_day(asked.where):
        raise ValueError(message)
    return attention(connection, asked.queries, asked.where, by=asked.by, breakdown=asked.breakdown)


def question(page_request: PageRequest) -> Question:
    """Return what the parameters of the page ask for; unknown values are the defaults."""
    queries = dict.fromkeys(query.strip() for query in page_request.request.args.getlist("q"))
    by, breakdown, measure = (page_request.argument(name) for name in ("by", "breakdown", "measure"))
    return Question(
        queries=tuple(query for query in queries if query),
        by=by if by in PERIODS else "month",
        breakdown=breakdown if breakdown in BREAKDOWNS else None,
        measure=measure if measure in MEASURES else MEASURES[0],
        where=replace(filters_of(page_request), search=page_request.argument("within") or None),
        wanted={name: page_request.argument(name) for name in NARROWING},
    )


def distinct_values_of(connection: Connection, breakdown: Breakdown | None) -> list[str]:
    """Return all values of a breakdown in the archive, in a fixed order, so that each keeps its colour."""
    if breakdown is not None and breakdown != "author":
        return [*distinct_values(connection, breakdown), *[NO_GROUP] * (breakdown == "section")]
    return []


def _shown(page_request: PageRequest, asked: Question, row: AttentionRow) -> dict[str, object]:
    """Return a row of the table with the URL of its articles."""
    return {**row, "href": _articles_url(page_request, asked, row) if row["articles"] else None}


def _articles_url(page_request: PageRequest, asked: Question, row: AttentionRow) -> str | None:
    """Return the URL of the search for the articles of a row; ``None`` for a group that has no filter."""
    group, filters = row["group"], dict(asked.wanted)
    query = f"({asked.where.search}) ({row['query']})" if asked.where.search else row["query"]
    if group == NO_GROUP:
        return None
    if asked.breakdown == "author":
        query = f'({query}) author:"{str(group).replace(chr(34), " ")}"'
    elif asked.breakdown:
        filters[asked.breakdown] = str(group)
    first, last = row["period"], last_day_of(row["period"], asked.by)
    filters["from"], filters["to"] = max(first, filters["from"]), min(last, filters["to"] or last)
    return page_request.url_of("search", q=query, **filters)


def _url(page_request: PageRequest, asked: Question, page: str, **more: str) -> str:
    parameters = [(name, value) for name, value in [*asked.parameters, *more.items()] if value]
    return f"{page_request.url_of(page)}?{urlencode(parameters)}"
