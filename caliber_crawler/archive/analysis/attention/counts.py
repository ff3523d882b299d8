"""Counts of articles per period, for several queries, divided by section, language, site or author."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypedDict, get_args

from caliber_crawler.archive.analysis.attention.periods import Period, period_of, periods_between
from caliber_crawler.archive.core.connection import Connection
from caliber_crawler.archive.reports.state import state_digest
from caliber_crawler.archive.search.group_totals import group_totals
from caliber_crawler.archive.search.matching import Match, matching
from caliber_crawler.archive.search.ranking import IN_ARTICLES, IN_TEXT
from caliber_crawler.archive.search.selection import Selection, condition
from caliber_crawler.quantity import quantity

Breakdown = Literal["section", "language", "site", "author"]
PERIODS: tuple[Period, ...] = get_args(Period)
BREAKDOWNS: tuple[Breakdown, ...] = get_args(Breakdown)
MAX_QUERIES = 10
MAX_ROWS = 500_000
MAX_GROUPS = 20
"""Maximum number of groups: those with the most matching articles."""
NO_GROUP = "none"
"""The group of articles without a section or an author."""

GROUPS = {
    None: "NULL",
    "section": f"coalesce(a.section, '{NO_GROUP}')",
    "language": "a.language",
    "site": "a.site",
    "author": f"coalesce(p.name, '{NO_GROUP}')",
}
# An article of two authors counts for both.
JOINS = {"author": "LEFT JOIN article_authors w ON w.article_id = a.id LEFT JOIN authors p ON p.id = w.author_id"}


class AttentionRow(TypedDict):
    """The articles of one query in one period and group."""

    query: str
    group: str | None
    """A section, language, site or author; ``None`` without a breakdown."""
    period: str
    """The first day of the period (``2026-01-31``), in the site's time zone. A week begins on Monday."""
    articles: int
    of_all: int
    """The articles of the period and group, whatever they are about, within the same filters."""
    share: float | None
    """``articles / of_all``; ``None`` if there are no articles at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attention:
    """The rows of every query, group and period, also those without articles: iterable, as data frames need it."""

    queries: tuple[str, ...]
    by: Period
    breakdown: Breakdown | None
    rows: tuple[AttentionRow, ...]
    undated: dict[str, int]
    """By query: matching articles without a date, which no period contains."""
    groups_left_out: int
    """The number of groups beyond the :data:`MAX_GROUPS` with the most matching articles."""
    state: str
    """The digest of the archive's state (:func:`~caliber_crawler.archive.reports.state.state_digest`)."""

    def __iter__(self) -> Iterator[AttentionRow]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)


Count = Counter[tuple[str, str | None]]
"""Articles by first day of the period and group."""


def attention(
    connection: Connection,
    queries: Sequence[str],
    selection: Selection,
    *,
    by: Period = "month",
    breakdown: Breakdown | None = None,
) -> Attention:
    """The attention for up to ten queries within a selection. Raises ``QueryError`` and ``ValueError``.

    The periods run from the first to the last with an article of the selection.
    """
    if by not in PERIODS or breakdown not in (None, *BREAKDOWNS):
        raise ValueError(f"by is one of {', '.join(PERIODS)}; breakdown is None or one of {', '.join(BREAKDOWNS)}.")
    if len(queries) > MAX_QUERIES:
        raise ValueError(f"At most {MAX_QUERIES} queries can be compared; there are {len(queries)}.")
    counts = {query: _count(connection, selection, query, by, breakdown) for query in dict.fromkeys(queries)}
    everything = _count(connection, selection, None, by, breakdown)
    undated = {query: sum(n for (period, _), n in found.items() if not period) for query, found in counts.items()}
    groups, left_out = _groups(counts, everything)
    periods = _periods(everything, by)
    if (rows := len(counts) * len(groups) * len(periods)) > MAX_ROWS:
        raise ValueError(
            f"This gives {quantity(rows, 'row')}; the maximum is {MAX_ROWS:,}. Choose weeks or months, or fewer days."
        )
    return Attention(
        queries=tuple(counts),
        by=by,
        breakdown=breakdown,
        rows=tuple(
            _row(query, group, period, found[period, group], everything[period, group])
            for query, found in counts.items()
            for group in groups
            for period in periods
        ),
        undated=undated,
        groups_left_out=left_out,
        state=state_digest(connection),
    )


def _row(query: str, group: str | None, period: str, articles: int, of_all: int) -> AttentionRow:
    share = articles / of_all if of_all else None
    return {"query": query, "group": group, "period": period, "articles": articles, "of_all": of_all, "share": share}


def _count(
    connection: Connection, selection: Selection, query: str | None, by: Period, breakdown: Breakdown | None
) -> Count:
    """The articles of a query, or all of the selection; those without a date have an empty period."""
    if query is None and by == "month" and breakdown != "author":
        groups = group_totals(connection, selection, ("month", breakdown) if breakdown else ("month",))
        if groups is not None:
            return _sums(groups, breakdown)
    match = Match() if query is None else matching(connection, query)
    where, values = condition(connection, selection, match if query is not None else None)
    text = ["versions_fts MATCH :match"] if match.text else []
    rows = connection.execute(
        f"""SELECT a.published_date, {GROUPS[breakdown]}, count(*)
        {IN_TEXT if match.text else IN_ARTICLES} {JOINS.get(breakdown or "", "")}
        WHERE {" AND ".join([*text, where, *match.conditions])} GROUP BY 1, 2""",
        {**values, **match.values, "match": match.text},
    )
    count: Count = Counter()
    for day, group, articles in rows:
        count[period_of(day, by) if day else "", group] += articles
    return count


def _sums(groups: list[dict[str, Any]], breakdown: Breakdown | None) -> Count:
    """The articles of groups by month and breakdown."""
    count: Count = Counter()
    for row in groups:
        month = f"{row['month']}-01" if row["month"] else ""
        count[month, row[breakdown] or NO_GROUP if breakdown else None] += row["articles"]
    return count


def _groups(counts: dict[str, Count], everything: Count) -> tuple[list[str | None], int]:
    """The groups with the most matching articles, by name, and the number of the others."""
    matched: Counter[str | None] = Counter()
    for found in counts.values():
        for (_, group), articles in found.items():
            matched[group] += articles
    ranked = sorted({group for _, group in everything}, key=lambda group: (-matched[group], group or ""))
    shown = sorted(ranked[:MAX_GROUPS], key=lambda group: (group == NO_GROUP, group or ""))
    return shown, len(ranked) - len(shown)


def _periods(everything: Count, by: Period) -> list[str]:
    """Every period from the first to the last with an article."""
    dated = [period for period, _ in everything if period]
    return periods_between(min(dated), max(dated), by) if dated else []
