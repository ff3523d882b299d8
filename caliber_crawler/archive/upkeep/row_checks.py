"""Checks of single rows: against their digest, and against the rows from which they are computed."""

from __future__ import annotations

import contextlib
import json
from datetime import datetime
from urllib.parse import urlsplit

from caliber_crawler.archive.core.connection import Connection
from caliber_crawler.archive.core.family import FAMILY
from caliber_crawler.archive.core.rows import FrontierRow, VersionRow
from caliber_crawler.archive.texts.current_state import CURRENT, CURRENT_TEXT, TEXT
from caliber_crawler.archive.texts.text_columns import digest_of_row
from caliber_crawler.archive.upkeep.finding import printable

TIMES = ("due_at", "discovered_at", "traversal_started_at", "crawled_since", "crawled_at", "visited_at")
"""The times in a row of the frontier."""
COUNTED = f"SELECT {', '.join(f'({sql}) AS {name}' for name, sql in CURRENT.items() if name not in TEXT)}"
SEEN = f"""SELECT min(seen_from) AS first_seen_at, max(seen_until) AS last_seen_at FROM versions
WHERE article_id IN ({FAMILY}) AND replaced_by IS NULL"""
AUTHORS = """SELECT json_group_array(name) FROM (
  SELECT p.name FROM article_authors w JOIN authors p ON p.id = w.author_id
  WHERE w.article_id = :article_id ORDER BY w.position)"""
KNOWN_AS = {
    name: f"SELECT 1 FROM article_urls WHERE article_id = ? AND {name} = ?" for name in ("url", "post_number", "slug")
}


def wrong_version(row: VersionRow) -> str | None:
    """What is inconsistent within a version, as a clause; ``None`` if nothing is."""
    try:
        digest = digest_of_row(row)
    except ValueError:
        return "its authors are not valid JSON"
    if digest != row["content_digest"]:
        return "its text does not match its digest"
    if len(row["body"].split()) != row["word_count"]:
        return "its word count is wrong"
    return None


def wrong_columns(connection: Connection, article_id: int) -> list[str]:
    """The columns of an article that do not match the rest of the archive."""
    key = {"article_id": article_id}
    actual = connection.row("SELECT * FROM articles WHERE id = :article_id", key) or {}
    text = connection.row(CURRENT_TEXT, key) or dict.fromkeys(TEXT)
    expected = text | (connection.row(COUNTED, key) or {})
    if actual["current_version_id"] is None and expected["current_version_id"] is None:
        # A repair keeps what the row says of an article whose versions are all lost.
        expected = {name: value for name, value in expected.items() if name not in TEXT}
    wrong = [name for name, value in expected.items() if actual[name] != value]
    named = connection.value(AUTHORS, key)
    authors = connection.value("SELECT authors FROM versions WHERE id = ?", (actual["current_version_id"],)) or "[]"
    with contextlib.suppress(ValueError):
        if json.loads(named) != list(dict.fromkeys(json.loads(authors))):
            wrong.append("article_authors")
    seen = connection.row(SEEN, key)
    wrong += [name for name, value in (seen or {}).items() if value is not None and actual[name] != value]
    for name, known in KNOWN_AS.items():
        if actual[name] is not None and not connection.value(known, (article_id, actual[name])):
            wrong.append(name)
    return wrong


def wrong_url(row: FrontierRow) -> str | None:
    """What is impossible in a row of the frontier, as a clause; ``None`` if nothing is."""
    try:
        if not urlsplit(row["url"]).path and not row["url"].startswith("http"):
            return "its URL is incomplete"
    except ValueError:
        return "its URL is invalid"
    for name in TIMES:
        if (time := row[name]) is not None:  # type: ignore[literal-required]
            try:
                datetime.fromisoformat(time)
            except (TypeError, ValueError):
                return f"{name} is not a time: {printable(time)}"
    if row["page_number"] < 1 or row["failures"] < 0:
        return "a number is out of range"
    return None
