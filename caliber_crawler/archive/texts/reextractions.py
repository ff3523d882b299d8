"""Rereads: kept pages whose text is taken from them anew. What was counted and when it was seen stays as it was."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from caliber_crawler.archive.core.connection import Connection
from caliber_crawler.archive.core.rows import VersionRow
from caliber_crawler.archive.core.times import utc_text_or_none, utc_time_or_none
from caliber_crawler.archive.texts.articles import Articles
from caliber_crawler.archive.texts.versions import Versions, plain
from caliber_crawler.items import Article, Extraction

TEXT_FIELDS = ("headline", "subtitle", "body", "authors", "published_at")
FIELDS = (*TEXT_FIELDS, "section", "signature", "body_markdown", "cover_image")
"""What re-reading can change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReextractionFilter:
    """Which pages are to be read again. Pages of one article are read together, or not at all."""

    sites: Collection[str] = ()
    since: datetime | None = None
    until: datetime | None = None
    """Articles with a page fetched in that time (``until`` excluded)."""
    failed: bool = False
    """Instead of articles: pages that gave none."""
    extractors: Mapping[str, str] | None = None
    """By site, who reads today: pages last read by it are left out. ``None``: every page."""


@dataclass(frozen=True, slots=True)
class Change:
    """What another reading makes of one field of one page."""

    field: str
    article_id: int
    before: object
    after: object


class StatedVersion(VersionRow):
    """The version that a page was extracted as, with what its article says beside the text."""

    survivor: int
    """The id of the article, or of the one that it was merged into."""
    section: str | None
    cover_image: str | None
    language: str
    url: str
    is_newest: int
    """1 when the page is the newest of its article, else 0."""


class Reextractions:
    """Readings anew, in an archive."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._articles = Articles(connection)
        self._versions = Versions(connection)

    def pages(self, wanted: ReextractionFilter) -> list[list[int]]:
        """Captures to be read again: those of one article together, in the order of their time."""
        read = "c.version_id IS NULL" if wanted.failed else "c.version_id IS NOT NULL"
        group = "c.id" if wanted.failed else "coalesce(a.duplicate_of, a.id)"
        rows = self._connection.execute(
            f"""SELECT json_group_array(id) FROM (
              SELECT c.id, {group} AS article, c.fetched_at, c.extractor, c.site FROM captures c
              LEFT JOIN articles a ON a.id = c.article_id
              WHERE c.kind = 'article' AND c.body_digest IS NOT NULL AND c.status = 200 AND {read}
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
        """How a page that was read before reads now, field by field."""
        stated = self._stored_article(extraction)
        if stated is None:
            return
        before, article_id, is_newest = stated
        for field in FIELDS:
            if field in ("section", "cover_image") and not (is_newest and getattr(extraction.article, field)):
                continue
            was, now = getattr(before, field), getattr(extraction.article, field)
            if comparable(was) != comparable(now):
                yield Change(field, article_id, was, now)

    def apply(self, extractions: Sequence[Extraction], run_id: int, only: str | None = None) -> bool:
        """Take over what all the pages of one article say now, or only one field of it; was anything new?

        Runs inside the caller's transaction.
        """
        stated = {extraction.capture.id: self._stored_article(extraction) for extraction in extractions}
        changed = {
            extraction.capture.id: any(only in (None, change.field) for change in self.changes(extraction))
            for extraction in extractions
        }
        if only is not None:
            extractions = [
                replace(extraction, article=replace(known[0], **{only: getattr(extraction.article, only)}))
                for extraction in extractions
                if (known := stated[extraction.capture.id]) is not None and changed[extraction.capture.id]
            ]
        articles = {known[1] for known in stated.values() if known is not None}
        if not extractions or len(articles) != 1:
            return False
        article_id = articles.pop()
        self._versions.rebuild(article_id, extractions, run_id)
        for extraction in extractions:
            known = stated[extraction.capture.id]
            if known is not None and known[2]:
                self._articles.update_latest(article_id, extraction)
        if only is None:
            self._articles.update_from(article_id, extractions)
        self._articles.refresh(article_id)
        return any(changed.values())

    def has_article(self, extraction: Extraction) -> bool:
        """Did the page give an article before?"""
        return self._stored_article(extraction) is not None

    def mark(self, capture_id: int, extractor: str) -> None:
        """Remember that an extractor found no article on a page."""
        self._connection.execute(
            "UPDATE captures SET extractor = ?1 WHERE id = ?2 AND extractor IS NOT ?1", (extractor, capture_id)
        )

    def _stored_article(self, extraction: Extraction) -> tuple[Article, int, bool] | None:
        """What a page was read as, of which article, and whether it is the newest of that article."""
        row = self._connection.row_of(
            StatedVersion,
            """SELECT v.*, coalesce(a.duplicate_of, a.id) AS survivor, s.section, s.cover_image, s.language, s.url,
              NOT EXISTS (SELECT 1 FROM captures n WHERE n.version_id IS NOT NULL AND n.article_id = c.article_id
                AND (n.fetched_at, n.id) > (c.fetched_at, c.id)) AS is_newest
            FROM captures c JOIN versions v ON v.id = c.version_id JOIN articles a ON a.id = v.article_id
            JOIN articles s ON s.id = coalesce(a.duplicate_of, a.id) WHERE c.id = ?""",
            (extraction.capture.id,),
        )
        if row is None:
            return None
        return article_of(row, extraction.article), row["survivor"], bool(row["is_newest"])


def article_of(row: StatedVersion, page: Article) -> Article:
    """The article as a version has it; what no version keeps is taken from the page."""
    moment = utc_time_or_none(row["published_at"])
    if moment is not None and row["published_local"]:
        moment = datetime.fromisoformat(row["published_local"])
    return replace(
        page,
        headline=row["headline"],
        subtitle=row["subtitle"],
        body=row["body"],
        body_markdown=row["body_markdown"],
        authors=tuple(json.loads(row["authors"])),
        published_at=moment,
        signature=row["signature"],
        section=row["section"],
        cover_image=row["cover_image"],
    )


def comparable(value: object) -> object:
    """A field as versions are told apart by it: blanks and Unicode forms make no difference."""
    if isinstance(value, str):
        return plain(value) or None
    if isinstance(value, tuple):
        return [comparable(part) for part in value]
    return value
