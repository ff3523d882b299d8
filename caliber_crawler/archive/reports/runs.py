"""Runs: what was done to the archive, by which command, how it ended, and what went wrong on the way."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Literal, TypedDict, cast

from caliber_crawler.archive.core.connection import Connection
from caliber_crawler.archive.core.rows import JSONObject
from caliber_crawler.archive.core.times import utc_now, utc_text
from caliber_crawler.items import Problem

Outcome = Literal["finished", "failed", "interrupted", "stopped"]
CoverageRow = tuple[str, str, str, str, int, int]
"""Site, layout, field, method; pages of that layout read; pages on which that method gave the field."""


class RunRecord(TypedDict):
    """What a command did to the archive, and how it ended. Times are ISO 8601 text in UTC."""

    id: int
    command: str
    site: str | None
    outcome: Literal["running", "finished", "failed", "interrupted", "stopped"]
    reason: str | None
    """One clause for a person."""
    started_at: str
    heartbeat_at: str
    """When it last reported that it is alive."""
    finished_at: str | None
    counts: dict[str, int]
    arguments: JSONObject
    """What the command was asked for."""
    settings: JSONObject
    software: JSONObject
    """Names and versions of what it ran on."""
    user_agent: str | None


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
        """Record that a command begins, with all that is needed to understand later what it did."""
        now = utc_text(utc_now())
        row = (command, site, now, now, as_json(arguments), as_json(settings), as_json(software), user_agent)
        with self._connection.transaction():
            cursor = self._connection.execute(
                """INSERT INTO runs (command, site, started_at, heartbeat_at, arguments, settings, software, user_agent)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?)""",
                row,
            )
        assert cursor.lastrowid is not None
        return cursor.lastrowid

    def heartbeat(self, run_id: int, counts: Mapping[str, int]) -> None:
        """Say that a run is alive, and how far it has come."""
        with self._connection.transaction():
            self._connection.execute(
                "UPDATE runs SET heartbeat_at = ?, counts = ? WHERE id = ?",
                (utc_text(utc_now()), as_json(counts), run_id),
            )

    def finish(self, run_id: int, outcome: Outcome, reason: str | None, counts: Mapping[str, int]) -> None:
        """Record how a run ended; ``reason`` is one clause for a person."""
        now = utc_text(utc_now())
        with self._connection.transaction():
            self._connection.execute(
                "UPDATE runs SET outcome = ?, reason = ?, counts = ?, heartbeat_at = ?, finished_at = ? WHERE id = ?",
                (outcome, reason, as_json(counts), now, now, run_id),
            )

    def discard(self, run_id: int) -> None:
        """Take back a run that did nothing."""
        with self._connection.transaction():
            self._connection.execute("DELETE FROM runs WHERE id = ?", (run_id,))

    def interrupt_dead(self) -> int:
        """Mark every run still ``running`` as ``interrupted``: called with the writer's lock held, so none is alive."""
        with self._connection.transaction():
            return self._connection.execute(
                """UPDATE runs SET outcome = 'interrupted', reason = 'its process ended without a word'
                WHERE outcome = 'running'"""
            ).rowcount

    def record_problem(
        self, run_id: int, problem: Problem, *, url: str | None = None, capture_id: int | None = None
    ) -> None:
        """Keep a problem with the page it was met on."""
        self._connection.execute(
            """INSERT INTO problems (run_id, noted_at, stage, reason, message, field, fatal, url, capture_id)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)""",
            (
                run_id,
                utc_text(utc_now()),
                problem.stage,
                problem.reason,
                problem.message,
                problem.field,
                int(problem.fatal),
                url,
                capture_id,
            ),
        )

    def record_coverage(self, run_id: int, coverage: Iterable[CoverageRow]) -> None:
        """Keep how full each field was. Totals of the run so far: told again, they replace what was told before."""
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
        """The record of a run, if there is one."""
        row = self._connection.row("SELECT * FROM runs WHERE id = ?", (run_id,))
        return None if row is None else record_of(row)

    def last(self, limit: int = 5) -> list[RunRecord]:
        """The newest runs, newest first."""
        rows = self._connection.rows("SELECT * FROM runs ORDER BY id DESC LIMIT ?", (limit,))
        return [record_of(row) for row in rows]


def record_of(row: JSONObject) -> RunRecord:
    """A row of ``runs`` with its JSON columns as objects."""
    objects = {name: json.loads(row[name]) for name in ("counts", "arguments", "settings", "software")}
    return cast(RunRecord, row | objects)


def as_json(values: Mapping[str, object]) -> str:
    # Settings hold classes, paths and dates; their text is what a reader of the archive needs.
    return json.dumps(dict(values), ensure_ascii=False, default=str)
