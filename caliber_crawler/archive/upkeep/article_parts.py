"""Lost view counts, URLs, images and links of articles, from indexes and from stored pages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from caliber_crawler.archive.core.connection import Connection
from caliber_crawler.archive.texts.identity import Identity
from caliber_crawler.archive.texts.media import host_of, record_media
from caliber_crawler.archive.texts.page_urls import page_urls
from caliber_crawler.archive.upkeep.restored_rows import RestoredRows
from caliber_crawler.archive.upkeep.salvage import Salvaged
from caliber_crawler.items import Extraction
from caliber_crawler.site import ArticleURL


class ArticleParts:
    """Restores what belongs to articles. Runs inside the caller's transaction."""

    def __init__(self, connection: Connection, salvaged: Salvaged, rows: RestoredRows) -> None:
        self._connection = connection
        self._salvaged = salvaged
        self._rows = rows
        self._identity = Identity(connection)

    def restore_view_counts(self) -> None:
        for row in self._rows.from_indexes("view_counts"):
            if {"article_id", "observed_at", "views", "capture_id"} <= row.keys():
                extraction = self._rows.extraction(int(row["capture_id"]))  # type: ignore[arg-type]
                article = extraction.article if extraction else None
                shown = article.views_shown if article and article.views == row["views"] else None
                self._rows.insert("view_counts", {**row, "shown": shown})

    def restore_newest_counts(self) -> None:
        """Restore the view count that each article repeats."""
        if "view_counts" in self._salvaged.incomplete:
            for row in self._connection.rows(
                """SELECT c.article_id, a.views_at AS observed_at, a.views, NULL AS shown, c.id AS capture_id
                FROM articles a JOIN captures c ON c.article_id = a.id AND c.fetched_at = a.views_at
                WHERE a.views IS NOT NULL"""
            ):
                self._rows.insert("view_counts", row)

    def restore_urls(self) -> None:
        for row in self._rows.from_indexes("article_urls"):
            article = self._connection.row(
                "SELECT language, first_seen_at FROM articles WHERE id = ?", (row.get("article_id"),)
            )
            if article is None or "url" not in row:
                continue
            number, slug = row.get("post_number"), row.get("slug")
            url = ArticleURL(
                url=str(row["url"]),
                language=article["language"] if number is not None or slug is not None else None,
                number=number,  # type: ignore[arg-type]
                slug=slug,  # type: ignore[arg-type]
            )
            first = self._connection.value(
                "SELECT min(fetched_at) FROM captures WHERE url = ?1 OR final_url = ?1", (url.url,)
            )
            self._rows.insert(
                "article_urls",
                {
                    **row,
                    "kind": url.kind,
                    "language": url.language,
                    "first_seen_at": first or article["first_seen_at"],
                },
            )

    def restore_own_urls(self) -> None:
        """Restore the URL that each article names as its own."""
        if "article_urls" not in self._salvaged.incomplete:
            return
        for row in self._connection.rows(
            """SELECT url, id AS article_id, language, post_number, slug, first_seen_at FROM articles
            WHERE duplicate_of IS NULL AND url NOT IN (SELECT url FROM article_urls)"""
        ):
            url = ArticleURL(url=row["url"], language=row["language"], number=row["post_number"], slug=row["slug"])
            self._rows.insert("article_urls", {**row, "kind": url.kind})

    def restore_from_pages(self) -> None:
        """Restore images, links, view counts and URLs from the pages of the articles that may have lost some."""
        for article_id in sorted(self._affected()):
            captures = self._connection.rows(
                """SELECT id, fetched_at FROM captures WHERE article_id = ? AND version_id IS NOT NULL
                AND body_digest IS NOT NULL ORDER BY fetched_at, id""",
                (article_id,),
            )
            survivor = self._connection.value(
                "SELECT coalesce(duplicate_of, id) FROM articles WHERE id = ?", (article_id,)
            )
            known = {table: self._media(table, survivor) for table in ("images", "links")}
            for capture in captures:
                extraction = self._rows.extraction(capture["id"])
                if extraction is not None and survivor is not None:
                    self._add_parts(survivor, article_id, capture, extraction, known)

    def _affected(self) -> set[int]:
        """Articles with keys in a range that could not be read."""
        trees, found = self._salvaged.trees, set[int]()
        incomplete = [table for table in ("images", "links", "view_counts") if table in self._salvaged.incomplete]
        gaps = [gap for table in incomplete for gap in trees.gaps[table]]
        found.update(
            int(row["article_id"])  # type: ignore[arg-type]
            for table in incomplete
            for row in self._salvaged.rejected.get(table, ())
        )
        if gaps:
            found.update(
                id for id in self._connection.values("SELECT id FROM articles") if any(gap.contains(id) for gap in gaps)
            )
        urls = trees.gaps["article_urls"]
        if "article_urls" in self._salvaged.incomplete:
            lost = {row["url"] for row in self._salvaged.rejected.get("article_urls", ())}
            for row in self._connection.execute(
                "SELECT url, id FROM articles UNION SELECT url, article_id FROM captures WHERE article_id IS NOT NULL"
            ):
                if row[0] in lost or any(gap.contains(row[0]) for gap in urls):
                    found.add(row[1])
        return found

    def _media(self, table: str, article_id: int) -> set[str]:
        return set(self._connection.values(f"SELECT url FROM {table} WHERE article_id = ?", (article_id,)))

    def _add_parts(
        self,
        survivor: int,
        article_id: int,
        capture: Mapping[str, Any],
        extraction: Extraction,
        known: Mapping[str, set[str]],
    ) -> None:
        article, seen_at = extraction.article, capture["fetched_at"]
        for position, image in enumerate(article.images):
            if image.url not in known["images"]:
                row = {"article_id": survivor, "url": image.url, "position": position, "alt": image.alt}
                record_media(self._connection, "images", row | {"first_seen_at": seen_at, "last_seen_at": seen_at})
                self._rows.counts["images"] += 1
        for position, link in enumerate(article.links):
            if link.url not in known["links"]:
                row = {"article_id": survivor, "url": link.url, "position": position, "text": link.text}
                row |= {"host": host_of(link.url), "first_seen_at": seen_at, "last_seen_at": seen_at}
                record_media(self._connection, "links", row)
                self._rows.counts["links"] += 1
        if article.views is not None:
            self._rows.insert(
                "view_counts",
                {
                    "article_id": article_id,
                    "observed_at": seen_at,
                    "views": article.views,
                    "shown": article.views_shown,
                    "capture_id": capture["id"],
                },
            )
        known_urls = self._connection.value("SELECT count(*) FROM article_urls")
        self._identity.register_urls(survivor, page_urls(article, ()), (), seen_at)
        self._rows.counts["article_urls"] += self._connection.value("SELECT count(*) FROM article_urls") - known_urls
