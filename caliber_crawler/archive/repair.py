"""Repair: what can be known for sure is put right, everything else is left as it is and listed as lost.

Nothing is guessed. A row fits its seal again, a text its digest, a page its digest, a derived column what it is derived
from, or it is not touched.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, cast

from caliber_crawler.archive.articles import Articles, Reread
from caliber_crawler.archive.bodies import Bodies
from caliber_crawler.archive.captures import Captures
from caliber_crawler.archive.connection import Connection
from caliber_crawler.archive.rows import VersionRow, ViewCountRow
from caliber_crawler.archive.seals import KEYS, one_bit_back, seal, unlocked
from caliber_crawler.archive.times import utc_text
from caliber_crawler.archive.totals import recount
from caliber_crawler.archive.verification import Finding, Key, Kind, shipped_schema, tolerant, wrong_version
from caliber_crawler.archive.versions import content_digest, read_columns
from caliber_crawler.errors import ArchiveError
from caliber_crawler.items import Reading

# What is repaired from what: pages before texts, texts before what is worked out from them.
ORDER: tuple[Kind, ...] = (
    *("file", "schema", "dictionary", "body", "capture", "version", "view_count", "article", "index", "total"),
)
Mended = dict[str, object]
"""A row of any sealed table, put right: column to value."""
TABLES: dict[Kind, str] = {"capture": "captures", "version": "versions", "view_count": "view_counts"}


class Repair:
    """Repairs an archive that is open for writing. ``reread`` reads a kept page again, where the site is known."""

    def __init__(self, connection: Connection, reread: Reread | None = None) -> None:
        self._connection = connection
        self._reread = reread
        self._captures = Captures(connection)
        self._articles = Articles(connection)
        self._bodies = Bodies(connection)

    def mend(self, findings: Iterable[Finding]) -> None:
        """Do what can be done. What was achieved is told by verifying again."""
        known = [finding for finding in findings if finding.kind in ORDER]
        with tolerant(self._connection):
            for finding in sorted(known, key=lambda finding: ORDER.index(finding.kind)):
                with self._connection.transaction():
                    self._mend(finding)

    def _mend(self, finding: Finding) -> None:
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
            self._mend_packed("dictionaries" if finding.kind == "dictionary" else "bodies", str(finding.key[0]))
        elif finding.kind in TABLES:
            self._mend_row(TABLES[finding.kind], finding.key)
        elif finding.key[0] == "articles":
            self._mend_article(int(finding.key[1] or 0))
        else:
            table, article_id, url = finding.key
            self._mend_row(str(table), (url,) if table == "article_urls" else (article_id, url))

    def _restore_schema(self, name: str) -> None:
        kept = self._connection.row("SELECT type FROM sqlite_master WHERE name = ?", (name,))
        sql = shipped_schema()[name]
        if kept is not None and kept["type"] in ("view", "trigger", "index"):
            self._connection.execute(f'DROP {kept["type"]} "{name}"')
        if kept is None or kept["type"] != "table":
            self._connection.execute(sql)

    def _mend_packed(self, table: str, digest: str) -> None:
        made_with = "(SELECT digest FROM dictionaries d WHERE d.id = t.dictionary_id)" if table == "bodies" else "NULL"
        row = self._connection.row(
            f"SELECT size, data, {made_with} AS made_with FROM {table} t WHERE digest = ?", (digest,)
        )
        if row is None or (row["made_with"] and not self._bodies.dictionary_is_sound(row["made_with"])):
            return
        data = one_bit_back(row["data"], lambda data: self._bodies.fits(data, digest, row["size"], row["made_with"]))
        if data is not None:
            with unlocked(self._connection, table):
                self._connection.execute(f"UPDATE {table} SET data = ? WHERE digest = ?", (data, digest))

    def _mend_row(self, table: str, key: Key) -> None:
        """A row whose seal is broken: by one bit, or by more where its page says what it should be."""
        names = KEYS[table]
        # As bytes: a damaged key may be no text.
        where = " AND ".join(f"{name} = {place(value)}" for name, value in zip(names, key, strict=True))
        row = self._connection.row(f"SELECT * FROM {table} WHERE {where}", [stored(value) for value in key])
        if row is None:
            return
        mended = self._one_bit_back(table, row) or self._read_again(table, row)
        if mended is None:
            return
        mended |= {"seal": seal(table, mended)}
        changed = {name: value for name, value in mended.items() if value != row[name] and name != "folded"}
        assignments = ", ".join(f"{name} = ?" for name in changed)
        if changed:
            with unlocked(self._connection, table):
                self._connection.execute(
                    f"UPDATE {table} SET {assignments} WHERE {where}", [*changed.values(), *map(stored, key)]
                )

    def _one_bit_back(self, table: str, row: Mapping[str, Any]) -> Mended | None:
        if row["seal"] is not None and (seal(table, row) ^ row["seal"]).bit_count() <= 1:
            return dict(row)
        for name, value in row.items():
            if isinstance(value, str):
                data = value.encode("utf-8", "surrogateescape")
                restored: Any = one_bit_back(data, lambda data, name=name: fits(table, row, name, text(data)))  # type: ignore[misc]
                restored = None if restored is None else text(restored)
            elif isinstance(value, int) and name != "seal":
                restored = next(
                    (value ^ 1 << bit for bit in range(63) if fits(table, row, name, value ^ 1 << bit)), None
                )
            else:
                continue
            if restored is not None:
                return {**row, name: restored}
        return None

    def _read_again(self, table: str, row: Mapping[str, Any]) -> Mended | None:
        if table == "versions":
            return self._version_again(cast(VersionRow, row))
        if table == "view_counts":
            return self._count_again(cast(ViewCountRow, row))
        return None

    def _version_again(self, row: VersionRow) -> Mended | None:
        for capture_id in self._connection.values(
            "SELECT id FROM captures WHERE id = ? OR version_id = ? ORDER BY id = ?1 DESC",
            (row["capture_id"], row["id"]),
        ):
            reading = self._reading(capture_id)
            if reading is not None and content_digest(reading.article) == row["content_digest"]:
                again: VersionRow = {**row, **read_columns(reading)}
                # What does not depend on the page must be as it was sealed, or be of no weight.
                return dict(again) if wrong_version(again) is None else None
        return None

    def _count_again(self, row: ViewCountRow) -> Mended | None:
        reading = self._reading(row["capture_id"])
        if reading is None or reading.article.views is None:
            return None
        return {
            **row,
            "views": reading.article.views,
            "shown": reading.article.views_shown,
            "observed_at": utc_text(reading.capture.fetched_at),
        }

    def _reading(self, capture_id: int) -> Reading | None:
        if self._reread is None:
            return None
        try:
            return self._reread(self._captures.get(capture_id))
        except ArchiveError:
            return None

    def _mend_article(self, article_id: int) -> None:
        for name in ("url", "post_number", "slug"):
            stated = self._connection.value(f"SELECT {name} FROM articles WHERE id = ?", (article_id,))
            known = self._connection.values(
                f"SELECT {name} FROM article_urls WHERE article_id = ? AND {name} IS NOT NULL ORDER BY url",
                (article_id,),
            )
            if stated is not None and known and stated not in known:
                nearest = min(known, key=lambda value: difference(value, stated))
                self._connection.execute(f"UPDATE articles SET {name} = ? WHERE id = ?", (nearest, article_id))
        self._connection.execute(
            """UPDATE articles SET (first_seen_at, last_seen_at) = (
              SELECT min(seen_from), max(seen_until) FROM versions WHERE replaced_by IS NULL AND article_id IN (
                SELECT id FROM articles WHERE id = :id OR duplicate_of = :id)) WHERE id = :id""",
            {"id": article_id},
        )
        self._articles.refresh(article_id, authors=True)


def fits(table: str, row: Mapping[str, Any], name: str, value: object) -> bool:
    return bool(seal(table, {**row, name: value}) == row["seal"])


def text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def place(value: object) -> str:
    return "CAST(? AS TEXT)" if isinstance(value, str) else "?"


def stored(value: object) -> object:
    return value.encode("utf-8", "surrogateescape") if isinstance(value, str) else value


def difference(one: object, other: object) -> int:
    """How many bytes differ."""
    first, second = str(one).encode(), str(other).encode("utf-8", "surrogateescape")
    return sum(a != b for a, b in zip(first, second, strict=False)) + abs(len(first) - len(second))
