"""Status: counts of an archive's contents."""

from __future__ import annotations

from pathlib import Path
from typing import TypedDict

from caliber_crawler.archive.core.connection import Connection
from caliber_crawler.archive.core.format import sqlite3
from caliber_crawler.archive.core.rows import EditionTotalsRow, TotalsRow
from caliber_crawler.archive.core.times import utc_now, utc_text
from caliber_crawler.archive.pages.cold_files import ColdFiles
from caliber_crawler.archive.reports.alarms import ACKNOWLEDGE, Alarm, Alarms
from caliber_crawler.archive.reports.runs import RunRecord, Runs
from caliber_crawler.archive.reports.totals import edition_totals, totals

# https://www.sqlite.org/wal.html#walresetbug: fixed in 3.51.3, and in 3.44.6 and 3.50.7 for those lines.
WAL_RESET_FIXED = (3, 51, 3)
WAL_RESET_BACKPORTS = {(3, 44): 6, (3, 50): 7}


class SQLiteStatus(TypedDict):
    """The SQLite library in use."""

    version: str
    warning: str | None
    """A known bug of this version, in one sentence."""


class CaptureCounts(TypedDict):
    """Captures by outcome. ``ok`` counts every status below 400, including 304."""

    total: int
    ok: int
    http_errors: int
    no_answer: int
    first_at: str | None
    last_at: str | None


class BodySizes(TypedDict):
    """The number of distinct pages, and their bytes."""

    total: int
    served: int
    """Bytes as served, after content decoding."""
    stored: int
    """Bytes in the archive, including the dictionaries."""
    dictionaries: int
    """The number of dictionaries."""


class ColdStorage(TypedDict):
    """The pages that are only in cold storage, and the files there."""

    pages: int
    served: int
    """Bytes of these pages as served."""
    files: int
    size: int
    """Bytes of the files."""
    missing_files: int
    """Files that are not available, or whose move was interrupted."""
    missing_pages: int
    """Pages in these files."""


class ProblemCount(TypedDict):
    """Problems with one reason code."""

    stage: str
    reason: str
    total: int
    refused: int
    """The number of pages that were refused because of it."""
    first_at: str
    """When the first was noted, as ISO 8601 text in UTC; ``last_at`` for the last."""
    last_at: str
    example: str
    """The message of one of them."""


class ProblemCounts(TypedDict):
    """Problems by reason, most frequent first."""

    last_run: list[ProblemCount]
    all: list[ProblemCount]


class StatusReport(TypedDict):
    """Counts of an archive's contents."""

    path: str
    size: int
    """Bytes of the archive and its write-ahead log."""
    sqlite: SQLiteStatus
    articles: int
    versions: int
    edits: int
    """Changes of texts by their sites after publication."""
    view_counts: int
    gone: int
    """Articles that are no longer on their site."""
    editions: list[EditionTotalsRow]
    captures: CaptureCounts
    bodies: BodySizes
    cold: ColdStorage
    frontier: dict[str, int]
    """Known URLs by state; ``due`` counts those that are due now."""
    runs: list[RunRecord]
    """The last five runs, newest first."""
    alarms: list[Alarm]
    """What is unusual about sites, until it ends or somebody acknowledges it."""
    problems: ProblemCounts


def status(connection: Connection) -> StatusReport:
    """Counts, sizes in bytes, the last runs, and problems by reason. Does not read whole tables."""
    editions = edition_totals(connection)
    counted = totals(connection)
    return {
        "path": str(connection.path),
        "size": sum(file.stat().st_size for file in files_of(connection) if file.exists()),
        "sqlite": {"version": sqlite3.sqlite_version, "warning": sqlite_warning(sqlite3.sqlite_version_info)},
        "articles": sum(edition["articles"] for edition in editions),
        "versions": counted["versions"],
        "edits": sum(edition["edits"] for edition in editions),
        "view_counts": counted["view_counts"],
        "gone": connection.value("SELECT count(*) FROM articles WHERE duplicate_of IS NULL AND gone_at IS NOT NULL"),
        "editions": editions,
        "captures": captures(counted),
        "bodies": bodies(connection, counted),
        "cold": cold_storage(connection, counted),
        "frontier": frontier(connection),
        "runs": Runs(connection).last(),
        "alarms": Alarms(connection).open(),
        "problems": {
            "last_run": problems(
                connection, f"WHERE run_id = (SELECT max(id) FROM runs WHERE command <> '{ACKNOWLEDGE}')"
            ),
            "all": problems(connection, ""),
        },
    }


def files_of(connection: Connection) -> tuple[Path, Path]:
    """The archive and its write-ahead log."""
    return connection.path, Path(f"{connection.path}-wal")


def sqlite_warning(version: tuple[int, ...]) -> str | None:
    """A warning if this version of SQLite has the WAL reset bug, in one sentence."""
    backport = WAL_RESET_BACKPORTS.get((version[0], version[1]))
    if version >= WAL_RESET_FIXED or (backport is not None and version[2] >= backport):
        return None
    return (
        f"SQLite {'.'.join(map(str, version))} can damage a file if several programs write to it at once"
        " (fixed in SQLite 3.51.3). Commands lock the archive; do not write to it with other tools."
    )


def captures(counted: TotalsRow) -> CaptureCounts:
    """Captures by outcome."""
    return {
        "total": counted["captures"],
        "ok": counted["answered"],
        "http_errors": counted["captures"] - counted["answered"] - counted["unanswered"],
        "no_answer": counted["unanswered"],
        "first_at": counted["first_capture_at"],
        "last_at": counted["last_capture_at"],
    }


def bodies(connection: Connection, counted: TotalsRow) -> BodySizes:
    """Distinct pages: bytes as served, and bytes in the file including the dictionaries."""
    dictionaries = connection.rows("SELECT length(data) AS stored FROM dictionaries")
    return {
        "total": counted["bodies"],
        "served": counted["served"],
        "stored": counted["stored"] + sum(row["stored"] for row in dictionaries),
        "dictionaries": len(dictionaries),
    }


def cold_storage(connection: Connection, counted: TotalsRow | None = None) -> ColdStorage:
    """Pages in cold storage, and the files there; looks whether each file is available."""
    counted = counted or totals(connection)
    files = ColdFiles(connection)
    known = files.all()
    missing = [file for file in known if file.size is None or files.find(file) is None]
    return {
        "pages": counted["cold"],
        "served": counted["cold_served"],
        "files": len(known),
        "size": sum(file.size or 0 for file in known),
        "missing_files": len(missing),
        "missing_pages": sum(map(files.count_pages, missing)),
    }


def frontier(connection: Connection) -> dict[str, int]:
    """The number of known URLs by state, and of those that are ``due`` now."""
    rows = connection.rows("SELECT state, count(*) AS total FROM frontier GROUP BY state ORDER BY state")
    due = connection.value("SELECT count(*) FROM frontier WHERE due_at <= ?", (utc_text(utc_now()),))
    return {row["state"]: row["total"] for row in rows} | {"due": due}


def problems(connection: Connection, where: str) -> list[ProblemCount]:
    """Problems by reason, most frequent first."""
    return connection.rows_of(
        ProblemCount,
        f"""SELECT stage, reason, count(*) AS total, sum(fatal) AS refused, min(noted_at) AS first_at,
          max(noted_at) AS last_at, max(message) AS example
        FROM problems {where} GROUP BY stage, reason ORDER BY total DESC, stage, reason""",
    )
