"""All that an archive knows of one address."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from caliber_crawler.archive.connection import Connection

MOST = 20
"""Fetches, and problems, that are told of."""


def explain(connection: Connection, urls: Sequence[str]) -> dict[str, Any]:
    """What is known of an address, given in all its spellings: ``frontier``, ``captures``, ``problems``, ``article``.

    Fetches and problems are those of the address itself, newest first; the article's fields come with the rule that
    gave each.
    """
    asked = json.dumps(list(urls))
    entry = connection.row(
        """SELECT * FROM frontier WHERE url IN (SELECT value FROM json_each(?))
        ORDER BY visited_at IS NULL, id LIMIT 1""",
        (asked,),
    )
    captures = connection.rows(
        """SELECT id, url, fetched_at, status, error, final_url, media_type, size, run_id, reservations FROM captures
        WHERE url IN (SELECT value FROM json_each(?)) ORDER BY id DESC LIMIT ?""",
        (asked, MOST),
    )
    problems = connection.rows(
        """SELECT noted_at, stage, reason, message, field, fatal, run_id FROM problems
        WHERE url IN (SELECT value FROM json_each(?)) ORDER BY id DESC LIMIT ?""",
        (asked, MOST),
    )
    return {
        "frontier": entry,
        "captures": [row | {"reservations": json.loads(row["reservations"] or "{}")} for row in captures],
        "problems": problems,
        "article": _article(connection, asked, entry),
    }


def _article(connection: Connection, asked: str, entry: dict[str, Any] | None) -> dict[str, Any] | None:
    id = connection.value("SELECT article_id FROM article_urls WHERE url IN (SELECT value FROM json_each(?))", (asked,))
    id = id or (entry or {}).get("article_id")
    row = connection.row(
        """SELECT a.id, a.url, a.headline, a.language, a.section, a.published_at, a.first_seen_at, a.last_seen_at,
          a.gone_at, a.version_count, v.layout, v.extractor, v.rungs,
          (SELECT count(*) FROM view_counts c WHERE c.article_id = a.id) AS view_count_readings
        FROM articles x JOIN articles a ON a.id = coalesce(x.duplicate_of, x.id)
        JOIN versions v ON v.id = a.current_version_id WHERE x.id = ?""",
        (id,),
    )
    if row is None:
        return None
    due = connection.rows(
        "SELECT url, due_at FROM frontier WHERE article_id = ? AND due_at IS NOT NULL ORDER BY due_at", (row["id"],)
    )
    return row | {"rungs": json.loads(row["rungs"]), "due": due}
