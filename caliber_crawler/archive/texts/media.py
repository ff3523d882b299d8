"""Pictures and links: what an article was ever seen with, and from when to when."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from caliber_crawler.archive.core.checksums import insert_with_checksum
from caliber_crawler.archive.core.connection import Connection


def record_media(connection: Connection, table: Literal["images", "links"], row: Mapping[str, Any]) -> None:
    """Keep a picture or link an article was seen with; what is said of it is that of the newest page."""
    kept = {name: value for name, value in row.items() if name != "checksum"}
    known = connection.row(f"SELECT * FROM {table} WHERE article_id = :article_id AND url = :url", kept)
    if known is not None:
        own = known.pop("checksum")
        newest = known if known["last_seen_at"] > kept["last_seen_at"] else kept
        times = {
            "first_seen_at": min(known["first_seen_at"], kept["first_seen_at"]),
            "last_seen_at": newest["last_seen_at"],
        }
        kept = newest | times
        if kept == known and own is not None:
            return
        connection.execute(f"DELETE FROM {table} WHERE article_id = :article_id AND url = :url", kept)
    insert_with_checksum(connection, table, kept)


def move_media(connection: Connection, duplicate: int, survivor: int) -> None:
    """Give all that a duplicate was seen with to the article that stands for it."""
    tables: tuple[Literal["images", "links"], ...] = ("images", "links")
    for table in tables:
        rows = connection.rows(f"SELECT * FROM {table} WHERE article_id = ?", (duplicate,))
        connection.execute(f"DELETE FROM {table} WHERE article_id = ?", (duplicate,))
        for row in rows:
            record_media(connection, table, row | {"article_id": survivor})
