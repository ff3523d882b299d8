"""Selections: an archive's articles filtered by site, section, language, date and query, with a row for each.

Rows are fetched a few hundred at a time. So a selection of any size takes little memory, and a crawl that writes
meanwhile can still checkpoint its log.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING, Literal, TypedDict, Unpack, get_args, get_type_hints

from caliber_crawler.archive.core.connection import Connection
from caliber_crawler.archive.core.times import utc_text
from caliber_crawler.archive.search.matching import Match, matching

if TYPE_CHECKING:
    from caliber_crawler.items import Capture

BATCH_SIZE = 200
"""The number of rows in memory at a time."""


class ArticleRow(TypedDict):
    """An article in its current version, with its source and terms of use: a row of every export.

    Times are ISO 8601 text in UTC; ``published_local`` has the offset that the site prints.
    """

    id: int
    headline: str
    subtitle: str | None
    published_at: str | None
    published_local: str | None
    language: str
    """BCP 47: ``en``, ``ru``, ``hy``."""
    section: str | None
    section_label: str | None
    """The section's name on the site."""
    authors: str | None
    """Names, separated by ``; ``; ``None`` if the page names none."""
    views: int | None
    """The newest view count; ``None`` if the site shows none."""
    views_at: str | None
    word_count: int
    url: str
    site: str
    site_title: str
    retrieved_at: str
    """When the page with the text was fetched."""
    reuse: str
    """The site's terms of use, or ``not stated``."""
    first_seen_at: str
    last_seen_at: str
    gone_at: str | None
    """When it was first found to be gone from the site; ``None`` while it is online."""
    version_count: int
    content_digest: str
    """SHA-256 of the text, in hexadecimal (see docs/explanation/architecture.md)."""
    body: str
    """Plain text; blank lines separate paragraphs."""


COLUMNS: dict[str, type[str] | type[int]] = {
    name: int if int in (hint, *get_args(hint)) else str for name, hint in get_type_hints(ArticleRow).items()
}
"""The columns of an :class:`ArticleRow`, in order, with the type of values other than ``None``."""

EXTRA_COLUMNS = {
    "site_title": "coalesce(s.title, t.site)",
    "retrieved_at": "c.fetched_at",
    "reuse": "coalesce(s.reuse, 'not stated')",
    "content_digest": "v.content_digest",
}
"""The columns that are not in the view ``article_texts``."""

ROWS = f"""
SELECT {", ".join(f"{EXTRA_COLUMNS.get(name, f't.{name}')} AS {name}" for name in COLUMNS)}
FROM json_each(?) j
JOIN article_texts t ON t.id = j.value
JOIN versions v ON v.id = t.current_version_id
JOIN captures c ON c.id = v.capture_id
LEFT JOIN sites s ON s.site = t.site
ORDER BY j.key"""


OPTED_OUT = """
SELECT coalesce(a.duplicate_of, a.id) FROM captures r JOIN articles a ON a.id = r.article_id
WHERE r.opt_outs IS NOT NULL AND r.version_id IS NOT NULL AND NOT EXISTS (
  SELECT 1 FROM articles same JOIN captures later ON later.article_id = same.id
  WHERE (same.id = coalesce(a.duplicate_of, a.id) OR same.duplicate_of = coalesce(a.duplicate_of, a.id))
    AND later.version_id IS NOT NULL AND later.opt_outs IS NULL AND later.fetched_at > r.fetched_at)"""
"""Articles whose newest page has a rights reservation: a site may add or withdraw one."""


CODED = """
SELECT coalesce(m.duplicate_of, m.id) FROM codes k JOIN articles m ON m.id = k.article_id
WHERE k.variable = :variable{place}"""
"""Articles with a code of a variable."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Filters for articles; all must match. An empty filter matches everything.

    ``since`` (included) and ``until`` (excluded) are times of publication, ``first_day`` and ``last_day`` (both
    included, ``2026-01-31``) its days in the site's time zone; they exclude articles without one.
    """

    sites: tuple[str, ...] = ()
    sections: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    first_day: str | None = None
    last_day: str | None = None
    search: str | None = None
    include_opted_out: bool = True
    """Whether to include articles with a rights reservation (see :mod:`caliber_crawler.opt_outs`)."""
    unique: bool = False
    """Only the first published of near-duplicates among the articles that match (see docs/guides/copies.md)."""
    codes: tuple[str, ...] = ()
    """Codes that an article must have from any coder: ``tone=negative``, or ``tone`` for any code of the variable."""

    @property
    def selects_articles(self) -> bool:
        """Are there filters other than sites? Then only pages of articles match."""
        days = self.since or self.until or self.first_day or self.last_day
        return bool(self.sections or self.languages or days or self.search is not None or self.unique or self.codes)


MAX_ROWS = 2**62 - 1
"""A limit or an offset that no archive reaches. The sum of two is an integer of SQLite, which ends at 2**63 - 1."""
Names = str | Iterable[str] | None
"""One name, several names, or ``None`` for all."""
Time = str | date | None
"""A time, a date, or the ISO 8601 text of either; UTC is assumed without an offset. ``None`` sets no limit."""

Day = str | date | None
"""A day, or its ISO 8601 text. ``None`` sets no limit."""


class ArticleFilter(TypedDict, total=False):
    """Keyword filters for articles; all must match."""

    site: Names
    section: Names
    """Keys of sections (``analytics``), the same in every language."""
    language: Names
    since: Time
    """Published at this time or later. Articles without a date do not match."""
    until: Time
    """Published before this time. Articles without a date do not match."""
    first_day: Day
    """Published on this day (``2026-01-31``, in the site's time zone) or later; excludes articles without a date."""
    last_day: Day
    """Published on this day or earlier, in the site's time zone."""
    search: str | None
    """A query as for :class:`~caliber_crawler.archive.search.Search`."""
    unique: bool
    """Of near-duplicates, only the first published article that matches the other filters."""
    code: Names
    """Codes that an article must have from any coder: ``tone=negative``, or ``tone`` for any code of the variable."""


def selection_of(**filters: Unpack[ArticleFilter]) -> Selection:
    """The selection for keyword filters. Raises ``TypeError`` for an unknown keyword, ``ValueError`` for a bad time."""
    if unknown := filters.keys() - ArticleFilter.__annotations__.keys():
        known = ", ".join(ArticleFilter.__annotations__)
        raise TypeError(f"Unknown keywords for selecting articles: {', '.join(sorted(unknown))}; use {known}.")
    return Selection(
        sites=names(filters.get("site")),
        sections=names(filters.get("section")),
        languages=names(filters.get("language")),
        since=parse_time(filters.get("since")),
        until=parse_time(filters.get("until")),
        first_day=parse_day(filters.get("first_day")),
        last_day=parse_day(filters.get("last_day")),
        search=filters.get("search"),
        unique=filters.get("unique", False),
        codes=names(filters.get("code")),
    )


def names(given: Names) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(given or ())


def parse_time(given: Time) -> datetime | None:
    if given is None:
        return None
    if isinstance(given, str):
        given = datetime.fromisoformat(given)
    if not isinstance(given, datetime):
        given = datetime.combine(given, time.min)
    return given if given.tzinfo else given.replace(tzinfo=UTC)


def parse_day(given: Day) -> str | None:
    if given is None:
        return None
    return (date.fromisoformat(given) if isinstance(given, str) else given).strftime("%Y-%m-%d")


def article_ids(
    connection: Connection, selection: Selection, *, newest_first: bool = False, limit: int | None = None
) -> list[int]:
    """The IDs of the selected articles in order of publication; those without a date come first."""
    where, values = condition(connection, selection)
    direction = "DESC" if newest_first else "ASC"
    ids: list[int] = connection.values(
        f"""SELECT a.id FROM articles a WHERE {where}
        ORDER BY a.published_at {direction}, a.id {direction} LIMIT :limit""",
        {**values, "limit": MAX_ROWS if limit is None else min(limit, MAX_ROWS)},
    )
    return ids


def count_articles(connection: Connection, selection: Selection) -> int:
    """The number of selected articles."""
    where, values = condition(connection, selection)
    count: int = connection.value(f"SELECT count(*) FROM articles a WHERE {where}", values)
    return count


def condition(connection: Connection, selection: Selection, match: Match | None = None) -> tuple[str, dict[str, str]]:
    """The SQL condition for rows of ``articles a`` in a selection, and its parameters. Raises ``QueryError``.

    ``match`` is a query that the statement applies itself: of near-duplicates, one that matches it too is selected.
    Every export of articles uses this condition: exclude here what must not leave an archive.
    """
    columns = {"site": selection.sites, "section": selection.sections, "language": selection.languages}
    terms = ["a.duplicate_of IS NULL", "a.current_version_id IS NOT NULL"]
    values: dict[str, str] = {}
    for column, allowed in columns.items():
        if allowed:
            terms.append(f"a.{column} IN (SELECT value FROM json_each(:{column}))")
            values[column] = json.dumps(allowed)
    for name, comparison, limit in (("since", ">=", selection.since), ("until", "<", selection.until)):
        if limit is not None:
            terms.append(f"a.published_at {comparison} :{name}")
            values[name] = utc_text(limit)
    for name, comparison, day in (("first_day", ">=", selection.first_day), ("last_day", "<=", selection.last_day)):
        if day is not None:
            terms.append(f"a.published_date {comparison} :{name}")
            values[name] = day
    if selection.search is not None:
        matches, more = matching(connection, selection.search, "search").where()
        terms.append(matches)
        values |= more
    for place, code in enumerate(selection.codes):
        variable, has_code, value = code.partition("=")
        terms.append(f"a.id IN ({CODED.format(place=place)}{f' AND k.code = :code{place}' if has_code else ''})")
        values |= {f"variable{place}": variable.strip(), f"code{place}": value.strip()}
    if not selection.include_opted_out:
        terms.append(f"a.id NOT IN ({OPTED_OUT})")
    if selection.unique:
        matches, more = match.where() if match else ("1", {})
        terms.append(f"a.id NOT IN ({later_copies(' AND '.join([*terms, matches]))})")
        values |= more
    return " AND ".join(terms), values


def later_copies(condition: str) -> str:
    """The query for articles ``a`` that match a condition and are near-duplicates of an earlier one that does."""
    of_groups = "SELECT original_id FROM copies WHERE relation = 'near-duplicate'"
    return f"""SELECT id FROM (
      SELECT a.id, row_number() OVER (
        PARTITION BY coalesce(c.original_id, a.id) ORDER BY a.published_at IS NULL, a.published_at, a.id) AS place
      FROM articles a LEFT JOIN copies c ON c.article_id = a.id AND c.relation = 'near-duplicate'
      WHERE (c.article_id IS NOT NULL OR a.id IN ({of_groups})) AND {condition}) WHERE place > 1"""


def distinct_values(connection: Connection, column: Literal["site", "section", "language"]) -> list[str]:
    """The sites, sections or languages that have articles, sorted."""
    found: list[str] = connection.values(
        f"""SELECT DISTINCT {column} FROM articles WHERE duplicate_of IS NULL AND {column} IS NOT NULL
        ORDER BY {column}"""
    )
    return found


def article_rows(
    connection: Connection, selection: Selection, *, newest_first: bool = False, limit: int | None = None
) -> Iterator[ArticleRow]:
    """A row for each selected article, with the columns :data:`COLUMNS`."""
    ids = article_ids(connection, selection, newest_first=newest_first, limit=limit)
    for start in range(0, len(ids), BATCH_SIZE):
        yield from connection.rows_of(ArticleRow, ROWS, (json.dumps(ids[start : start + BATCH_SIZE]),))


def capture_ids(connection: Connection, selection: Selection) -> list[int]:
    """The IDs of the selected articles' captures, oldest first; every capture when whole sites are selected."""
    if selection.selects_articles:
        where = """article_id IN (SELECT id FROM articles
          WHERE coalesce(duplicate_of, id) IN (SELECT value FROM json_each(:keys)))"""
        keys: Sequence[int | str] = article_ids(connection, selection)
    else:
        where = "json_array_length(:keys) = 0 OR site IN (SELECT value FROM json_each(:keys))"
        keys = selection.sites
    if not selection.include_opted_out:
        where = f"""({where}) AND opt_outs IS NULL AND (article_id IS NULL OR article_id NOT IN (
          SELECT id FROM articles WHERE coalesce(duplicate_of, id) IN ({OPTED_OUT})))"""
    ids: list[int] = connection.values(
        f"SELECT id FROM captures WHERE {where} ORDER BY fetched_at, id", {"keys": json.dumps(keys)}
    )
    return ids


def opted_out_articles(connection: Connection) -> list[int]:
    """The IDs of articles whose newest page has a rights reservation: they may be archived, but not published."""
    ids: list[int] = connection.values(f"SELECT DISTINCT id FROM articles WHERE id IN ({OPTED_OUT}) ORDER BY id")
    return ids


def count_opted_out(connection: Connection, selection: Selection, of: Literal["articles", "captures"]) -> int:
    """The number of articles or captures that a selection excludes because of a rights reservation."""
    ids = article_ids if of == "articles" else capture_ids
    return len(ids(connection, replace(selection, include_opted_out=True))) - len(ids(connection, selection))


def captures(connection: Connection, selection: Selection) -> Iterator[Capture]:
    """The captures of :func:`capture_ids`, each with its body."""
    from caliber_crawler.archive.pages.captures import Captures  # only here: a search loads no compression

    stored = Captures(connection)
    for id in capture_ids(connection, selection):
        yield stored.get(id)


VIEWS = """
SELECT g.article_id, a.headline, a.url, a.language, a.section, a.published_at, g.observed_at, g.views, g.gained,
  g.hours, g.per_hour
FROM view_growth g JOIN articles a ON a.id = g.article_id
WHERE g.article_id IN ({places}) ORDER BY g.article_id, g.observed_at, g.views"""
VIEWED_AT_ONCE = 500
"""Articles in one query for view counts. SQLite passes a list of IDs on to the windows of the view, but not a subquery:
with one it computes the growth of every article of the archive."""


class ViewRow(TypedDict):
    """One view count of an article, and its growth since the previous one. Times are ISO 8601 text in UTC."""

    article_id: int
    headline: str
    url: str
    language: str
    section: str | None
    published_at: str | None
    observed_at: str
    views: int
    gained: int | None
    """Views since the previous count; ``None`` for the first."""
    hours: float | None
    """Hours since the previous count."""
    per_hour: float | None


def view_rows(connection: Connection, ids: Iterable[int]) -> list[ViewRow]:
    """Every view count of these articles with its growth, by article, oldest first."""
    wanted = sorted(set(ids))
    found: list[ViewRow] = []
    for start in range(0, len(wanted), VIEWED_AT_ONCE):
        part = wanted[start : start + VIEWED_AT_ONCE]
        found += connection.rows_of(ViewRow, VIEWS.format(places=", ".join("?" * len(part))), part)
    return found


def headline_on(connection: Connection, capture_id: int | None) -> str | None:
    """The headline of the article extracted from a capture, if there is one."""
    headline: str | None = connection.value(
        "SELECT v.headline FROM captures c JOIN versions v ON v.id = c.version_id WHERE c.id = ?", (capture_id,)
    )
    return headline
