"""Seals: a checksum over each row that states a fact, so that a flipped bit in it is noticed, and often turned back.

SQLite has no checksums of its own: a changed letter or digit reads as if it had always been there. A seal tells damage,
not forgery: who can write to the file can write seals too. To prove a text to others, cite its digest.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Collection, Iterator, Mapping
from functools import lru_cache
from hashlib import blake2b
from typing import Any, Protocol

KEYS = {
    "captures": ("id",),
    "versions": ("id",),
    "view_counts": ("article_id", "observed_at", "views"),
    "article_urls": ("url",),
    "images": ("article_id", "url"),
    "links": ("article_id", "url"),
}
"""The sealed tables, and what names a row of each."""

CHANGING: dict[str, frozenset[str]] = {
    "captures": frozenset({"id", "article_id", "version_id", "extractor"}),
    "versions": frozenset({"id", "seen_from", "seen_until", "replaced_by", "folded"}),
    "view_counts": frozenset(),
    "article_urls": frozenset({"article_id"}),
    "images": frozenset(),
    "links": frozenset(),
}
"""Which columns a seal leaves out: those that may still change, and those that are made from the rest."""


_STATED = json.JSONEncoder(ensure_ascii=False, sort_keys=True)


class Executor(Protocol):
    """What runs a statement: an archive's connection, or the database of a migration."""

    def execute(self, sql: str, parameters: Any = ..., /) -> Any: ...


def seal(table: str, row: Mapping[str, object]) -> int:
    """64 bits of BLAKE2b over a row of a sealed table. What is NULL does not count: so a column can be added later."""
    stated = {name: value for name, value in row.items() if value is not None and name not in CHANGING[table]}
    stated.pop("seal", None)
    # A damaged text may be no text at all: its bytes count as they are.
    content = _STATED.encode(stated).encode("utf-8", "surrogateescape")
    return int.from_bytes(blake2b(content, digest_size=8).digest(), signed=True)


def insert_sealed(connection: Executor, table: str, row: Mapping[str, object], conflict: str = "") -> Any:
    """Insert a row with its seal; gives the cursor."""
    sealed = {**row, "seal": seal(table, row)}
    return connection.execute(_insertion(table, tuple(sealed), conflict), sealed)


@lru_cache
def _insertion(table: str, columns: tuple[str, ...], conflict: str) -> str:
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES (:{', :'.join(columns)}) {conflict}"


@contextlib.contextmanager
def unlocked(connection: Executor, table: str) -> Iterator[None]:
    """Inside, rows of a table may be changed although its triggers forbid it; the triggers are back afterwards.

    For migrations and repairs only. Runs inside the caller's transaction: after a failure nothing was ever unlocked.
    """
    triggers = connection.execute(
        "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = ?", (table,)
    ).fetchall()
    for trigger in triggers:
        connection.execute(f'DROP TRIGGER "{trigger[0]}"')
    yield
    for trigger in triggers:
        connection.execute(trigger[1])


def one_bit_back(damaged: bytes, fits: Callable[[bytes], bool], near: Collection[int] = ()) -> bytes | None:
    """The bytes with one bit turned back so that they fit, or ``None``. What a failing disk flips is mostly one bit.

    ``near`` names offsets to try first.
    """
    tried = bytearray(damaged)
    for place in (*near, *range(len(tried))):
        for bit in range(8):
            tried[place] ^= 1 << bit
            if fits(bytes(tried)):
                return bytes(tried)
            tried[place] ^= 1 << bit
    return None
