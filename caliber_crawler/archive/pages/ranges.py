"""Ranges: an archive's article pages in parts for parallel extraction."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256

from caliber_crawler.archive.core.connection import Connection
from caliber_crawler.items import PAGE_STATUSES

PAGES = f"kind = 'article' AND status IN {PAGE_STATUSES} AND body_digest IS NOT NULL"
"""Captures that may contain an article."""


@dataclass(frozen=True, slots=True)
class CaptureRange:
    """Article pages with capture IDs from ``first`` to ``last``, both included. ``size`` is in bytes, as served."""

    first: int
    last: int
    digest: str
    """A digest of the pages and their captures' checksums; it changes when one of them changes."""
    size: int


def capture_ranges(connection: Connection, pages: int) -> Iterator[CaptureRange]:
    """An archive's article pages in ranges of at most ``pages`` captures, by ID."""
    last = 0
    while rows := connection.execute(
        f"SELECT id, size, body_digest, checksum FROM captures WHERE {PAGES} AND id > ? ORDER BY id LIMIT ?",
        (last, pages),
    ).fetchall():
        digest = sha256()
        for row in rows:
            digest.update(f"{row['id']} {row['body_digest']} {row['checksum']}\n".encode())
        first, last = rows[0]["id"], rows[-1]["id"]
        yield CaptureRange(first, last, digest.hexdigest(), sum(row["size"] for row in rows))


def pages_between(connection: Connection, first: int, last: int) -> list[int]:
    """The IDs of the captures in a range, in order."""
    ids: list[int] = connection.values(
        f"SELECT id FROM captures WHERE {PAGES} AND id BETWEEN ? AND ? ORDER BY id", (first, last)
    )
    return ids
