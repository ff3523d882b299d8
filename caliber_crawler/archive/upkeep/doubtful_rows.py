"""Rows that may contradict others, found by one statement for many rows.

A row that is not found is right. One that is found may be right all the same: the checks of
:mod:`~caliber_crawler.archive.upkeep.verification` decide, which take several statements for each row. So the
statements here have only the usual case: an article without duplicates.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Literal

from caliber_crawler.archive.core.connection import Connection
from caliber_crawler.archive.texts.current_state import TEXT

# The cross joins look up each row by its key, whatever SQLite knows of the tables.
CAPTURES = """
SELECT c.id FROM json_each(?) j CROSS JOIN captures c ON c.id = j.value
WHERE (c.body_digest IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM bodies b WHERE b.digest = c.body_digest AND b.size = c.size))
  OR (c.version_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM versions v CROSS JOIN articles a ON a.id = v.article_id
    WHERE v.id = c.version_id AND v.article_id = c.article_id
      AND c.fetched_at BETWEEN v.seen_from AND v.seen_until))"""

VERSIONS = """
SELECT v.id FROM json_each(?) j CROSS JOIN versions v ON v.id = j.value
WHERE v.replaced_by IS NULL AND (
  v.seen_from IS NOT (
    SELECT min(c.fetched_at) FROM captures c WHERE c.article_id = v.article_id AND c.version_id = v.id)
  OR EXISTS (SELECT 1 FROM articles d WHERE d.duplicate_of = v.article_id)
  OR NOT EXISTS (SELECT 1 FROM articles a WHERE a.id = v.article_id AND a.duplicate_of IS NULL))"""

OF_VERSION = " AND ".join(f"a.{name} IS ({sql})" for name, sql in TEXT.items() if name != "current_version_id")
"""Names without a table are those of the version, which is in the inner query."""
ARTICLES = f"""
SELECT a.id FROM json_each(?) j CROSS JOIN articles a ON a.id = j.value
WHERE a.duplicate_of IS NULL AND (
  NOT EXISTS (SELECT 1 FROM articles d WHERE d.duplicate_of = a.id)
  AND EXISTS (SELECT 1 FROM versions v WHERE v.id = a.current_version_id AND v.article_id = a.id
    AND v.replaced_by IS NULL AND {OF_VERSION}
    AND (a.version_count = 1 OR NOT EXISTS (
      SELECT 1 FROM versions w WHERE w.article_id = a.id AND w.id <> v.id AND w.replaced_by IS NULL
      AND (w.seen_until, w.seen_from, w.content_digest) >= (v.seen_until, v.seen_from, v.content_digest)))
    AND CASE WHEN v.authors = '[]' THEN NOT EXISTS (SELECT 1 FROM article_authors w WHERE w.article_id = a.id)
      WHEN json_valid(v.authors) THEN json(v.authors) = (
        SELECT json_group_array(DISTINCT name) FROM (
          SELECT p.name FROM article_authors w CROSS JOIN authors p ON p.id = w.author_id
          WHERE w.article_id = a.id ORDER BY w.position)) END)
  AND (a.version_count, a.first_seen_at, a.last_seen_at, coalesce(a.changed_at, '')) = (
    SELECT count(*), min(seen_from), max(seen_until), CASE WHEN count(*) > 1 THEN max(seen_from) ELSE '' END
    FROM versions WHERE article_id = a.id AND replaced_by IS NULL)
  AND a.views_at IS (SELECT max(observed_at) FROM view_counts WHERE article_id = a.id)
  AND a.views IS (SELECT max(views) FROM view_counts WHERE article_id = a.id AND observed_at = a.views_at)
  AND (SELECT max(u.url = a.url) AND (a.post_number IS NULL OR max(u.post_number = a.post_number))
      AND (a.slug IS NULL OR max(u.slug = a.slug)) FROM article_urls u WHERE u.article_id = a.id)
) IS NOT TRUE"""
"""Not true, because a comparison with NULL is neither."""

DOUBTFUL = {"captures": CAPTURES, "versions": VERSIONS, "articles": ARTICLES}


def doubtful_rows(
    connection: Connection, table: Literal["captures", "versions", "articles"], ids: Iterable[int]
) -> set[int]:
    """The IDs of rows that may contradict others, among some. Raises ``sqlite3.Error`` if one cannot be read."""
    return set(connection.values(DOUBTFUL[table], (json.dumps(list(ids)),)))
