"""Runs: executions of commands that wrote to the archive, with their outcome and problems."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Literal, TypedDict, cast

from caliber_crawler.archive.core.connection import Connection
from caliber_crawler.archive.core.rows import JSONObject
from caliber_crawler.archive.core.run_results import SET_RESULTS
from caliber_crawler.archive.core.times import utc_now, utc_text
from caliber_crawler.items import Problem
from caliber_crawler.site.urls import without_credentials

Outcome = Literal["finished", "failed", "interrupted", "stopped"]
CoverageRow = tuple[str, str, str, str, int, int]
"""Site, layout, field, method; pages of that layout extracted; pages on which that method found the field."""


class RunRecord(TypedDict):
    """One execution of a command. Times are ISO 8601 text in UTC."""

    id: int
    command: str
    site: str | None
    outcome: Literal["running", "finished", "failed", "interrupted", "stopped"]
    reason: str | None
    """Why it ended, as one clause for people."""
    started_at: str
    heartbeat_at: str
    """When it last sent a heartbeat."""
    finished_at: str | None
    counts: dict[str, int]
    arguments: JSONObject
    """The arguments of the command."""
    settings: JSONObject
    software: JSONObject
    """Names and versions of the software."""
    user_agent: str | None
    exit_code: int | None
    """Of a crawl: the exit code that it would have if it was the only one of its command."""
    new_articles: int | None
    """New articles, when the run has ended; so with the two others."""
    problem_count: int | None
    stored_bytes: int | None
    """Bytes of the pages that it stored, as they are in the archive: compressed, and without repetitions."""


class Runs:
    """The runs recorded in an archive."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def start(
        self,
        command: str,
        *,
        site: str | None,
        arguments: Mapping[str, object],
        settings: Mapping[str, object],
        software: Mapping[str, object],
        user_agent: str | None = None,
    ) -> int:
        """Record the start of a command, with everything needed to understand later what it did."""
        now = utc_text(utc_now())
        facts = (as_json(arguments), as_compact_json(settings), as_compact_json(software))
        row = (command, site, now, now, *facts, user_agent)
        with self._connection.transaction():
            cursor = self._connection.execute(
                """INSERT INTO runs (command, site, started_at, heartbeat_at, arguments, settings, software, user_agent)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?)""",
                row,
            )
        assert cursor.lastrowid is not None
        return cursor.lastrowid

    def heartbeat(self, run_id: int, counts: Mapping[str, int]) -> None:
        """Record that a run is alive, and its counts so far."""
        with self._connection.transaction():
            self._connection.execute(
                "UPDATE runs SET heartbeat_at = ?, counts = ? WHERE id = ?",
                (utc_text(utc_now()), as_compact_json(counts), run_id),
            )

    def finish(self, run_id: int, outcome: Outcome, reason: str | None, counts: Mapping[str, int]) -> None:
        """Record how a run ended; ``reason`` is one clause for people."""
        now = utc_text(utc_now())
        with self._connection.transaction():
            self._connection.execute(
                "UPDATE runs SET outcome = ?, reason = ?, counts = ?, heartbeat_at = ?, finished_at = ? WHERE id = ?",
                (outcome, reason, as_compact_json(counts), now, now, run_id),
            )
            self._connection.execute(f"{SET_RESULTS} WHERE id = ?", (run_id,))

    def record_exit_code(self, run_id: int, exit_code: int, reason: str | None = None) -> None:
        """Record the exit code of a run that ended, and a reason if it has none."""
        with self._connection.transaction():
            self._connection.execute(
                """UPDATE runs SET exit_code = ?1, reason = coalesce(reason, ?3),
                  problem_count = (SELECT count(*) FROM problems WHERE run_id = ?2)
                WHERE id = ?2""",
                (exit_code, run_id, reason),
            )

    def discard(self, run_id: int) -> None:
        """Delete a run that did nothing."""
        with self._connection.transaction():
            self._connection.execute("DELETE FROM runs WHERE id = ?", (run_id,))

    def interrupt_dead(self) -> int:
        """Mark every ``running`` run as ``interrupted``. The caller has the writer's lock, so none of them is alive."""
        with self._connection.transaction():
            self._connection.execute(f"{SET_RESULTS} WHERE outcome = 'running'")
            return self._connection.execute(
                """UPDATE runs SET outcome = 'interrupted', reason = 'its process ended unexpectedly'
                WHERE outcome = 'running'"""
            ).rowcount

    def record_problem(
        self, run_id: int, problem: Problem, *, url: str | None = None, capture_id: int | None = None
    ) -> None:
        """Store a problem with its URL and capture."""
        self._connection.execute(
            """INSERT INTO problems (run_id, noted_at, stage, reason, message, field, fatal, url, capture_id)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)""",
            (
                run_id,
                utc_text(utc_now()),
                problem.stage,
                problem.reason,
                without_credentials(problem.message),
                problem.field,
                int(problem.fatal),
                without_credentials(url) if url else None,
                capture_id,
            ),
        )

    def record_coverage(self, run_id: int, coverage: Iterable[CoverageRow]) -> None:
        """Store the coverage of each field. The numbers are totals of the run so far and replace earlier ones."""
        with self._connection.transaction():
            for row in coverage:
                self._connection.execute(
                    """INSERT INTO field_coverage (run_id, site, layout, field, method, pages, filled)
                    VALUES (?, ?, ?, ?, ?, ?, ?)
                    ON CONFLICT (run_id, site, layout, field, method)
                    DO UPDATE SET pages = excluded.pages, filled = excluded.filled""",
                    (run_id, *row),
                )

    def get(self, run_id: int) -> RunRecord | None:
        """The record of a run, if it exists."""
        row = self._connection.row("SELECT * FROM runs WHERE id = ?", (run_id,))
        return None if row is None else record_of(row)

    def last(self, limit: int = 5, *, site: str | None = None) -> list[RunRecord]:
        """The last runs of all sites or of one, newest first."""
        where = (
            ""
            if site is None
            else "WHERE id IN (SELECT id FROM runs WHERE site = :site ORDER BY +id DESC LIMIT :limit)"
        )
        rows = self._connection.rows(
            f"SELECT * FROM runs {where} ORDER BY id DESC LIMIT :limit", {"site": site, "limit": limit}
        )
        return [record_of(row) for row in rows]


def record_of(row: JSONObject) -> RunRecord:
    """A row of ``runs`` with its JSON columns as objects."""
    objects = {name: json.loads(row[name]) for name in ("counts", "arguments", "settings", "software")}
    return cast(RunRecord, row | objects)


def as_json(values: Mapping[str, object]) -> str:
    # Settings contain classes, paths and dates; readers of the archive need their text.
    return json.dumps(dict(values), ensure_ascii=False, default=str)


def as_compact_json(values: Mapping[str, object]) -> str:
    """The same as :func:`as_json` without spaces. Arguments have them: an index looks for some in their text."""
    return json.dumps(dict(values), ensure_ascii=False, default=str, separators=(",", ":"))
