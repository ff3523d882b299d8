"""The page of one article: everything the archive knows of it, made for reading."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, TypedDict

from datasette.utils import urlsafe_components

from caliber_crawler.archive.article_record import VersionSummary
from caliber_crawler.archive.articles import Articles
from caliber_crawler.archive.citation import citation
from caliber_crawler.archive.connection import Connection
from caliber_crawler.archive.sites import Sites
from caliber_crawler.browse.body import body_html
from caliber_crawler.browse.pages import Context, read
from caliber_crawler.browse.public import is_public
from caliber_crawler.browse.view_curve import curve_of
from caliber_crawler.errors import NoSuchArticle

if TYPE_CHECKING:
    from datasette.app import Datasette

# Neighbours of the same minute stand in the order of their numbers.
NEIGHBOUR = """
SELECT id, headline, published_at FROM articles
WHERE site = :site AND language = :language AND section IS :section AND duplicate_of IS NULL
  AND published_at {than}= :published_at AND (published_at, id) {than} (:published_at, :id)
ORDER BY published_at {order}, id {order} LIMIT 1"""
PREVIOUS = NEIGHBOUR.format(than="<", order="DESC")
NEXT = NEIGHBOUR.format(than=">", order="ASC")


class Neighbour(TypedDict):
    """The article published before or after another of its section."""

    id: int
    headline: str
    published_at: str


LAST_READINGS = 12
"""How many readings of the counter the page lists; the rest is one click away."""


async def article_page(datasette: Datasette, database: str, row: str) -> Context:
    """What the page's template needs. ``row`` is the end of the page's address; Datasette has found that there is one.

    ``article`` is ``None`` when the archive holds no text of it; ``article["id"]`` is not the one ``asked_for`` when
    that was merged into it.
    """
    key = urlsafe_components(row)[0]
    page = await read(datasette, datasette.get_database(database), lambda connection: _shown(connection, key))
    return page | {"is_public": is_public(datasette)}


def _shown(connection: Connection, key: str) -> Context:
    # SQLite finds article 1 under 01 and 1.0 too.
    article_id: int = connection.value("SELECT id FROM articles WHERE id = ?", (key,))
    try:
        article = Articles(connection).show(article_id)
    except NoSuchArticle:
        return {"article": None, "asked_for": article_id}
    # What a better reading of the same pages replaced was never a text of the newspaper's.
    article["versions"] = [version for version in article["versions"] if version["replaced_by"] is None]
    readings, site = article["view_counts"], Sites(connection).get(article["site"])
    return {
        "article": article,
        "asked_for": article_id,
        "site": site,
        "citation": citation(article, site),
        "previous": connection.row_of(Neighbour, PREVIOUS, article),
        "next": connection.row_of(Neighbour, NEXT, article),
        "body": body_html(article["body_markdown"]),
        "paragraphs": article["body"].split("\n\n"),
        "curve": curve_of([(reading["observed_at"], reading["views"]) for reading in readings]),
        "last_readings": readings[: -LAST_READINGS - 1 : -1],
        "causes": [_cause(version, is_first=place == 0) for place, version in enumerate(article["versions"])],
    }


def _cause(version: VersionSummary, *, is_first: bool) -> str:
    """How a version came to be, in words. Versions stand in order of time, and `first` means the first to arrive."""
    if version["cause"] == "reextract":
        return "Read anew by this program"
    return "First seen" if is_first else "Edited by the site"


def utc_moment(text: str) -> str:
    """``2026-01-06T15:13:00Z`` as ``6 January 2026, 15:13 UTC``."""
    return f"{_day_and_time(datetime.fromisoformat(text))} UTC"


def brief_moment(text: str) -> str:
    """``2026-01-06T15:13:00Z`` as ``6 Jan 2026, 15:13 UTC``, for narrow columns."""
    moment = datetime.fromisoformat(text)
    return f"{moment.day} {moment:%b %Y, %H:%M} UTC"


def day(text: str) -> str:
    """``2026-01-06T15:13:00Z`` as ``6 Jan 2026``."""
    moment = datetime.fromisoformat(text)
    return f"{moment.day} {moment:%b %Y}"


def local_moment(text: str) -> str:
    """``2026-01-06T19:13:00+04:00`` as ``6 January 2026, 19:13 (UTC+4)``."""
    sign, hours, minutes = text[-6], int(text[-5:-3]), text[-2:]
    offset = f"UTC{sign}{hours}" if minutes == "00" else f"UTC{sign}{hours}:{minutes}"
    return f"{_day_and_time(datetime.fromisoformat(text))} ({offset})"


def _day_and_time(moment: datetime) -> str:
    return f"{moment.day} {moment:%B %Y, %H:%M}"
