"""The page of names: how often each is mentioned, its articles and quotations; and their part of an article's page."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar, get_args

from datasette.utils.asgi import Response
from datasette.views.base import DatasetteError

from caliber_crawler.archive.analysis.names.names import (
    MAX_NODES,
    NameCount,
    Names,
    NameStatus,
    NamingArticle,
    QuotationRow,
)
from caliber_crawler.archive.analysis.names.network import Network
from caliber_crawler.archive.analysis.names.tokens import Kind
from caliber_crawler.archive.search.selection import Selection
from caliber_crawler.browse.csv_file import csv_file
from caliber_crawler.browse.search import NARROWING, filters_of, wrong_day
from caliber_crawler.browse.search_page import choices
from caliber_crawler.errors import QueryError
from caliber_crawler.export.gexf import write_network

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from caliber_crawler.archive.core.connection import Connection
    from caliber_crawler.browse.pages import Context, PageRequest

PER_PAGE = 50
MAX_PAGES = 100_000
KINDS: tuple[Kind, ...] = get_args(Kind)
MAX_COUNTED = 8
"""Lists of names that are kept in memory."""
LEAST_TOGETHER = 2
"""Articles that mention both names of an edge."""
Result = TypeVar("Result")


@dataclass(slots=True)
class Listed:
    """What the page shows."""

    rows: list[Any] = field(default_factory=list)
    """Names, or the articles of one name."""
    total: int = 0
    quotations: list[QuotationRow] = field(default_factory=list)
    quotations_total: int = 0
    similar: list[str] = field(default_factory=list)
    message: str | None = None
    status: NameStatus | None = None


_counted: dict[tuple[object, ...], list[NameCount]] = {}


def counts_of(names: Names, path: Path, selection: Selection, kind: Kind | None) -> list[NameCount]:
    """Return the names of a selection, from memory if nothing was searched or changed since they were counted.

    Codes and copies change without a new text, so selections by them are counted each time.
    """
    if selection.codes or selection.unique:
        return names.selected_counts(selection, kind)
    key = (path, selection, kind, names.state())
    found = _counted.pop(key, None)
    if found is None:
        found = names.selected_counts(selection, kind)
    _counted[key] = found
    for earlier in list(_counted)[:-MAX_COUNTED]:
        _counted.pop(earlier, None)
    return found


async def names_page(page_request: PageRequest) -> Response:
    """``/-/names?kind=person&language=en&q=corridor&page=2``, and ``/-/names?name=Leyla+Mammadova``."""
    selection, kind, name = filters_of(page_request), kind_of(page_request), page_request.argument("name")
    number = page_request.number("page", 1, most=MAX_PAGES)
    start = (number - 1) * PER_PAGE

    def load(connection: Connection) -> Context:
        names = Names(connection)
        listed = Listed(message=wrong_day(selection), status=names.status())
        if listed.message is None:
            try:
                if name:
                    fill(listed, names, selection, kind, name, start)
                else:
                    counts = counts_of(names, connection.path, selection, kind)
                    listed.rows, listed.total = list(counts[start : start + PER_PAGE]), len(counts)
            except QueryError as error:
                listed.message = error.problem
        return {"listed": listed, **choices(connection)}

    context = await page_request.read(load)
    context |= {
        "kinds": KINDS,
        "kind": kind or "",
        "name": name,
        "number": number,
        "per_page": PER_PAGE,
        "max_nodes": MAX_NODES,
        "wanted": {each: page_request.argument(each) for each in (*NARROWING, "q")},
    }
    return await page_request.html("archive_names.html", context)


def fill(listed: Listed, names: Names, selection: Selection, kind: Kind | None, name: str, start: int) -> None:
    """Add the articles and quotations of a name."""
    articles = names.selected_articles(selection, name, kind, start=start, limit=PER_PAGE)
    quotations = names.selected_quotations(selection, name, start=start, limit=PER_PAGE)
    listed.rows, listed.total = list(articles.rows), articles.total
    listed.quotations, listed.quotations_total = quotations.rows, quotations.total
    listed.similar = [] if articles.total else names.similar(name)


async def names_csv(page_request: PageRequest) -> Response:
    """``/-/names.csv``: every name; with ``name``, its articles; with ``show=quotations``, quotations."""
    selection, kind, name = filters_of(page_request), kind_of(page_request), page_request.argument("name")
    if page_request.argument("show") == "quotations":
        quotations = await answer(page_request, lambda names: names.selected_quotations(selection, name or None).rows)
        return csv_file("quotations.csv", quotations, list(QuotationRow.__annotations__))
    if name:
        articles = await answer(page_request, lambda names: names.selected_articles(selection, name, kind).rows)
        return csv_file("articles.csv", articles, list(NamingArticle.__annotations__))
    counts = await answer(page_request, lambda names: names.selected_counts(selection, kind))
    return csv_file("names.csv", counts, list(NameCount.__annotations__))


async def names_gexf(page_request: PageRequest) -> Response:
    """``/-/names.gexf``: the network of the most frequent names."""
    selection, kind = filters_of(page_request), kind_of(page_request)
    network: Network = await answer(
        page_request,
        lambda names: names.selected_network(selection, kind, nodes=MAX_NODES, least=LEAST_TOGETHER),
    )
    file = io.BytesIO()
    write_network(network.nodes, network.edges, file)
    return Response(
        file.getvalue(),
        content_type="application/xml; charset=utf-8",
        headers={"content-disposition": 'attachment; filename="names.gexf"'},
    )


async def answer(page_request: PageRequest, ask: Callable[[Names], Result]) -> Result:
    """Return what the archive answers; a wrong day or query is an error of the visitor."""
    if message := wrong_day(filters_of(page_request)):
        raise DatasetteError(message, title="Invalid date", status=400)
    try:
        return await page_request.read(lambda connection: ask(Names(connection)))
    except QueryError as error:
        raise DatasetteError(error.problem, title="Invalid query", status=400) from error


def kind_of(page_request: PageRequest) -> Kind | None:
    given = page_request.argument("kind")
    return next((kind for kind in KINDS if kind == given), None)


def names_of_article(connection: Connection, article_id: int) -> Context:
    """Return the names and quotations of an article, for its page."""
    names = Names(connection)
    return {"names": names.names_of(article_id), "quotations": names.quotations_of(article_id)}
