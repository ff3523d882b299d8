"""Checksums over rows: they detect a flipped bit, and often locate it.

SQLite has no checksums of its own, so a changed letter or digit would go unnoticed. A checksum shows damage, not
forgery: anyone who can write to the file can write checksums too. To prove a text to others, cite its digest.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Collection, Iterator, Mapping
from functools import lru_cache
from hashlib import blake2b
from typing import Any, Protocol

PRIMARY_KEYS = {
    "captures": ("id",),
    "versions": ("id",),
    "view_counts": ("article_id", "observed_at", "views"),
    "article_urls": ("url",),
    "images": ("article_id", "url"),
    "links": ("article_id", "url"),
}
"""The tables with checksums, and the primary key of each."""

EXCLUDED_COLUMNS: dict[str, frozenset[str]] = {
    "captures": frozenset({"id", "article_id", "version_id", "extractor"}),
    "versions": frozenset({"id", "seen_from", "seen_until", "replaced_by", "folded"}),
    "view_counts": frozenset(),
    "article_urls": frozenset({"article_id"}),
    "images": frozenset(),
    "links": frozenset(),
}
"""Columns that a checksum leaves out: those that may change, and those that are computed from others."""

HASHED_AS = {"methods": "rungs", "opt_outs": "reservations"}
"""Hashed names of columns, where they differ from the column name: renaming a column must not change a checksum."""

EARLIER_COLUMN = "seal"
"""The checksum column of archives before schema 4."""

_ENCODER = json.JSONEncoder(ensure_ascii=False, sort_keys=True)


class Executor(Protocol):
    """Anything that executes SQL: an archive's connection, or the database of a migration."""

    def execute(self, sql: str, parameters: Any = ..., /) -> Any: ...


def checksum(table: str, row: Mapping[str, object]) -> int:
    """The checksum of a row: 64 bits of BLAKE2b. NULL values are left out, so that a column can be added later."""
    # Damaged text may be invalid UTF-8: its bytes are hashed unchanged.
    content = _ENCODER.encode(_included(table, row)).encode("utf-8", "surrogateescape")
    return int.from_bytes(blake2b(content, digest_size=8).digest(), signed=True)


def checksum_by_value(table: str, row: Mapping[str, object], column: str) -> Callable[[object], int]:
    """The checksum of a row as a function of one of its values, which is not NULL: for trying many values."""
    included = _included(table, row)
    name = HASHED_AS.get(column, column)
    before = _ENCODER.encode({key: value for key, value in included.items() if key < name})
    after = _ENCODER.encode({key: value for key, value in included.items() if key > name})
    start = f"{before[:-1]}, " if before != "{}" else "{"
    end = f", {after[1:]}" if after != "{}" else "}"
    first = blake2b(f'{start}"{name}": '.encode("utf-8", "surrogateescape"), digest_size=8)
    last = end.encode("utf-8", "surrogateescape")

    def checksum_of(value: object) -> int:
        hashed = first.copy()
        hashed.update(_ENCODER.encode(value).encode("utf-8", "surrogateescape"))
        hashed.update(last)
        return int.from_bytes(hashed.digest(), signed=True)

    return checksum_of


_NOT_HASHED = {table: columns | {"checksum", EARLIER_COLUMN} for table, columns in EXCLUDED_COLUMNS.items()}


def _included(table: str, row: Mapping[str, object]) -> dict[str, object]:
    excluded = _NOT_HASHED[table]
    return {
        HASHED_AS.get(name, name): value for name, value in row.items() if value is not None and name not in excluded
    }


def insert_with_checksum(connection: Executor, table: str, row: Mapping[str, object], conflict: str = "") -> Any:
    """Insert a row with its checksum; return the cursor."""
    with_checksum = {**row, "checksum": checksum(table, row)}
    return connection.execute(_insertion(table, tuple(with_checksum), conflict), with_checksum)


@lru_cache
def _insertion(table: str, columns: tuple[str, ...], conflict: str) -> str:
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES (:{', :'.join(columns)}) {conflict}"


@contextlib.contextmanager
def without_triggers(connection: Executor, table: str, names: Collection[str] | None = None) -> Iterator[None]:
    """Allow changes that the triggers of a table forbid; the triggers are restored afterwards.

    ``names`` selects some of them. For migrations, repairs and articles that turned out to be none. Runs inside the
    caller's transaction, which restores the triggers after a failure.
    """
    triggers = connection.execute(
        "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = ?", (table,)
    ).fetchall()
    triggers = [trigger for trigger in triggers if names is None or trigger[0] in names]
    for trigger in triggers:
        connection.execute(f'DROP TRIGGER "{trigger[0]}"')
    yield
    for trigger in triggers:
        connection.execute(trigger[1])


def flip_one_bit(damaged: bytes, fits: Callable[[bytes], bool], near: Collection[int] = ()) -> bytes | None:
    """The bytes with one bit flipped so that they fit, or ``None``. Failing disks mostly flip a single bit.

    ``near`` lists offsets to try first.
    """
    tried = bytearray(damaged)
    for offset in (*near, *range(len(tried))):
        for bit in range(8):
            tried[offset] ^= 1 << bit
            if fits(bytes(tried)):
                return bytes(tried)
            tried[offset] ^= 1 << bit
    return None
