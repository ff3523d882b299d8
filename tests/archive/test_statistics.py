"""The statistics of SQLite's query planner: a whole table is not read in the order of an index."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from benchmarks.demo_archive import create_archive
from caliber_crawler.archive import Archive
from caliber_crawler.archive.core.format import sqlite3
from caliber_crawler.archive.core.statistics import update_statistics

WHOLE_TABLE = "SELECT id FROM articles WHERE duplicate_of IS NULL ORDER BY word_count DESC, id LIMIT 100"


def estimates(connection: sqlite3.Connection) -> dict[str, set[str]]:
    """The numbers of rows of each table, by its indexes that are not partial."""
    found: dict[str, set[str]] = {}
    for table, stat in connection.execute(
        """SELECT tbl, stat FROM sqlite_stat1 s WHERE idx IS NOT NULL AND NOT EXISTS (
          SELECT 1 FROM sqlite_schema WHERE name = s.idx AND sql LIKE '% WHERE %')"""
    ):
        found.setdefault(table, set()).add(stat.split()[0])
    return found


def test_all_indexes_of_a_table_have_one_number_of_rows(tmp_path: Path) -> None:
    path = tmp_path / "archive.db"
    create_archive(path, 60)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA analysis_limit = 400")
        connection.execute("ANALYZE")
        # A limited analysis of a large table: its estimates differ with the size of the entries.
        connection.execute("UPDATE sqlite_stat1 SET stat = '2700 1' WHERE idx = 'articles_url'")
        connection.execute("UPDATE sqlite_stat1 SET stat = '28112 1' WHERE idx = 'articles_published'")
        connection.execute("UPDATE sqlite_stat1 SET stat = '456 401' WHERE idx = 'articles_of_several_versions'")
        connection.commit()
    with closing(sqlite3.connect(path)) as connection:
        (plan,) = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {WHOLE_TABLE}") if "SCAN" in row[3]]
        assert "USING INDEX" in plan
        update_statistics(connection)
        connection.commit()
        assert estimates(connection)["articles"] == {"28112"}
        assert all(len(found) == 1 for found in estimates(connection).values())
        (few,) = connection.execute(
            "SELECT stat FROM sqlite_stat1 WHERE idx = 'articles_of_several_versions'"
        ).fetchone()
        assert few == "456 401"
    with closing(sqlite3.connect(path)) as connection:
        plans = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {WHOLE_TABLE}")]
        assert "SCAN articles" in plans


def test_closing_an_archive_makes_the_estimates_equal(tmp_path: Path) -> None:
    path = tmp_path / "archive.db"
    create_archive(path, 60)
    with Archive.open(path, mode="write") as archive:
        archive._connection.execute("ANALYZE")
        archive._connection.execute("UPDATE sqlite_stat1 SET stat = '9000 1' WHERE idx = 'articles_url'")
    with closing(sqlite3.connect(path)) as connection:
        assert estimates(connection)["articles"] == {"9000"}
