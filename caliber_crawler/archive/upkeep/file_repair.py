"""Repair of an archive: a new file takes the place of the damaged one, which is kept beside it.

A file that SQLite can read is copied; one with malformed pages is salvaged. The new file is repaired row by row and
verified. It only takes the place of the old one if it is better: with fewer findings, and with every sound row.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from caliber_crawler.archive.core.checksums import PRIMARY_KEYS, checksum
from caliber_crawler.archive.core.connection import Connection, copy_into, take_lock
from caliber_crawler.archive.core.format import APPLICATION_ID, VERSION
from caliber_crawler.archive.core.side_files import OF_SQLITE
from caliber_crawler.archive.core.times import utc_now
from caliber_crawler.archive.reports.runs import Runs
from caliber_crawler.archive.texts.articles import Reextract
from caliber_crawler.archive.upkeep.cold_rows import COLD_TABLES
from caliber_crawler.archive.upkeep.file_checks import lenient_text, log_damage, lost_commits, shipped_schema
from caliber_crawler.archive.upkeep.finding import Finding
from caliber_crawler.archive.upkeep.new_rows import NewRowsVerification, last_mark, record_mark
from caliber_crawler.archive.upkeep.parallel_verification import verification_of
from caliber_crawler.archive.upkeep.references import References
from caliber_crawler.archive.upkeep.repair import Repair
from caliber_crawler.archive.upkeep.restoration import REPEATED, Restoration
from caliber_crawler.archive.upkeep.row_batches import UNREADABLE
from caliber_crawler.archive.upkeep.row_layout import layouts
from caliber_crawler.archive.upkeep.salvage import COMPUTED, Salvage, Salvaged, bulk_writing
from caliber_crawler.archive.upkeep.sqlite_pages import SQLiteFile
from caliber_crawler.archive.upkeep.tree_map import TreeMap
from caliber_crawler.archive.upkeep.verification import MAX_FINDINGS, Verification, cause
from caliber_crawler.errors import ArchiveError, ArchiveFull, ArchiveLocked, NoArchive
from caliber_crawler.items import Problem
from caliber_crawler.output_files import sync
from caliber_crawler.quantity import quantity

MAX_ROUNDS = 3
"""Maximum rounds of repair: one round may repair what the next one needs."""
MALFORMED = ("file", "reference")
"""Kinds of findings for which the file is salvaged, not copied."""
COMPLETE_INDEXES = {
    "articles": "articles_url",
    "article_urls": "article_urls_article",
    "links": "links_host",
    "frontier": "sqlite_autoindex_frontier_1",
    **{table: f"{table}_repetition" for table in (*REPEATED, *COLD_TABLES)},
}
"""An index with an entry for every row of the table."""
FROM_PAGES = ("images", "links", "authors", "article_authors")
"""Tables that are complete again if no stored page is lost."""
KEPT = ("captures", "versions", "view_counts", "article_urls", "images", "links", "bodies", "dictionaries", "articles")
"""Tables of which a repair of rows never deletes one."""

ReextractFor = Callable[[Connection], Reextract | None]
"""Makes a function that re-extracts the pages of an archive."""
Progress = Callable[[Verification], Iterable[Finding | None]]
"""Iterates a verification, and may show its progress."""


SCHEMA_MARK = "versions"
"""A table of every version of the schema."""


@dataclass
class Check:
    """The result of a verification."""

    findings: list[Finding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    checked: int = 0


@dataclass
class FileRepair:
    """The result of a repair."""

    before: Check
    left: list[Finding]
    """Findings that remain."""
    lost: list[str] = field(default_factory=list)
    """One sentence for each group of lost rows."""
    restored: Counter[str] = field(default_factory=Counter)
    """Rows computed from indexes, other rows and stored pages, by table."""
    kept: Path | None = None
    """The damaged file, if a new one took its place."""


def verify_file(path: Path, progress: Progress = iter, *, cold: bool = False) -> Check:
    """Verify an archive, even if it cannot be opened. Raises ``ArchiveError`` for a file that is no archive."""
    try:
        connection = Connection.open(path, "read")
    except NoArchive:
        raise
    except ArchiveError as error:
        if not is_damaged_archive(path, error):
            raise
        lost = lost_commits(path)
        message = log_damage(path, lost) if lost else f"The archive cannot be opened: {cause(error)}."
        return Check([Finding(kind="file", message=message)], [], 1)
    try:
        return checked_with(verification_of(connection, read_cold=cold), progress)
    finally:
        with contextlib.suppress(*UNREADABLE):
            connection.close()


def verify_new_rows(path: Path, software: Mapping[str, object], progress: Progress = iter) -> Check:
    """Verify what is new in an archive since the last clean verification of this kind, and record a clean one as a run.

    The first one checks everything. It has the writer's lock, because rows that another process wrote meanwhile would
    be older than the record and never checked. Raises ``ArchiveLocked`` if another process writes. A file that is too
    damaged to be opened for writing is verified like any other.
    """
    try:
        Connection.open(path, "read").close()
    except NoArchive:
        raise
    except ArchiveError:
        return verify_file(path, progress)
    if lost_commits(path):
        return verify_file(path, progress)
    connection = Connection.open(path, "write")
    try:
        mark = last_mark(connection)
        check = checked_with(NewRowsVerification(connection, mark) if mark else verification_of(connection), progress)
        if not check.findings:
            record_mark(connection, mark, check.checked, software)
        return check
    finally:
        connection.close()


def checked_with(verification: Verification, progress: Progress) -> Check:
    """Iterate a verification to its end."""
    checked = 0
    found: list[Finding] = []
    for outcome in progress(verification):
        checked += 1
        if outcome is not None and len(found) < MAX_FINDINGS:
            found.append(outcome)
    return Check(found, verification.notes, checked)


def require_undamaged_log(path: Path) -> None:
    """Raise ``ArchiveError`` if committed transactions would be lost as soon as SQLite writes to an archive.

    A writer begins a new log, which overwrites what is behind the damage.
    """
    lost = lost_commits(path)
    if not lost:
        return
    take_lock(path).release()  # the log of a running writer grows meanwhile
    lost = lost_commits(path)
    if lost:
        raise ArchiveError(f"{log_damage(path, lost)} Run `caliber verify --repair` to save them.")


def is_damaged_archive(path: Path, error: ArchiveError) -> bool:
    """Is a file that cannot be opened a damaged archive, and not another program's or another version's file?"""
    if not path.is_file() or isinstance(error, ArchiveLocked):
        return False
    with SQLiteFile(path) as file:
        trees = TreeMap(file)
        is_ours = {name: trees.schema.get(name) for name in shipped_schema()} == shipped_schema()
        version = int.from_bytes(file.bytes_of(1)[60:64]) if file.page_count else 0
        if file.log.lost_commits and int.from_bytes(file.header[68:72]) == APPLICATION_ID:
            return True
        if not is_ours and not file.log.lost_commits and version != VERSION and SCHEMA_MARK in trees.schema:
            return False
        return is_ours or trees.has_sound_rows()


def repair_file(
    path: Path, reextract_for: ReextractFor, software: Mapping[str, object], progress: Progress = iter
) -> FileRepair:
    """Verify an archive, and repair it if it is damaged.

    Raises ``ArchiveError`` and leaves the file as it was when the repaired copy would not be better, and
    ``ArchiveFull`` when there is no space for it.
    """
    before = verify_file(path, progress)
    if not before.findings:
        return FileRepair(before, [])
    lock = take_lock(path)
    work = path.with_name(f".{path.name}.repairing")
    try:
        remove(work)
        result = _repair_copy(path, work, before, reextract_for, software)
        if result.left != before.findings or result.restored:
            result.kept = replace_file(path, work)
        return result
    except OSError as error:
        raise ArchiveFull(f"{work} cannot be written: {error.strerror}.") from error
    finally:
        remove(work)
        lock.release()


def _repair_copy(
    path: Path, work: Path, before: Check, reextract_for: ReextractFor, software: Mapping[str, object]
) -> FileRepair:
    result = FileRepair(before, [])
    taken: Counter[str] = Counter()
    is_salvaged = any(finding.kind in MALFORMED for finding in before.findings)
    if not is_salvaged:
        try:
            _copy(path, work)
            result.left = _repair_rows(work, reextract_for)
        except ArchiveFull:
            raise
        except UNREADABLE:  # SQLite can read the file, but not write it
            is_salvaged = True
    if is_salvaged:
        remove(work)
        taken = _salvage(path, work, reextract_for, software, result)
        result.left = _repair_rows(work, reextract_for)
    missing = missing_rows(path, work) if not is_salvaged else fewer_rows(work, taken)
    if missing or len(result.left) > len(before.findings):
        raise ArchiveError(
            f"{path} was not changed: a repaired copy would have {quantity(len(result.left), 'finding')} instead of"
            f" {len(before.findings):,}, and would lack {quantity(missing, 'sound row')}. Restore a backup,"
            " or merge the archive into a new one with `caliber merge`."
        )
    return result


def _copy(path: Path, work: Path) -> None:
    connection = Connection.open(path, "read")
    try:
        copy_into(connection, work)
    finally:
        connection.close()


def _salvage(
    path: Path, work: Path, reextract_for: ReextractFor, software: Mapping[str, object], result: FileRepair
) -> Counter[str]:
    """Salvage the rows of a file into a new one, as a run of it; return the number of rows taken, by table."""
    connection = Connection.open(work, "write")
    try:
        for pragma in ("journal_mode = MEMORY", "synchronous = OFF"):
            connection.execute(f"PRAGMA {pragma}")
        with SQLiteFile(path) as file, bulk_writing(connection):
            salvaged = Salvage(file, connection).copy()
            restoration = Restoration(connection, salvaged, reextract_for(connection))
            restoration.restore()
            runs = Runs(connection)
            run_id = runs.start("repair", site=None, arguments={}, settings={}, software=software)
            references = References(connection, run_id)
            with connection.transaction():
                references.remove_dangling()
                restoration.keep_articles_without_text()
                for dispute in restoration.undecided:
                    runs.record_problem(run_id, Problem(stage="repair", reason="damaged", message=str(dispute)))
            result.restored = +restoration.counts
            result.lost = [*losses(connection, salvaged, references), *map(str, restoration.undecided)]
            if missing := file.log.missing_frames:
                result.lost.append(
                    f"Lost from the write-ahead log: {quantity(missing, 'page')}, with what was written to them."
                )
            if restoration.without_headers:
                result.lost.append(f"The HTTP headers of {quantity(restoration.without_headers, 'capture')} are lost.")
            runs.finish(run_id, "finished", None, result.restored)
    finally:
        connection.close()
    return salvaged.taken - references.removed


def losses(connection: Connection, salvaged: Salvaged, references: References) -> Iterator[str]:
    """What is lost, one sentence for each table."""
    expected = expected_counts(salvaged)
    for table in sorted(salvaged.incomplete):
        if table.startswith(COMPUTED) or (table in FROM_PAGES and not references.cleared["captures"]):
            continue
        present = connection.value(f"SELECT count(*) FROM {table}")
        if table not in expected:
            yield f"Rows of {table} may be lost: a page of this table cannot be read."
        elif present < expected[table]:
            yield f"{expected[table] - present:,} of {quantity(expected[table], 'row')} of {table} are lost."
    for table, count in sorted((+references.removed).items()):
        yield f"Lost from {table}: {quantity(count, 'row')}, with the rows that they belong to."
    if references.cleared["captures"]:
        yield f"The stored pages or versions of {quantity(references.cleared['captures'], 'capture')} are lost."


def expected_counts(salvaged: Salvaged) -> dict[str, int]:
    """The number of rows that a table should have: as the totals or the entries of an index say."""
    expected: dict[str, int] = {}
    for stored in salvaged.trees.rows("totals"):
        expected |= {name: value for name, value in stored.row.items() if name in layouts() and isinstance(value, int)}
    for table, index in COMPLETE_INDEXES.items():
        if not salvaged.trees.gaps[index]:
            expected[table] = sum(1 for _ in salvaged.trees.rows(index))
    return expected


def _repair_rows(work: Path, reextract_for: ReextractFor) -> list[Finding]:
    """Repair the rows of the new file in rounds; return what remains."""
    connection = Connection.open(work, "write")
    try:
        repair = Repair(connection, reextract_for(connection))
        left = found_in(connection)
        for _ in range(MAX_ROUNDS):
            if not left:
                break
            repair.repair(left)
            before, left = left, found_in(connection)
            if set(left) == set(before):
                break
    finally:
        connection.close()
    return left


def found_in(connection: Connection) -> list[Finding]:
    """The findings of a verification."""
    return list(islice((finding for finding in Verification(connection) if finding is not None), MAX_FINDINGS))


def missing_rows(path: Path, work: Path) -> int:
    """The number of sound rows of a file that its repaired copy does not contain."""
    connection = Connection.open(path, "read")
    try:
        connection.execute("ATTACH ? AS repaired", (f"{work.absolute().as_uri()}?mode=ro",))
        missing = 0
        with lenient_text(connection):
            for table, key in PRIMARY_KEYS.items():
                same = " AND ".join(f"r.{name} = t.{name}" for name in (*key, "checksum"))
                rows = connection.execute(
                    f"""SELECT * FROM main.{table} t NOT INDEXED
                    WHERE NOT EXISTS (SELECT 1 FROM repaired.{table} r WHERE {same})"""
                )
                missing += sum(checksum(table, dict(row)) == row["checksum"] for row in rows)
    finally:
        connection.close()
    return missing


def fewer_rows(work: Path, taken: Counter[str]) -> int:
    """The number of rows that were taken and are not in the repaired copy any more."""
    connection = Connection.open(work, "read")
    try:
        return sum(
            max(0, count - connection.value(f"SELECT count(*) FROM {table}"))
            for table, count in taken.items()
            if table in KEPT
        )
    finally:
        connection.close()


def replace_file(path: Path, work: Path) -> Path:
    """Put the repaired file in the place of the damaged one; return the new name of that."""
    kept = path.with_name(f"{path.name}.damaged-{utc_now():%Y%m%dT%H%M%SZ}")
    number = 1
    while kept.exists():
        number += 1
        kept = path.with_name(f"{path.name}.damaged-{utc_now():%Y%m%dT%H%M%SZ}-{number}")
    sync(work)
    # The log first: SQLite must never apply it to the new file.
    for side in OF_SQLITE:
        with contextlib.suppress(FileNotFoundError):
            Path(f"{path}{side}").rename(f"{kept}{side}")
    path.rename(kept)
    work.rename(path)
    sync(path.parent)
    return kept


def remove(work: Path) -> None:
    """Delete a working copy and everything that belongs to it."""
    for side in ("", *OF_SQLITE, ".lock", ".copying"):
        Path(f"{work}{side}").unlink(missing_ok=True)
