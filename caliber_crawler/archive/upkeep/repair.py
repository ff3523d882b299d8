"""Repair: restore what can be restored with certainty; leave everything else unchanged.

Nothing is guessed. A row is only changed if it then matches its checksum, a text or page its digest, and a derived
column the data that it is derived from.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, cast

from caliber_crawler.archive.core.checksums import PRIMARY_KEYS, checksum, flip_one_bit, without_triggers
from caliber_crawler.archive.core.connection import Connection
from caliber_crawler.archive.core.rows import VersionRow, ViewCountRow
from caliber_crawler.archive.core.times import utc_text
from caliber_crawler.archive.pages.bodies import Bodies
from caliber_crawler.archive.pages.captures import Captures
from caliber_crawler.archive.reports.totals import recount
from caliber_crawler.archive.texts.articles import Articles, Reextract
from caliber_crawler.archive.texts.text_columns import content_digest, version_columns
from caliber_crawler.archive.upkeep.verification import Finding, Key, Kind, lenient_text, shipped_schema, wrong_version
from caliber_crawler.errors import ArchiveError
from caliber_crawler.items import Extraction

# Each kind is repaired from the kinds before it: pages, then texts, then what is computed from texts.
ORDER: tuple[Kind, ...] = (
    *("file", "schema", "dictionary", "body", "capture", "version", "view_count", "article", "index", "total"),
)
RepairedRow = dict[str, object]
"""A repaired row of a table with checksums: column to value."""
TABLES: dict[Kind, str] = {"capture": "captures", "version": "versions", "view_count": "view_counts"}


class Repair:
    """Repairs an archive that is open for writing. ``reextract`` re-extracts a stored page, if its site is known."""

    def __init__(self, connection: Connection, reextract: Reextract | None = None) -> None:
        self._connection = connection
        self._reextract = reextract
        self._captures = Captures(connection)
        self._articles = Articles(connection)
        self._bodies = Bodies(connection)

    def repair(self, findings: Iterable[Finding]) -> None:
        """Repair what can be repaired. Verify again to see what remains."""
        known = [finding for finding in findings if finding.kind in ORDER]
        with lenient_text(self._connection):
            for finding in sorted(known, key=lambda finding: ORDER.index(finding.kind)):
                with self._connection.transaction():
                    self._repair(finding)

    def _repair(self, finding: Finding) -> None:
        if finding.kind == "file":
            self._connection.execute("REINDEX")
        elif finding.kind == "schema":
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
            self._repair_row(TABLES[finding.kind], finding.key)
        elif finding.key[0] == "articles":
            self._repair_article(int(finding.key[1] or 0))
        else:
            table, article_id, url = finding.key
            self._repair_row(str(table), (url,) if table == "article_urls" else (article_id, url))

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
        data = flip_one_bit(row["data"], lambda data: self._bodies.fits(data, digest, row["size"], row["made_with"]))
        if data is not None:
            with without_triggers(self._connection, table):
                self._connection.execute(f"UPDATE {table} SET data = ? WHERE digest = ?", (data, digest))

    def _repair_row(self, table: str, key: Key) -> None:
        """Repair a row with a wrong checksum: flip one bit, or restore the row from its page."""
        names = PRIMARY_KEYS[table]
        # Compare keys as bytes: a damaged key may be invalid UTF-8.
        where = " AND ".join(f"{name} = {placeholder(value)}" for name, value in zip(names, key, strict=True))
        row = self._connection.row(f"SELECT * FROM {table} WHERE {where}", [bytes_of(value) for value in key])
        if row is None:
            return
        repaired = self._flip_one_bit(table, row) or self._reextract_row(table, row)
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

    def _flip_one_bit(self, table: str, row: Mapping[str, Any]) -> RepairedRow | None:
        if row["checksum"] is not None and (checksum(table, row) ^ row["checksum"]).bit_count() <= 1:
            return dict(row)
        for name, value in row.items():
            if isinstance(value, str):
                data = value.encode("utf-8", "surrogateescape")
                restored: Any = flip_one_bit(data, lambda data, name=name: fits(table, row, name, text(data)))  # type: ignore[misc]
                restored = None if restored is None else text(restored)
            elif isinstance(value, int) and name != "checksum":
                restored = next(
                    (value ^ 1 << bit for bit in range(63) if fits(table, row, name, value ^ 1 << bit)), None
                )
            else:
                continue
            if restored is not None:
                return {**row, name: restored}
        return None

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
            if extraction is not None and content_digest(extraction.article) == row["content_digest"]:
                restored: VersionRow = {**row, **version_columns(extraction)}
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

    def _repair_article(self, article_id: int) -> None:
        for name in ("url", "post_number", "slug"):
            stored = self._connection.value(f"SELECT {name} FROM articles WHERE id = ?", (article_id,))
            known = self._connection.values(
                f"SELECT {name} FROM article_urls WHERE article_id = ? AND {name} IS NOT NULL ORDER BY url",
                (article_id,),
            )
            if stored is not None and known and stored not in known:
                nearest = min(known, key=lambda value: difference(value, stored))
                self._connection.execute(f"UPDATE articles SET {name} = ? WHERE id = ?", (nearest, article_id))
        self._connection.execute(
            """UPDATE articles SET (first_seen_at, last_seen_at) = (
              SELECT min(seen_from), max(seen_until) FROM versions WHERE replaced_by IS NULL AND article_id IN (
                SELECT id FROM articles WHERE id = :id OR duplicate_of = :id)) WHERE id = :id""",
            {"id": article_id},
        )
        self._articles.refresh(article_id, authors=True)


def fits(table: str, row: Mapping[str, Any], name: str, value: object) -> bool:
    return bool(checksum(table, {**row, name: value}) == row["checksum"])


def text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def placeholder(value: object) -> str:
    return "CAST(? AS TEXT)" if isinstance(value, str) else "?"


def bytes_of(value: object) -> object:
    return value.encode("utf-8", "surrogateescape") if isinstance(value, str) else value


def difference(one: object, other: object) -> int:
    """The number of bytes that differ."""
    first, second = str(one).encode(), str(other).encode("utf-8", "surrogateescape")
    return sum(a != b for a, b in zip(first, second, strict=False)) + abs(len(first) - len(second))
