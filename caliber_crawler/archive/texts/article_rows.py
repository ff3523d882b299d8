"""The row of an article and what else each page of it adds: its section, and its view count."""

from __future__ import annotations

from collections.abc import Sequence

from caliber_crawler.archive.core.checksums import insert_with_checksum
from caliber_crawler.archive.core.connection import Connection
from caliber_crawler.archive.core.rows import VersionRow
from caliber_crawler.archive.core.times import utc_text
from caliber_crawler.archive.texts.current_state import first_state, link_authors, refresh
from caliber_crawler.archive.texts.kept_values import KEPT
from caliber_crawler.archive.texts.page_urls import identifiers_of
from caliber_crawler.archive.texts.text_columns import version_columns
from caliber_crawler.items import Extraction
from caliber_crawler.site import ArticleURL

INSERT = """INSERT INTO articles ({columns}, post_number, slug) SELECT :{values},
  CASE WHEN NOT EXISTS (SELECT 1 FROM articles o WHERE o.site = :site AND o.post_number = :number
    AND o.duplicate_of IS NULL) THEN :number END,
  CASE WHEN NOT EXISTS (SELECT 1 FROM articles o WHERE o.site = :site AND o.language = :language AND o.slug = :slug
    AND o.duplicate_of IS NULL) THEN :slug END"""
"""A new article, with its post number and slug unless another article has them."""


class ArticleRows:
    """The rows of articles. Runs inside the caller's transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def insert(self, extraction: Extraction, article_urls: Sequence[ArticleURL]) -> int:
        """Insert an article with everything that its first page states, so that each index is written once."""
        article, seen_at = extraction.article, utc_text(extraction.capture.fetched_at)
        row = {
            "site": article.site,
            "language": article.language,
            "url": article.url,
            "section": article.section,
            "cover_image": article.cover_image,
            "first_seen_at": seen_at,
            "last_seen_at": seen_at,
            "views": article.views,
            "views_at": None if article.views is None else seen_at,
            **first_state(version_columns(extraction)),
        }
        statement = INSERT.format(columns=", ".join(row), values=", :".join(row))
        number, slug = identifiers_of(article, article_urls)
        cursor = self._connection.execute(statement, row | {"number": number, "slug": slug})
        self._record_section(extraction)
        assert cursor.lastrowid is not None
        return cursor.lastrowid

    def set_first_version(self, article_id: int, extraction: Extraction, version: VersionRow) -> None:
        """Complete the row of a new article: only now its version has an ID."""
        if KEPT in extraction.methods.values():
            # A value that an earlier page had may not apply to the only page of a new article.
            refresh(self._connection, article_id)
            return
        self._connection.execute("UPDATE articles SET current_version_id = ? WHERE id = ?", (version["id"], article_id))
        if extraction.article.authors:
            link_authors(self._connection, article_id)

    def touch(self, article_id: int, extraction: Extraction) -> bool:
        """Record that the article was seen and return whether this is its newest page, whose data is then applied."""
        article, seen_at = extraction.article, utc_text(extraction.capture.fetched_at)
        key = {"article_id": article_id, "at": seen_at}
        newest = bool(self._connection.value("SELECT last_seen_at <= :at FROM articles WHERE id = :article_id", key))
        self._connection.execute(
            """UPDATE articles SET first_seen_at = min(first_seen_at, :at), last_seen_at = max(last_seen_at, :at),
              gone_at = CASE WHEN gone_at > :at THEN gone_at END WHERE id = :article_id""",
            key,
        )
        if newest:
            self._connection.execute(
                "UPDATE articles SET url = ?1 WHERE id = ?2 AND url IS NOT ?1", (article.url, article_id)
            )
            self.update_latest(article_id, extraction)
        else:
            self._record_section(extraction)
        return newest

    def update_latest(self, article_id: int, extraction: Extraction) -> None:
        """Update what only the newest page states. Runs inside the caller's transaction."""
        article = extraction.article
        self._connection.execute(
            """UPDATE articles SET section = coalesce(?1, section), cover_image = coalesce(?2, cover_image)
            WHERE id = ?3 AND (section IS NOT coalesce(?1, section) OR cover_image IS NOT coalesce(?2, cover_image))""",
            (article.section, article.cover_image, article_id),
        )
        self._record_section(extraction)

    def record_views(self, article_id: int, extraction: Extraction) -> None:
        """Record the view count that a page shows."""
        article = extraction.article
        if article.views is not None:
            row = {
                "article_id": article_id,
                "observed_at": utc_text(extraction.capture.fetched_at),
                "views": article.views,
                "shown": article.views_shown,
                "capture_id": extraction.capture.id,
            }
            insert_with_checksum(
                self._connection, "view_counts", row, "ON CONFLICT (article_id, observed_at, views) DO NOTHING"
            )

    def _record_section(self, extraction: Extraction) -> None:
        article = extraction.article
        if article.section is not None:
            self._connection.execute(
                """INSERT INTO sections (site, language, section, label, first_seen_at) VALUES (?, ?, ?, ?, ?)
                ON CONFLICT (site, language, section) DO UPDATE SET label = excluded.label
                WHERE sections.label IS NULL AND excluded.label IS NOT NULL""",
                (
                    article.site,
                    article.language,
                    article.section,
                    article.section_label,
                    utc_text(extraction.capture.fetched_at),
                ),
            )
