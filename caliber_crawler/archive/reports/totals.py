"""Totals: counts that triggers maintain, so that reports need not scan tables. Verification recounts them."""

from __future__ import annotations

from itertools import chain

from caliber_crawler.archive.core.connection import Connection
from caliber_crawler.archive.core.rows import EditionTotalsRow, TotalsRow

COUNTED = {
    "captures": {
        "captures": "count(*)",
        "answered": "count(*) FILTER (WHERE status < 400)",
        "unanswered": "count(*) FILTER (WHERE status IS NULL)",
        "first_capture_at": "min(fetched_at)",
        "last_capture_at": "max(fetched_at)",
    },
    "bodies": {
        "bodies": "count(*)",
        "served": "coalesce(sum(size), 0)",
        "stored": "coalesce(sum(length(data)), 0)",
        "cold": "count(*) FILTER (WHERE length(data) = 0)",
        "cold_served": "coalesce(sum(size) FILTER (WHERE length(data) = 0), 0)",
    },
    "versions": {"versions": "count(*)"},
    "view_counts": {"view_counts": "count(*)"},
}
"""The totals of each table, with the expressions that compute them in one pass over it."""
NAMES = tuple(name for expressions in COUNTED.values() for name in expressions)
RECOUNT = {
    table: f"SELECT {', '.join(f'{sql} AS {name}' for name, sql in expressions.items())} FROM {table}"
    for table, expressions in COUNTED.items()
}

ARTICLES = """
SELECT site, language, coalesce(section, ''), coalesce(published_month, ''), count(*), sum(version_count),
  sum(max(version_count - 1, 0)), count(views), coalesce(sum(views), 0)
FROM articles WHERE duplicate_of IS NULL GROUP BY 1, 2, 3, 4"""
"""The rows of ``article_totals``."""
WRONG_ARTICLES = f"""WITH counted AS MATERIALIZED ({ARTICLES})
SELECT 1 FROM (SELECT * FROM counted EXCEPT SELECT * FROM article_totals)
UNION ALL SELECT 1 FROM (SELECT * FROM article_totals EXCEPT SELECT * FROM counted) LIMIT 1"""

EDITIONS = """
SELECT t.site, t.language, nullif(t.section, '') AS section, sum(t.articles) AS articles, sum(t.versions) AS versions,
  CASE WHEN sum(t.viewed) > 0 THEN sum(t.views) END AS views, sum(t.edits) AS edits,
  (SELECT a.published_at FROM articles a WHERE a.site = t.site AND a.language = t.language
    AND a.section IS nullif(t.section, '') AND a.published_at IS NOT NULL AND a.duplicate_of IS NULL
    ORDER BY a.published_at LIMIT 1) AS first_published_at,
  (SELECT a.published_at FROM articles a WHERE a.site = t.site AND a.language = t.language
    AND a.section IS nullif(t.section, '') AND a.published_at IS NOT NULL AND a.duplicate_of IS NULL
    ORDER BY a.published_at DESC LIMIT 1) AS last_published_at
FROM article_totals t GROUP BY t.site, t.language, t.section ORDER BY t.site, t.language, t.section"""


def totals(connection: Connection) -> TotalsRow:
    """Every total as stored."""
    return connection.rows_of(TotalsRow, f"SELECT {', '.join(NAMES)} FROM totals")[0]


def edition_totals(connection: Connection) -> list[EditionTotalsRow]:
    """The totals of each site, language and section with articles, ordered by these."""
    return connection.rows_of(EditionTotalsRow, EDITIONS)


def wrong_totals(connection: Connection) -> list[str]:
    """The names of the totals that differ from a recount."""
    stored = connection.row(f"SELECT {', '.join(NAMES)} FROM totals") or {}
    counted = ((connection.row(sql) or {}).items() for sql in RECOUNT.values())
    wrong = [name for name, value in chain.from_iterable(counted) if stored.get(name) != value]
    return [*wrong, "article_totals"] if connection.row(WRONG_ARTICLES) is not None else wrong


def recount(connection: Connection) -> None:
    """Recompute every total. Runs inside the caller's transaction."""
    connection.execute("DELETE FROM totals")
    counted = ", ".join(f"({sql})" for sql in RECOUNT.values())
    connection.execute(f"INSERT INTO totals (id, {', '.join(NAMES)}) SELECT 1, * FROM {counted}")
    connection.execute("DELETE FROM article_totals")
    connection.execute(f"INSERT INTO article_totals {ARTICLES}")
