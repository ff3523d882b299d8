"""Verification of what is new since the last clean one: seconds, where all rows of a large archive take minutes.

A clean verification records its mark as a run: who, when, and the last rows that it checked. Rows that are older than
the mark are not checked again, so damage that happened to them since stays hidden: a full verification finds it.
A mark counts only for the file in which it was made. In a copy, a merged or repaired archive, and after a takedown,
which frees row IDs for new rows, everything is checked again.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from caliber_crawler.archive.core.connection import Connection
from caliber_crawler.archive.reports.runs import Runs
from caliber_crawler.archive.upkeep.file_checks import check_raw_file, check_schema
from caliber_crawler.archive.upkeep.finding import Finding
from caliber_crawler.archive.upkeep.verification import Verification

SEARCHED = ("captures", "versions", "bodies", "article_urls", "frontier")
"""Tables whose new rows are found by an index; those of the others are found by their primary key."""
OF_ARTICLES = ("view_counts", "article_urls", "images", "links", "frontier")
"""Tables of which all rows of a changed article are checked."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A clean verification: the run that records it, and the last rows that it checked."""

    run_id: int
    finished_at: str
    last_capture: int
    last_version: int

    @property
    def conditions(self) -> dict[str, str]:
        """Conditions for the rows that are new since, by table.

        A merge may add rows to an old run: so their IDs count too. Rows are looked up by their IDs: SQLite reads the
        whole table for a choice between two conditions.
        """
        new_captures, new_versions = (
            f"SELECT id FROM {table} WHERE run_id > {self.run_id} UNION SELECT id FROM {table} WHERE id > {last}"
            for table, last in (("captures", self.last_capture), ("versions", self.last_version))
        )
        captures = f"id IN ({new_captures})"
        seen_again = f"SELECT version_id FROM captures WHERE {captures} AND version_id IS NOT NULL"
        versions = f"id IN ({new_versions})"
        articles = f"""(SELECT article_id FROM captures WHERE {captures}
          UNION SELECT article_id FROM versions WHERE {versions})"""
        return {
            "captures": captures,
            "versions": f"id IN ({new_versions} UNION {seen_again})",
            "bodies": f"digest IN (SELECT body_digest FROM captures WHERE {captures})",
            "articles": f"id IN {articles}",
            "dictionaries": f"""id IN (SELECT dictionary_id FROM bodies
              WHERE digest IN (SELECT body_digest FROM captures WHERE {captures}))""",
            **dict.fromkeys(OF_ARTICLES, f"article_id IN {articles}"),
        }


class NewRowsVerification(Verification):
    """Checks the schema, the header, the log, new pages, and every row of the articles that they changed."""

    def __init__(self, connection: Connection, mark: Mark) -> None:
        super().__init__(connection)
        self.conditions = mark.conditions
        self.indexed = SEARCHED
        self.notes.append(
            f"Only rows that are new since run {mark.run_id} ({mark.finished_at}) were checked, without the B-trees,"
            " the references, the full-text index and the totals. `caliber verify` checks everything."
        )

    def _check_file(self) -> Iterator[Finding | None]:
        yield from self._check_once("schema", lambda: check_schema(self.connection))
        yield from self._check_once("file", lambda: check_raw_file(self.connection, self.notes))

    def _whole(self) -> dict[str, Iterator[Finding | None]]:
        return {}


def last_mark(connection: Connection) -> Mark | None:
    """The mark of the last clean verification of this file, or ``None`` if everything must be checked."""
    row = connection.row(
        """SELECT id, finished_at, arguments FROM runs WHERE command = 'verify' AND outcome = 'finished'
        AND json_valid(arguments) AND arguments ->> 'inode' = ? ORDER BY id DESC LIMIT 1""",
        (_inode(connection),),
    )
    if row is None:
        return None
    try:
        made = json.loads(row["arguments"])
        mark = Mark(row["id"], row["finished_at"], int(made["last_capture"]), int(made["last_version"]))
        return mark if made["takedowns"] == _takedowns(connection) else None
    except (ValueError, TypeError, LookupError):
        return None  # a damaged mark is no reason to check less


def record_mark(connection: Connection, since: Mark | None, checks: int, software: Mapping[str, object]) -> None:
    """Record a clean verification. The connection has had the writer's lock since before the first check."""
    made = {
        "since": since.run_id if since else None,
        "last_capture": connection.value("SELECT max(id) FROM captures") or 0,
        "last_version": connection.value("SELECT max(id) FROM versions") or 0,
        "takedowns": _takedowns(connection),
        "inode": _inode(connection),
    }
    runs = Runs(connection)
    with connection.transaction():
        run_id = runs.start("verify", site=None, arguments=made, settings={}, software=software)
        runs.finish(run_id, "finished", None, {"checks": checks})


def _inode(connection: Connection) -> int:
    return connection.path.stat().st_ino


def _takedowns(connection: Connection) -> int:
    count: int = connection.value("SELECT count(*) FROM takedowns")
    return count
