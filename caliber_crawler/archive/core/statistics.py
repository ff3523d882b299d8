"""Statistics of SQLite's query planner: the number of rows of each table, the same for all of its indexes."""

from __future__ import annotations

import re

from caliber_crawler.archive.core.format import sqlite3

ANALYSIS_LIMIT = 400
"""Entries of an index that an analysis reads: milliseconds, however large the archive."""
NEARLY_ALL = re.compile(r"\bWHERE duplicate_of IS NULL\b")
"""The condition of indexes that have nearly every row of their table."""


def update_statistics(connection: sqlite3.Connection) -> None:
    """Analyze the tables that grew tenfold since the last time.

    A limited analysis estimates the number of rows from each index anew, and the estimates of one table differ by a
    factor of ten. SQLite would then read a whole table in the order of the index with the smallest one, which takes
    many times as long as in the order of the table. So the largest estimate counts for all.
    """
    connection.execute(f"PRAGMA analysis_limit = {ANALYSIS_LIMIT}")
    connection.execute("PRAGMA optimize")
    if connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'sqlite_stat1'").fetchone() is None:
        return
    small = {
        name
        for name, sql in connection.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND sql NOT NULL")
        if " WHERE " in sql and not NEARLY_ALL.search(sql)
    }
    estimates: dict[str, list[tuple[str, str, str]]] = {}
    for table, index, stat in connection.execute("SELECT tbl, idx, stat FROM sqlite_stat1 WHERE idx IS NOT NULL"):
        if index not in small:
            estimates.setdefault(table, []).append((index, *stat.partition(" ")[::2]))
    for table, found in estimates.items():
        most = max(int(rows) for _, rows, _ in found)
        for index, rows, others in found:
            if int(rows) != most:
                connection.execute(
                    "UPDATE sqlite_stat1 SET stat = ? WHERE tbl = ? AND idx = ?", (f"{most} {others}", table, index)
                )
