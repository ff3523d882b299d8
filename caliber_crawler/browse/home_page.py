"""The home page of an archive: contents, latest articles, most viewed articles, edits and runs."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, TypedDict

from datasette.utils import tilde_encode
from datasette.views.index import IndexView

from caliber_crawler.archive.core.rows import SiteRow
from caliber_crawler.archive.reports.runs import Runs
from caliber_crawler.archive.reports.totals import EDITIONS
from caliber_crawler.browse.detection import archives
from caliber_crawler.browse.edits import recent_edits
from caliber_crawler.browse.pages import Context, PageRequest, page

if TYPE_CHECKING:
    from datasette.app import Datasette
    from datasette.utils.asgi import Request, Response

    from caliber_crawler.archive.core.connection import Connection

LATEST = 16
SECTIONS = 14
WEEK = timedelta(days=7)
MAX_VIEWED = 8
MAX_VIEWED_DAYS = 30
"""Length of the period of the most viewed articles, in days before the newest article."""
EDITS = 5
RUNS = 5

HOLDINGS = f"""
SELECT e.site, e.language, e.section, e.articles, s.label,
  (SELECT a.published_date FROM articles a WHERE a.site = e.site AND a.language = e.language AND a.section IS e.section
    AND a.published_at = e.first_published_at LIMIT 1) AS first_on,
  (SELECT a.published_date FROM articles a WHERE a.site = e.site AND a.language = e.language AND a.section IS e.section
    AND a.published_at = e.last_published_at LIMIT 1) AS last_on
FROM ({EDITIONS}) e
LEFT JOIN sections s ON s.site = e.site AND s.language = e.language AND s.section = e.section
ORDER BY e.site, e.articles DESC"""

CARD = """
SELECT a.id, a.headline, a.subtitle, a.published_at, a.published_local, a.language, a.section, a.views, a.version_count,
  coalesce(s.label, a.section) AS section_label
FROM articles a LEFT JOIN sections s ON s.site = a.site AND s.language = a.language AND s.section = a.section
WHERE a.duplicate_of IS NULL AND a.published_at IS NOT NULL"""
LATEST_ARTICLES = f"{CARD} ORDER BY a.published_at DESC, a.id DESC LIMIT ?"
# At the same age, so that an old article is not ahead because it is old.
VIEWED_AT_SAME_AGE = (
    CARD.replace("a.views,", "v.views,").replace(
        "FROM articles a", "FROM articles a JOIN views_at v ON v.article_id = a.id AND v.hours = 24"
    )
    + " AND a.published_at >= ? AND v.views IS NOT NULL ORDER BY v.views DESC, a.id LIMIT ?"
)
MAX_VIEWED_ARTICLES = f"{CARD} AND a.published_at >= ? AND a.views IS NOT NULL ORDER BY a.views DESC, a.id LIMIT ?"


class ArticleCard(TypedDict):
    """An article in a list of the home page. Times are ISO 8601 text."""

    id: int
    headline: str
    subtitle: str | None
    published_at: str
    published_local: str | None
    language: str
    section: str | None
    views: int | None
    version_count: int
    section_label: str | None


class Holding(TypedDict):
    """The articles of one site in one language and section."""

    site: str
    language: str
    section: str | None
    articles: int
    first_on: str | None
    last_on: str | None
    """The days of the first and the last article, in the site's time zone."""
    label: str | None


class Section(TypedDict):
    """A section in all languages."""

    section: str
    label: str
    language: str
    """The language of the label."""
    articles: int


async def front_page(request: Request, datasette: Datasette) -> Response:
    """``/``: the home page of the archive if only one is served; otherwise Datasette's list of databases."""
    served = [name for name, _ in archives(datasette)]
    route = request.scope["url_route"]["kwargs"]
    if len(served) == 1 and served == [name for name in datasette.databases if name != "_internal"]:
        route["database"] = tilde_encode(served[0])
        return await page(home_page, "articles", "versions")(request, datasette)
    route["format"] = None
    return await IndexView(datasette).get(request)


async def home_page(page_request: PageRequest) -> Response:
    """``/<archive>/-/home``."""
    return await page_request.html("archive_home.html", await page_request.read(overview))


def overview(connection: Connection) -> Context:
    """Return the context of the home page."""
    latest = connection.rows_of(ArticleCard, LATEST_ARTICLES, (LATEST,))
    holdings = connection.rows_of(Holding, HOLDINGS)
    return {
        "sites": connection.rows_of(SiteRow, "SELECT * FROM sites ORDER BY site"),
        "latest": by_period(latest, datetime.now(UTC)),
        "sections": sections_of(holdings),
        **(_most_viewed(connection, latest[0]["published_at"]) if latest else {}),
        "most_viewed_days": MAX_VIEWED_DAYS,
        "edits": recent_edits(connection, limit=EDITS),
        "holdings": holdings,
        "articles": sum(row["articles"] for row in holdings),
        "first_on": min((row["first_on"] for row in holdings if row["first_on"]), default=None),
        "last_on": max((row["last_on"] for row in holdings if row["last_on"]), default=None),
        "runs": Runs(connection).last(RUNS),
    }


def by_period(latest: list[ArticleCard], now: datetime) -> list[tuple[str, list[ArticleCard]]]:
    """Return the latest articles, newest first, in groups with a heading: of the last day, of its week, and earlier.

    Days are those of each site. The last day is called today if it is.
    """
    if not latest:
        return []
    newest = datetime.fromisoformat(latest[0]["published_local"] or latest[0]["published_at"])
    last_day = newest.date()
    is_today = now.astimezone(newest.tzinfo).date() == last_day
    groups: dict[str, list[ArticleCard]] = {}
    for card in latest:
        day = datetime.fromisoformat(card["published_local"] or card["published_at"]).date()
        if day >= last_day:
            heading = "Today" if is_today else f"{last_day.day} {last_day:%B %Y}"
        elif last_day - day < WEEK:
            heading = "This week" if is_today else "The week before"
        else:
            heading = "Earlier"
        groups.setdefault(heading, []).append(card)
    return list(groups.items())


def sections_of(holdings: list[Holding]) -> list[Section]:
    """Return the largest sections, each under its label in the language with the most articles of all that have it."""
    languages = Counter[str]()
    for row in holdings:
        languages[row["language"]] += row["articles"]
    found: dict[str, Section] = {}
    for row in sorted(holdings, key=lambda row: (-languages[row["language"]], row["language"], -row["articles"])):
        if row["section"]:
            label = row["label"] or row["section"]
            first = Section(section=row["section"], label=label, language=row["language"], articles=0)
            found.setdefault(row["section"], first)["articles"] += row["articles"]
    return sorted(found.values(), key=lambda section: -section["articles"])[:SECTIONS]


def _most_viewed(connection: Connection, newest: str) -> Context:
    """Return the most viewed articles 24 hours after publication; by their latest counts if too few are known."""
    since = f"{datetime.fromisoformat(newest) - timedelta(days=MAX_VIEWED_DAYS):%Y-%m-%dT%H:%M:%SZ}"
    at_same_age = connection.rows_of(ArticleCard, VIEWED_AT_SAME_AGE, (since, MAX_VIEWED))
    if len(at_same_age) == MAX_VIEWED:
        return {"most_viewed": at_same_age, "most_viewed_age": 24}
    return {"most_viewed": connection.rows_of(ArticleCard, MAX_VIEWED_ARTICLES, (since, MAX_VIEWED))}
