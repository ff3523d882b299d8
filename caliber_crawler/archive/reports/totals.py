"""Totals: counts that triggers maintain, so that reports need not scan tables. Verification recounts them."""

from __future__ import annotations

from caliber_crawler.archive.core.connection import Connection
from caliber_crawler.archive.core.rows import EditionTotalsRow, TotalsRow

COUNTED = {
    "captures": "SELECT count(*) FROM captures",
    "answered": "SELECT count(*) FROM captures WHERE status < 400",
    "unanswered": "SELECT count(*) FROM captures WHERE status IS NULL",
    "first_capture_at": "SELECT min(fetched_at) FROM captures",
    "last_capture_at": "SELECT max(fetched_at) FROM captures",
    "bodies": "SELECT count(*) FROM bodies",
    "served": "SELECT coalesce(sum(size), 0) FROM bodies",
    "stored": "SELECT coalesce(sum(length(data)), 0) FROM bodies",
    "cold": "SELECT count(*) FROM bodies WHERE length(data) = 0",
    "cold_served": "SELECT coalesce(sum(size), 0) FROM bodies WHERE length(data) = 0",
    "versions": "SELECT count(*) FROM versions",
    "view_counts": "SELECT count(*) FROM view_counts",
}
"""Each total, with the query that computes it."""

ARTICLES = """
SELECT site, language, coalesce(section, ''), coalesce(published_month, ''), count(*), sum(version_count),
  sum(max(version_count - 1, 0)), count(views), coalesce(sum(views), 0)
FROM articles WHERE duplicate_of IS NULL GROUP BY 1, 2, 3, 4"""
"""The rows of ``article_totals``."""
STORED_ARTICLES = "SELECT * FROM article_totals"

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
    return connection.rows_of(TotalsRow, f"SELECT {', '.join(COUNTED)} FROM totals")[0]


def edition_totals(connection: Connection) -> list[EditionTotalsRow]:
    """The totals of each site, language and section with articles, ordered by these."""
    return connection.rows_of(EditionTotalsRow, EDITIONS)


def wrong_totals(connection: Connection) -> list[str]:
    """The names of the totals that differ from a recount."""
    stored = connection.row(f"SELECT {', '.join(COUNTED)} FROM totals") or {}
    wrong = [name for name, sql in COUNTED.items() if stored.get(name) != connection.value(sql)]
    for one, other in ((ARTICLES, STORED_ARTICLES), (STORED_ARTICLES, ARTICLES)):
        if connection.row(f"SELECT * FROM ({one}) EXCEPT SELECT * FROM ({other}) LIMIT 1") is not None:
            return [*wrong, "article_totals"]
    return wrong


def recount(connection: Connection) -> None:
    """Recompute every total. Runs inside the caller's transaction."""
    connection.execute("DELETE FROM totals")
    counted = ", ".join(f"({sql})" for sql in COUNTED.values())
    connection.execute(f"INSERT INTO totals (id, {', '.join(COUNTED)}) SELECT 1, {counted}")
    connection.execute("DELETE FROM article_totals")
    connection.execute(f"INSERT INTO article_totals {ARTICLES}")
