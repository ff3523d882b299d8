"""Images and links of an article, each with the times at which it was first and last seen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from caliber_crawler.archive.core.checksums import insert_with_checksum
from caliber_crawler.archive.core.connection import Connection


def record_media(
    connection: Connection, table: Literal["images", "links"], row: Mapping[str, Any], *, is_new: bool = False
) -> None:
    """Insert or update an image or link of an article; its text and position are those of the newest page.

    Pass ``is_new`` if the row probably does not exist yet: then it is inserted without a look-up.
    """
    new = {name: value for name, value in row.items() if name != "checksum"}
    if is_new and insert_with_checksum(connection, table, new, "ON CONFLICT DO NOTHING").rowcount:
        return
    known = connection.row(f"SELECT * FROM {table} WHERE article_id = :article_id AND url = :url", new)
    if known is not None:
        own = known.pop("checksum")
        newest = known if known["last_seen_at"] > new["last_seen_at"] else new
        times = {
            "first_seen_at": min(known["first_seen_at"], new["first_seen_at"]),
            "last_seen_at": newest["last_seen_at"],
        }
        new = newest | times
        if new == known and own is not None:
            return
        connection.execute(f"DELETE FROM {table} WHERE article_id = :article_id AND url = :url", new)
    insert_with_checksum(connection, table, new)


def move_media(connection: Connection, duplicate: int, survivor: int) -> None:
    """Move the images and links of a duplicate to its survivor."""
    tables: tuple[Literal["images", "links"], ...] = ("images", "links")
    for table in tables:
        rows = connection.rows(f"SELECT * FROM {table} WHERE article_id = ?", (duplicate,))
        connection.execute(f"DELETE FROM {table} WHERE article_id = ?", (duplicate,))
        for row in rows:
            record_media(connection, table, row | {"article_id": survivor})
