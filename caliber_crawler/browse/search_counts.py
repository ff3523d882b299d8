"""What a search found, counted: by language, section, site and code for filters, and over time for a histogram."""

from __future__ import annotations

from calendar import monthrange
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from caliber_crawler.archive.core.connection import Connection
from caliber_crawler.archive.search.group_totals import Column, group_totals
from caliber_crawler.archive.search.ranking import source_of
from caliber_crawler.archive.search.selection import Selection, condition
from caliber_crawler.browse.article_groups import GroupRow, group_rows

FACETS = ("language", "section", "site", "code")
OF_SECTION: tuple[Column, ...] = ("site", "language", "section")
OF_MONTH: tuple[Column, ...] = ("month",)
"""Columns that totals are added up by, separately: few groups each."""
MAX_VALUES = 12
"""Number of the most frequent values of a facet that the page lists at first."""
MAX_BARS = 60
"""Longer periods are counted by year; years before the first bar are in it."""
WIDTH, HEIGHT = 720, 80
"""Size of the histogram in its own units."""

# One pass over the articles; its groups are added up by column. The plus prevents an index that has the order of the
# groups but not every column.
COUNTS = """
SELECT +a.language AS language, a.section, a.site, substr(a.published_date, 1, 7) AS month, count(*) AS articles
{found} GROUP BY 1, 2, 3, 4"""
# Variables without a list of codes have free text.
CODES = """
SELECT k.variable || '=' || k.code, count(DISTINCT a.id) FROM codebook b
CROSS JOIN codes k ON k.variable = b.variable CROSS JOIN articles m ON m.id = k.article_id
CROSS JOIN articles a ON a.id = coalesce(m.duplicate_of, m.id)
WHERE b.codes <> '[]' AND {where} GROUP BY k.variable, k.code"""


@dataclass(frozen=True, slots=True)
class Bar:
    """One period of the histogram."""

    label: str
    """``2026-01`` or ``2026``."""
    first_day: str
    last_day: str
    articles: int
    x: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class SearchCounts:
    """The counts of one search."""

    total: int
    facets: dict[str, list[tuple[str, int]]]
    """For each facet with more than one value, the values and their numbers of articles, most frequent first."""
    bars: list[Bar]
    """Every period from the first to the last article; none for a single period."""
    undated: int
    width: int = WIDTH
    total_height: int = HEIGHT


def count_hits(connection: Connection, where: Selection) -> SearchCounts:
    """Count the articles of a selection. Raises ``QueryError``."""
    counts: dict[str, Counter[str]] = {name: Counter() for name in (*FACETS, "month")}
    for columns, rows in _counted(connection, where):
        for row in rows:
            for name in columns:
                if (value := row[name]) is not None:
                    counts[name][value] += row["articles"]
    total = counts["language"].total()
    if connection.value("SELECT EXISTS (SELECT 1 FROM codes)"):
        sql, values = condition(connection, where)
        counts["code"].update(dict(connection.execute(CODES.format(where=sql), values).fetchall()))
    facets = {
        name: sorted(counts[name].items(), key=lambda pair: (-pair[1], pair[0]))
        for name in FACETS
        if len(counts[name]) > 1
    }
    return SearchCounts(total, facets, bars_of(counts["month"]), total - counts["month"].total())


def _counted(connection: Connection, where: Selection) -> Iterator[tuple[Sequence[str], Sequence[Mapping[str, Any]]]]:
    """Columns, and the groups of articles that have the same values in these; each column occurs once."""
    for columns in (OF_SECTION, OF_MONTH):
        if (groups := group_totals(connection, where, columns)) is not None:
            yield columns, groups
        else:
            yield (*OF_SECTION, *OF_MONTH), _rows(connection, where)
            return


def _rows(connection: Connection, where: Selection) -> list[GroupRow]:
    if (rows := group_rows(connection, where)) is not None:
        return rows
    found, values = source_of(connection, where)
    return connection.rows_of(GroupRow, COUNTS.format(found=found), values)


def bars_of(months: dict[str, int]) -> list[Bar]:
    """Return the histogram of articles per month, or per year if there are more than :data:`MAX_BARS` months."""
    if not months:
        return []
    numbers = {month: int(month[:4]) * 12 + int(month[5:]) - 1 for month in months}
    first, last = min(numbers.values()), max(numbers.values())
    if last - first < MAX_BARS:
        periods = [f"{number // 12:04}-{number % 12 + 1:02}" for number in range(first, last + 1)]
        counts = months
    else:
        # Articles before the first bar are in it: nothing that was found is left out.
        periods = [f"{year:04}" for year in range(max(first // 12, last // 12 - MAX_BARS + 1), last // 12 + 1)]
        earlier = {month: number for month, number in months.items() if month < periods[0]}
        months = {**months, f"{periods[0]}-01": months.get(f"{periods[0]}-01", 0) + sum(earlier.values())}
        counts = {period: sum(n for month, n in months.items() if month.startswith(period)) for period in periods}
    if len(periods) < 2:
        return []
    most, step = max(counts.get(period, 0) for period in periods) or 1, WIDTH / len(periods)
    return [
        Bar(
            label=period,
            first_day=_first_day(period, first if place == 0 else None),
            last_day=_last_day(period),
            articles=counts.get(period, 0),
            x=round(place * step, 2),
            width=round(step * 0.9, 2),
            height=round(HEIGHT * counts.get(period, 0) / most, 2),
        )
        for place, period in enumerate(periods)
    ]


def _first_day(period: str, first: int | None) -> str:
    """The first day of a period; of the first bar, that of the first article's month, counted since year 0."""
    if len(period) > 4:
        return f"{period}-01"
    return f"{period}-01-01" if first is None else f"{first // 12:04}-{first % 12 + 1:02}-01"


def _last_day(period: str) -> str:
    if len(period) == 4:
        return f"{period}-12-31"
    year, month = int(period[:4]), int(period[5:])
    return f"{period}-{monthrange(year, month)[1]}"
