"""The page of copies and counterparts, and their part of the page of an article."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from datasette.utils.asgi import Response
from datasette.views.base import DatasetteError

from caliber_crawler.archive.analysis.copies import Copies, CopyMember, Excerpt
from caliber_crawler.archive.analysis.editions import Counterpart, Editions
from caliber_crawler.archive.search.selection import Selection
from caliber_crawler.browse.csv_file import csv_file
from caliber_crawler.browse.search import filters_of, wrong_day
from caliber_crawler.browse.search_page import choices
from caliber_crawler.errors import QueryError
from caliber_crawler.quantity import quantity

if TYPE_CHECKING:
    from caliber_crawler.archive.core.connection import Connection
    from caliber_crawler.browse.pages import Context, PageRequest

PER_PAGE = 20
MAX_PAGES = 10_000
KINDS = {"duplicates": "near-duplicates", "excerpts": "excerpts", "editions": "in other languages"}
"""What the page lists, and how it is called."""
COLUMNS = {
    "duplicates": tuple(CopyMember.__annotations__),
    "excerpts": tuple(Excerpt.__annotations__),
    "editions": tuple(Counterpart.__annotations__),
}
MAX_FORMS = 6
"""Features of one kind that are shown; the CSV file has more."""


async def copies_page(page_request: PageRequest) -> Response:
    """``/-/copies?kind=editions&language=en&q=corridor&page=2``."""
    kind, selection = kind_of(page_request), filters_of(page_request)
    number = page_request.number("page", 1, most=MAX_PAGES)
    message = wrong_day(selection)

    def load(connection: Connection) -> Context:
        page: Context = {"found": [], "total": 0, "message": message, **choices(connection)}
        if message is None:
            try:
                found, page["total"] = load_part(connection, kind, selection, (number - 1) * PER_PAGE)
                page["found"] = found
            except QueryError as error:
                page["message"] = error.problem
        page["found_at"] = Editions(connection).status().found_at if kind == "editions" else found_at(connection)
        return page

    context = await page_request.read(load)
    names = ("language", "section", "site", "from", "to", "q")
    wanted = {name: page_request.argument(name) for name in names}
    context |= {"kind": kind, "kinds": KINDS, "number": number, "wanted": wanted, "per_page": PER_PAGE}
    return await page_request.html("archive_copies.html", context)


async def copies_csv(page_request: PageRequest) -> Response:
    """``/-/copies.csv?kind=excerpts``: every row that matches, with the parameters of the page."""
    kind, selection = kind_of(page_request), filters_of(page_request)
    if message := wrong_day(selection):
        raise DatasetteError(message, title="Invalid date", status=400)

    def load(connection: Connection) -> list[Any]:
        copies = Copies(connection)
        if kind == "editions":
            return list(Editions(connection).selected_pairs(selection))
        if kind == "excerpts":
            return list(copies.selected_excerpts(selection))
        return [member for each in copies.groups_with_ids(copies.group_ids(selection)) for member in each.members]

    try:
        rows = await page_request.read(load)
    except QueryError as error:
        raise DatasetteError(error.problem, title="Invalid query", status=400) from error
    return csv_file(f"{kind}.csv", rows, COLUMNS[kind])


def kind_of(page_request: PageRequest) -> str:
    kind = page_request.argument("kind")
    return kind if kind in KINDS else "duplicates"


def load_part(connection: Connection, kind: str, selection: Selection, start: int) -> tuple[list[Any], int]:
    """Return one page of results and their total number."""
    if kind == "editions":
        pairs = Editions(connection).selected_pairs(selection)
        return [with_evidence(pair) for pair in pairs[start : start + PER_PAGE]], len(pairs)
    copies = Copies(connection)
    if kind == "excerpts":
        excerpts = copies.selected_excerpts(selection)
        return list(excerpts[start : start + PER_PAGE]), len(excerpts)
    ids = copies.group_ids(selection)
    return list(copies.groups_with_ids(ids[start : start + PER_PAGE])), len(ids)


def found_at(connection: Connection) -> str | None:
    return Copies(connection).status().found_at


def related_articles(connection: Connection, article_id: int) -> Context:
    """Return the copies and counterparts of an article, for its page."""
    copies = Copies(connection)
    group = copies.group_of(article_id)
    return {
        "counterparts": [with_evidence(row) for row in Editions(connection)(article_id)],
        "copy_group": group,
        "copy_members": [each for each in group.members if each["article_id"] != article_id] if group else [],
        "excerpts": copies.excerpts_of(article_id),
    }


def with_evidence(row: Counterpart) -> dict[str, Any]:
    """Return a row with a sentence for its evidence."""
    return {**row, "because": evidence_sentence(row["method"], json.loads(row["evidence"]))}


def evidence_sentence(method: str, evidence: dict[str, Any]) -> str:
    """Return the evidence of a pair in words."""
    if method != "content":
        return "a page states it" if method == "hreflang" else "a language switch of a page leads to it"
    parts = []
    for kind in ("names", "numbers", "pictures", "authors"):
        forms = evidence.get(kind, [])
        if kind == "pictures" and forms:
            parts.append(f"{quantity(len(forms), 'picture')}" if len(forms) > 1 else "a picture")
        elif forms:
            shown = ", ".join(" = ".join(dict.fromkeys(map(str, pair))) for pair in forms[:MAX_FORMS])
            parts.append(f"{kind} {shown}{' …' if len(forms) > MAX_FORMS else ''}")
    return f"both have {'; '.join(parts)}; {evidence.get('hours_apart', 0):.0f} hours apart"
