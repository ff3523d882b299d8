"""Articles: save extractions under the article they belong to, find articles and return their records."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Literal, Unpack, cast
from urllib.parse import urlsplit

from caliber_crawler.archive.core.checksums import insert_with_checksum
from caliber_crawler.archive.core.connection import Connection
from caliber_crawler.archive.core.family import FAMILY
from caliber_crawler.archive.core.takedowns import Takedowns
from caliber_crawler.archive.core.times import utc_text, utc_time_or_none
from caliber_crawler.archive.pages.captures import Captures
from caliber_crawler.archive.search.selection import ArticleFilter, ArticleRow, article_rows, selection_of
from caliber_crawler.archive.texts.article_record import (
    ArticleCapture,
    ArticleImage,
    ArticleLink,
    ArticleRecord,
    ArticleVersion,
    KnownUrl,
    VersionSummary,
    ViewCount,
)
from caliber_crawler.archive.texts.identity import Identity, plain_urls_of
from caliber_crawler.archive.texts.media import record_media
from caliber_crawler.archive.texts.versions import Versions
from caliber_crawler.errors import ArchiveError, ArticleTakenDown, NoSuchArticle
from caliber_crawler.items import Capture, Extraction
from caliber_crawler.site import ArticleURL
from caliber_crawler.site.urls import url_variants

# Digits that always fit SQLite's integers.
MAX_ID_DIGITS = 18

# The current state of an article, computed from its versions and view counts. Nothing else writes these columns.
FROM_CURRENT_VERSION = f"""FROM versions WHERE article_id IN ({FAMILY}) AND replaced_by IS NULL
ORDER BY seen_until DESC, seen_from DESC, content_digest DESC LIMIT 1"""
TEXT = {
    **{name: name for name in ("headline", "subtitle", "published_at", "published_local", "word_count", "layout")},
    "published_date": "substr(published_local, 1, 10)",
    "published_month": "substr(published_local, 1, 7)",
    "published_year": "substr(published_local, 1, 4)",
    # The authors of a damaged version may be invalid JSON; `verify` reports it.
    "authors": "CASE WHEN json_valid(authors) THEN authors ELSE '[]' END",
    "current_version_id": "id",
}
CURRENT = {
    **{name: f"SELECT {sql} {FROM_CURRENT_VERSION}" for name, sql in TEXT.items()},
    "version_count": f"SELECT count(*) FROM versions WHERE article_id IN ({FAMILY}) AND replaced_by IS NULL",
    # The unary plus keeps SQLite from scanning all view counts in order of time.
    "views": f"""SELECT max(views) FROM view_counts WHERE article_id IN ({FAMILY})
      GROUP BY +observed_at ORDER BY +observed_at DESC LIMIT 1""",
    "views_at": f"SELECT max(observed_at) FROM view_counts WHERE article_id IN ({FAMILY})",
}
REFRESH = f"""UPDATE articles SET
  ({", ".join(TEXT)}) = (SELECT {", ".join(TEXT.values())} {FROM_CURRENT_VERSION}),
  {", ".join(f"{name} = ({sql})" for name, sql in CURRENT.items() if name not in TEXT)}
WHERE id = :article_id RETURNING current_version_id"""

ADD_AUTHORS = """INSERT INTO authors (name, site)
SELECT DISTINCT j.value, a.site FROM articles a JOIN versions v ON v.id = a.current_version_id, json_each(v.authors) j
WHERE a.id = ? ON CONFLICT (site, name) DO NOTHING"""

LINK_AUTHORS = """INSERT INTO article_authors (article_id, author_id, position)
SELECT a.id, p.id, min(j.key) FROM articles a JOIN versions v ON v.id = a.current_version_id, json_each(v.authors) j
JOIN authors p ON p.site = a.site AND p.name = j.value WHERE a.id = ? GROUP BY p.id"""

ON_NEWEST_PAGE = """SELECT {columns} FROM {table} WHERE article_id = :id AND last_seen_at = (
  SELECT max(fetched_at) FROM captures WHERE article_id = :id AND version_id IS NOT NULL)
ORDER BY position"""

Outcome = Literal["new", "updated", "unchanged"]

Reextract = Callable[[Capture], Extraction | None]
"""Re-extracts a stored page with the current code; ``None`` when the page has no article."""


@dataclass(frozen=True, slots=True)
class SavedArticle:
    """The result of saving. ``version`` is the number of the version with the text."""

    article_id: int
    version: int
    outcome: Outcome


class Articles:
    """The articles in an archive."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._identity = Identity(connection)
        self._versions = Versions(connection)
        self._captures = Captures(connection)
        self._takedowns = Takedowns(connection)

    def __call__(
        self, *, limit: int | None = None, newest_first: bool = False, **wanted: Unpack[ArticleFilter]
    ) -> list[ArticleRow]:
        """A row for each selected article, in order of publication; suits a data frame.

        ``site``, ``section`` and ``language`` take one name or several. ``since`` and ``until`` (excluded) take a
        datetime, a date or ISO 8601 text; without an offset they are UTC. ``search`` takes a query. ``limit`` is the
        maximum number of rows. Raises ``TypeError`` for an unknown keyword and ``ValueError`` for an invalid time.
        """
        return list(article_rows(self._connection, selection_of(**wanted), newest_first=newest_first, limit=limit))

    def save(
        self,
        extraction: Extraction,
        run_id: int,
        article_urls: Sequence[ArticleURL] = (),
        reextract: Reextract | None = None,
    ) -> SavedArticle:
        """Save the extraction of a stored capture in one transaction.

        ``article_urls`` are the URLs that led to the page or that it states, parsed by the site's rules; the most
        reliable one is first. Without any, the plain URLs of the article identify it. The outcome is ``new`` for a new
        article, ``updated`` for a new text of a known one and ``unchanged`` for a known text. The view count is always
        saved.

        With ``reextract``, the pages of a neighbouring version with a different text are re-extracted with the current
        code first. So a difference that only comes from the code does not count as an edit.
        """
        if extraction.capture.id is None:
            raise ValueError("store the capture first: an article is saved with the page that it was extracted from")
        with self._connection.transaction():
            if self._takedowns.covers(extraction.article.site, (*article_urls, *plain_urls_of(extraction.article))):
                raise ArticleTakenDown(
                    f"{extraction.article.url} was taken down from {self._connection.path} on request."
                )
            article_id = self._identity.find(extraction.article, article_urls)
            is_new = article_id is None
            if article_id is None:
                article_id, newest = self._insert(extraction), True
            else:
                newest = self._touch(article_id, extraction)
            self._identity.register_urls(
                article_id, extraction.article, article_urls, utc_text(extraction.capture.fetched_at), newest=newest
            )
            reextract = None if reextract is None else partial(self._reextract, reextract)
            version, is_new_version = self._versions.record(article_id, extraction, run_id, reextract)
            self._record_views(article_id, extraction)
            self._record_media(article_id, extraction)
            self.refresh(article_id)
            changed: Outcome = "new" if is_new else "updated"
            return SavedArticle(article_id, version["number"], changed if is_new_version else "unchanged")

    def record_not_modified(self, article_id: int, seen_at: datetime) -> None:
        """Record that an article was still available and unchanged (304)."""
        at = utc_text(seen_at)
        with self._connection.transaction():
            current = self._connection.value("SELECT current_version_id FROM articles WHERE id = ?", (article_id,))
            if current is None:
                raise self._no_such(str(article_id))
            self._versions.record_not_modified(current, at)
            self._connection.execute(
                """UPDATE articles SET last_seen_at = max(last_seen_at, :at),
                  gone_at = CASE WHEN gone_at > :at THEN gone_at END WHERE id = :article_id""",
                {"article_id": article_id, "at": at},
            )

    def appeared_at(self, article_id: int) -> datetime | None:
        """When an article was published; when it was first seen if it does not state a date."""
        sql = "SELECT coalesce(published_at, first_seen_at) FROM articles WHERE id = ?"
        return utc_time_or_none(self._connection.value(sql, (article_id,)))

    def find(self, reference: str) -> int | None:
        """The ID of the article with an ID or with any URL that it has or had."""
        reference = reference.strip()
        found: int | None
        if reference.isascii() and reference.isdecimal() and len(reference) <= MAX_ID_DIGITS:
            found = self._connection.value(
                "SELECT coalesce(duplicate_of, id) FROM articles WHERE id = ?", (int(reference),)
            )
            return found
        for url in url_variants(reference):
            found = self._connection.value("SELECT article_id FROM article_urls WHERE url = ?", (url,))
            if found is not None:
                return found
        return None

    def show(self, article_id: int) -> ArticleRecord:
        """The record of an article. Raises ``NoSuchArticle``."""
        survivor = self._connection.value("SELECT coalesce(duplicate_of, id) FROM articles WHERE id = ?", (article_id,))
        text = self._connection.row("SELECT * FROM article_texts WHERE id = ?", (survivor,))
        if text is None:
            raise self._no_such(str(article_id))
        family = {"article_id": survivor}
        rows_of = self._connection.rows_of
        (version,) = self._connection.rows(
            "SELECT authors, methods, body_markdown FROM versions WHERE id = ?", (text["current_version_id"],)
        )
        record = text | {
            "authors": json.loads(version["authors"]),
            "methods": json.loads(version["methods"]),
            "body_markdown": version["body_markdown"],
            "urls": rows_of(
                KnownUrl,
                """SELECT url, kind, first_seen_at FROM article_urls WHERE article_id = :article_id
                ORDER BY first_seen_at, url""",
                family,
            ),
            "versions": rows_of(
                VersionSummary,
                f"""SELECT id, number, cause, seen_from, seen_until, headline, word_count, extractor, capture_id,
                  content_digest, replaced_by FROM versions WHERE article_id IN ({FAMILY}) ORDER BY seen_from, id""",
                family,
            ),
            "view_counts": rows_of(
                ViewCount,
                f"""SELECT observed_at, views, shown FROM view_counts WHERE article_id IN ({FAMILY})
                ORDER BY observed_at, views""",
                family,
            ),
            "captures": rows_of(
                ArticleCapture,
                f"""SELECT id, url, final_url, fetched_at, status, size, body_digest, run_id FROM captures
                WHERE article_id IN ({FAMILY}) ORDER BY fetched_at, id""",
                family,
            ),
            "images": rows_of(ArticleImage, ON_NEWEST_PAGE.format(columns="url, alt", table="images"), text),
            "links": rows_of(ArticleLink, ON_NEWEST_PAGE.format(columns="url, text", table="links"), text),
        }
        return cast(ArticleRecord, record)

    def texts(self, article_id: int) -> list[ArticleVersion]:
        """Every version of an article that the site published, in order of time."""
        texts = self._connection.rows(
            f"""SELECT id, number, cause, seen_from, seen_until, headline, subtitle, authors, published_local,
              word_count, body, content_digest, capture_id FROM versions
            WHERE article_id IN ({FAMILY}) AND replaced_by IS NULL ORDER BY seen_from, seen_until, content_digest""",
            {"article_id": article_id},
        )
        return [cast(ArticleVersion, text | {"authors": json.loads(text["authors"])}) for text in texts]

    def _reextract(self, reextract: Reextract, capture_id: int) -> Extraction | None:
        try:
            return reextract(self._captures.get(capture_id))
        except ArchiveError:
            # A damaged page cannot be re-extracted; `verify` reports it.
            return None

    def _no_such(self, reference: str) -> NoSuchArticle:
        return NoSuchArticle(f"{self._connection.path} contains no article {reference}.")

    def _insert(self, extraction: Extraction) -> int:
        article, seen_at = extraction.article, utc_text(extraction.capture.fetched_at)
        cursor = self._connection.execute(
            """INSERT INTO articles (site, language, url, headline, section, cover_image, first_seen_at, last_seen_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?)""",
            (
                *(article.site, article.language, article.url, article.headline),
                *(article.section, article.cover_image, seen_at, seen_at),
            ),
        )
        self._record_section(extraction)
        assert cursor.lastrowid is not None
        return cursor.lastrowid

    def _touch(self, article_id: int, extraction: Extraction) -> bool:
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
            self._connection.execute("UPDATE articles SET url = ? WHERE id = ?", (article.url, article_id))
            self.update_latest(article_id, extraction)
        else:
            self._record_section(extraction)
        return newest

    def update_latest(self, article_id: int, extraction: Extraction) -> None:
        """Update what only the newest page states. Runs inside the caller's transaction."""
        article = extraction.article
        self._connection.execute(
            """UPDATE articles SET section = coalesce(?, section), cover_image = coalesce(?, cover_image)
            WHERE id = ?""",
            (article.section, article.cover_image, article_id),
        )
        self._record_section(extraction)

    def update_from(self, article_id: int, extractions: Sequence[Extraction]) -> None:
        """Replace the images and links of an article by those of all its pages.

        Does nothing unless every page of the article is given. Runs inside the caller's transaction.
        """
        pages = self._connection.value(
            f"SELECT count(*) FROM captures WHERE article_id IN ({FAMILY}) AND version_id IS NOT NULL",
            {"article_id": article_id},
        )
        if pages != len(extractions):
            return
        for table in ("images", "links"):
            self._connection.execute(f"DELETE FROM {table} WHERE article_id = ?", (article_id,))
        for extraction in extractions:
            self._record_media(article_id, extraction)

    def _record_views(self, article_id: int, extraction: Extraction) -> None:
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

    def _record_media(self, article_id: int, extraction: Extraction) -> None:
        seen_at = utc_text(extraction.capture.fetched_at)
        seen = {"article_id": article_id, "first_seen_at": seen_at, "last_seen_at": seen_at}
        for position, image in enumerate(extraction.article.images):
            record_media(self._connection, "images", {**seen, "url": image.url, "position": position, "alt": image.alt})
        for position, link in enumerate(extraction.article.links):
            host = host_of(link.url)
            record_media(
                self._connection,
                "links",
                {**seen, "url": link.url, "position": position, "host": host, "text": link.text},
            )

    def refresh(self, article_id: int, *, authors: bool = False) -> None:
        """Recompute the current state of an article; its authors only with ``authors`` or if the version changed.

        Runs inside the caller's transaction.
        """
        key = {"article_id": article_id}
        before = self._connection.value("SELECT current_version_id FROM articles WHERE id = :article_id", key)
        # Fetching all rows (here one) ends the statement.
        (after,) = self._connection.values(REFRESH, key) or (None,)
        if after != before or authors:
            if before is not None:
                self._connection.execute("DELETE FROM article_authors WHERE article_id = ?", (article_id,))
            self._connection.execute(ADD_AUTHORS, (article_id,))
            self._connection.execute(LINK_AUTHORS, (article_id,))

    def latest_post_number(self, site: str) -> tuple[str, int] | None:
        """The language and post number of the article of a site that was seen last and is not gone."""
        row = self._connection.row(
            """SELECT language, post_number FROM articles WHERE site = ? AND post_number IS NOT NULL AND gone_at IS NULL
            ORDER BY last_seen_at DESC LIMIT 1""",
            (site,),
        )
        return (row["language"], row["post_number"]) if row else None


def host_of(url: str) -> str | None:
    """The host of a link, if any."""
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None
