"""Selections: some of an archive's articles, asked for by site, section, language, date and words, a row for each.

Rows are fetched a few hundred at a time. So a selection of any size takes little memory, and a crawl that writes
meanwhile can still tidy its log.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from typing import Literal, TypedDict, Unpack, get_args, get_type_hints

from caliber_crawler.archive.core.connection import Connection
from caliber_crawler.archive.core.times import utc_text
from caliber_crawler.archive.pages.captures import Captures
from caliber_crawler.archive.search import match_expression
from caliber_crawler.items import Capture

BATCH_SIZE = 200
"""Rows held in memory together."""


class ArticleRow(TypedDict):
    """An article as it is now, where it is from and on what condition it may be used: a row of every export.

    Times are ISO 8601 text in UTC; ``published_local`` is in the offset that the site prints in.
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
    """The section as the site prints it."""
    authors: str | None
    """Names, separated by ``; ``; ``None`` when the page names none."""
    views: int | None
    """The newest view count; ``None`` when the site shows none."""
    views_at: str | None
    word_count: int
    url: str
    site: str
    site_title: str
    retrieved_at: str
    """When the page was fetched that the text was extracted from."""
    reuse: str
    """The site's condition for reuse, or ``not stated``."""
    first_seen_at: str
    last_seen_at: str
    gone_at: str | None
    """Since when the site no longer has it; ``None`` while it does."""
    version_count: int
    content_digest: str
    """SHA-256 of the text, in hexadecimal (see docs/architecture.md)."""
    body: str
    """Plain text: paragraphs separated by a blank line."""


COLUMNS: dict[str, type[str] | type[int]] = {
    name: int if int in (hint, *get_args(hint)) else str for name, hint in get_type_hints(ArticleRow).items()
}
"""The columns of an :class:`ArticleRow`, in order, with the type of what is not ``None``."""

EXTRA_COLUMNS = {
    "site_title": "coalesce(s.title, t.site)",
    "retrieved_at": "c.fetched_at",
    "reuse": "coalesce(s.reuse, 'not stated')",
    "content_digest": "v.content_digest",
}
"""What the view ``article_texts`` does not say."""

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
"""Articles that their newest page reserves: a site may change its mind, either way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which articles: those that are as every one of these says; an empty one says nothing.

    ``since`` and ``until`` (excluded) are times of publication: an article without one is in no such period.
    """

    sites: tuple[str, ...] = ()
    sections: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    search: str | None = None
    include_opted_out: bool = True
    """Also what its site reserves (see :mod:`caliber_crawler.opt_outs`); without it, what may be passed on."""

    @property
    def selects_articles(self) -> bool:
        """Does it ask for more than sites? Then a page that is no article's is not of it."""
        return bool(self.sections or self.languages or self.since or self.until or self.search is not None)


Names = str | Iterable[str] | None
"""One name, several, or ``None`` for all."""
Moment = str | date | None
"""A time, a date, or the ISO 8601 text of either; in UTC unless it says otherwise. ``None`` sets no limit."""


class ArticleFilter(TypedDict, total=False):
    """Which articles, in keywords: those that every given keyword allows."""

    site: Names
    section: Names
    """Keys of sections (``analytics``), the same in every language."""
    language: Names
    since: Moment
    """Published at this time or later. An article without a date is in no period."""
    until: Moment
    """Published before this time."""
    search: str | None
    """A query as for :class:`~caliber_crawler.archive.search.Search`."""


def selection_of(**wanted: Unpack[ArticleFilter]) -> Selection:
    """The selection that these keywords describe. Raises ``TypeError`` for any other, ``ValueError`` for no time."""
    if unknown := wanted.keys() - ArticleFilter.__annotations__.keys():
        known = ", ".join(ArticleFilter.__annotations__)
        raise TypeError(f"Articles are not selected by {', '.join(sorted(unknown))}; the keywords are {known}.")
    return Selection(
        sites=names(wanted.get("site")),
        sections=names(wanted.get("section")),
        languages=names(wanted.get("language")),
        since=moment(wanted.get("since")),
        until=moment(wanted.get("until")),
        search=wanted.get("search"),
    )


def names(given: Names) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(given or ())


def moment(given: Moment) -> datetime | None:
    if given is None:
        return None
    if isinstance(given, str):
        given = datetime.fromisoformat(given)
    if not isinstance(given, datetime):
        given = datetime.combine(given, time.min)
    return given if given.tzinfo else given.replace(tzinfo=UTC)


def article_ids(
    connection: Connection, selection: Selection, *, newest_first: bool = False, limit: int | None = None
) -> list[int]:
    """The selected articles in the order of their publication, those of unknown date first."""
    where, values = condition(connection, selection)
    direction = "DESC" if newest_first else "ASC"
    ids: list[int] = connection.values(
        f"""SELECT a.id FROM articles a WHERE {where}
        ORDER BY a.published_at {direction}, a.id {direction} LIMIT :limit""",
        {**values, "limit": -1 if limit is None else limit},
    )
    return ids


def condition(connection: Connection, selection: Selection) -> tuple[str, dict[str, str]]:
    """What makes a row of ``articles a`` one of the selection, and the values named in it.

    Every export of articles goes through here: what must not leave an archive is to be excluded here.
    """
    among = {"site": selection.sites, "section": selection.sections, "language": selection.languages}
    terms = ["a.duplicate_of IS NULL", "a.current_version_id IS NOT NULL"]
    values: dict[str, str] = {}
    for column, wanted in among.items():
        if wanted:
            terms.append(f"a.{column} IN (SELECT value FROM json_each(:{column}))")
            values[column] = json.dumps(wanted)
    for name, comparison, moment in (("since", ">=", selection.since), ("until", "<", selection.until)):
        if moment is not None:
            terms.append(f"a.published_at {comparison} :{name}")
            values[name] = utc_text(moment)
    if selection.search is not None:
        values["match"] = match_expression(connection, selection.search)
        found = "a.current_version_id IN (SELECT rowid FROM versions_fts WHERE versions_fts MATCH :match)"
        terms.append(found if values["match"] else "0")
    if not selection.include_opted_out:
        terms.append(f"a.id NOT IN ({OPTED_OUT})")
    return " AND ".join(terms), values


def distinct_values(connection: Connection, column: Literal["site", "section", "language"]) -> list[str]:
    """The sites, sections or languages of which there are articles, sorted."""
    found: list[str] = connection.values(
        f"""SELECT DISTINCT {column} FROM articles WHERE duplicate_of IS NULL AND {column} IS NOT NULL
        ORDER BY {column}"""
    )
    return found


def article_rows(
    connection: Connection, selection: Selection, *, newest_first: bool = False, limit: int | None = None
) -> Iterator[ArticleRow]:
    """A row for each selected article; its columns are :data:`COLUMNS`."""
    ids = article_ids(connection, selection, newest_first=newest_first, limit=limit)
    for start in range(0, len(ids), BATCH_SIZE):
        yield from connection.rows_of(ArticleRow, ROWS, (json.dumps(ids[start : start + BATCH_SIZE]),))


def capture_ids(connection: Connection, selection: Selection) -> list[int]:
    """The captures of the selected articles; of whole sites, every capture. In the order of time."""
    if selection.selects_articles:
        where = """article_id IN (SELECT id FROM articles
          WHERE coalesce(duplicate_of, id) IN (SELECT value FROM json_each(:chosen)))"""
        chosen: Sequence[int | str] = article_ids(connection, selection)
    else:
        where = "json_array_length(:chosen) = 0 OR site IN (SELECT value FROM json_each(:chosen))"
        chosen = selection.sites
    if not selection.include_opted_out:
        where = f"""({where}) AND opt_outs IS NULL AND (article_id IS NULL OR article_id NOT IN (
          SELECT id FROM articles WHERE coalesce(duplicate_of, id) IN ({OPTED_OUT})))"""
    ids: list[int] = connection.values(
        f"SELECT id FROM captures WHERE {where} ORDER BY fetched_at, id", {"chosen": json.dumps(chosen)}
    )
    return ids


def opted_out_articles(connection: Connection) -> list[int]:
    """The articles that their newest page reserves: they may be kept, and not passed on."""
    ids: list[int] = connection.values(f"SELECT DISTINCT id FROM articles WHERE id IN ({OPTED_OUT}) ORDER BY id")
    return ids


def count_opted_out(connection: Connection, selection: Selection, of: Literal["articles", "captures"]) -> int:
    """How many a selection leaves out because they are reserved."""
    ids = article_ids if of == "articles" else capture_ids
    return len(ids(connection, replace(selection, include_opted_out=True))) - len(ids(connection, selection))


def captures(connection: Connection, selection: Selection) -> Iterator[Capture]:
    """The captures of :func:`capture_ids`, each with its body."""
    kept = Captures(connection)
    for id in capture_ids(connection, selection):
        yield kept.get(id)


VIEWS = """
SELECT g.article_id, a.headline, a.url, a.language, a.section, a.published_at, g.observed_at, g.views, g.gained,
  g.hours, g.per_hour
FROM view_growth g JOIN articles a ON a.id = g.article_id
WHERE g.article_id IN (SELECT value FROM json_each(?)) ORDER BY g.article_id, g.observed_at, g.views"""


class ViewRow(TypedDict):
    """One view count of an article, and how it grew since the one before. Times are ISO 8601 text in UTC."""

    article_id: int
    headline: str
    url: str
    language: str
    section: str | None
    published_at: str | None
    observed_at: str
    views: int
    gained: int | None
    """Views since the count before; ``None`` for the first."""
    hours: float | None
    """Hours since the count before."""
    per_hour: float | None


def view_rows(connection: Connection, ids: Iterable[int]) -> list[ViewRow]:
    """Every view count of these articles, in order of time, with its growth."""
    return connection.rows_of(ViewRow, VIEWS, (json.dumps(list(ids)),))


def headline_on(connection: Connection, capture_id: int | None) -> str | None:
    """The headline of the article that was read on a capture, if one was."""
    headline: str | None = connection.value(
        "SELECT v.headline FROM captures c JOIN versions v ON v.id = c.version_id WHERE c.id = ?", (capture_id,)
    )
    return headline
