"""Restoration: compute rows that a salvage could not read, from indexes, from other rows and from stored pages.

Restored rows get new checksums. What is known of a row is used; a value that nothing repeats is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from caliber_crawler.archive.core.checksums import PRIMARY_KEYS
from caliber_crawler.archive.core.connection import Connection
from caliber_crawler.archive.core.times import utc_now, utc_text
from caliber_crawler.archive.texts.articles import Reextract
from caliber_crawler.archive.texts.current_state import CURRENT
from caliber_crawler.archive.texts.text_columns import content_digest, version_columns
from caliber_crawler.archive.upkeep.article_parts import ArticleParts
from caliber_crawler.archive.upkeep.cold_rows import restore_cold_rows
from caliber_crawler.archive.upkeep.disputes import Dispute, settle_disputes
from caliber_crawler.archive.upkeep.index_rows import rows_from_indexes
from caliber_crawler.archive.upkeep.media_types import restored_media_type
from caliber_crawler.archive.upkeep.repair import VERSION_AT
from caliber_crawler.archive.upkeep.restored_rows import RestoredRows
from caliber_crawler.archive.upkeep.row_ids import settle_ids
from caliber_crawler.archive.upkeep.row_keys import settle_keys
from caliber_crawler.archive.upkeep.row_layout import is_row_sound, layouts
from caliber_crawler.archive.upkeep.salvage import COMPUTED, Salvaged, insert
from caliber_crawler.archive.upkeep.tree_map import DERIVED

UNKNOWN_SITE = "unknown"
UNKNOWN_LANGUAGE = "und"
RESTORED = "restored"
"""The command of a restored run, and the discovery source of a restored URL."""
NO_HEADERS = {"redirects": "[]", "headers": "[]"}
"""The columns of a capture that nothing repeats."""
MISSING_RUNS = """SELECT run_id, min(at) AS started_at, min(site) AS site FROM (
  SELECT run_id, fetched_at AS at, site FROM captures UNION ALL
  SELECT run_id, seen_from, NULL FROM versions UNION ALL SELECT run_id, noted_at, NULL FROM problems)
WHERE run_id NOT IN (SELECT id FROM runs) GROUP BY run_id"""
REPEATED = (
    *("runs", "problems", "hosts", "sites", "sections", "site_facts", "field_coverage", "takedowns"),
    *("codebook", "codes", "alerts", "alert_events", "copies", "counterparts"),
    *("name_searches", "mentions", "quotations", "merge_marks"),
)
"""Tables whose indexes repeat every value."""
MISSING_CAPTURES = """SELECT capture_id, article_id, min(at) AS fetched_at, max(version_id) AS version_id,
  max(run_id) AS run_id, max(extractor) AS extractor FROM (
    SELECT capture_id, article_id, seen_from AS at, id AS version_id, run_id, extractor FROM versions UNION ALL
    SELECT capture_id, article_id, observed_at, NULL, NULL, NULL FROM view_counts)
WHERE capture_id NOT IN (SELECT id FROM captures) GROUP BY capture_id"""
MISSING_VERSIONS = """SELECT DISTINCT id FROM (
  SELECT version_id AS id FROM captures UNION SELECT current_version_id FROM articles
  UNION SELECT replaced_by FROM versions)
WHERE id IS NOT NULL AND id NOT IN (SELECT id FROM versions)"""
MISSING_ARTICLES = """SELECT DISTINCT id FROM (
  SELECT article_id AS id FROM versions UNION SELECT article_id FROM view_counts
  UNION SELECT article_id FROM article_urls UNION SELECT article_id FROM captures)
WHERE id IS NOT NULL AND id NOT IN (SELECT id FROM articles)"""

MISSING_ARTICLES_OF_TEXTS = """SELECT DISTINCT id FROM (
  SELECT article_id AS id FROM versions UNION SELECT article_id FROM view_counts)
WHERE id NOT IN (SELECT id FROM articles)"""


class Restoration:
    """Restores lost rows of an archive that a salvage has filled; ``counts`` has their number, by table."""

    def __init__(self, connection: Connection, salvaged: Salvaged, reextract: Reextract | None) -> None:
        self._connection = connection
        self._salvaged = salvaged
        self._rows = RestoredRows(connection, salvaged, reextract)
        self._parts = ArticleParts(connection, salvaged, self._rows)
        self._added: list[int] = []
        self.counts = self._rows.counts
        self.without_headers = 0
        """Restored captures: nothing repeats the HTTP headers."""
        self.undecided: list[Dispute] = []
        """Values of which a damaged copy could not be told from a right one."""

    def restore(self) -> None:
        """Restore what can be restored, each table after those that it needs."""
        for step in (
            self._mend_rejected,
            self._settle_disputes,
            partial(restore_cold_rows, self._connection, self._rows),
            self._restore_articles,
            self._restore_captures,
            self._restore_versions,
            self._point_captures_anew,
            self._restore_missing_articles,
            self._restore_missing_captures,
            self._restore_newest_columns,
            self._parts.restore_view_counts,
            self._parts.restore_urls,
            self._parts.restore_own_urls,
            self._parts.restore_from_pages,
            self._parts.restore_newest_counts,
            self._restore_missing_captures,
            self._restore_frontier,
            self._restore_repeated,
            self._restore_sections,
            self._restore_runs,
        ):
            with self._connection.transaction():
                step()

    def _mend_rejected(self) -> None:
        """Restore damaged rows whose damaged values an index repeats: then they match their checksum."""
        for table in PRIMARY_KEYS:
            rejected, layout = self._salvaged.rejected.get(table, []), layouts()[table]
            known = rows_from_indexes(self._salvaged.trees, self._connection, table) if rejected else {}
            for row in rejected:
                mended = row | known.get(layout.key_of(row), {})
                if is_row_sound(layout, mended) and insert(self._connection, layout, mended):
                    self.counts[table] += 1

    def _settle_disputes(self) -> None:
        for table, layout in layouts().items():
            if not layout.is_index and not table.startswith((*COMPUTED, *DERIVED)):
                self.counts[table] += settle_ids(self._salvaged, self._connection, table)
        for table, layout in layouts().items():
            if not layout.is_index and not table.startswith((*COMPUTED, *DERIVED)):
                for settle in (settle_keys, settle_disputes):
                    settled, undecided = settle(self._salvaged.trees, self._connection, table)
                    self.counts[table] += settled
                    self.undecided += undecided

    # --- articles and captures ----------------------------------------------------------------------------------------

    def _restore_articles(self) -> None:
        for row in self._rows.from_indexes("articles"):
            self._add_article(row)

    def _add_article(self, known: Mapping[str, Any]) -> None:
        """Insert an article; its derived columns are computed by the repair that follows."""
        id = known["id"]
        version = self._connection.row(
            "SELECT headline, seen_from, seen_until FROM versions WHERE article_id = ? ORDER BY seen_until DESC", (id,)
        ) or {"headline": "", "seen_from": utc_text(utc_now()), "seen_until": utc_text(utc_now())}
        capture = self._connection.row(
            "SELECT site, url FROM captures WHERE article_id = ? ORDER BY fetched_at DESC", (id,)
        ) or {"site": UNKNOWN_SITE, "url": None}
        url = self._connection.row(
            """SELECT url, language, slug, post_number FROM article_urls WHERE article_id = ?
            ORDER BY kind = 'other', url""",
            (id,),
        ) or {"url": None, "language": None, "slug": None, "post_number": None}
        row = {
            "site": capture["site"],
            "url": url["url"] or capture["url"] or f"urn:caliber:article:{id}",
            "language": url["language"] or UNKNOWN_LANGUAGE,
            "slug": url["slug"],
            "post_number": url["post_number"],
            "headline": version["headline"],
            "first_seen_at": version["seen_from"],
            "last_seen_at": version["seen_until"],
            **known,
        }
        if self._rows.insert("articles", row):
            self._added.append(id)

    def _restore_newest_columns(self) -> None:
        """Restore what articles take from their newest page."""
        for id in self._added:
            newest = self._connection.value(
                """SELECT id FROM captures WHERE article_id = ? AND version_id IS NOT NULL AND body_digest IS NOT NULL
                ORDER BY fetched_at DESC, id DESC LIMIT 1""",
                (id,),
            )
            extraction = None if newest is None else self._rows.extraction(newest)
            if extraction is not None:
                article = extraction.article
                self._connection.execute(
                    """UPDATE articles SET section = coalesce(section, ?), cover_image = coalesce(cover_image, ?),
                    language = CASE language WHEN ? THEN ? ELSE language END WHERE id = ?""",
                    (article.section, article.cover_image, UNKNOWN_LANGUAGE, article.language, id),
                )

    def _restore_missing_articles(self) -> None:
        # Unlike that of a version, the article that a capture or URL names is in no checksum.
        is_lost = "articles" in self._salvaged.incomplete
        for id in self._connection.values(MISSING_ARTICLES if is_lost else MISSING_ARTICLES_OF_TEXTS):
            self._add_article({"id": id})

    def _restore_captures(self) -> None:
        """Restore captures from indexes: without their HTTP headers, which nothing repeats."""
        for known in self._rows.from_indexes("captures"):
            if not {"id", "url", "fetched_at"} <= known.keys():
                continue
            body = self._connection.row("SELECT size FROM bodies WHERE digest = ?", (known.get("body_digest"),))
            article = self._connection.row("SELECT site FROM articles WHERE id = ?", (known.get("article_id"),))
            entry = self._connection.row(
                "SELECT site, kind, last_status FROM frontier WHERE url = ?", (known["url"],)
            ) or self._same_host(str(known["url"]))
            row = {
                "kind": entry["kind"] if entry else "article",
                "run_id": 0,
                "site": article["site"] if article else entry["site"] if entry else UNKNOWN_SITE,
                "status": 200 if body else (entry or {}).get("last_status") or 200,
                "media_type": self._media_type(known) if body else None,
                "size": body["size"] if body else 0,
                **NO_HEADERS,
                **known,
                "body_digest": known.get("body_digest") if body else None,
                "version_id": self._version_at(known),
            }
            self.without_headers += self._rows.insert("captures", row)

    def _media_type(self, known: Mapping[str, Any]) -> str | None:
        return restored_media_type(self._connection, known["body_digest"], known["url"])

    def _same_host(self, url: str) -> dict[str, Any] | None:
        host = "/".join(url.split("/", 3)[:3])
        return self._connection.row(
            "SELECT site, 'article' AS kind, NULL AS last_status FROM captures WHERE url >= ? AND url < ? LIMIT 1",
            (f"{host}/", f"{host}0"),
        )

    def _version_at(self, row: Mapping[str, Any]) -> int | None:
        if row.get("article_id") is None:
            return None
        found: int | None = self._connection.value(
            VERSION_AT, {"article_id": row["article_id"], "fetched_at": row["fetched_at"]}
        )
        return found

    def _restore_missing_captures(self) -> None:
        """Restore captures that versions and view counts name, with what these repeat."""
        for row in self._connection.rows(MISSING_CAPTURES):
            article = self._connection.row("SELECT site, url FROM articles WHERE id = ?", (row["article_id"],)) or {}
            id = row.pop("capture_id")
            self.without_headers += self._rows.insert(
                "captures",
                {
                    **row,
                    "id": id,
                    "run_id": row["run_id"] or 0,
                    "kind": "article",
                    **NO_HEADERS,
                    "size": 0,
                    "site": article.get("site", UNKNOWN_SITE),
                    "url": article.get("url", f"urn:caliber:capture:{id}"),
                    "status": 200,
                    "version_id": row["version_id"] or self._version_at(row),
                },
            )

    # --- texts --------------------------------------------------------------------------------------------------------

    def _restore_versions(self) -> None:
        """Restore versions by extracting the article from their pages again."""
        known = {row["id"]: row for row in self._rows.from_indexes("versions") if isinstance(row["id"], int)}
        for row in self._salvaged.rejected.get("versions", ()):
            # A damaged version repeats its identity: only its text is damaged.
            if isinstance(row["id"], int):
                known.setdefault(row["id"], {})
        # Without a lost row, a reference to a version that is not there is damaged itself: no checksum includes it.
        named = self._connection.values(MISSING_VERSIONS) if "versions" in self._salvaged.incomplete else []
        for id in sorted({*known, *named}):
            self._restore_version(id, known.get(id, {}))

    def _point_captures_anew(self) -> None:
        """Give captures of a version that does not exist the one that their article had at that time."""
        for row in self._connection.rows(
            "SELECT id, article_id, fetched_at FROM captures WHERE version_id NOT IN (SELECT id FROM versions)"
        ):
            if (version_id := self._version_at(row)) is not None:
                self._connection.execute("UPDATE captures SET version_id = ? WHERE id = ?", (version_id, row["id"]))
                self.counts["captures"] += 1

    def _restore_version(self, id: int, known: Mapping[str, Any]) -> None:
        captures = self._connection.rows(
            """SELECT id, article_id, run_id, fetched_at FROM captures WHERE version_id = ?1 OR id = ?2
            ORDER BY id IS NOT ?2, fetched_at, id""",
            (id, known.get("capture_id")),
        )
        for capture in captures:
            extraction = self._rows.extraction(capture["id"])
            article_id = known.get("article_id") or capture["article_id"]
            if extraction is None or article_id is None:
                continue
            number = known.get("number") or self._connection.value(
                "SELECT coalesce(max(number), 0) + 1 FROM versions WHERE article_id = ?", (article_id,)
            )
            times = [row["fetched_at"] for row in captures]
            earlier = "SELECT 1 FROM versions WHERE replaced_by = ?"
            row = {
                "id": id,
                "article_id": article_id,
                "number": number,
                "cause": "first" if number == 1 else "reextract" if self._connection.value(earlier, (id,)) else "edit",
                "seen_from": min([known.get("seen_from") or times[0], *times]),
                "seen_until": max([self._seen_until(article_id, capture["id"]), *times]),
                **version_columns(extraction),
                "content_digest": content_digest(extraction.article),
                "capture_id": capture["id"],
                "run_id": known.get("run_id") or capture["run_id"],
                "replaced_by": known.get("replaced_by"),
            }
            if self._rows.insert("versions", row):
                for other in captures:
                    self._connection.execute(
                        """UPDATE captures SET version_id = ?, article_id = ?, extractor = coalesce(extractor, ?)
                        WHERE id = ? AND version_id IS NOT ?1""",
                        (id, article_id, extraction.extractor, other["id"]),
                    )
            return

    def _seen_until(self, article_id: int, capture_id: int) -> str:
        """The last time at which an article was seen, if this is its newest page: a 304 response may be later."""
        return str(
            self._connection.value(
                """SELECT last_seen_at FROM articles WHERE id = ?1 AND NOT EXISTS (
                  SELECT 1 FROM captures n JOIN captures c ON c.id = ?2
                  WHERE n.article_id = ?1 AND n.version_id IS NOT NULL AND n.fetched_at > c.fetched_at)""",
                (article_id, capture_id),
            )
            or ""
        )

    # --- the frontier and runs ----------------------------------------------------------------------------------------

    def _restore_frontier(self) -> None:
        for row in self._rows.from_indexes("frontier"):
            if not {"url", "site", "kind", "state"} <= row.keys():
                continue
            visit = self._connection.row(
                """SELECT min(fetched_at) AS first, max(fetched_at) AS visited_at, status AS last_status FROM captures
                WHERE url = ?""",
                (row["url"],),
            ) or {"first": None}
            first = visit.pop("first") or utc_text(utc_now())
            found = {"discovered_at": f"{first[:-1]}.000000Z", "discovered_via": RESTORED}
            self._rows.insert("frontier", {**found, **visit, **row})

    def keep_articles_without_text(self) -> None:
        """Keep what is known of an article whose versions are all lost; its URLs are due, to be fetched completely.

        Call it after dangling references have been removed, inside a transaction.
        """
        lost = """SELECT id FROM articles WHERE duplicate_of IS NULL AND NOT EXISTS (
          SELECT 1 FROM versions v JOIN articles f ON f.id = v.article_id
          WHERE coalesce(f.duplicate_of, f.id) = articles.id)"""
        now = utc_text(utc_now())
        self._connection.execute(
            f"""UPDATE frontier SET etag = NULL, last_modified = NULL, due_at = coalesce(min(due_at, :now), :now)
            WHERE article_id IN ({lost})""",
            {"now": now},
        )
        self._connection.execute(f"DELETE FROM article_authors WHERE article_id IN ({lost})")
        for id in self._connection.values(lost):
            self._connection.execute(
                f"""UPDATE articles SET current_version_id = NULL, version_count = 0, changed_at = NULL,
                  views = ({CURRENT["views"]}), views_at = ({CURRENT["views_at"]}) WHERE id = :article_id""",
                {"article_id": id},
            )
        if "article_urls" in self._salvaged.incomplete:
            for name in ("slug", "post_number"):
                known = f"(SELECT min(u.{name}) FROM article_urls u WHERE u.article_id = articles.id)"
                among = (
                    f"(SELECT u.{name} FROM article_urls u WHERE u.article_id = articles.id AND u.{name} IS NOT NULL)"
                )
                self._connection.execute(
                    f"""UPDATE OR IGNORE articles SET {name} = {known}
                    WHERE duplicate_of IS NULL AND {name} NOT IN {among}"""
                )

    def _restore_repeated(self) -> None:
        for table in REPEATED:
            for row in self._rows.from_indexes(table):
                self._rows.insert(table, row)

    def _restore_sections(self) -> None:
        self._connection.execute(
            """INSERT INTO sections (site, language, section, first_seen_at)
            SELECT site, language, section, min(first_seen_at) FROM articles WHERE section IS NOT NULL
            GROUP BY site, language, section ON CONFLICT DO NOTHING"""
        )

    def _restore_runs(self) -> None:
        for row in self._connection.rows(MISSING_RUNS):
            at = row["started_at"]
            values = {"id": row["run_id"], "command": RESTORED, "site": row["site"], "outcome": "interrupted"}
            values |= {"reason": "its record was lost", "started_at": at, "heartbeat_at": at}
            self._rows.insert("runs", values)
