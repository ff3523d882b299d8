"""The state of an archive as one short digest: a number is reproducible on the same state."""

from __future__ import annotations

import hashlib
import json

from caliber_crawler.archive.core.connection import Connection

DIGITS = 16

# Only counters and covering indexes: milliseconds, however large the archive.
ARTICLES = """
SELECT count(*), count(duplicate_of), sum(current_version_id), max(published_at), min(published_at) FROM articles"""
OTHERS = ("SELECT * FROM totals", "SELECT count(*), max(id) FROM takedowns", "SELECT max(id) FROM versions")


def state_digest(connection: Connection) -> str:
    """16 hexadecimal digits of the SHA-256 over the archive's counters, article and version numbers.

    Every new capture, version, view count, merge, split or takedown changes it.
    """
    rows = [[*map(list, connection.execute(sql))] for sql in (ARTICLES, *OTHERS)]
    return hashlib.sha256(json.dumps(rows).encode()).hexdigest()[:DIGITS]
