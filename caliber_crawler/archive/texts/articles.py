"""Articles: save extractions under the article they belong to, find articles and return their records."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Literal, Unpack, cast

from caliber_crawler.archive.core.connection import Connection
from caliber_crawler.archive.core.family import FAMILY
from caliber_crawler.archive.core.rows import VersionRow
from caliber_crawler.archive.core.takedowns import Takedowns
from caliber_crawler.archive.core.times import utc_text, utc_time_or_none
from caliber_crawler.archive.pages.captures import Captures
from caliber_crawler.archive.search.selection import ArticleFilter, ArticleRow, article_rows, selection_of
from caliber_crawler.archive.texts.admission import Admission, claim_problems, text_of, without_urls
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
from caliber_crawler.archive.texts.article_rows import ArticleRows
from caliber_crawler.archive.texts.current_state import refresh
from caliber_crawler.archive.texts.identity import Identity
from caliber_crawler.archive.texts.media import TABLES, media_of, record_media
from caliber_crawler.archive.texts.page_urls import page_urls, plain_urls_of
from caliber_crawler.archive.texts.versions import Versions
from caliber_crawler.errors import ArchiveError, ArticleTakenDown, ColdFileUnavailable, NoSuchArticle
from caliber_crawler.items import Article, Capture, Extraction, Problem
from caliber_crawler.site import ArticleURL
from caliber_crawler.site.urls import url_variants

# Digits that always fit SQLite's integers.
MAX_ID_DIGITS = 18

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
    problems: tuple[Problem, ...] = field(default=(), compare=False)
    """Claims of the page that were not accepted, and an earlier page in cold storage that is not available."""
    article: Article | None = field(default=None, compare=False)
    """The article as saved: without URLs that belong to other articles."""
    withdrawn: int = field(default=0, compare=False)
    """Number of later pages of the article that the run had stored as articles of their own."""


class Articles:
    """The articles in an archive."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._identity = Identity(connection)
        self._versions = Versions(connection)
        self._captures = Captures(connection)
        self._takedowns = Takedowns(connection)
        self._rows = ArticleRows(connection)
        self.admission = Admission(connection)
        """Whether a page behind an article's URL is the article."""

    def __call__(
        self, *, limit: int | None = None, newest_first: bool = False, **wanted: Unpack[ArticleFilter]
    ) -> list[ArticleRow]:
        """A row for each selected article, in order of publication; suits a data frame.

        ``site``, ``section`` and ``language`` take one name or several. ``since`` and ``until`` (excluded) take a
        datetime, a date or ISO 8601 text; without an offset they are UTC. ``search`` takes a query. ``limit`` is the
        maximum number of rows. Raises ``TypeError`` for an unknown keyword and ``ValueError`` for an invalid time.
        """
        return list(article_rows(self._connection, selection_of(**wanted), newest_first=newest_first, limit=limit))

    def text_by_layout(self, id: int, layouts: Sequence[str], method: str, extractor: str | None) -> VersionRow | None:
        """The newest version that one of these layouts gave: its body by a method, or else by another extractor."""
        return self._connection.row_of(
            VersionRow,
            """SELECT * FROM versions WHERE article_id = :id AND layout IN (SELECT value FROM json_each(:layouts))
            AND (json_extract(methods, '$.body') = :method OR extractor <> :extractor) AND replaced_by IS NULL
            ORDER BY json_extract(methods, '$.body') = :method DESC, seen_until DESC, id DESC LIMIT 1""",
            {"id": id, "layouts": json.dumps(layouts), "method": method, "extractor": extractor},
        )

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

        Raises ``PageSetAside`` for a page that is not the article behind its URL, and ``ArticleTakenDown``. Then
        nothing is saved.

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
            urls = page_urls(extraction.article, article_urls)
            found = self._identity.find(extraction.article.site, urls.own, urls.claims, [text_of(extraction.article)])
            problems = claim_problems(extraction, found.rejected)
            for claimant in found.dispossessed:
                self.admission.report_claim(claimant, urls.own[0].url, run_id)
            unread: list[Problem] = []
            reextract = None if reextract is None else partial(self._reextract, reextract, unread)
            self.admission.check(extraction, found.article_id, reextract)
            accepted = [article_url for article_url in article_urls if article_url not in found.rejected]
            if found.rejected:
                extraction = without_urls(extraction, accepted, found.rejected)
            article_id, is_new = found.article_id, found.article_id is None
            if article_id is None:
                article_id = self._rows.insert(extraction, accepted)
            else:
                self.admission.put_earlier_pages_aside(extraction, article_id, run_id)
                newest = self._rows.touch(article_id, extraction)
                self._identity.set_identifiers(article_id, extraction.article, accepted, newest=newest)
            seen_at = utc_text(extraction.capture.fetched_at)
            self._identity.register_urls(article_id, urls, found.rejected, seen_at)
            version, is_new_version = self._versions.record(
                article_id, extraction, run_id, reextract, is_new_article=is_new
            )
            self._rows.record_views(article_id, extraction)
            self._record_media(article_id, extraction, is_new_article=is_new)
            if is_new:
                self._rows.set_first_version(article_id, extraction, version)
            else:
                refresh(self._connection, article_id)
            changed: Outcome = "new" if is_new else "updated"
            outcome = changed if is_new_version else "unchanged"
            withdrawn = self.admission.withdraw_later_pages(article_id, extraction, run_id) if is_new else 0
            found_problems = (*problems, *unread[:1])
            return SavedArticle(article_id, version["number"], outcome, found_problems, extraction.article, withdrawn)

    def withdraw(self, ids: Sequence[int], run_id: int) -> int:
        """Put articles aside that turned out to be none, with all their pages (``PageSetAside.others``).

        Return the number of those that this run had stored.
        """
        if not ids:
            return 0
        with self._connection.transaction():
            return self.admission.shared.withdraw(ids, run_id)

    def review(self, article_id: int, run_id: int) -> list[int]:
        """Apply the rules for admission to the stored texts of an article; return the articles that were withdrawn.

        For pages that did not come one by one: of another archive, or extracted again. Runs inside the caller's
        transaction.
        """
        if self.admission.review(article_id, run_id):
            self._versions.rebuild(article_id, (), run_id)
            self.refresh(article_id)
        return self.admission.withdraw_reviewed(article_id, run_id)

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
            found = self.at_url(url)
            if found is not None:
                return found
        return None

    def at_url(self, url: str) -> int | None:
        """The ID of the article with a URL in normal form, which a crawl knows; :meth:`find` tries other spellings."""
        found: int | None = self._connection.value("SELECT article_id FROM article_urls WHERE url = ?", (url,))
        return found

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

    def _reextract(self, reextract: Reextract, unread: list[Problem], capture_id: int) -> Extraction | None:
        try:
            return reextract(self._captures.get(capture_id))
        except ColdFileUnavailable as error:
            message = f"An earlier page of the article was not compared with this one. {error}"
            unread.append(Problem(stage="extract", reason="cold_file_unavailable", message=message))
            return None
        except ArchiveError:
            # A damaged page cannot be re-extracted; `verify` reports it.
            return None

    def _no_such(self, reference: str) -> NoSuchArticle:
        return NoSuchArticle(f"{self._connection.path} contains no article {reference}.")

    def update_latest(self, article_id: int, extraction: Extraction) -> None:
        """Update what only the newest page states. Runs inside the caller's transaction."""
        self._rows.update_latest(article_id, extraction)

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
        for table in TABLES:
            self._connection.execute(f"DELETE FROM {table} WHERE article_id = ?", (article_id,))
        self.record_media(article_id, extractions)

    def record_media(self, article_id: int, extractions: Sequence[Extraction]) -> None:
        """Record the images and links of pages. Runs inside the caller's transaction."""
        for extraction in extractions:
            self._record_media(article_id, extraction)

    def _record_media(self, article_id: int, extraction: Extraction, *, is_new_article: bool = False) -> None:
        for table in TABLES:
            for row in media_of(article_id, extraction, table):
                record_media(self._connection, table, row, is_new=is_new_article)

    def refresh(self, article_id: int, *, authors: bool = False) -> None:
        """Recompute the current state of an article: :func:`~caliber_crawler.archive.texts.current_state.refresh`."""
        refresh(self._connection, article_id, authors=authors)

    def latest_post_number(self, site: str) -> tuple[str, int] | None:
        """The language and post number of the article of a site that was seen last and is not gone."""
        row = self._connection.row(
            """SELECT language, post_number FROM articles WHERE site = ? AND post_number IS NOT NULL AND gone_at IS NULL
            ORDER BY last_seen_at DESC LIMIT 1""",
            (site,),
        )
        return (row["language"], row["post_number"]) if row else None
