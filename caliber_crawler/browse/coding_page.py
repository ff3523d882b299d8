"""The page of a content analysis: codebook, codes by coder, agreement, and samples to code."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from datasette.utils.asgi import Response
from datasette.views.base import DatasetteError

from caliber_crawler.archive.analysis.coding import Agreement, CodeCount, Variable
from caliber_crawler.archive.analysis.coding.codebook import RESERVED
from caliber_crawler.archive.analysis.coding.interface import ContentAnalysis
from caliber_crawler.archive.analysis.coding.sample import DIMENSIONS
from caliber_crawler.browse.csv_file import csv_file
from caliber_crawler.browse.search import filters_of, wrong_day
from caliber_crawler.browse.search_page import choices
from caliber_crawler.errors import MissingExtra

if TYPE_CHECKING:
    from caliber_crawler.archive.core.connection import Connection
    from caliber_crawler.browse.pages import Context, PageRequest

MAX_SAMPLE = 1_000
DEFAULT_SAMPLE = 200
CODING_COLUMNS = ("article_id", "variable", "coder", "code", "coded_at", "content_digest")


@dataclass(frozen=True, slots=True)
class CodedVariable:
    """A variable with the number of articles for each code and coder."""

    variable: Variable
    coders: list[str]
    rows: list[tuple[str, list[int]]]
    """Each code with the number of articles of each coder."""
    agreement: list[Agreement]


async def coding_page(page_request: PageRequest) -> Response:
    """``/-/coding``."""
    context = await page_request.read(load_coding)
    defaults = {"n": DEFAULT_SAMPLE, "most": MAX_SAMPLE, "dimensions": DIMENSIONS}
    return await page_request.html("archive_coding.html", context | defaults)


def load_coding(connection: Connection) -> Context:
    """Return the variables with their counts and agreement."""
    analysis = ContentAnalysis(connection)
    counts = {name: list(rows) for name, rows in groupby(analysis.counts(), key=lambda row: row["variable"])}
    found: list[Agreement] = []
    missing = None
    try:
        found = analysis.agreement()
    except MissingExtra as error:
        missing = str(error)
    variables = [
        _coded(variable, counts.get(variable.name, []), [each for each in found if each.variable == variable.name])
        for variable in analysis.codebook()
    ]
    return {"variables": variables, "missing": missing, **choices(connection)}


def _coded(variable: Variable, counts: list[CodeCount], found: list[Agreement]) -> CodedVariable:
    coders = sorted({row["coder"] for row in counts})
    numbers = {(row["code"], row["coder"]): row["articles"] for row in counts}
    # In the order of the codebook, then codes of free text.
    codes = list(dict.fromkeys([*variable.codes, *(row["code"] for row in counts)]))
    rows = [(code, [numbers.get((code, coder), 0) for coder in coders]) for code in codes]
    return CodedVariable(variable, coders, rows, found)


async def codes_csv(page_request: PageRequest) -> Response:
    """``/-/coding.csv``: every code."""
    rows = await page_request.read(lambda connection: ContentAnalysis(connection).codes())
    return csv_file("codes.csv", rows, CODING_COLUMNS)


async def sample_csv(page_request: PageRequest) -> Response:
    """``/-/sample.csv?n=200&seed=1&by=section&by=month&q=corridor&language=en``: a coding sheet."""
    n = page_request.number("n", DEFAULT_SAMPLE, most=MAX_SAMPLE)
    seed = page_request.number("seed", 1, most=10**9)
    chosen = page_request.request.args.getlist("by")
    by = [name for name in DIMENSIONS if name in chosen]
    selection = filters_of(page_request)
    if message := wrong_day(selection):
        raise DatasetteError(message, title="Invalid date", status=400)

    def draw(connection: Connection) -> tuple[list[dict[str, object]], list[str]]:
        analysis = ContentAnalysis(connection)
        variables = [variable.name for variable in analysis.codebook()]
        sample = analysis.sample_of(selection, n, seed=seed, by=by, allocation="proportional")
        empty = dict.fromkeys(("coder", "coded_at", *variables), "")
        return [{**unit, **empty} for unit in sample.units], variables

    rows, variables = await page_request.read(draw)
    if not rows:
        raise DatasetteError("No article matches, so there is nothing to sample.", title="Empty sample", status=400)
    return csv_file("sample.csv", rows, (*RESERVED, *variables))
