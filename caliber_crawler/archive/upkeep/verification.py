"""Verification: check that every byte of an archive is as it was written. Findings name the articles concerned.

SQLite's own checks detect a damaged B-tree, but not a changed letter. So every body is decompressed and compared with
its digest, every stored row with its checksum, and every derived value is computed again.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Literal, TypedDict, TypeVar, Unpack, cast

from caliber_crawler.archive.core.checksums import checksum
from caliber_crawler.archive.core.connection import Connection, SQLiteErrors
from caliber_crawler.archive.core.format import sqlite3
from caliber_crawler.archive.core.rows import CaptureRow, VersionRow, ViewCountRow
from caliber_crawler.archive.pages.bodies import Bodies
from caliber_crawler.archive.reports.totals import wrong_totals
from caliber_crawler.archive.texts.current_state import CURRENT
from caliber_crawler.archive.texts.text_columns import digest_of_row
from caliber_crawler.errors import ArchiveError

Kind = Literal[
    "file", "reference", "index", "schema", "dictionary", "body", "capture", "version", "view_count", "article", "total"
]
Key = tuple[str | int | None, ...]
MAX_FILE_FINDINGS = 100


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


RowWithChecksum = TypeVar("RowWithChecksum", CaptureRow, VersionRow, ViewCountRow, ArticlePartRow)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One damaged or inconsistent part of an archive."""

    kind: Kind
    message: str
    """One sentence for the operator."""
    key: Key = ()
    """The primary key of the row, or the name of a schema object."""
    articles: tuple[int, ...] = ()
    """The IDs of the articles concerned."""


@dataclass
class Verification:
    """Checks one archive, read-only and in one snapshot, so that a crawl may continue.

    Iterating gives ``None`` for each check that passed and a :class:`Finding` for each one that failed.
    """

    connection: Connection
    notes: list[str] = field(default_factory=list)
    """Checks that were skipped, and why."""

    def __len__(self) -> int:
        """The number of checks, as far as the file can be read."""
        tables = ("dictionaries", "bodies", "captures", "versions", "view_counts", "article_urls", "images", "links")
        total = 5
        with contextlib.suppress(ArchiveError):
            total += self.connection.value("SELECT count(*) FROM articles WHERE duplicate_of IS NULL")
        for table in tables:
            with contextlib.suppress(ArchiveError):
                total += self.connection.value(f"SELECT count(*) FROM {table}")
        return total

    def __iter__(self) -> Iterator[Finding | None]:
        with lenient_text(self.connection):
            yield from self._check_once("file", self._file())
            yield from self._check_once("reference", self._references())
            yield from self._check_once("schema", self._schema())
            yield from self._check_once("index", self._index())
            for kind, check in (
                ("dictionary", self._dictionaries),
                ("body", self._bodies),
                ("capture", self._captures),
                ("version", self._versions),
                ("view_count", self._view_counts),
                ("article", self._authors_and_media),
                ("article", self._articles),
            ):
                try:
                    yield from check()
                except ArchiveError as error:
                    yield Finding(kind=kind, message=str(error))  # type: ignore[arg-type]
            yield from self._check_once("total", self._totals())

    def _check_once(self, kind: Kind, findings: Iterator[Finding]) -> Iterator[Finding | None]:
        try:
            found = list(findings)
        except ArchiveError as error:
            found = [Finding(kind=kind, message=str(error))]
        if found:
            yield from found
        else:
            yield None

    def _file(self) -> Iterator[Finding]:
        for line in self.connection.values(f"PRAGMA integrity_check({MAX_FILE_FINDINGS})"):
            if line != "ok":
                yield Finding(kind="file", message=f"SQLite: {line.strip()}.")

    def _references(self) -> Iterator[Finding]:
        for table, rowid, parent, _ in self.connection.execute("PRAGMA foreign_key_check"):
            yield Finding(
                kind="reference",
                key=(table, rowid, parent),
                message=f"A row of {table} ({rowid}) references a missing row of {parent}.",
            )

    def _schema(self) -> Iterator[Finding]:
        found = schema_of(self.connection)
        for name, sql in shipped_schema().items():
            if found.get(name) != sql:
                yield Finding(kind="schema", key=(name,), message=f"{name} differs from the schema of this program.")

    def _index(self) -> Iterator[Finding]:
        """Check the full-text index. The command needs a writable connection, but does not write."""
        uri = f"{self.connection.path.absolute().as_uri()}?mode=rw"
        try:
            with contextlib.closing(sqlite3.connect(uri, uri=True, isolation_level=None, timeout=30)) as writer:
                writer.execute("BEGIN IMMEDIATE")
                writer.execute("INSERT INTO versions_fts (versions_fts, rank) VALUES ('integrity-check', 1)")
                writer.execute("ROLLBACK")
        except sqlite3.DatabaseError as error:
            code = (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF
            if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_PERM):
                self.notes.append(f"The full-text index was not checked: {error}.")
            else:
                yield Finding(kind="index", message=f"The full-text index does not match the versions: {error}.")

    def _dictionaries(self) -> Iterator[Finding | None]:
        bodies = Bodies(self.connection)
        for id, digest in self.connection.execute("SELECT id, digest FROM dictionaries").fetchall():
            if bodies.is_dictionary_valid(digest):
                yield None
                continue
            count = self.connection.value("SELECT count(*) FROM bodies WHERE dictionary_id = ?", (id,))
            yield Finding(
                kind="dictionary", key=(digest,), message=f"Dictionary {id} is damaged; {count} pages need it."
            )

    def _bodies(self) -> Iterator[Finding | None]:
        bodies = Bodies(self.connection)
        for digest in self.connection.values("SELECT digest FROM bodies"):
            try:
                bodies.get(digest)
            except ArchiveError:
                yield self._damaged_body(digest)
            else:
                yield None

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

    def _captures(self) -> Iterator[Finding | None]:
        for row in self._rows_of(CaptureRow, "captures"):
            wrong = self._wrong_checksum("captures", row) or self._wrong_capture(row)
            yield finding(
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
                return f"its page has {size} bytes instead of {row['size']}"
        if row["version_id"] is not None and not self.connection.value(
            """SELECT 1 FROM versions v JOIN articles a ON a.id = v.article_id JOIN articles b ON b.id = ?
            WHERE v.id = ? AND coalesce(a.duplicate_of, a.id) = coalesce(b.duplicate_of, b.id)
            AND v.seen_from <= ?3 AND v.seen_until >= ?3""",
            (row["article_id"], row["version_id"], row["fetched_at"]),
        ):
            return f"it does not belong to version {row['version_id']} of article {row['article_id']}"
        return None

    def _versions(self) -> Iterator[Finding | None]:
        for row in self._rows_of(VersionRow, "versions"):
            wrong = self._wrong_checksum("versions", row) or wrong_version(row) or self._wrong_span(row)
            yield finding(
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

    def _view_counts(self) -> Iterator[Finding | None]:
        for row in self._rows_of(ViewCountRow, "view_counts"):
            wrong = self._wrong_checksum("view_counts", row)
            yield finding(
                wrong,
                kind="view_count",
                key=(row["article_id"], row["observed_at"], row["views"]),
                articles=articles_of(row["article_id"]),
                message=f"A view count of article {row['article_id']} is damaged:"
                f" {row['views']} views at {printable(row['observed_at'])}.",
            )

    def _authors_and_media(self) -> Iterator[Finding | None]:
        """Check URLs, images and links."""
        for table, noun in (("article_urls", "A URL"), ("images", "An image"), ("links", "A link")):
            for row in self._rows_of(ArticlePartRow, table):
                yield finding(
                    self._wrong_checksum(table, row),
                    kind="article",
                    key=(table, row["article_id"], row["url"]),
                    articles=articles_of(row["article_id"]),
                    message=f"{noun} of article {row['article_id']} is damaged: {printable(row['url'])}.",
                )

    def _articles(self) -> Iterator[Finding | None]:
        for id in self.connection.values("SELECT id FROM articles WHERE duplicate_of IS NULL"):
            wrong = ", ".join(wrong_columns(self.connection, id))
            yield finding(
                wrong,
                kind="article",
                key=("articles", id),
                articles=(id,),
                message=f"Article {id} does not match its versions, view counts and URLs: {wrong}.",
            )

    def _totals(self) -> Iterator[Finding]:
        wrong = ", ".join(wrong_totals(self.connection))
        if wrong:
            yield Finding(kind="total", message=f"Stored totals do not match the number of rows: {wrong}.")

    def _rows_of(self, kind: type[RowWithChecksum], table: str) -> Iterator[RowWithChecksum]:
        with SQLiteErrors(self.connection.path):
            for row in self.connection.execute(f"SELECT * FROM {table}"):
                yield cast(RowWithChecksum, dict(row))

    def _wrong_checksum(self, table: str, row: CaptureRow | VersionRow | ViewCountRow | ArticlePartRow) -> str | None:
        return None if checksum(table, row) == row["checksum"] else "its checksum does not match"


class FindingFields(TypedDict):
    """The fields of a :class:`Finding`."""

    kind: Kind
    message: str
    key: Key
    articles: tuple[int, ...]


def finding(wrong: str | None, **fields: Unpack[FindingFields]) -> Finding | None:
    return Finding(**fields) if wrong else None


def wrong_version(row: VersionRow) -> str | None:
    """What is inconsistent within a version, as a clause; ``None`` if nothing is."""
    try:
        digest = digest_of_row(row)
    except ValueError:
        return "its authors are not valid JSON"
    if digest != row["content_digest"]:
        return "its text does not match its digest"
    if len(row["body"].split()) != row["word_count"]:
        return "its word count is wrong"
    return None


def wrong_columns(connection: Connection, article_id: int) -> list[str]:
    """The columns of an article that do not match the rest of the archive."""
    key = {"article_id": article_id}
    actual = connection.row("SELECT * FROM articles WHERE id = :article_id", key) or {}
    expected = connection.row(f"SELECT {', '.join(f'({sql}) AS {name}' for name, sql in CURRENT.items())}", key) or {}
    wrong = [name for name, value in expected.items() if actual[name] != value]
    named = connection.value(
        """SELECT json_group_array(name) FROM (SELECT p.name FROM article_authors w JOIN authors p ON p.id = w.author_id
        WHERE w.article_id = :article_id ORDER BY w.position)""",
        key,
    )
    authors = connection.value("SELECT authors FROM versions WHERE id = ?", (expected["current_version_id"],)) or "[]"
    with contextlib.suppress(ValueError):
        if json.loads(named) != list(dict.fromkeys(json.loads(authors))):
            wrong.append("article_authors")
    seen = connection.row(
        """SELECT min(seen_from) AS first_seen_at, max(seen_until) AS last_seen_at FROM versions
        WHERE article_id IN (SELECT id FROM articles WHERE id = :article_id OR duplicate_of = :article_id)
        AND replaced_by IS NULL""",
        key,
    )
    wrong += [name for name, value in (seen or {}).items() if value is not None and actual[name] != value]
    for name in ("url", "post_number", "slug"):
        known = f"SELECT 1 FROM article_urls WHERE article_id = ? AND {name} = ?"
        if actual[name] is not None and not connection.value(known, (article_id, actual[name])):
            wrong.append(name)
    return wrong


def articles_of(*ids: int | None) -> tuple[int, ...]:
    return tuple(sorted({id for id in ids if id is not None}))


def printable(text: object) -> str:
    """A possibly damaged text in printable form."""
    return str(text).encode("utf-8", "replace").decode()


@contextlib.contextmanager
def lenient_text(connection: Connection) -> Iterator[None]:
    """Read one snapshot, and decode invalid UTF-8 with surrogate escapes, inside a ``with`` block."""
    raw = connection.raw
    raw.text_factory = lambda data: data.decode("utf-8", "surrogateescape")
    if connection.mode == "read":
        raw.execute("BEGIN")
    try:
        yield
    finally:
        raw.text_factory = str
        if connection.mode == "read" and raw.in_transaction:
            raw.execute("ROLLBACK")


def schema_of(connection: Connection) -> dict[str, str]:
    """The SQL of every table, index, view and trigger of an archive, by name."""
    return {
        row["name"]: row["sql"]
        for row in connection.rows("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY rowid")
    }


@cache
def shipped_schema() -> dict[str, str]:
    """The schema of a new archive."""
    from caliber_crawler.archive.core.migrations import create_schema

    with contextlib.closing(sqlite3.connect(":memory:", isolation_level=None)) as memory:
        connection = Connection(Path(":memory:"), "write", memory, None)
        create_schema(connection.db)
        return schema_of(connection)
