"""The page that compares two articles: their differences, or one beside the other if their languages differ."""

from __future__ import annotations

import json
from itertools import zip_longest
from typing import TYPE_CHECKING, TypedDict

from datasette import NotFound

from caliber_crawler.archive.analysis.copies.shingles import Shingles
from caliber_crawler.archive.analysis.editions import Editions
from caliber_crawler.archive.texts.articles import Articles
from caliber_crawler.browse.copies_page import with_evidence
from caliber_crawler.differences import Paragraph, Piece, line_differences, text_differences

if TYPE_CHECKING:
    from datasette.utils.asgi import Response

    from caliber_crawler.archive.core.connection import Connection
    from caliber_crawler.browse.pages import Context, PageRequest

LAYOUTS = ("inline", "side")
TEXT = """
SELECT a.id, a.url, a.site, a.language, a.published_at, a.published_local, a.word_count, v.headline, v.subtitle,
  v.authors, v.body
FROM articles a JOIN versions v ON v.id = a.current_version_id WHERE a.id = ?"""


class ComparedArticle(TypedDict):
    """The current text of an article."""

    id: int
    url: str
    site: str
    language: str
    published_at: str | None
    published_local: str | None
    word_count: int
    headline: str
    subtitle: str | None
    authors: str
    body: str


async def compare_page(page_request: PageRequest) -> Response:
    """``/-/compare?a=17&b=23&show=side``: two articles by ID or URL. Without both, the form."""
    named = page_request.argument("a"), page_request.argument("b")
    context: Context = {"a": named[0], "b": named[1], "one": None}
    if all(named):
        context |= await page_request.read(lambda connection: compare_articles(connection, *named))
    show = page_request.argument("show") if page_request.argument("show") in LAYOUTS else LAYOUTS[0]
    return await page_request.html("archive_compare.html", context | {"show": show})


def compare_articles(connection: Connection, first: str, second: str) -> Context:
    """Return two articles and their differences. Raises ``NotFound``."""
    one, other = (article_named(connection, reference) for reference in (first, second))
    is_one_language = one["language"] == other["language"]
    found = [row for row in Editions(connection)(one["id"]) if row["counterpart_id"] == other["id"]]
    return {
        "one": one,
        "other": other,
        "is_one_language": is_one_language,
        "comparison": Shingles(one["body"]).compare(Shingles(other["body"])) if is_one_language else None,
        "counterpart": with_evidence(found[0]) if found else None,
        "headline": line_differences(one["headline"], other["headline"]) if is_one_language else None,
        "lines": [
            (name, before, after) for name, before, after in small_print(one, other) if before != after or name == "URL"
        ],
        "paragraphs": text_differences(one["body"], other["body"]) if is_one_language else beside(one, other),
    }


def article_named(connection: Connection, reference: str) -> ComparedArticle:
    id = Articles(connection).find(reference)
    article = None if id is None else connection.row_of(ComparedArticle, TEXT, (id,))
    if article is None:
        raise NotFound(f"The archive has no text of an article {reference[:200]}.")
    return article


def small_print(one: ComparedArticle, other: ComparedArticle) -> list[tuple[str, str, str]]:
    return [
        ("Subtitle", one["subtitle"] or "", other["subtitle"] or ""),
        ("Authors", ", ".join(json.loads(one["authors"])), ", ".join(json.loads(other["authors"]))),
        ("Published", one["published_local"] or "", other["published_local"] or ""),
        ("Words", f"{one['word_count']:,}", f"{other['word_count']:,}"),
        ("Site", one["site"], other["site"]),
        ("URL", one["url"], other["url"]),
    ]


def beside(one: ComparedArticle, other: ComparedArticle) -> list[Paragraph]:
    """The paragraphs of two articles beside each other, in their order."""
    pairs = zip_longest(one["body"].split("\n\n"), other["body"].split("\n\n"), fillvalue="")
    return [
        Paragraph(tuple(piece for piece in (Piece("removed", before), Piece("added", after)) if piece.text))
        for before, after in pairs
    ]
