"""The header of a shard's file, which shows whether it is an archive and of which schema, without opening it."""

from __future__ import annotations

from pathlib import Path

from caliber_crawler.archive.core.format import APPLICATION_ID, VERSION
from caliber_crawler.errors import NewerArchive, ShardUnusable

MAGIC = b"SQLite format 3\0"
USER_VERSION, APPLICATION = slice(60, 64), slice(68, 72)
"""See https://www.sqlite.org/fileformat2.html#the_database_header."""


def schema_of(path: Path) -> int | None:
    """The schema version of an archive; ``None`` for a file that is not one."""
    with path.open("rb") as file:
        header = file.read(100)
    is_archive = header.startswith(MAGIC) and int.from_bytes(header[APPLICATION]) == APPLICATION_ID
    return int.from_bytes(header[USER_VERSION]) if is_archive else None


def require_readable(path: Path, site: str, part: str) -> None:
    """Raise an error unless the shard of a site that ends with a part is an archive that this version reads.

    Raises :class:`ShardUnusable` or :class:`NewerArchive`.
    """
    schema = schema_of(path)
    if schema is None:
        raise ShardUnusable(
            f"The shard of {site} is not an archive ({part}); `caliber cluster restore {site}` takes a former one."
        )
    if schema > VERSION:
        raise NewerArchive(
            f"The shard of {site} has schema {schema}, of a later version of this program; this one reads {VERSION}."
        )
