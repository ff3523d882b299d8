"""Totals: counts that triggers maintain, so that reports need not scan tables. Verification recounts them."""

from __future__ import annotations

from caliber_crawler.archive.core.connection import Connection
from caliber_crawler.archive.core.rows import TotalsRow

COUNTED = {
    "captures": "SELECT count(*) FROM captures",
    "answered": "SELECT count(*) FROM captures WHERE status < 400",
    "unanswered": "SELECT count(*) FROM captures WHERE status IS NULL",
    "first_capture_at": "SELECT min(fetched_at) FROM captures",
    "last_capture_at": "SELECT max(fetched_at) FROM captures",
    "bodies": "SELECT count(*) FROM bodies",
    "served": "SELECT coalesce(sum(size), 0) FROM bodies",
    "stored": "SELECT coalesce(sum(length(data)), 0) FROM bodies",
    "versions": "SELECT count(*) FROM versions",
    "view_counts": "SELECT count(*) FROM view_counts",
}
"""Each total, with the query that computes it."""


def totals(connection: Connection) -> TotalsRow:
    """Every total as stored."""
    return connection.rows_of(TotalsRow, f"SELECT {', '.join(COUNTED)} FROM totals")[0]


def wrong_totals(connection: Connection) -> list[str]:
    """The names of the totals that differ from a recount."""
    stored = connection.row(f"SELECT {', '.join(COUNTED)} FROM totals") or {}
    return [name for name, sql in COUNTED.items() if stored.get(name) != connection.value(sql)]


def recount(connection: Connection) -> None:
    """Recompute every total. Runs inside the caller's transaction."""
    connection.execute("DELETE FROM totals")
    counted = ", ".join(f"({sql})" for sql in COUNTED.values())
    connection.execute(f"INSERT INTO totals (id, {', '.join(COUNTED)}) SELECT 1, {counted}")
