"""The inspection of all shards: what PostgreSQL names is compared with the files on the storage."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import unquote

from caliber_crawler.archive.core.format import VERSION
from caliber_crawler.cluster.database import connect
from caliber_crawler.cluster.shard_file import schema_of
from caliber_crawler.cluster.shards import Part
from caliber_crawler.cluster.storage import MARK, PART, PART_AGE, Storage, StoredFile
from caliber_crawler.cluster.takedowns import PENDING
from caliber_crawler.errors import ShardUnusable

SHARDS = "SELECT site, generation, archive_schema FROM caliber_shards ORDER BY site"
PARTS = """
SELECT p.site, p.generation, p.base, p.path, p.size, p.digest,
  lag(p.generation) OVER (PARTITION BY p.site ORDER BY p.generation) AS former, p.generation < coalesce((
  SELECT max(w.generation) FROM caliber_shard_parts w WHERE w.site = p.site AND w.base IS NULL
    AND w.generation < (SELECT max(x.generation) FROM caliber_shard_parts x WHERE x.site = p.site AND x.base IS NULL)
  ), 0) AS is_old
FROM caliber_shard_parts p ORDER BY p.site, p.generation
"""
PROBLEMS = {
    "missing": "a file of a shard is missing",
    "damaged": "a file differs from what was published, is no archive, or does not fit to the one before",
    "orphaned": "no shard has this file",
    "incomplete": "a worker that was killed left it",
    "old": "newer whole archives replace it",
    "earlier_schema": "`caliber cluster migrate` migrates the shard",
    "later_schema": "this version cannot read the shard",
    "takedown": "a takedown is not carried out yet",
}
SWEPT = ("orphaned", "incomplete")
"""Problems that deletion of the file solves."""
DELETE_OLD = "DELETE FROM caliber_shard_parts WHERE site = %s AND path = %s"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A problem of a shard, or of a file on the storage."""

    problem: str
    """A key of :data:`PROBLEMS`."""
    site: str
    path: str | None = None
    generation: int | None = None
    is_current: bool = False
    """Whether the current shard needs the file."""
    size: int = 0
    """Bytes on the storage."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """All findings, and how much was inspected."""

    shards: int
    files: int
    size: int
    """Bytes on the storage."""
    findings: list[Finding]

    def as_values(self) -> dict[str, Any]:
        """Plain values, with the number of findings of each kind."""
        problems = Counter(finding.problem for finding in self.findings)
        return {**asdict(self), "problems": dict(sorted(problems.items()))}


def inspect(dsn: str, storage: Storage, *, reads: bool, now: float | None = None) -> Inspection:
    """Compare the shards in PostgreSQL with the files on the storage. ``reads`` reads every file completely.

    A file that is not a day old may be of a shard that is being published. Raises :class:`ClusterError`.
    """
    # PostgreSQL first: a file that is published later is then no orphan of the list, but recent.
    with connect(dsn) as connection:
        shards = connection.execute(SHARDS).fetchall()
        parts = connection.execute(PARTS).fetchall()
        pending = connection.execute(PENDING).fetchall()
    files = {stored.path: stored for stored in storage.list_files()}
    findings = [*_inspect_parts(parts, files, storage, reads=reads)]
    if findings:
        # Files that a worker has replaced meanwhile are no problem.
        with connect(dsn) as connection:
            current = {row["path"] for row in connection.execute(PARTS)}
        findings = [finding for finding in findings if finding.path in current]
    for shard in shards:
        schema = shard["archive_schema"]
        if schema is not None and schema != VERSION:
            problem = "earlier_schema" if schema < VERSION else "later_schema"
            findings.append(Finding(problem=problem, site=shard["site"], generation=shard["generation"]))
    findings += [Finding(problem="takedown", site=row["site"]) for row in pending]
    named = {row["path"] for row in parts}
    findings += _inspect_others([files[path] for path in files if path not in named], now or time.time())
    size = sum(stored.size for stored in files.values())
    return Inspection(shards=len(shards), files=len(files), size=size, findings=findings)


def _inspect_parts(
    rows: list[dict[str, Any]], files: dict[str, StoredFile], storage: Storage, *, reads: bool
) -> Iterator[Finding]:
    first_needed: dict[str, int] = {}
    for row in rows:
        if row["base"] is None:
            first_needed[row["site"]] = row["generation"]
    for row in rows:
        stored, facts = files.get(row["path"]), {name: row[name] for name in ("site", "path", "generation")}
        is_current = row["generation"] >= first_needed.get(row["site"], 0)
        if stored is None:
            yield Finding(problem="missing", is_current=is_current, **facts)
        elif (
            stored.size != row["size"]
            or (row["base"] is not None and row["base"] != row["former"])
            or (reads and not is_undamaged(_part_of(row), storage))
        ):
            yield Finding(problem="damaged", is_current=is_current, size=stored.size, **facts)
        elif row["is_old"]:
            yield Finding(problem="old", size=stored.size, **facts)


def _part_of(row: dict[str, Any]) -> Part:
    return Part(**{name: row[name] for name in ("generation", "base", "path", "size", "digest")})


def is_undamaged(part: Part, storage: Storage) -> bool:
    """Whether the content of a part is what was published, and a whole file is an archive."""
    with TemporaryDirectory(prefix="caliber-check-") as folder:
        path = Path(folder) / "part"
        try:
            storage.fetch_part(part, path)
        except ShardUnusable:
            return False
        return part.base is not None or schema_of(path) is not None


def _inspect_others(files: list[StoredFile], now: float) -> Iterator[Finding]:
    for stored in files:
        if stored.path == MARK or now - stored.modified_at < PART_AGE:
            continue
        problem = "incomplete" if stored.path.endswith(PART) else "orphaned"
        yield Finding(problem=problem, site=unquote(stored.path.partition("/")[0]), path=stored.path, size=stored.size)


def sweep(dsn: str, storage: Storage, findings: list[Finding]) -> int:
    """Delete the files that no shard needs; return the number of bytes."""
    freed = 0
    with connect(dsn) as connection:
        for finding in findings:
            if finding.path is None or finding.problem not in (*SWEPT, "old"):
                continue
            if finding.problem == "old":
                connection.execute(DELETE_OLD, (finding.site, finding.path))
            storage.remove(finding.path)
            freed += finding.size
    return freed
