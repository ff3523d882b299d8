"""Words in context: concordance, collocates, word list, keyness and n-grams of selected articles.

The page uses the word index beside the archive as it is, and states if it is missing or older than the archive.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

from datasette.utils.asgi import Response

from caliber_crawler.browse.csv_file import csv_file
from caliber_crawler.browse.search import NARROWING, filters_of, wrong_day
from caliber_crawler.browse.search_page import choices
from caliber_crawler.errors import ArchiveError, InputError, QueryError
from caliber_crawler.quantity import quantity

if TYPE_CHECKING:
    from caliber_crawler.archive import ArticleFilter, Selection
    from caliber_crawler.archive.analysis.words.results import Rows
    from caliber_crawler.archive.analysis.words.words import Words
    from caliber_crawler.archive.core.connection import Connection
    from caliber_crawler.browse.pages import Context, PageRequest

PER_PAGE = 50
MAX_PAGES = 20_000
MAX_EXPORTED = 10_000
"""Maximum number of rows of a CSV file; `caliber words` prints all."""
MAX_NGRAM_WORDS = 1_000_000
"""N-grams of more words take longer than a page should; `caliber words ngrams` has no limit."""
SORT_KEYS = ("1L", "2L", "3L", "node", "1R", "2R", "3R")
MEASURES = {"log_likelihood": "log-likelihood", "pmi": "PMI", "log_dice": "logDice", "frequency": "frequency"}
REFERENCE = "reference-"


@dataclass(frozen=True, slots=True)
class Tab:
    """One analysis of the page."""

    title: str
    about: str
    needs_word: bool
    analyse: Callable[[Words, PageRequest, int | None, int], Rows[Any]]
    options: tuple[str, ...]


def _concordance(words: Words, page_request: PageRequest, limit: int | None, offset: int) -> Rows[Any]:
    keys = [key for name in ("sort1", "sort2", "sort3") if (key := page_request.argument(name)) in SORT_KEYS]
    return words.concordance(
        page_request.argument("word"),
        sort=keys,
        stems=_stems(page_request),
        limit=limit,
        offset=offset,
        **_filters(filters_of(page_request)),
    )


def _collocates(words: Words, page_request: PageRequest, limit: int | None, offset: int) -> Rows[Any]:
    measure: Any = page_request.argument("measure")
    return words.collocates(
        page_request.argument("word"),
        left=page_request.number("left", 5, most=20),
        right=page_request.number("right", 5, most=20),
        measure=measure if measure in MEASURES else "log_likelihood",
        min_frequency=page_request.number("min", 5, most=10**9),
        stems=_stems(page_request),
        stop_words=_stop(page_request),
        limit=limit,
        offset=offset,
        **_filters(filters_of(page_request)),
    )


def _list(words: Words, page_request: PageRequest, limit: int | None, offset: int) -> Rows[Any]:
    return words.list(
        min_frequency=page_request.number("min", 1, most=10**9),
        stems=_stems(page_request),
        stop_words=_stop(page_request),
        limit=limit,
        offset=offset,
        **_filters(filters_of(page_request)),
    )


def _keyness(words: Words, page_request: PageRequest, limit: int | None, offset: int) -> Rows[Any]:
    given = {name: page_request.argument(REFERENCE + name) for name in ("q", *NARROWING)}
    reference: ArticleFilter | None = None
    if any(given.values()):
        reference = {
            "search": given["q"] or None,
            "language": given["language"] or None,
            "section": given["section"] or None,
            "site": given["site"] or None,
            "first_day": given["from"] or None,
            "last_day": given["to"] or None,
        }
    return words.keyness(
        reference=reference,
        negative=page_request.argument("negative") == "1",
        min_frequency=page_request.number("min", 5, most=10**9),
        stems=_stems(page_request),
        stop_words=_stop(page_request),
        limit=limit,
        offset=offset,
        **_filters(filters_of(page_request)),
    )


def _ngrams(words: Words, page_request: PageRequest, limit: int | None, offset: int) -> Rows[Any]:
    node = page_request.argument("word") or None
    if node is None:
        count = words.count(**_filters(filters_of(page_request)))
        if count > MAX_NGRAM_WORDS:
            raise InputError(
                f"These articles have {quantity(count, 'word')}; this page counts n-grams in up to"
                f" {MAX_NGRAM_WORDS:,}. Write a"
                " word that they must contain, narrow the filters, or run caliber words ngrams."
            )
    size = page_request.number("size", 2, most=5)
    return words.ngrams(
        max(2, size),
        node=node,
        min_frequency=page_request.number("min", 2, most=10**9),
        stems=_stems(page_request),
        stop_words=_stop(page_request),
        limit=limit,
        offset=offset,
        **_filters(filters_of(page_request)),
    )


TABS = {
    "concordance": Tab(
        "Concordance", "Each occurrence of a word or phrase in its context.", True, _concordance, ("sort", "stems")
    ),
    "collocates": Tab(
        "Collocates",
        "The words near a word or phrase that occur there more often than expected.",
        True,
        _collocates,
        ("window", "measure", "min", "stems", "stop"),
    ),
    "list": Tab("Word list", "The most frequent words.", False, _list, ("min", "stems", "stop")),
    "keyness": Tab(
        "Keyness",
        "The words that are typical of the selected articles, compared with a reference.",
        False,
        _keyness,
        ("reference", "min", "stems", "stop"),
    ),
    "ngrams": Tab("N-grams", "The most frequent sequences of words.", False, _ngrams, ("size", "min", "stems", "stop")),
}


async def words_page(page_request: PageRequest) -> Response:
    """``/-/words?tab=concordance&word=corridor&sort1=1R&q=…&language=en``."""
    name, tab = _tab(page_request)
    number = page_request.number("page", 1, most=MAX_PAGES)
    found = await page_request.read(
        lambda connection: _answer(connection, page_request, PER_PAGE, (number - 1) * PER_PAGE)
    )
    listed = await page_request.read(choices)
    values = {each: page_request.argument(each) for each in page_request.request.args}
    context: Context = {
        "name": name,
        "tab": tab,
        "tabs": TABS,
        "values": values,
        "wanted": {each: page_request.argument(each) for each in NARROWING},
        "sort_keys": SORT_KEYS,
        "measures": MEASURES,
        "number": number,
        "first": (number - 1) * PER_PAGE + 1,
        "per_page": PER_PAGE,
        "max_exported": MAX_EXPORTED,
        "csv": page_request.url_of("words.csv", **{**values, "page": ""}),
        "tab_urls": {key: page_request.url_of("words", **{**values, "tab": key, "page": ""}) for key in TABS},
        "has_more": found.rows is not None and found.rows.total > number * PER_PAGE,
    }
    return await page_request.html(
        "archive_words.html", context | {"answer": found} | listed, status=400 if found.is_wrong else 200
    )


async def words_csv(page_request: PageRequest) -> Response:
    """``/-/words.csv``: at most :data:`MAX_EXPORTED` rows of the tab."""
    name, _ = _tab(page_request)
    found = await page_request.read(lambda connection: _answer(connection, page_request, MAX_EXPORTED, 0))
    if found.rows is None:
        return Response.text(f"{found.message or 'Write a word to look for.'}\n", status=400)
    return csv_file(
        f"words-{name}.csv", (asdict(row) for row in found.rows), [field.name for field in fields(found.rows.kind)]
    )


@dataclass(frozen=True, slots=True)
class _Answer:
    rows: Rows[Any] | None = None
    message: str | None = None
    is_wrong: bool = False
    """Whether the request cannot be answered as it is."""
    needs_build: bool = False


def _answer(connection: Connection, page_request: PageRequest, limit: int, offset: int) -> _Answer:
    # numpy is loaded by the first request for this page.
    from caliber_crawler.archive.analysis.words.words import Words

    _, tab = _tab(page_request)
    if tab.needs_word and not page_request.argument("word"):
        return _Answer()
    reference = {name: page_request.argument(REFERENCE + name) for name in ("from", "to")}
    if message := wrong_day(filters_of(page_request)) or _wrong_reference_day(reference):
        return _Answer(message=message, is_wrong=True)
    try:
        rows = tab.analyse(Words(connection, update=False), page_request, limit, offset)
    except QueryError as error:
        return _Answer(message=str(error), is_wrong=True)
    except InputError as error:
        return _Answer(message=str(error), is_wrong=True)
    except ArchiveError:
        return _Answer(message="The words of this archive have not been counted yet.", needs_build=True)
    return _Answer(rows, needs_build=bool(rows.missing))


def _wrong_reference_day(days: Mapping[str, str]) -> str | None:
    from caliber_crawler.archive import Selection

    return wrong_day(Selection(first_day=days["from"] or None, last_day=days["to"] or None))


def _tab(page_request: PageRequest) -> tuple[str, Tab]:
    name = page_request.argument("tab")
    name = name if name in TABS else next(iter(TABS))
    return name, TABS[name]


def _stems(page_request: PageRequest) -> bool:
    return page_request.argument("stems") == "1"


def _stop(page_request: PageRequest) -> bool:
    return page_request.argument("stop") == "1"


def _filters(selection: Selection) -> ArticleFilter:
    return {
        "site": selection.sites,
        "section": selection.sections,
        "language": selection.languages,
        "first_day": selection.first_day,
        "last_day": selection.last_day,
        "code": selection.codes,
        "unique": selection.unique,
        "search": selection.search,
    }
