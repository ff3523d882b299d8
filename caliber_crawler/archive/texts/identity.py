"""Identity: which article a page belongs to. A URL alone does not decide, because one article may have several.

Two URLs with the same post number, or with the same slug in one language, belong to one article. Rows that turn out to
be the same article are merged into the oldest one, the survivor. It takes over their URLs; they point to it by
``duplicate_of`` and keep their versions and view counts. Every view of the archive shows them under the survivor.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from caliber_crawler.archive.core.checksums import checksum, insert_with_checksum
from caliber_crawler.archive.core.connection import Connection
from caliber_crawler.archive.texts.media import move_media
from caliber_crawler.items import Article
from caliber_crawler.site import ArticleURL


@dataclass(frozen=True, slots=True)
class Candidate:
    """A row that may be the wanted article."""

    id: int
    language: str
    post_number: int | None

    def contradicts(self, other: Candidate) -> bool:
        """Whether the rows differ in language or post number: then they are different articles."""
        numbers = {self.post_number, other.post_number} - {None}
        return self.language != other.language or len(numbers) > 1


class Identity:
    """Finds, names and merges the articles of an archive. Runs inside the caller's transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def find(self, article: Article, article_urls: Sequence[ArticleURL]) -> int | None:
        """The article with these URLs, after merging rows of the same article; ``None`` for a new article.

        A match that contradicts the first one (another language or post number) is not merged.
        """
        numbers = {article_url.number for article_url in article_urls if article_url.number is not None}
        matches = [
            match
            for match in self._candidates(article, article_urls)
            if match.post_number is None or not numbers or match.post_number in numbers
        ]
        if not matches:
            return None
        same = [match for match in matches if not match.contradicts(matches[0])]
        survivor = min(match.id for match in same)
        for match in same:
            if match.id != survivor:
                self._merge(match.id, survivor)
        return survivor

    def register_urls(
        self, article_id: int, article: Article, article_urls: Sequence[ArticleURL], seen_at: str, *, newest: bool
    ) -> None:
        """Record the URLs of an article, its post number and its slug. Only the newest page changes a known slug."""
        by_url: dict[str, ArticleURL] = {}
        for article_url in (*article_urls, *plain_urls_of(article)):
            by_url.setdefault(article_url.url, article_url)
        for article_url in by_url.values():
            row = {
                "url": article_url.url,
                "article_id": article_id,
                "kind": article_url.kind,
                "language": article_url.language,
                "post_number": article_url.number,
                "slug": article_url.slug,
                "first_seen_at": seen_at,
            }
            self.register_url(row)
        self.set_identifiers(article_id, article, article_urls, newest=newest)

    def set_identifiers(
        self, article_id: int, article: Article, article_urls: Sequence[ArticleURL], *, newest: bool
    ) -> None:
        """Set the post number and slug of an article from its URLs, unless another article has them."""
        number = next((article_url.number for article_url in article_urls if article_url.number is not None), None)
        slug = next(
            (a.slug for a in article_urls if a.slug is not None and a.language in (None, article.language)),
            None,
        )
        self._connection.execute(
            """UPDATE articles SET
              post_number = CASE WHEN EXISTS (SELECT 1 FROM articles o WHERE o.site = articles.site
                AND o.post_number = :number AND o.duplicate_of IS NULL AND o.id <> articles.id)
                THEN post_number ELSE coalesce(post_number, :number) END,
              slug = CASE WHEN EXISTS (SELECT 1 FROM articles o WHERE o.site = articles.site
                AND o.language = articles.language AND o.slug = :slug AND o.duplicate_of IS NULL
                AND o.id <> articles.id)
                THEN slug WHEN :newest THEN coalesce(:slug, slug) ELSE coalesce(slug, :slug) END
            WHERE id = :article_id""",
            {"article_id": article_id, "number": number, "slug": slug, "newest": newest},
        )

    def register_url(self, row: Mapping[str, Any]) -> None:
        """Insert a row of ``article_urls``; a known URL stays with its article."""
        known = self._connection.row("SELECT * FROM article_urls WHERE url = ?", (row["url"],))
        if known is None:
            insert_with_checksum(self._connection, "article_urls", row)
        elif row["first_seen_at"] < known["first_seen_at"]:
            earlier = known | {"first_seen_at": row["first_seen_at"]}
            self._connection.execute(
                "UPDATE article_urls SET first_seen_at = :first_seen_at, checksum = :checksum WHERE url = :url",
                earlier | {"checksum": checksum("article_urls", earlier)},
            )

    def _candidates(self, article: Article, article_urls: Sequence[ArticleURL]) -> list[Candidate]:
        """Rows that the URLs match, in the order of the URLs: the most reliable match first."""
        ids: dict[int, None] = {}
        # Only URLs of articles identify one: pages that all state the start page as canonical are not one article.
        for article_url in article_urls or plain_urls_of(article):
            found = self._connection.values("SELECT article_id FROM article_urls WHERE url = ?", (article_url.url,))
            if article_url.number is not None:
                found += self._connection.values(
                    """SELECT u.article_id FROM article_urls u JOIN articles a ON a.id = u.article_id
                    WHERE u.post_number = ? AND a.site = ?""",
                    (article_url.number, article.site),
                )
            if article_url.slug is not None:
                found += self._connection.values(
                    """SELECT u.article_id FROM article_urls u JOIN articles a ON a.id = u.article_id
                    WHERE u.slug = ? AND u.language IS ? AND a.site = ?""",
                    (article_url.slug, article_url.language, article.site),
                )
            ids.update(dict.fromkeys(found))
        return [
            Candidate(**row)
            for id in ids
            for row in self._connection.rows("SELECT id, language, post_number FROM articles WHERE id = ?", (id,))
        ]

    def _merge(self, duplicate: int, survivor: int) -> None:
        ids = {"duplicate": duplicate, "survivor": survivor}
        self._connection.execute(
            "UPDATE articles SET duplicate_of = :survivor WHERE id = :duplicate OR duplicate_of = :duplicate", ids
        )
        move_media(self._connection, duplicate, survivor)
        for table in ("article_urls", "frontier"):
            self._connection.execute(f"UPDATE {table} SET article_id = :survivor WHERE article_id = :duplicate", ids)
        self._connection.execute(
            f"""UPDATE articles SET post_number = coalesce(articles.post_number, d.post_number),
              {", ".join(f"{name} = {newer_value(name)}" for name in ("url", "slug", "section", "cover_image"))},
              first_seen_at = min(articles.first_seen_at, d.first_seen_at),
              last_seen_at = max(articles.last_seen_at, d.last_seen_at)
            FROM (SELECT * FROM articles WHERE id = :duplicate) AS d WHERE articles.id = :survivor""",
            ids,
        )


def newer_value(column: str) -> str:
    """SQL for the value of the row seen last, of an article and its duplicate ``d``; if NULL, the other value."""
    return f"""CASE WHEN d.last_seen_at > articles.last_seen_at THEN coalesce(d.{column}, articles.{column})
      ELSE coalesce(articles.{column}, d.{column}) END"""


def plain_urls_of(article: Article) -> list[ArticleURL]:
    """The URLs of an article, not parsed by the site's rules."""
    return [ArticleURL(url=url) for url in dict.fromkeys((article.url, *article.urls))]
