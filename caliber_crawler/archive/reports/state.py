"""The state of an archive as one short digest: a number is reproducible on the same state."""

from __future__ import annotations

import hashlib
import json

from caliber_crawler.archive.core.connection import Connection

DIGITS = 16

# Only counters and the ends of indexes, and what is joined or replaced: milliseconds, however large the archive. A text
# becomes current by a new version, a new capture, or because another replaces it or does not any more.
STATE = (
    "SELECT sum(articles), sum(versions), sum(views) FROM article_totals",
    "SELECT max(published_at) FROM articles",
    "SELECT min(published_at) FROM articles",
    "SELECT count(*), sum(duplicate_of) FROM articles WHERE duplicate_of IS NOT NULL",
    "SELECT count(*), sum(replaced_by) FROM versions WHERE replaced_by IS NOT NULL",
    "SELECT * FROM totals",
    "SELECT count(*), max(id) FROM takedowns",
    "SELECT max(id) FROM versions",
)


def state_digest(connection: Connection) -> str:
    """16 hexadecimal digits of the SHA-256 over the archive's counters and numbers of articles and versions.

    Every new capture, version, view count, merge, split or takedown changes it.
    """
    rows = [[*map(list, connection.execute(sql))] for sql in STATE]
    return hashlib.sha256(json.dumps(rows).encode()).hexdigest()[:DIGITS]
