"""Ranges: the pages of articles in an archive, in pieces that can be read side by side."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256

from caliber_crawler.archive.core.connection import Connection

PAGES = "kind = 'article' AND status = 200 AND body_digest IS NOT NULL"
"""Captures on which an article may stand."""


@dataclass(frozen=True, slots=True)
class CaptureRange:
    """Pages of articles whose ids lie in a range, both ends included. ``size`` is in bytes, as served."""

    first: int
    last: int
    digest: str
    """Over the pages and what is stated of them: as long as these are the same, it is."""
    size: int


def capture_ranges(connection: Connection, pages: int) -> Iterator[CaptureRange]:
    """An archive's pages in ranges of so many. Pages that come later begin ranges of their own."""
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
    """The captures of a range, in order."""
    ids: list[int] = connection.values(
        f"SELECT id FROM captures WHERE {PAGES} AND id BETWEEN ? AND ? ORDER BY id", (first, last)
    )
    return ids
