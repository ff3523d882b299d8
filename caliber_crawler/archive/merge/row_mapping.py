"""Row mapping: objects made from rows of another archive."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime

from caliber_crawler.archive.core.rows import ArticleUrlRow, VersionRow
from caliber_crawler.archive.core.takedowns import address_of
from caliber_crawler.archive.core.times import utc_time
from caliber_crawler.archive.texts.text_columns import content_digest
from caliber_crawler.errors import ArchiveError
from caliber_crawler.items import Article, Capture, Extraction
from caliber_crawler.site import ArticleURL


class ExtractedVersion(VersionRow):
    """A version and one of its captures."""

    page_id: int
    fetched_at: str
    page_extractor: str | None
    """The extractor that last processed the capture."""


def article_urls_of(slug: str | None, urls: Sequence[ArticleUrlRow]) -> list[ArticleURL]:
    """The URLs of an article that identify it; those with its slug first."""
    named = [row for row in urls if row["kind"] != "other"]
    named.sort(key=lambda row: (row["slug"] != slug, row["post_number"] is None, row["url"]))
    return [address_of(row) for row in named]


def extraction_of(row: ExtractedVersion, page_id: int) -> Extraction:
    """A version as the extraction of one capture."""
    published_at = row["published_local"] or row["published_at"]
    article = Article(
        site="",
        language="",
        url="",
        headline=row["headline"],
        subtitle=row["subtitle"],
        body=row["body"],
        body_markdown=row["body_markdown"],
        published_at=None if published_at is None else datetime.fromisoformat(published_at),
        authors=tuple(json.loads(row["authors"])),
        signature=row["signature"],
    )
    if content_digest(article) != row["content_digest"]:
        raise damage_error(row)
    return Extraction(
        capture=Capture(site="", url="", fetched_at=utc_time(row["fetched_at"]), id=page_id),
        article=article,
        layout=row["layout"],
        extractor=row["page_extractor"] or row["extractor"],
        methods=json.loads(row["methods"]),
    )


def damage_error(version: VersionRow) -> ArchiveError:
    return ArchiveError(
        f"Version {version['id']} of the other archive is damaged; run `caliber verify` on it for details."
    )
