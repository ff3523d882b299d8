"""Status: what an archive holds, in numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from caliber_crawler.archive.connection import Connection
from caliber_crawler.archive.format import sqlite3
from caliber_crawler.archive.runs import Runs
from caliber_crawler.archive.times import utc_now, utc_text
from caliber_crawler.archive.totals import totals

# https://www.sqlite.org/wal.html#walresetbug: fixed in 3.51.3, and in 3.44.6 and 3.50.7 for those lines.
WAL_RESET_FIXED = (3, 51, 3)
WAL_RESET_BACKPORTS = {(3, 44): 6, (3, 50): 7}


def status(connection: Connection) -> dict[str, Any]:
    """Counts of everything, the last runs, and problems by reason; sizes in bytes. No table is read as a whole."""
    held = editions(connection)
    counted = totals(connection)
    return {
        "path": str(connection.path),
        "size": sum(file.stat().st_size for file in files_of(connection) if file.exists()),
        "sqlite": {"version": sqlite3.sqlite_version, "warning": sqlite_warning(sqlite3.sqlite_version_info)},
        "articles": sum(edition["articles"] for edition in held),
        "versions": counted["versions"],
        # Texts of one article that stood one after the other differ: each but the first is an edit.
        "edits": sum(edition.pop("edits") for edition in held),
        "view_counts": counted["view_counts"],
        "gone": connection.value("SELECT count(*) FROM articles WHERE duplicate_of IS NULL AND gone_at IS NOT NULL"),
        "editions": held,
        "captures": captures(counted),
        "bodies": bodies(connection, counted),
        "frontier": frontier(connection),
        "runs": Runs(connection).last(),
        "problems": {
            "last_run": problems(connection, "WHERE run_id = (SELECT max(id) FROM runs)"),
            "all": problems(connection, ""),
        },
    }


def files_of(connection: Connection) -> tuple[Path, Path]:
    """The archive, and what was written but not yet put into it."""
    return connection.path, Path(f"{connection.path}-wal")


def sqlite_warning(version: tuple[int, ...]) -> str | None:
    """What to know about this version of SQLite, in one sentence."""
    backport = WAL_RESET_BACKPORTS.get((version[0], version[1]))
    if version >= WAL_RESET_FIXED or (backport is not None and version[2] >= backport):
        return None
    return (
        f"SQLite {'.'.join(map(str, version))} can damage a file that several programs write to at once;"
        " this program never does, other tools should only read (fixed in SQLite 3.51.3)."
    )


def editions(connection: Connection) -> list[dict[str, Any]]:
    """Articles per site, language and section."""
    return connection.rows(
        """SELECT site, language, section, count(*) AS articles, sum(version_count) AS versions, sum(views) AS views,
          coalesce(sum(version_count - 1) FILTER (WHERE version_count > 1), 0) AS edits,
          min(published_at) AS first_published_at, max(published_at) AS last_published_at
        FROM articles WHERE duplicate_of IS NULL GROUP BY site, language, section ORDER BY site, language, section"""
    )


def captures(counted: dict[str, Any]) -> dict[str, Any]:
    """How the exchanges ended. ``ok`` is any answer below 400, a 304 included."""
    return {
        "total": counted["captures"],
        "ok": counted["answered"],
        "http_errors": counted["captures"] - counted["answered"] - counted["unanswered"],
        "no_answer": counted["unanswered"],
        "first_at": counted["first_capture_at"],
        "last_at": counted["last_capture_at"],
    }


def bodies(connection: Connection, counted: dict[str, Any]) -> dict[str, Any]:
    """Distinct pages: bytes as served, and bytes in the file with the dictionaries they need."""
    dictionaries = connection.rows("SELECT length(data) AS stored FROM dictionaries")
    return {
        "total": counted["bodies"],
        "served": counted["served"],
        "stored": counted["stored"] + sum(row["stored"] for row in dictionaries),
        "dictionaries": len(dictionaries),
    }


def frontier(connection: Connection) -> dict[str, int]:
    """Known addresses by state, and how many are ``due`` now."""
    rows = connection.rows("SELECT state, count(*) AS total FROM frontier GROUP BY state ORDER BY state")
    due = connection.value("SELECT count(*) FROM frontier WHERE due_at <= ?", (utc_text(utc_now()),))
    return {row["state"]: row["total"] for row in rows} | {"due": due}


def problems(connection: Connection, where: str) -> list[dict[str, Any]]:
    """Problems by reason, most frequent first."""
    return connection.rows(
        f"""SELECT stage, reason, count(*) AS total, sum(fatal) AS refused, max(message) AS example
        FROM problems {where} GROUP BY stage, reason ORDER BY total DESC, stage, reason"""
    )
