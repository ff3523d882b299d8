"""The rows of pages in cold storage in a salvaged archive: what each page's place implies for its body."""

from __future__ import annotations

from caliber_crawler.archive.core.connection import Connection
from caliber_crawler.archive.upkeep.restored_rows import RestoredRows

COLD_TABLES = ("cold_files", "cold_pages", "cold_removals")


def restore_cold_rows(connection: Connection, rows: RestoredRows) -> None:
    """Restore the places of pages from indexes, and the bodies that they imply."""
    for table in COLD_TABLES:
        for row in rows.from_indexes(table):
            rows.insert(table, row)
    rows.counts["bodies"] += connection.execute(
        """INSERT INTO bodies (digest, size, data) SELECT digest, max(size), x'' FROM cold_pages
        WHERE digest NOT IN (SELECT digest FROM bodies) GROUP BY digest"""
    ).rowcount
