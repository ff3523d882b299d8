"""Light copies: archives of selected articles for publication, with all versions and view counts, without raw pages.

A light copy is a normal archive: it can be read, searched and browsed. It does not contain what only a crawl needs:
the frontier, problems, raw pages and HTTP headers.
"""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

from caliber_crawler.archive.core.checksums import insert_with_checksum
from caliber_crawler.archive.core.connection import BUSY_TIMEOUT_S, Connection
from caliber_crawler.archive.core.format import sqlite3
from caliber_crawler.archive.core.sqlite_errors import SQLiteErrors
from caliber_crawler.archive.search.selection import Selection, article_ids
from caliber_crawler.errors import ArchiveError

ARTICLE_TABLES = "article_id IN (SELECT id FROM chosen)"
COPIED_TABLES = {
    "articles": "id IN (SELECT id FROM chosen)",
    "article_urls": ARTICLE_TABLES,
    "url_claims": ARTICLE_TABLES,
    "versions": ARTICLE_TABLES,
    "view_counts": ARTICLE_TABLES,
    "article_authors": ARTICLE_TABLES,
    "images": ARTICLE_TABLES,
    "links": ARTICLE_TABLES,
    "copies": f"{ARTICLE_TABLES} AND original_id IN (SELECT id FROM chosen)",
    "counterparts": f"{ARTICLE_TABLES} AND counterpart_id IN (SELECT id FROM chosen)",
    "name_searches": ARTICLE_TABLES,
    "mentions": ARTICLE_TABLES,
    "quotations": ARTICLE_TABLES,
    "codes": ARTICLE_TABLES,
    "codebook": "TRUE",
    "authors": "id IN (SELECT author_id FROM main.article_authors)",
    "sections": "(site, language, section) IN (SELECT site, language, section FROM main.articles)",
    "sites": "site IN (SELECT site FROM main.articles)",
    "site_facts": "site IN (SELECT site FROM main.articles)",
    "captures": """id IN (SELECT capture_id FROM main.versions UNION SELECT capture_id FROM main.view_counts)
      OR article_id IN (SELECT id FROM chosen)""",
    "runs": "id IN (SELECT run_id FROM main.versions UNION SELECT run_id FROM main.captures)",
}
"""The tables to copy and a condition for their rows, which may refer to tables copied before."""

SOURCES = """
CREATE VIEW main.sources AS
SELECT a.id, a.headline, a.url, coalesce(s.title, a.site) AS site_title, c.fetched_at AS retrieved_at,
  coalesce(s.reuse, 'not stated') AS reuse
FROM articles a
JOIN versions v ON v.id = a.current_version_id
JOIN captures c ON c.id = v.capture_id
LEFT JOIN sites s ON s.site = a.site
WHERE a.duplicate_of IS NULL"""
"""The source of each article and its terms of use, for readers of the copy."""

BLANKED = {"captures": {"body_digest": None, "headers": "[]"}}
"""Columns that are not copied, and their values in the copy."""


def write_light_copy(source: Connection, selection: Selection, path: Path, *, limit: int | None = None) -> int:
    """Write the selected articles into a new archive at ``path``; return their number.

    ``path`` must not exist. The copy is a consistent snapshot, even if others write to the source. Raises
    ``ArchiveFull`` when the disk is full, and ``ArchiveError`` when the copy does not pass SQLite's own checks.
    """
    Connection.open(path, "write").close()
    Path(f"{path}.lock").unlink(missing_ok=True)
    ids = article_ids(source, selection, limit=limit)
    with SQLiteErrors(path), closing(connect(path)) as copy:
        copy.execute("ATTACH ? AS source", (f"{source.path.absolute().as_uri()}?mode=ro",))
        # One transaction reads one snapshot.
        copy.execute("BEGIN IMMEDIATE")
        copy.execute("CREATE TEMP TABLE chosen (id INTEGER PRIMARY KEY)")
        copy.execute(
            """INSERT INTO chosen SELECT id FROM source.articles
            WHERE coalesce(duplicate_of, id) IN (SELECT value FROM json_each(?))""",
            (json.dumps(ids),),
        )
        for table, rows in COPIED_TABLES.items():
            copy_table(copy, table, rows)
        count: int = copy.execute("SELECT count(*) FROM articles WHERE duplicate_of IS NULL").fetchone()[0]
        copy.execute(SOURCES)
        copy.execute("COMMIT")
        copy.execute("DETACH source")
        check(copy, path)
        copy.execute("PRAGMA optimize")
        # Without WAL the copy is a single file, readable in a folder that is not writable.
        copy.execute("PRAGMA journal_mode = DELETE")
    return count


def connect(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path.absolute().as_uri(), uri=True, timeout=BUSY_TIMEOUT_S, isolation_level=None)


def copy_table(copy: sqlite3.Connection, table: str, rows: str) -> None:
    # table_info omits generated columns, which cannot be written.
    columns = [name for _, name, *_ in copy.execute(f"PRAGMA main.table_info({table})")]
    wanted = f"SELECT {', '.join(columns)} FROM source.{table} WHERE {rows}"
    if table not in BLANKED:
        copy.execute(f"INSERT INTO main.{table} ({', '.join(columns)}) {wanted}")
        return
    for row in copy.execute(wanted):
        values = dict(zip(columns, row, strict=True)) | BLANKED[table]
        del values["checksum"]
        insert_with_checksum(copy, table, values)


def check(copy: sqlite3.Connection, path: Path) -> None:
    """Raise ``ArchiveError`` unless file, foreign keys and full-text index are valid."""
    found = [row[0] for row in copy.execute("PRAGMA integrity_check") if row[0] != "ok"]
    found += [
        f"a row of {row[0]} references a missing row of {row[2]}" for row in copy.execute("PRAGMA foreign_key_check")
    ]
    if found:
        raise ArchiveError(f"The copy at {path} is damaged: {found[0]}.")
    copy.execute("INSERT INTO versions_fts (versions_fts, rank) VALUES ('integrity-check', 1)")
