"""View counts at one age: articles are compared as of the same time after publication."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypedDict

from caliber_crawler.archive.core.connection import Connection
from caliber_crawler.archive.search.selection import Selection, condition
from caliber_crawler.quantity import quantity

MAX_HOURS = 24 * 365 * 20

# As the view `views_at`, at any age: see its migration.
VIEWS_AT = """
SELECT a.id AS article_id, a.headline, a.url, a.site, a.language, a.section, a.published_at, a.published_local,
  CASE WHEN b.observed_at = n.observed_at THEN n.views
    WHEN (julianday(n.observed_at) - julianday(b.observed_at)) * 24 <= 3 * :hours THEN
      CAST(round(b.views + (n.views - b.views) * (julianday(a.at) - julianday(b.observed_at))
        / (julianday(n.observed_at) - julianday(b.observed_at))) AS INTEGER) END AS views,
  CASE WHEN a.at IS NULL THEN 'no date' WHEN b.views IS NULL AND n.views IS NULL THEN 'no view count'
    WHEN b.views IS NULL THEN 'no earlier view count' WHEN n.views IS NULL THEN 'no later view count'
    WHEN (julianday(n.observed_at) - julianday(b.observed_at)) * 24 > 3 * :hours THEN 'view counts too far apart'
    END AS reason,
  b.observed_at AS before_at, b.views AS views_before, n.observed_at AS after_at, n.views AS views_after,
  round((julianday(n.observed_at) - julianday(b.observed_at)) * 24, 2) AS hours_between
FROM (
  SELECT a.*, strftime('%Y-%m-%dT%H:%M:%SZ', a.published_at, '+' || :hours || ' hours') AS at
  FROM articles a WHERE {where}) a
LEFT JOIN view_counts b ON (b.article_id, b.observed_at, b.views) = (
  SELECT c.article_id, c.observed_at, c.views FROM view_counts c
  WHERE c.observed_at <= a.at AND c.article_id IN (
    SELECT f.id FROM articles f WHERE f.id = a.id OR f.duplicate_of = a.id)
  ORDER BY c.observed_at DESC, c.views DESC LIMIT 1)
LEFT JOIN view_counts n ON (n.article_id, n.observed_at, n.views) = (
  SELECT c.article_id, c.observed_at, c.views FROM view_counts c
  WHERE c.observed_at >= a.at AND c.article_id IN (
    SELECT f.id FROM articles f WHERE f.id = a.id OR f.duplicate_of = a.id)
  ORDER BY c.observed_at, c.views DESC LIMIT 1)
ORDER BY views DESC, a.published_at DESC, a.id"""


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
    rows = connection.rows_of(ViewsAtRow, VIEWS_AT.format(where=where), {**values, "hours": hours})
    return ViewsAt(
        hours=hours,
        rows=tuple(row for row in rows if row["reason"] is None),
        not_known=tuple(row for row in rows if row["reason"] is not None),
    )
