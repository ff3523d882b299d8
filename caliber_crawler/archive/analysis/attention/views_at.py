"""View counts at one age: articles are compared as of the same time after publication."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypedDict

from caliber_crawler.archive.core.connection import Connection
from caliber_crawler.archive.search.selection import Selection, condition
from caliber_crawler.errors import ArchiveError
from caliber_crawler.quantity import quantity

MAX_HOURS = 24 * 365 * 20

DEFINITION = "SELECT sql FROM sqlite_schema WHERE type = 'view' AND name = 'views_at'"
FIXED_AGES = "SELECT 1 AS hours UNION ALL SELECT 6 UNION ALL SELECT 24 UNION ALL SELECT 72 UNION ALL SELECT 168"
ALL_ARTICLES = "WHERE a.duplicate_of IS NULL"
"""Parts of the view `views_at`: its ages and articles. Everything else is the same at any age."""

VIEWS_AT = """
SELECT a.id AS article_id, a.headline, a.url, a.site, a.language, a.section, a.published_at, a.published_local,
  v.views, v.reason, v.before_at, v.views_before, v.after_at, v.views_after, v.hours_between
FROM ({view}) v JOIN articles a ON a.id = v.article_id
ORDER BY v.views DESC, a.published_at DESC, a.id"""


class ViewsAtRow(TypedDict):
    """An article with its views at one age. Times are ISO 8601 text in UTC."""

    article_id: int
    headline: str
    url: str
    site: str
    language: str
    section: str | None
    published_at: str | None
    published_local: str | None
    views: int | None
    """Interpolated between the view counts before and after that age; ``None`` if that is impossible."""
    reason: str | None
    """Why there is no value: ``no date``, ``no view count``, ``no earlier view count``, ``no later view count``,
    ``view counts too far apart`` (more than three times the age)."""
    before_at: str | None
    views_before: int | None
    after_at: str | None
    views_after: int | None
    hours_between: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewsAt:
    """Articles with their views at one age, most viewed first: iterable, as data frames need it."""

    hours: float
    rows: tuple[ViewsAtRow, ...]
    """The articles whose views are known."""
    not_known: tuple[ViewsAtRow, ...]
    """The others, each with its ``reason``."""

    def __iter__(self) -> Iterator[ViewsAtRow]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def reasons(self) -> dict[str, int]:
        """The number of articles whose views are not known, by reason, most frequent first."""
        return dict(Counter(str(row["reason"]) for row in self.not_known).most_common())

    def coverage(self) -> str:
        """One sentence: for how many articles the views are known, and why not for the others."""
        total = len(self.rows) + len(self.not_known)
        reasons = ", ".join(f"{count:,} {reason}" for reason, count in self.reasons.items())
        return f"Known for {len(self.rows):,} of {quantity(total, 'article')}{f' ({reasons})' if reasons else ''}."


def views_at(connection: Connection, selection: Selection, hours: float) -> ViewsAt:
    """The views of the selected articles ``hours`` after publication. Raises ``QueryError`` and ``ValueError``."""
    if not 0 < hours <= MAX_HOURS:
        raise ValueError(f"An age is more than 0 and at most {MAX_HOURS:,} hours, not {hours}.")
    where, values = condition(connection, selection)
    rows = connection.rows_of(ViewsAtRow, _at_any_age(connection, where), {**values, "hours": hours})
    return ViewsAt(
        hours=hours,
        rows=tuple(row for row in rows if row["reason"] is None),
        not_known=tuple(row for row in rows if row["reason"] is not None),
    )


def _at_any_age(connection: Connection, where: str) -> str:
    """The view `views_at` as a query for the age ``:hours`` and the articles ``a`` of a condition."""
    _, _, view = connection.value(DEFINITION).partition(" AS")
    for part, replacement in ((FIXED_AGES, "SELECT :hours AS hours"), (ALL_ARTICLES, f"WHERE {where}")):
        before, found, after = view.partition(part)
        if not found:
            raise ArchiveError(f"The view views_at of {connection.path} is not the one of this program.")
        view = f"{before}{replacement}{after}"
    return VIEWS_AT.format(view=view)
