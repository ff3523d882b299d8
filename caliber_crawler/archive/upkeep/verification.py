"""Verification: check that every byte of an archive is as it was written. Findings name the articles concerned.

SQLite's own checks detect a damaged B-tree, but not a changed letter. So every body is decompressed and compared with
its digest, every stored row with its checksum, and every derived value is computed again.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import chain
from typing import Any, TypedDict

from caliber_crawler.archive.core.checksums import checksum
from caliber_crawler.archive.core.connection import Connection
from caliber_crawler.archive.core.rows import CaptureRow, FrontierRow, VersionRow, ViewCountRow
from caliber_crawler.archive.core.sqlite_errors import SQLiteErrors
from caliber_crawler.archive.pages.bodies import Bodies
from caliber_crawler.archive.reports.totals import wrong_totals
from caliber_crawler.archive.upkeep.checked_tables import CheckedTables, singly
from caliber_crawler.archive.upkeep.cold_checks import IN_ORDER, ColdChecks
from caliber_crawler.archive.upkeep.deletion import unwiped_takedowns
from caliber_crawler.archive.upkeep.file_checks import (
    check_file,
    check_raw_file,
    check_references,
    check_schema,
    foreign_tables,
    lenient_text,
    limit_time,
)
from caliber_crawler.archive.upkeep.finding import Finding, Kind, articles_of, finding, printable
from caliber_crawler.archive.upkeep.full_text_check import check_full_text
from caliber_crawler.archive.upkeep.page_cache import enlarge_cache
from caliber_crawler.archive.upkeep.row_batches import UNREADABLE
from caliber_crawler.archive.upkeep.row_checks import wrong_columns, wrong_url, wrong_version
from caliber_crawler.quantity import quantity


class ArticlePartRow(TypedDict):
    """The common columns of ``article_urls``, ``images`` and ``links``."""

    article_id: int
    url: str
    checksum: int | None


class BodyCapture(TypedDict):
    """A capture with a given body."""

    url: str
    fetched_at: str
    article_id: int | None


TABLES = (
    *("dictionaries", "bodies", "captures", "versions", "view_counts", "article_urls", "images", "links", "articles"),
    "frontier",
)
"""The tables whose rows are checked."""
MAX_FINDINGS = 50_000
"""Findings that are listed at most: an archive from outside may have any number."""


@dataclass
class Verification:
    """Checks one archive, read-only and in one snapshot, so that a crawl may continue.

    Iterating gives ``None`` for each check that passed and a :class:`Finding` for each one that failed.
    """

    connection: Connection
    notes: list[str] = field(default_factory=list)
    """Checks that were skipped, and why."""
    conditions: dict[str, str] = field(default_factory=dict)
    """Conditions for the rows to check, by table. By default every row is checked."""
    indexed: tuple[str, ...] = ()
    """Tables in which an index may find the rows that fulfil a condition."""
    read_cold: bool = False
    """Read every page in cold storage, too."""
    mapped: bool = False
    """Map the file into memory; see :func:`~caliber_crawler.archive.upkeep.page_cache.enlarge_cache`."""

    def __post_init__(self) -> None:
        self._pages = Bodies(self.connection)
        self._cold = ColdChecks(self.connection, self.notes, read=self.read_cold)

    def __len__(self) -> int:
        """The number of checks, as far as the file can be read."""
        total = 7
        with contextlib.suppress(*UNREADABLE):
            if foreign_tables(self.connection):
                return total
        with contextlib.suppress(*UNREADABLE):
            total += self.connection.value(f"SELECT count(*) FROM ({IN_ORDER})") + 1 if self.read_cold else 0
        for table in TABLES:
            with contextlib.suppress(*UNREADABLE):
                total += self.connection.value(f"SELECT count(*) FROM {table} WHERE {self.conditions.get(table, 1)}")
        return total

    def __iter__(self) -> Iterator[Finding | None]:
        return self.in_snapshot(self._check_all())

    def in_snapshot(self, checks: Iterator[Finding | None]) -> Iterator[Finding | None]:
        """Run checks on one state of the file, with a limit for the time of each statement."""
        limit_time(self.connection.raw, self.connection.path)
        enlarge_cache(self.connection.raw, mapped=self.mapped)
        try:
            with lenient_text(self.connection):
                yield from checks
        finally:
            self.connection.raw.set_progress_handler(None, 0)

    def _check_all(self) -> Iterator[Finding | None]:
        yield from self._check_file()
        if self._has_own_tables():
            yield from self._check_parts()
            with contextlib.suppress(*UNREADABLE):
                self._note_takedowns()

    def _check_parts(self) -> Iterator[Finding | None]:
        for part in self.parts().values():
            yield from part

    def parts(self) -> dict[str, Iterator[Finding | None]]:
        """The checks after those of the file, by name. Each may run alone."""
        tables = CheckedTables(self.connection, self.conditions, self.indexed)
        return {
            **self._whole(),
            "dictionaries": self._each(
                "dictionary", "dictionaries", singly(self._dictionaries()), self._check_dictionary
            ),
            "bodies": self._each("body", "bodies", tables.bodies(), self._check_body),
            "captures": self._each("capture", "captures", tables.captures(), self._check_capture),
            "versions": self._each("version", "versions", tables.versions(), self._check_version),
            "view_counts": self._each("view_count", "view_counts", tables.plain("view_counts"), self._check_count),
            **{
                table: self._each("article", table, tables.plain(table), partial(self._check_part, table, noun))
                for table, noun in (("article_urls", "A URL"), ("images", "An image"), ("links", "A link"))
            },
            "articles": self._each("article", "articles", tables.articles(), self._check_article),
            "frontier": self._each("frontier", "frontier", tables.unchecked("frontier"), self._check_url),
        }

    def _has_own_tables(self) -> bool:
        """Whether there is no table of another program; if there is one, no row is checked."""
        foreign: list[str] = []
        with contextlib.suppress(*UNREADABLE):
            foreign = foreign_tables(self.connection)
        if foreign:
            self.notes.append(f"The rows were not checked: {', '.join(foreign)} are not tables of this program.")
        return not foreign

    def _check_file(self) -> Iterator[Finding | None]:
        """The checks without which no row can be read."""
        yield from self._check_once("schema", lambda: check_schema(self.connection))
        yield from self._check_once("file", lambda: check_raw_file(self.connection, self.notes))

    def _whole(self) -> dict[str, Iterator[Finding | None]]:
        """The checks of the archive as a whole, which take longer in a larger one."""
        return {
            "B-trees": self._check_once("file", lambda: check_file(self.connection, mapped=self.mapped)),
            "references": self._check_once("reference", lambda: check_references(self.connection)),
            "full-text index": self._check_once(
                "index", lambda: check_full_text(self.connection, self.notes, mapped=self.mapped)
            ),
            "totals": self._check_once("total", self._totals),
            "cold storage": chain(
                self._check_once("cold", self._cold.files),
                self._each("cold", "cold_pages", singly(self._cold_pages()), self._cold.page) if self.read_cold else (),
                self._check_once("cold", self._cold.digests) if self.read_cold else (),
            ),
        }

    def _note_takedowns(self) -> None:
        if unwiped := unwiped_takedowns(self.connection):
            self.notes.append(
                f"Takedown {', '.join(map(str, unwiped))} was interrupted: bytes of the deleted article may still be in"
                " the file. Run `caliber takedown` again with the same article."
            )

    def _check_once(self, kind: Kind, check: Callable[[], Iterator[Finding]]) -> Iterator[Finding | None]:
        found = []
        try:
            for finding in check():
                found.append(finding)  # noqa: PERF402  # those before an error count too
        except UNREADABLE as error:
            found.append(Finding(kind=kind, message=f"The check of the {kind} failed: {cause(error)}."))
        if found:
            yield from found
        else:
            yield None

    def _each(
        self, kind: Kind, table: str, batches: Iterator[Sequence[Any]], check: Callable[[Any], Finding | None]
    ) -> Iterator[Finding | None]:
        """Check every readable row of a table; one that cannot be checked is a finding, too.

        ``None`` in a batch is a row that was found right.
        """
        while True:
            try:
                batch = next(batches)
            except StopIteration:
                return
            except UNREADABLE as error:
                yield Finding(kind="file", message=f"{table} cannot be read completely: {cause(error)}.")
                return
            for row in batch:
                try:
                    found = None if row is None else check(row)
                except UNREADABLE as error:
                    found = Finding(kind=kind, message=f"{label_of(row)} of {table} cannot be checked: {cause(error)}.")
                yield found

    def _dictionaries(self) -> Iterator[tuple[int, str]]:
        with SQLiteErrors(self.connection.path):
            yield from self.connection.execute(
                f"SELECT id, digest FROM dictionaries WHERE {self.conditions.get('dictionaries', 1)}"
            ).fetchall()

    def _check_dictionary(self, dictionary: tuple[int, str]) -> Finding | None:
        id, digest = dictionary
        if Bodies(self.connection).is_dictionary_valid(digest):
            return None
        count = self.connection.value("SELECT count(*) FROM bodies WHERE dictionary_id = ?", (id,))
        return Finding(
            kind="dictionary",
            key=(digest,),
            message=f"Dictionary {id} is damaged; {quantity(count, 'page needs', 'pages need')} it.",
        )

    def _check_body(self, digest: str) -> Finding | None:
        try:
            self._pages.get_stored(digest)
        except UNREADABLE:
            return self._damaged_body(digest)
        return None

    def _damaged_body(self, digest: str) -> Finding:
        captures = self.connection.rows_of(
            BodyCapture, "SELECT url, fetched_at, article_id FROM captures WHERE body_digest = ?", (digest,)
        )
        where = ", ".join(f"{capture['url']} of {capture['fetched_at']}" for capture in captures) or "no capture"
        return Finding(
            kind="body",
            key=(digest,),
            articles=articles_of(*(capture["article_id"] for capture in captures)),
            message=f"The page of {where} is damaged (body {digest}).",
        )

    def _check_capture(self, row: CaptureRow) -> Finding | None:
        wrong = self._wrong_checksum("captures", row) or self._wrong_capture(row)
        return finding(
            wrong,
            kind="capture",
            key=(row["id"],),
            articles=articles_of(row["article_id"]),
            message=f"Capture {row['id']} of {printable(row['url'])} is damaged: {wrong}.",
        )

    def _wrong_capture(self, row: CaptureRow) -> str | None:
        if row["body_digest"] is not None:
            size = self.connection.value("SELECT size FROM bodies WHERE digest = ?", (row["body_digest"],))
            if size != row["size"]:
                return f"its page has {quantity(size, 'byte')} instead of {row['size']}"
        if row["version_id"] is not None and not self.connection.value(
            """SELECT 1 FROM versions v JOIN articles a ON a.id = v.article_id JOIN articles b ON b.id = ?
            WHERE v.id = ? AND coalesce(a.duplicate_of, a.id) = coalesce(b.duplicate_of, b.id)
            AND v.seen_from <= ?3 AND v.seen_until >= ?3""",
            (row["article_id"], row["version_id"], row["fetched_at"]),
        ):
            return f"it does not belong to version {row['version_id']} of article {row['article_id']}"
        return None

    def _check_version(self, row: VersionRow) -> Finding | None:
        wrong = self._wrong_checksum("versions", row) or wrong_version(row) or self._wrong_span(row)
        return finding(
            wrong,
            kind="version",
            key=(row["id"],),
            articles=articles_of(row["article_id"]),
            message=f"Version {row['number']} of article {row['article_id']} is damaged: {wrong}.",
        )

    def _wrong_span(self, row: VersionRow) -> str | None:
        if row["replaced_by"] is not None:
            return None
        first = self.connection.value(
            """SELECT min(c.fetched_at) FROM articles a JOIN articles f
              ON f.id = coalesce(a.duplicate_of, a.id) OR f.duplicate_of = coalesce(a.duplicate_of, a.id)
            JOIN captures c ON c.article_id = f.id AND c.version_id = ? WHERE a.id = ?""",
            (row["id"], row["article_id"]),
        )
        if first is not None and first != row["seen_from"]:
            return f"it was first seen at {first}, not at {printable(row['seen_from'])}"
        return None

    def _check_count(self, row: ViewCountRow) -> Finding | None:
        return finding(
            self._wrong_checksum("view_counts", row),
            kind="view_count",
            key=(row["article_id"], row["observed_at"], row["views"]),
            articles=articles_of(row["article_id"]),
            message=f"A view count of article {row['article_id']} is damaged:"
            f" {row['views']} views at {printable(row['observed_at'])}.",
        )

    def _check_part(self, table: str, noun: str, row: ArticlePartRow) -> Finding | None:
        """Check a URL, image or link."""
        return finding(
            self._wrong_checksum(table, row),
            kind="article",
            key=(table, row["article_id"], row["url"]),
            articles=articles_of(row["article_id"]),
            message=f"{noun} of article {row['article_id']} is damaged: {printable(row['url'])}.",
        )

    def _check_article(self, id: int) -> Finding | None:
        if self.connection.value("SELECT duplicate_of FROM articles WHERE id = ?", (id,)) is not None:
            return None
        wrong = ", ".join(wrong_columns(self.connection, id))
        return finding(
            wrong,
            kind="article",
            key=("articles", id),
            articles=(id,),
            message=f"Article {id} does not match its versions, view counts and URLs: {wrong}.",
        )

    def _check_url(self, row: FrontierRow) -> Finding | None:
        wrong = wrong_url(row)
        return finding(
            wrong,
            kind="frontier",
            key=(row["id"],),
            articles=articles_of(row["article_id"]),
            message=f"The frontier's entry {row['id']} of {printable(row['url'])} is damaged: {wrong}.",
        )

    def _totals(self) -> Iterator[Finding]:
        wrong = ", ".join(wrong_totals(self.connection))
        if wrong:
            yield Finding(kind="total", message=f"Stored totals do not match the number of rows: {wrong}.")

    def _cold_pages(self) -> Iterator[tuple[str, int]]:
        return ((row["digest"], row["file_id"]) for row in self._read(IN_ORDER))

    def _read(self, sql: str) -> Iterator[dict[str, Any]]:
        with SQLiteErrors(self.connection.path):
            for row in self.connection.execute(sql):
                yield dict(row)

    def _wrong_checksum(self, table: str, row: CaptureRow | VersionRow | ViewCountRow | ArticlePartRow) -> str | None:
        return None if checksum(table, row) == row["checksum"] else "its checksum does not match"


def label_of(row: object) -> str:
    """A row, or the key of one, in a message."""
    key = (row.get("id") or row.get("url")) if isinstance(row, dict) else row
    return f"Row {printable(key)}" if isinstance(key, int | str) else "A row"


def cause(error: BaseException) -> str:
    """An error as a clause."""
    return printable(error).rstrip(".") or type(error).__name__
