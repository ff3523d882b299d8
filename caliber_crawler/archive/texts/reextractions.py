"""Re-extraction: apply new extractions of stored pages. View counts and times of captures do not change."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from caliber_crawler.archive.core.connection import Connection
from caliber_crawler.archive.core.rows import VersionRow
from caliber_crawler.archive.core.times import utc_text_or_none, utc_time_or_none
from caliber_crawler.archive.texts.articles import Articles
from caliber_crawler.archive.texts.kept_values import KEPT
from caliber_crawler.archive.texts.text_columns import plain
from caliber_crawler.archive.texts.versions import Versions
from caliber_crawler.items import PAGE_STATUSES, Article, Extraction

TEXT_FIELDS = ("headline", "subtitle", "body", "authors", "published_at")
FIELDS = (*TEXT_FIELDS, "section", "signature", "body_markdown", "cover_image")
"""The fields that a re-extraction can change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReextractionFilter:
    """Which pages to re-extract: all pages of an article, or none."""

    sites: Collection[str] = ()
    since: datetime | None = None
    until: datetime | None = None
    """Only articles with a page fetched in that period (``until`` excluded)."""
    failed: bool = False
    """Pages without an extracted article, instead of articles."""
    extractors: Mapping[str, str] | None = None
    """The current extractor by site: pages last extracted by it are skipped. ``None`` includes every page."""


@dataclass(frozen=True, slots=True)
class Change:
    """How one field of one page differs in a new extraction."""

    field: str
    article_id: int
    before: object
    after: object


class StoredVersion(VersionRow):
    """The version of a page, with columns of its article."""

    survivor: int
    """The ID of the article, or of the one that it was merged into."""
    section: str | None
    cover_image: str | None
    language: str
    url: str
    is_newest: int
    """1 when the page is the newest of its article, else 0."""


class Reextractions:
    """Selects stored pages and applies their new extractions."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._articles = Articles(connection)
        self._versions = Versions(connection)

    def pages(self, wanted: ReextractionFilter) -> list[list[int]]:
        """IDs of captures to re-extract, grouped by article and in order of time."""
        # A page with a version is an article, even if an exploration requested it as a listing.
        has_version = "c.version_id IS NULL AND c.kind = 'article'" if wanted.failed else "c.version_id IS NOT NULL"
        group = "c.id" if wanted.failed else "coalesce(a.duplicate_of, a.id)"
        rows = self._connection.execute(
            f"""SELECT json_group_array(id) FROM (
              SELECT c.id, {group} AS article, c.fetched_at, c.extractor, c.site FROM captures c
              LEFT JOIN articles a ON a.id = c.article_id
              WHERE c.body_digest IS NOT NULL AND c.status IN {PAGE_STATUSES} AND {has_version}
              ORDER BY article, c.fetched_at, c.id)
            WHERE json_array_length(:sites) = 0 OR site IN (SELECT value FROM json_each(:sites))
            GROUP BY article
            HAVING max((:since IS NULL OR fetched_at >= :since) AND (:until IS NULL OR fetched_at < :until))
              AND max(:extractors IS NULL
                OR extractor IS NOT (SELECT value FROM json_each(:extractors) WHERE key = site))
            ORDER BY article""",
            {
                "sites": json.dumps(list(wanted.sites)),
                "since": utc_text_or_none(wanted.since),
                "until": utc_text_or_none(wanted.until),
                "extractors": None if wanted.extractors is None else json.dumps(dict(wanted.extractors)),
            },
        )
        return [json.loads(row[0]) for row in rows]

    def changes(self, extraction: Extraction) -> Iterator[Change]:
        """The fields of a page that differ from its stored version; empty without a stored version."""
        stored = self._stored_article(extraction)
        if stored is None:
            return
        before, article_id, is_newest, kept = stored
        for field in FIELDS:
            if field in ("section", "cover_image") and not (is_newest and getattr(extraction.article, field)):
                continue
            was, now = getattr(before, field), getattr(extraction.article, field)
            is_near = field == "published_at" and was and now and abs(was.date() - now.date()) <= timedelta(days=1)
            if field in kept and (not now or is_near):
                continue
            if comparable(was) != comparable(now):
                yield Change(field, article_id, was, now)

    def apply(self, extractions: Sequence[Extraction], run_id: int, only: str | None = None) -> bool:
        """Apply new extractions of all pages of one article, or one field of them; return whether anything changed.

        Runs inside the caller's transaction.
        """
        stored = {extraction.capture.id: self._stored_article(extraction) for extraction in extractions}
        changed = {
            extraction.capture.id: any(only in (None, change.field) for change in self.changes(extraction))
            for extraction in extractions
        }
        if only is not None:
            extractions = [
                replace(
                    extraction,
                    article=replace(known[0], **{only: getattr(extraction.article, only)}),
                    methods={**extraction.methods, **dict.fromkeys(known[3] - {only}, KEPT)},
                )
                for extraction in extractions
                if (known := stored[extraction.capture.id]) is not None and changed[extraction.capture.id]
            ]
        articles = {known[1] for known in stored.values() if known is not None}
        if not extractions or len(articles) != 1:
            return False
        article_id = articles.pop()
        self._versions.rebuild(article_id, extractions, run_id)
        for extraction in extractions:
            known = stored[extraction.capture.id]
            if known is not None and known[2]:
                self._articles.update_latest(article_id, extraction)
        if only is None:
            self._articles.update_from(article_id, extractions)
        self._articles.refresh(article_id)
        self._articles.review(article_id, run_id)
        return any(changed.values())

    def has_article(self, extraction: Extraction) -> bool:
        """Whether an article was extracted from the page before."""
        return self._stored_article(extraction) is not None

    def mark(self, capture_id: int, extractor: str) -> None:
        """Record that an extractor did not find an article on a page."""
        self._connection.execute(
            "UPDATE captures SET extractor = ?1 WHERE id = ?2 AND extractor IS NOT ?1", (extractor, capture_id)
        )

    def _stored_article(self, extraction: Extraction) -> tuple[Article, int, bool, set[str]] | None:
        """The stored article of a page, its ID, whether the page is its newest, and fields kept from earlier pages."""
        row = self._connection.row_of(
            StoredVersion,
            """SELECT v.*, coalesce(a.duplicate_of, a.id) AS survivor, s.section, s.cover_image, s.language, s.url,
              NOT EXISTS (SELECT 1 FROM captures n WHERE n.version_id IS NOT NULL AND n.article_id = c.article_id
                AND (n.fetched_at, n.id) > (c.fetched_at, c.id)) AS is_newest
            FROM captures c JOIN versions v ON v.id = c.version_id JOIN articles a ON a.id = v.article_id
            JOIN articles s ON s.id = coalesce(a.duplicate_of, a.id) WHERE c.id = ?""",
            (extraction.capture.id,),
        )
        if row is None:
            return None
        kept = {field for field, method in json.loads(row["methods"]).items() if method == KEPT}
        return article_of(row, extraction.article), row["survivor"], bool(row["is_newest"]), kept


def article_of(row: StoredVersion, page: Article) -> Article:
    """The article of a version; fields that versions do not store are those of the page."""
    published_at = utc_time_or_none(row["published_at"])
    if published_at is not None and row["published_local"]:
        published_at = datetime.fromisoformat(row["published_local"])
    return replace(
        page,
        headline=row["headline"],
        subtitle=row["subtitle"],
        body=row["body"],
        body_markdown=row["body_markdown"],
        authors=tuple(json.loads(row["authors"])),
        published_at=published_at,
        signature=row["signature"],
        section=row["section"],
        cover_image=row["cover_image"],
    )


def comparable(value: object) -> object:
    """A field in the form in which versions compare it: white space and Unicode normalization do not matter."""
    if isinstance(value, str):
        return plain(value) or None
    if isinstance(value, tuple):
        return [comparable(part) for part in value]
    return value
