"""Status: what an archive holds, in numbers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from caliber_crawler.archive.connection import Connection
from caliber_crawler.archive.runs import Runs
from caliber_crawler.archive.times import utc_now, utc_text

if TYPE_CHECKING:
    import sqlite3
else:
    from sqlite_utils.utils import sqlite3

# https://www.sqlite.org/wal.html#walresetbug: fixed in 3.51.3, and in 3.44.6 and 3.50.7 for those lines.
WAL_RESET_FIXED = (3, 51, 3)
WAL_RESET_BACKPORTS = {(3, 44): 6, (3, 50): 7}

# As many as the view `edits` has rows. That reads every text to compare it; this, only articles of several versions.
EDITS = """SELECT count(*) FROM (
  SELECT v.content_digest AS text, lag(v.content_digest) OVER (
    PARTITION BY a.id ORDER BY v.seen_from, v.seen_until, v.content_digest) AS text_before
  FROM articles a JOIN articles f ON f.id = a.id OR f.duplicate_of = a.id JOIN versions v ON v.article_id = f.id
  WHERE a.version_count > 1 AND a.duplicate_of IS NULL AND v.replaced_by IS NULL)
WHERE text <> text_before"""


def status(connection: Connection) -> dict[str, Any]:
    """Counts of everything, the last runs, and problems by reason; sizes in bytes."""
    count = connection.value
    return {
        "path": str(connection.path),
        "size": sum(file.stat().st_size for file in files_of(connection) if file.exists()),
        "sqlite": {"version": sqlite3.sqlite_version, "warning": sqlite_warning(sqlite3.sqlite_version_info)},
        "articles": count("SELECT count(*) FROM articles WHERE duplicate_of IS NULL"),
        "versions": count("SELECT count(*) FROM versions"),
        "edits": count(EDITS),
        "view_counts": count("SELECT count(*) FROM view_counts"),
        "gone": count("SELECT count(*) FROM articles WHERE duplicate_of IS NULL AND gone_at IS NOT NULL"),
        "editions": editions(connection),
        "captures": captures(connection),
        "bodies": bodies(connection),
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
          min(published_at) AS first_published_at, max(published_at) AS last_published_at
        FROM articles WHERE duplicate_of IS NULL GROUP BY site, language, section ORDER BY site, language, section"""
    )


def captures(connection: Connection) -> dict[str, Any]:
    """How the exchanges ended. ``ok`` is any answer below 400, a 304 included."""
    return connection.rows(
        """SELECT count(*) AS total, count(*) FILTER (WHERE status < 400) AS ok,
          count(*) FILTER (WHERE status >= 400) AS http_errors, count(error) AS no_answer,
          min(fetched_at) AS first_at, max(fetched_at) AS last_at FROM captures"""
    )[0]


def bodies(connection: Connection) -> dict[str, Any]:
    """Distinct pages: bytes as served, and bytes in the file with the dictionaries they need."""
    # The WHERE holds for every row: it leads SQLite to the index, where it need not read the pages themselves.
    return connection.rows(
        """SELECT count(*) AS total, coalesce(sum(size), 0) AS served,
          coalesce(sum(stored), 0) + (SELECT coalesce(sum(length(data)), 0) FROM dictionaries) AS stored,
          (SELECT count(*) FROM dictionaries) AS dictionaries FROM bodies WHERE unlikely(size >= 0)"""
    )[0]


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
