"""Images and links of an article, each with the times at which it was first and last seen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal
from urllib.parse import urlsplit

from caliber_crawler.archive.core.checksums import insert_with_checksum
from caliber_crawler.archive.core.connection import Connection
from caliber_crawler.archive.core.times import utc_text
from caliber_crawler.items import Extraction

Table = Literal["images", "links"]
TABLES: tuple[Table, ...] = ("images", "links")
Media = dict[str, Any]
"""A row of a table, without its checksum."""


def media_of(article_id: int, extraction: Extraction, table: Table) -> Iterator[Media]:
    """The images or links of a page as rows."""
    seen_at = utc_text(extraction.capture.fetched_at)
    seen = {"article_id": article_id, "first_seen_at": seen_at, "last_seen_at": seen_at}
    if table == "images":
        for position, image in enumerate(extraction.article.images):
            yield {**seen, "url": image.url, "position": position, "alt": image.alt}
    else:
        for position, link in enumerate(extraction.article.links):
            yield {**seen, "url": link.url, "position": position, "host": host_of(link.url), "text": link.text}


def merge_media(known: Media, new: Media) -> Media:
    """One row for an image or link that two pages have."""
    newest = known if known["last_seen_at"] > new["last_seen_at"] else new
    return newest | {
        "first_seen_at": min(known["first_seen_at"], new["first_seen_at"]),
        "last_seen_at": newest["last_seen_at"],
    }


def host_of(url: str) -> str | None:
    """The host of a link, if any."""
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None


def record_media(connection: Connection, table: Table, row: Mapping[str, Any], *, is_new: bool = False) -> None:
    """Insert or update an image or link of an article; its text and position are those of the newest page.

    Pass ``is_new`` if the row probably does not exist yet: then it is inserted without a look-up.
    """
    new = {name: value for name, value in row.items() if name != "checksum"}
    if is_new and insert_with_checksum(connection, table, new, "ON CONFLICT DO NOTHING").rowcount:
        return
    known = connection.row(f"SELECT * FROM {table} WHERE article_id = :article_id AND url = :url", new)
    if known is not None:
        own = known.pop("checksum")
        new = merge_media(known, new)
        if new == known and own is not None:
            return
        connection.execute(f"DELETE FROM {table} WHERE article_id = :article_id AND url = :url", new)
    insert_with_checksum(connection, table, new)


def move_media(connection: Connection, duplicate: int, survivor: int) -> None:
    """Move the images and links of a duplicate to its survivor."""
    for table in TABLES:
        rows = connection.rows(f"SELECT * FROM {table} WHERE article_id = ?", (duplicate,))
        connection.execute(f"DELETE FROM {table} WHERE article_id = ?", (duplicate,))
        for row in rows:
            record_media(connection, table, row | {"article_id": survivor})
