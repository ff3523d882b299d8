"""Articles in groups of the same language, section, site and month, in memory: how many of each group a query matches.

SQLite sorts all matches to count them, which takes most of the time of a search for a common word. From the second
search on, the group of each text is in memory as one number, until something is written to the archive.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypedDict

import numpy as np
from numpy.typing import NDArray

from caliber_crawler.archive.search.matching import matching
from caliber_crawler.archive.search.selection import Selection

if TYPE_CHECKING:
    from caliber_crawler.archive.core.connection import Connection

MAX_TEXTS = 1_500_000
"""Versions of an archive; the list of more would be larger than a value may be."""

TEXTS = """
SELECT +a.language, a.section, a.site, substr(a.published_date, 1, 7), group_concat(a.current_version_id)
FROM articles a WHERE a.current_version_id IS NOT NULL AND a.duplicate_of IS NULL GROUP BY 1, 2, 3, 4"""
MATCHES = "SELECT group_concat(rowid) FROM versions_fts WHERE versions_fts MATCH ?"


class GroupRow(TypedDict):
    """A group with the number of its articles that match."""

    language: str
    section: str | None
    site: str
    month: str | None
    articles: int


class Groups(NamedTuple):
    """The distinct groups, and the group of each version; -1 for versions that are not current."""

    distinct: list[tuple[str, str | None, str, str | None]]
    of_version: NDArray[np.int32]


FileState = tuple[tuple[int, int, int] | None, ...]
"""Number, size and time of change of the archive and of its write-ahead log: every commit changes one of them."""

_known: dict[Path, tuple[FileState, Groups | None]] = {}
"""For each archive, the state of its last search, and the groups if it was not the first in this state."""


def group_rows(connection: Connection, where: Selection) -> list[GroupRow] | None:
    """The groups of a selection's articles; ``None`` if SQLite should count them. Raises ``QueryError``."""
    if replace(where, sites=(), sections=(), languages=(), search=None) != Selection() or where.search is None:
        return None
    match = matching(connection, where.search)
    if match.conditions or not match.text or (groups := _groups(connection)) is None:
        return None
    ids = np.fromstring(connection.value(MATCHES, (match.text,)) or "", np.int64, sep=",")
    found = groups.of_version[ids[ids < len(groups.of_version)]]
    counts = np.bincount(found[found >= 0], minlength=len(groups.distinct))
    return [
        {"language": language, "section": section, "site": site, "month": month, "articles": int(count)}
        for (language, section, site, month), count in zip(groups.distinct, counts, strict=True)
        if count
        and (not where.languages or language in where.languages)
        and (not where.sections or section in where.sections)
        and (not where.sites or site in where.sites)
    ]


def _groups(connection: Connection) -> Groups | None:
    """The groups, if the archive has not changed since the last search."""
    state = _file_state(connection.path)
    before, groups = _known.get(connection.path, (None, None))
    if before != state:
        groups = None
    elif groups is None:
        groups = _load(connection)
    _known[connection.path] = state, groups
    return groups


def _file_state(path: Path) -> FileState:
    return tuple(map(_state_of, (path, Path(f"{path}-wal"))))


def _state_of(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


def _load(connection: Connection) -> Groups | None:
    size = (connection.value("SELECT max(id) FROM versions") or 0) + 1
    if size > MAX_TEXTS:
        return None
    distinct: list[tuple[str, str | None, str, str | None]] = []
    of_version = np.full(size, -1, np.int32)
    for *group, ids in connection.execute(TEXTS):
        of_version[np.fromstring(ids, np.int64, sep=",")] = len(distinct)
        distinct.append(tuple(group))
    return Groups(distinct, of_version)
