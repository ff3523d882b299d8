"""Repair of rows: restore what can be restored with certainty; leave everything else unchanged.

Nothing is guessed. A row is only changed if it then matches its checksum, a text or page its digest, and a derived
column the data that it is derived from; nothing is derived from a row that is damaged itself. A damaged file is
salvaged first (:mod:`~caliber_crawler.archive.upkeep.file_repair`).
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping
from typing import Any, cast

from caliber_crawler.archive.core.checksums import (
    PRIMARY_KEYS,
    checksum,
    without_triggers,
)
from caliber_crawler.archive.core.connection import Connection
from caliber_crawler.archive.core.family import FAMILY
from caliber_crawler.archive.core.rows import VersionRow, ViewCountRow
from caliber_crawler.archive.core.times import utc_text
from caliber_crawler.archive.pages.bodies import Bodies
from caliber_crawler.archive.pages.captures import Captures
from caliber_crawler.archive.reports.totals import recount
from caliber_crawler.archive.texts.articles import Articles, Reextract
from caliber_crawler.archive.texts.text_columns import content_digest, digest_of_row, version_columns
from caliber_crawler.archive.upkeep.file_checks import lenient_text, shipped_schema
from caliber_crawler.archive.upkeep.finding import Finding, Key, Kind
from caliber_crawler.archive.upkeep.row_batches import UNREADABLE
from caliber_crawler.archive.upkeep.row_checks import wrong_version
from caliber_crawler.archive.upkeep.single_changes import (
    BIT_SECONDS,
    Budget,
    RepairedRow,
    restore_body,
    restore_one_bit,
    restore_one_byte,
)
from caliber_crawler.errors import ArchiveError
from caliber_crawler.items import Extraction

# Each kind is repaired from the kinds before it: pages, then texts, then what is computed from texts.
ORDER: tuple[Kind, ...] = (
    *("schema", "dictionary", "body", "capture", "version", "view_count", "article", "index", "total"),
)
VERSION_AT = """SELECT v.id FROM versions v JOIN articles a ON a.id = v.article_id
WHERE coalesce(a.duplicate_of, a.id) = (SELECT coalesce(duplicate_of, id) FROM articles WHERE id = :article_id)
  AND v.replaced_by IS NULL AND :fetched_at BETWEEN v.seen_from AND v.seen_until ORDER BY v.seen_from DESC LIMIT 1"""
"""The version of an article at a time."""
TABLES: dict[Kind, str] = {"capture": "captures", "version": "versions", "view_count": "view_counts"}


class Repair:
    """Repairs an archive that is open for writing. ``reextract`` re-extracts a stored page, if its site is known."""

    def __init__(self, connection: Connection, reextract: Reextract | None = None) -> None:
        self._connection = connection
        self._reextract = reextract
        self._captures = Captures(connection)
        self._articles = Articles(connection)
        self._bodies = Bodies(connection)
        self._byte_budget = Budget()

    def repair(self, findings: Iterable[Finding]) -> None:
        """Repair what can be repaired. Verify again to see what remains."""
        known = [finding for finding in findings if finding.kind in ORDER]
        with lenient_text(self._connection):
            for finding in sorted(known, key=lambda finding: ORDER.index(finding.kind)):
                # What cannot be repaired is rolled back and found again; it does not prevent other repairs.
                with contextlib.suppress(*UNREADABLE), self._connection.transaction():
                    self._repair(finding)

    def _repair(self, finding: Finding) -> None:
        if finding.kind == "schema":
            if finding.key:
                self._restore_schema(str(finding.key[0]))
        elif finding.kind == "index":
            self._connection.execute("INSERT INTO versions_fts (versions_fts) VALUES ('rebuild')")
        elif finding.kind == "total":
            recount(self._connection)
        elif not finding.key:
            return
        elif finding.kind in ("dictionary", "body"):
            self._repair_compressed("dictionaries" if finding.kind == "dictionary" else "bodies", str(finding.key[0]))
        elif finding.kind in TABLES:
            for article_id in finding.articles:
                self._repair_times(article_id)
            self._repair_row(TABLES[finding.kind], finding.key)
        elif finding.key[0] == "articles":
            self._repair_article(int(finding.key[1] or 0))
        else:
            table, id, url = finding.key
            self._repair_row(str(table), (url,) if table == "article_urls" else (id, url))

    def _restore_schema(self, name: str) -> None:
        stored = self._connection.row("SELECT type FROM sqlite_master WHERE name = ?", (name,))
        sql = shipped_schema()[name]
        if stored is not None and stored["type"] in ("view", "trigger", "index"):
            self._connection.execute(f'DROP {stored["type"]} "{name}"')
        if stored is None or stored["type"] != "table":
            self._connection.execute(sql)

    def _repair_compressed(self, table: str, digest: str) -> None:
        made_with = "(SELECT digest FROM dictionaries d WHERE d.id = t.dictionary_id)" if table == "bodies" else "NULL"
        row = self._connection.row(
            f"SELECT size, data, {made_with} AS made_with FROM {table} t WHERE digest = ?", (digest,)
        )
        if row is None or (row["made_with"] and not self._bodies.is_dictionary_valid(row["made_with"])):
            return
        if self._bodies.fits(row["data"], digest, row["size"], row["made_with"]):
            return  # Only its dictionary was damaged.
        restored = restore_body(
            *(self._bodies, row["data"], digest, row["size"], row["made_with"]),
            bit_seconds=BIT_SECONDS,
            budget=self._byte_budget,
        )
        if restored is not None:
            with without_triggers(self._connection, table):
                self._connection.execute(f"UPDATE {table} SET data = ?, size = ? WHERE digest = ?", (*restored, digest))

    def _repair_row(self, table: str, key: Key) -> None:
        """Repair a row with a wrong checksum: flip one bit, or restore the row from its page."""
        names = PRIMARY_KEYS[table]
        # Compare keys as bytes: a damaged key may be invalid UTF-8.
        where = " AND ".join(f"{name} = {placeholder(value)}" for name, value in zip(names, key, strict=True))
        row = self._connection.row(f"SELECT * FROM {table} WHERE {where}", [bytes_of(value) for value in key])
        if row is None:
            return
        repaired = (
            compute_anew(table, row)
            or self._reextract_row(table, row)
            or restore_one_bit(table, row)
            or restore_one_byte(table, row, self._byte_budget)
            or self._pointed_anew(table, row)
        )
        if repaired is None:
            return
        repaired |= {"checksum": checksum(table, repaired)}
        changed = {name: value for name, value in repaired.items() if value != row[name] and name != "folded"}
        assignments = ", ".join(f"{name} = ?" for name in changed)
        if changed:
            with without_triggers(self._connection, table):
                self._connection.execute(
                    f"UPDATE {table} SET {assignments} WHERE {where}", [*changed.values(), *map(bytes_of, key)]
                )

    def _pointed_anew(self, table: str, row: Mapping[str, Any]) -> RepairedRow | None:
        """A sound capture, with the version that its article had at that time."""
        if table != "captures" or checksum(table, row) != row["checksum"]:
            return None
        version_id = self._connection.value(VERSION_AT, row)
        # The article of this capture may be the damaged value: the version that was made from it must agree.
        own = self._connection.values("SELECT id FROM versions WHERE capture_id = :id AND replaced_by IS NULL", row)
        return (
            None if version_id is None or version_id not in (own or [version_id]) else {**row, "version_id": version_id}
        )

    def _reextract_row(self, table: str, row: Mapping[str, Any]) -> RepairedRow | None:
        if table == "versions":
            return self._reextract_version(cast(VersionRow, row))
        if table == "view_counts":
            return self._reextract_count(cast(ViewCountRow, row))
        return None

    def _reextract_version(self, row: VersionRow) -> RepairedRow | None:
        for capture_id in self._connection.values(
            "SELECT id FROM captures WHERE id = ? OR version_id = ? ORDER BY id = ?1 DESC",
            (row["capture_id"], row["id"]),
        ):
            extraction = self._extraction(capture_id)
            if extraction is None:
                continue
            digest = content_digest(extraction.article)
            restored: VersionRow = {**row, **version_columns(extraction), "content_digest": digest}
            if checksum("versions", restored) == row["checksum"]:
                return dict(restored)
            if digest == row["content_digest"]:
                # The columns that do not come from the page must be valid too.
                return dict(restored) if wrong_version(restored) is None else None
        return None

    def _reextract_count(self, row: ViewCountRow) -> RepairedRow | None:
        extraction = self._extraction(row["capture_id"])
        if extraction is None or extraction.article.views is None:
            return None
        return {
            **row,
            "views": extraction.article.views,
            "shown": extraction.article.views_shown,
            "observed_at": utc_text(extraction.capture.fetched_at),
        }

    def _extraction(self, capture_id: int) -> Extraction | None:
        if self._reextract is None:
            return None
        try:
            return self._reextract(self._captures.get(capture_id))
        except ArchiveError:
            return None

    def _repair_times(self, article_id: int) -> None:
        """Repair when the versions of an article were online, from its captures.

        A version ends with its last capture, or with the later response 304 that confirmed it. Damaged captures may
        state any time, so nothing is computed from them.
        """
        key = {"article_id": article_id}
        captures = self._connection.rows(f"SELECT * FROM captures WHERE article_id IN ({FAMILY})", key)
        if any(checksum("captures", capture) != capture["checksum"] for capture in captures):
            return
        last = self._connection.value("SELECT last_seen_at FROM articles WHERE id = :article_id", key)
        versions = self._connection.rows(
            f"""SELECT v.id, v.seen_from, v.seen_until, min(c.fetched_at) AS first, max(c.fetched_at) AS last
            FROM versions v JOIN captures c ON c.version_id = v.id
            WHERE v.article_id IN ({FAMILY}) AND v.replaced_by IS NULL GROUP BY v.id ORDER BY last""",
            key,
        )
        for place, version in enumerate(versions):
            until = version["seen_until"]
            if not self._was_seen(article_id, until) or until < version["last"]:
                is_newest = place + 1 == len(versions)
                is_confirmed = is_newest and last is not None and self._was_seen(article_id, last)
                until = max(version["last"], last) if is_confirmed else version["last"]
            if (version["first"], until) != (version["seen_from"], version["seen_until"]):
                with without_triggers(self._connection, "versions"):
                    self._connection.execute(
                        "UPDATE versions SET seen_from = ?, seen_until = ? WHERE id = ?",
                        (version["first"], until, version["id"]),
                    )

    def _was_seen(self, article_id: int, at: str) -> bool:
        """Is there a capture of an article at this time?"""
        found = self._connection.value(
            f"""SELECT 1 FROM captures WHERE fetched_at = :at AND (article_id IN ({FAMILY})
            OR url IN (SELECT url FROM article_urls WHERE article_id IN ({FAMILY})))""",
            {"article_id": article_id, "at": at},
        )
        return found is not None

    def _repair_article(self, article_id: int) -> None:
        self._repair_times(article_id)
        for name in ("url", "post_number", "slug"):
            stored = self._connection.value(f"SELECT {name} FROM articles WHERE id = ?", (article_id,))
            known = self._connection.values(
                f"SELECT {name} FROM article_urls WHERE article_id = ? AND {name} IS NOT NULL ORDER BY url",
                (article_id,),
            )
            if stored is not None and known and stored not in known:
                nearest = min(known, key=lambda value: difference(value, stored))
                self._connection.execute(f"UPDATE articles SET {name} = ? WHERE id = ?", (nearest, article_id))
        if self._has_damaged_texts(article_id):
            return
        self._connection.execute(
            """UPDATE articles SET (first_seen_at, last_seen_at) = (
              SELECT min(seen_from), max(seen_until) FROM versions WHERE replaced_by IS NULL AND article_id IN (
                SELECT id FROM articles WHERE id = :id OR duplicate_of = :id)) WHERE id = :id""",
            {"id": article_id},
        )
        self._connection.execute("DELETE FROM article_authors WHERE article_id = ?", (article_id,))
        self._articles.refresh(article_id, authors=True)

    def _has_damaged_texts(self, article_id: int) -> bool:
        """Is a text or view count damaged from which the state of an article is computed?"""
        return any(
            checksum(table, row) != row["checksum"]
            for table in ("versions", "view_counts")
            for row in self._connection.rows(
                f"SELECT * FROM {table} WHERE article_id IN ({FAMILY})", {"article_id": article_id}
            )
        )


def compute_anew(table: str, row: Mapping[str, Any]) -> RepairedRow | None:
    """A version with its digest and word count computed from its text, if it then matches its checksum."""
    if table != "versions" or checksum(table, row) == row["checksum"]:
        return None
    try:
        columns = {"content_digest": digest_of_row(cast(VersionRow, row)), "word_count": len(row["body"].split())}
        computed = {**row, **columns}
        return computed if checksum(table, computed) == row["checksum"] else None
    except (TypeError, ValueError):
        return None


def placeholder(value: object) -> str:
    return "CAST(? AS TEXT)" if isinstance(value, str) else "?"


def bytes_of(value: object) -> object:
    return value.encode("utf-8", "surrogateescape") if isinstance(value, str) else value


def difference(one: object, other: object) -> int:
    """The number of bytes that differ."""
    first, second = str(one).encode(), str(other).encode("utf-8", "surrogateescape")
    return sum(a != b for a, b in zip(first, second, strict=False)) + abs(len(first) - len(second))
