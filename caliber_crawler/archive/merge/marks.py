"""Marks: how far another archive was merged, so that the next merge of it reads only what came after.

The marks hold for an archive whose first capture and whose last merged rows are the same as then, also after migrations
that left the rows as they were. If there is any doubt, everything is merged, as for an unknown archive.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from hashlib import blake2b
from typing import Any

from caliber_crawler.archive.core.connection import Connection
from caliber_crawler.archive.core.format import ROWS_SINCE, VERSION
from caliber_crawler.archive.core.times import utc_now, utc_text
from caliber_crawler.archive.pages.captures import LATEST_PAGES, LATEST_RUNS

ADDING = ("crawl", "acknowledge", "codes import", "verify", "cold move", "cold return")
"""Commands that change earlier rows only together with new ones; after any other, everything is merged."""
LOSING = ("repair", "restored", "split", "takedown")
"""Commands after which this archive may lack what was merged."""

LAST = """SELECT
  (SELECT max(id) FROM captures) AS captures,
  (SELECT checksum FROM captures ORDER BY id DESC LIMIT 1) AS capture_checksum,
  (SELECT max(id) FROM versions) AS versions,
  (SELECT checksum FROM versions ORDER BY id DESC LIMIT 1) AS version_checksum,
  (SELECT max(id) FROM articles) AS articles,
  (SELECT max(id) FROM frontier) AS frontier,
  (SELECT max(id) FROM problems) AS problems,
  coalesce((SELECT min(id) - 1 FROM runs WHERE outcome = 'running'), (SELECT max(id) FROM runs)) AS runs,
  (SELECT count(*) FROM takedowns) AS takedowns,
  (SELECT captures FROM totals) AS count,
  (SELECT max(visited_at) FROM frontier) AS visited_at,
  (SELECT max(coded_at) FROM codes) AS coded_at"""
UNPROCESSED = f"""SELECT c.id FROM (
  SELECT id, row_number() OVER (PARTITION BY site ORDER BY id DESC) AS place FROM runs
  WHERE command = 'crawl' AND outcome IN ('running', 'interrupted')) r
JOIN captures c ON c.id IN (
  SELECT id FROM captures WHERE run_id = r.id AND kind = 'article' ORDER BY id DESC LIMIT {LATEST_PAGES})
WHERE r.place <= {LATEST_RUNS} AND c.error IS NULL AND c.version_id IS NULL ORDER BY c.id"""
"""Captures that a later crawl may process: it would change them without a new row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """The last rows of another archive that were merged: IDs, times, and checksums of the rows."""

    captures: int
    capture_checksum: int | None
    versions: int
    version_checksum: int | None
    articles: int
    frontier: int
    problems: int
    runs: int
    """The last run before the first that was not at its end."""
    takedowns: int
    """Number of takedowns."""
    count: int
    """Number of captures."""
    visited_at: str
    coded_at: str
    unprocessed: tuple[int, ...]

    @classmethod
    def of(cls, there: Connection) -> Marks | None:
        """The marks of an archive as it is now; ``None`` if it has no captures."""
        row = there.row(LAST) or {}
        if row["captures"] is None:
            return None
        checksums = ("capture_checksum", "version_checksum")
        default = {name: "" if name in ("visited_at", "coded_at") else 0 for name in row if name not in checksums}
        known: dict[str, Any] = {name: default.get(name) if value is None else value for name, value in row.items()}
        return cls(**known, unprocessed=tuple(there.values(UNPROCESSED)))

    def fit(self, there: Connection) -> bool:
        """Whether an archive still has the marked rows, and has changed since in ways that new rows show."""
        for table, id, known in (
            ("captures", self.captures, self.capture_checksum),
            ("versions", self.versions, self.version_checksum),
        ):
            if id and (known is None or there.value(f"SELECT checksum FROM {table} WHERE id = ?", (id,)) != known):
                return False
        now = there.row(
            """SELECT (SELECT count(*) FROM takedowns) AS takedowns,
            (SELECT captures FROM totals) - (SELECT count(*) FROM captures WHERE id > ?) AS count""",
            (self.captures,),
        )
        if now != {"takedowns": self.takedowns, "count": self.count}:
            return False
        commands = there.values("SELECT DISTINCT command FROM runs WHERE id > ?", (self.runs,))
        return set(commands) <= set(ADDING)


class MergeMarks:
    """The marks in an archive."""

    def __init__(self, here: Connection) -> None:
        self._here = here

    def find(self, there: Connection) -> Marks | None:
        """The marks of another archive, if everything up to them is in this one."""
        stored = self._here.value("SELECT marks FROM merge_marks WHERE source = ?", (source_of(there),))
        if stored is None:
            return None
        known = json.loads(stored)
        own = known.pop("own_run")
        if not ROWS_SINCE <= known.pop("schema") <= VERSION or known.keys() != set(Marks.__slots__):
            return None
        marks = Marks(**known | {"unprocessed": tuple(known["unprocessed"])})
        commands = self._here.values("SELECT DISTINCT command FROM runs WHERE id > ?", (own,))
        if set(commands) & set(LOSING) or not marks.fit(there):
            return None
        last = there.row("SELECT url, fetched_at FROM captures WHERE id = ?", (marks.captures,)) or {}
        is_here = self._here.value("SELECT 1 FROM captures WHERE url = :url AND fetched_at = :fetched_at", last)
        return marks if is_here is not None else None

    def store(self, there: Connection, marks: Marks) -> None:
        """Record that everything up to these marks was merged. Runs inside the caller's transaction."""
        own = self._here.value("SELECT coalesce(max(id), 0) FROM runs")
        text = json.dumps({**asdict(marks), "own_run": own, "schema": VERSION})
        self._here.execute(
            """INSERT INTO merge_marks (source, name, marks, merged_at) VALUES (?, ?, ?, ?)
            ON CONFLICT (source) DO UPDATE SET name = excluded.name, marks = excluded.marks,
              merged_at = excluded.merged_at""",
            (source_of(there), there.path.name, text, utc_text(utc_now())),
        )


def source_of(there: Connection) -> str:
    """A digest that identifies an archive by its first capture, whatever its file is called."""
    row = there.row(
        """SELECT c.url, c.fetched_at, c.checksum, r.started_at FROM captures c JOIN runs r ON r.id = c.run_id
        ORDER BY c.id LIMIT 1"""
    )
    return blake2b(json.dumps(row).encode(), digest_size=16).hexdigest()
