"""A light copy: an archive of selected articles for publishing, with every text and view count and without raw pages.

It is an archive like any other, to be read, searched and browsed. What serves only the crawl stays behind: the
frontier, problems, raw pages and the headers they came with.
"""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

from caliber_crawler.archive.core.checksums import insert_with_checksum
from caliber_crawler.archive.core.connection import BUSY_TIMEOUT_S, Connection, SQLiteErrors
from caliber_crawler.archive.core.format import sqlite3
from caliber_crawler.archive.search.selection import Selection, article_ids
from caliber_crawler.errors import ArchiveError

ARTICLE_TABLES = "article_id IN (SELECT id FROM chosen)"
KEPT_TABLES = {
    "articles": "id IN (SELECT id FROM chosen)",
    "article_urls": ARTICLE_TABLES,
    "versions": ARTICLE_TABLES,
    "view_counts": ARTICLE_TABLES,
    "article_authors": ARTICLE_TABLES,
    "images": ARTICLE_TABLES,
    "links": ARTICLE_TABLES,
    "authors": "id IN (SELECT author_id FROM main.article_authors)",
    "sections": "(site, language, section) IN (SELECT site, language, section FROM main.articles)",
    "sites": "site IN (SELECT site FROM main.articles)",
    "captures": """id IN (SELECT capture_id FROM main.versions UNION SELECT capture_id FROM main.view_counts)
      OR article_id IN (SELECT id FROM chosen)""",
    "runs": "id IN (SELECT run_id FROM main.versions UNION SELECT run_id FROM main.captures)",
}
"""The tables that are copied, in an order in which each can look at those before it, and which of their rows."""

SOURCES = """
CREATE VIEW main.sources AS
SELECT a.id, a.headline, a.url, coalesce(s.title, a.site) AS site_title, c.fetched_at AS retrieved_at,
  coalesce(s.reuse, 'not stated') AS reuse
FROM articles a
JOIN versions v ON v.id = a.current_version_id
JOIN captures c ON c.id = v.capture_id
LEFT JOIN sites s ON s.site = a.site
WHERE a.duplicate_of IS NULL"""
"""Where each article is from and on what condition it may be used, for whoever meets the copy alone."""

BLANKED = {"captures": {"body_digest": None, "headers": "[]"}}
"""Columns that are not copied, and what stands there instead."""


def write_light_copy(source: Connection, selection: Selection, path: Path, *, limit: int | None = None) -> int:
    """Write the selected articles into a new archive at ``path``; how many there are.

    ``path`` must not be there yet. The source may be written to meanwhile: the copy is of one moment. Raises
    ``ArchiveFull`` when there is no room, and ``ArchiveError`` when the copy does not pass SQLite's own checks.
    """
    Connection.open(path, "write").close()
    Path(f"{path}.lock").unlink(missing_ok=True)
    ids = article_ids(source, selection, limit=limit)
    with SQLiteErrors(path), closing(connect(path)) as copy:
        copy.execute("ATTACH ? AS source", (f"{source.path.absolute().as_uri()}?mode=ro",))
        # One transaction: all of it is read as it was when it began.
        copy.execute("BEGIN IMMEDIATE")
        copy.execute("CREATE TEMP TABLE chosen (id INTEGER PRIMARY KEY)")
        copy.execute(
            """INSERT INTO chosen SELECT id FROM source.articles
            WHERE coalesce(duplicate_of, id) IN (SELECT value FROM json_each(?))""",
            (json.dumps(ids),),
        )
        for table, rows in KEPT_TABLES.items():
            copy_table(copy, table, rows)
        count: int = copy.execute("SELECT count(*) FROM articles WHERE duplicate_of IS NULL").fetchone()[0]
        copy.execute(SOURCES)
        copy.execute("COMMIT")
        copy.execute("DETACH source")
        check(copy, path)
        copy.execute("PRAGMA optimize")
        # One file and nothing beside it: what is published is read, and may lie where nobody can write.
        copy.execute("PRAGMA journal_mode = DELETE")
    return count


def connect(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path.absolute().as_uri(), uri=True, timeout=BUSY_TIMEOUT_S, isolation_level=None)


def copy_table(copy: sqlite3.Connection, table: str, rows: str) -> None:
    # Generated columns are listed by table_xinfo only, and cannot be written to.
    columns = [name for _, name, *_ in copy.execute(f"PRAGMA main.table_info({table})")]
    wanted = f"SELECT {', '.join(columns)} FROM source.{table} WHERE {rows}"
    if table not in BLANKED:
        copy.execute(f"INSERT INTO main.{table} ({', '.join(columns)}) {wanted}")
        return
    for row in copy.execute(wanted):
        kept = dict(zip(columns, row, strict=True)) | BLANKED[table]
        del kept["checksum"]
        insert_with_checksum(copy, table, kept)


def check(copy: sqlite3.Connection, path: Path) -> None:
    """Raise ``ArchiveError`` unless file, foreign keys and full-text index are sound."""
    found = [row[0] for row in copy.execute("PRAGMA integrity_check") if row[0] != "ok"]
    found += [f"{row[0]} points to a {row[2]} that is not there" for row in copy.execute("PRAGMA foreign_key_check")]
    if found:
        raise ArchiveError(f"The copy at {path} is not sound: {found[0]}.")
    copy.execute("INSERT INTO versions_fts (versions_fts, rank) VALUES ('integrity-check', 1)")
