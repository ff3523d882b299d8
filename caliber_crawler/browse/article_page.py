"""The page of one article, with its text, versions, view counts and captures."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

from datasette.utils import urlsafe_components

from caliber_crawler.archive.analysis.coding.interface import ContentAnalysis
from caliber_crawler.archive.core.connection import Connection
from caliber_crawler.archive.reports.sites import Sites
from caliber_crawler.archive.texts.article_record import VersionSummary
from caliber_crawler.archive.texts.articles import Articles
from caliber_crawler.archive.texts.citation_styles import footnote
from caliber_crawler.archive.texts.cited_texts import cited_texts
from caliber_crawler.browse.body import body_html
from caliber_crawler.browse.citations import json_ld, metadata
from caliber_crawler.browse.copies_page import related_articles
from caliber_crawler.browse.names_page import names_of_article
from caliber_crawler.browse.pages import Context, read
from caliber_crawler.browse.public import is_public
from caliber_crawler.browse.view_curve import curve_of
from caliber_crawler.errors import NoSuchArticle

if TYPE_CHECKING:
    from datasette.app import Datasette

# Articles published in the same minute are sorted by ID.
NEIGHBOUR = """
SELECT id, headline, published_local FROM articles
WHERE site = :site AND language = :language AND section IS :section AND duplicate_of IS NULL
  AND published_at {than}= :published_at AND (published_at, id) {than} (:published_at, :id)
ORDER BY published_at {order}, id {order} LIMIT 1"""
PREVIOUS = NEIGHBOUR.format(than="<", order="DESC")
NEXT = NEIGHBOUR.format(than=">", order="ASC")


class Neighbour(TypedDict):
    """The previous or next article of a section."""

    id: int
    headline: str
    published_local: str


LAST_OBSERVATIONS = 12
"""Number of view counts in the table of the page, which links to the full list."""


async def article_page(datasette: Datasette, database: str, row: str) -> Context:
    """Return the context of the template. ``row`` is the last part of the URL; Datasette has checked that it exists.

    ``article`` is ``None`` if the archive has no text of it; ``article["id"]`` differs from ``asked_for`` if that
    article was merged into another.
    """
    key = urlsafe_components(row)[0]
    page = await read(datasette, datasette.get_database(database), lambda connection: _load_article(connection, key))
    return page | {"is_public": is_public(datasette)}


def _load_article(connection: Connection, key: str) -> Context:
    # SQLite also finds article 1 as 01 and 1.0.
    article_id: int = connection.value("SELECT id FROM articles WHERE id = ?", (key,))
    try:
        article = Articles(connection).show(article_id)
    except NoSuchArticle:
        return {"article": None, "asked_for": article_id}
    # A version that a later extraction of the same pages replaced was never published by the site.
    article["versions"] = [version for version in article["versions"] if version["replaced_by"] is None]
    observations = article["view_counts"]
    (cited,) = cited_texts(connection, [article["current_version_id"]])
    return {
        "article": article,
        "asked_for": article_id,
        "site": Sites(connection).get(article["site"]),
        "cited": cited,
        "citation": footnote(cited),
        "metadata": metadata(cited),
        "json_ld": json_ld(cited),
        "previous": connection.row_of(Neighbour, PREVIOUS, article),
        "next": connection.row_of(Neighbour, NEXT, article),
        "body": body_html(article["body_markdown"]),
        "paragraphs": article["body"].split("\n\n"),
        "curve": curve_of([(reading["observed_at"], reading["views"]) for reading in observations]),
        **related_articles(connection, article["id"]),
        **names_of_article(connection, article["id"]),
        "codes": ContentAnalysis(connection).codes_of(article["id"]),
        "last_observations": observations[: -LAST_OBSERVATIONS - 1 : -1],
        "causes": [_cause(version, is_first=place == 0) for place, version in enumerate(article["versions"])],
    }


def _cause(version: VersionSummary, *, is_first: bool) -> str:
    """Return the label of a version's cause. Versions are sorted by time; cause `first` means the first to arrive."""
    if version["cause"] == "reextract":
        return "Re-extracted"
    return "First seen" if is_first else "Edited by the site"
