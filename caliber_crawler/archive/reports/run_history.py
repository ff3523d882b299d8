"""Earlier runs of the same kind, for comparison with a new one."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime, timedelta
from functools import cached_property
from typing import TypedDict

from caliber_crawler.archive.core.connection import Connection
from caliber_crawler.archive.core.times import utc_text, utc_time
from caliber_crawler.archive.reports.alarms import ACKNOWLEDGE, IS_USUAL, LAST_ACKNOWLEDGEMENT

COMPARED_ARGUMENTS = ("base_url", "languages", "sections", "sources")
"""Arguments that must be equal for two runs to be comparable."""
DEFINITION = "site_definition"
"""The key of the digest of a site definition among the versions of a run's software."""
LOOK_BACK = timedelta(days=400)
"""The time in which usual days are looked for."""
FIRST_LOOK_BACK = 2
"""How many times the wanted number of days is looked at first. More are needed only after long alarms and pauses."""
LONGEST_RUN = timedelta(days=7)
"""New articles of a run that took longer may not be counted."""


class StoredCounts(Mapping[str, int]):
    """The counts of a run. They are parsed when they are needed, which those of most earlier runs are not."""

    def __init__(self, text: str) -> None:
        self._text = text

    @cached_property
    def _counts(self) -> dict[str, int]:
        counts: dict[str, int] = json.loads(self._text)
        return counts

    def __getitem__(self, name: str) -> int:
        return self._counts[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._counts)

    def __len__(self) -> int:
        return len(self._counts)


class EarlierRun(TypedDict):
    """An earlier run to compare a run with."""

    id: int
    started_at: str
    counts: Mapping[str, int]
    is_usual: bool
    """Whether later runs are compared with it; see :meth:`RunHistory.similar_runs`."""


class RunHistory:
    """Results of runs over time."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def similar_runs(self, run_id: int, limit: int, *, usual: bool = False) -> list[EarlierRun]:
        """Earlier finished runs of the same command and site with the same arguments, newest first.

        ``usual``: only those that later runs are compared with: runs with the same site definition, and without an
        alarm that nobody has acknowledged.
        """
        # Most runs of a site have the same arguments and software, letter by letter: then no JSON is parsed.
        equal = " AND ".join(f"r.arguments ->> '{name}' IS t.arguments ->> '{name}'" for name in COMPARED_ARGUMENTS)
        same = [f"(r.arguments = t.arguments OR {equal})"]
        is_same_definition = f"r.software ->> '{DEFINITION}' IS t.software ->> '{DEFINITION}'"
        is_usual = f"({IS_USUAL}) AND (r.software = t.software OR {is_same_definition})"
        same += [is_usual] if usual else []
        rows = self._connection.rows(
            f"""SELECT r.id, r.started_at, r.counts, {is_usual} AS is_usual
            FROM runs t CROSS JOIN runs r INDEXED BY runs_site
            LEFT JOIN ({LAST_ACKNOWLEDGEMENT}) a ON a.site = r.site
            WHERE t.id = ? AND r.id < t.id AND r.site = t.site AND r.command = t.command AND r.outcome = 'finished'
              AND {" AND ".join(same)}
            ORDER BY r.started_at DESC, r.id DESC LIMIT ?""",
            (run_id, limit),
        )
        return [
            EarlierRun(
                id=row["id"],
                started_at=row["started_at"],
                counts=StoredCounts(row["counts"]),
                is_usual=bool(row["is_usual"]),
            )
            for row in rows
        ]

    def acknowledged_at(self, run_id: int) -> str:
        """When alarms of the site of a run were last acknowledged; empty if they never were."""
        at: str = self._connection.value(
            f"""SELECT coalesce(max(started_at), '') FROM runs
            WHERE command = '{ACKNOWLEDGE}' AND site = (SELECT site FROM runs WHERE id = ?)""",
            (run_id,),
        )
        return at

    def requested_scopes(self, site: str) -> list[dict[str, object]]:
        """The distinct arguments of the crawls of a site that were not limited to what was due."""
        values = self._connection.values(
            """SELECT DISTINCT json_set(arguments, '$.base_url', '', '$.limit', NULL, '$.requests', NULL)
            FROM runs INDEXED BY runs_with_scope
            WHERE command = 'crawl' AND site = ? AND instr(arguments, '"due_only": true') = 0
              AND NOT coalesce(arguments ->> 'due_only', 0)""",
            (site,),
        )
        return [json.loads(value) for value in values]

    def merged(self) -> set[str]:
        """The names of the archives that were merged."""
        return set(
            self._connection.values(
                """SELECT arguments ->> 'other' FROM runs INDEXED BY runs_site
                WHERE command = 'merge' AND outcome = 'finished'"""
            )
        )

    def coverage(self, run_ids: Collection[int], method: str = "") -> dict[tuple[str, str], tuple[int, int]]:
        """By layout and field: the number of pages extracted in these runs, and of those on which the field was found.

        With ``method``, the second number counts pages on which that extraction method found the field.
        """
        rows = self._connection.rows(
            """SELECT layout, field, sum(pages) AS pages, sum(filled) AS filled FROM (
              SELECT layout, field, max(pages) AS pages,
                sum(filled) FILTER (WHERE CASE ?2 WHEN '' THEN method <> '' ELSE method = ?2 END) AS filled
              FROM field_coverage WHERE run_id IN (SELECT value FROM json_each(?1))
              GROUP BY run_id, site, layout, field)
            GROUP BY layout, field""",
            (json.dumps(list(run_ids)), method),
        )
        return {(row["layout"], row["field"]): (row["pages"], row["filled"] or 0) for row in rows}

    def pages(self, run_ids: Collection[int]) -> dict[int, int]:
        """The number of pages extracted in each of these runs; runs without pages are left out."""
        rows = self._connection.rows(
            """SELECT run_id, sum(pages) AS pages FROM (
              SELECT run_id, max(pages) AS pages FROM field_coverage
              WHERE run_id IN (SELECT value FROM json_each(?)) GROUP BY run_id, layout)
            GROUP BY run_id""",
            (json.dumps(list(run_ids)),),
        )
        return {row["run_id"]: row["pages"] for row in rows}

    def visits(self, run_ids: Collection[int]) -> float:
        """How often these runs visited each of their articles, on average; at least 1."""
        row = self._connection.row(
            """SELECT count(*) AS pages, count(DISTINCT url) AS articles FROM captures
            WHERE run_id IN (SELECT value FROM json_each(?)) AND kind = 'article' AND status = 200""",
            (json.dumps(list(run_ids)),),
        )
        return row["pages"] / row["articles"] if row is not None and row["articles"] else 1.0

    def days(self, run_id: int, count: int) -> list[int]:
        """New URLs found per period of 24 hours, counted back from the end of a run, at most ``count`` of them.

        The first includes the run itself. Of the others, those in which no run ended or a run had an alarm are left
        out.
        """
        run = self._connection.row("SELECT site, finished_at FROM runs WHERE id = ?", (run_id,))
        if run is None or run["finished_at"] is None:
            return []
        end = utc_time(run["finished_at"])
        found: list[int] = []
        look_back = FIRST_LOOK_BACK * timedelta(days=count)
        while look_back < LOOK_BACK and len(found) < count:
            found = self._days(run["site"], end, look_back)
            look_back *= 4
        return (found if len(found) >= count else self._days(run["site"], end, LOOK_BACK))[:count]

    def _days(self, site: str, end: datetime, look_back: timedelta) -> list[int]:
        rows = self._connection.rows(
            f"""SELECT CAST((julianday(?1) - julianday(r.finished_at)) AS INTEGER) AS day,
              sum(coalesce(r.counts ->> 'found', 0)) AS found, min({IS_USUAL}) AS is_usual
            FROM runs r INDEXED BY runs_site LEFT JOIN ({LAST_ACKNOWLEDGEMENT}) a ON a.site = r.site
            WHERE r.command = 'crawl' AND r.site = ?2 AND r.finished_at <= ?1 AND r.finished_at > ?3
              AND r.started_at > ?4
            GROUP BY day ORDER BY day""",
            (utc_text(end), site, utc_text(end - look_back), utc_text(end - look_back - LONGEST_RUN)),
        )
        return [row["found"] for row in rows if row["day"] == 0 or row["is_usual"]]
