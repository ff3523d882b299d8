"""Counterparts: rows of another archive as what they stand for."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from caliber_crawler.archive.takedowns import address_of
from caliber_crawler.archive.times import utc_time
from caliber_crawler.archive.versions import content_digest
from caliber_crawler.errors import ArchiveError
from caliber_crawler.items import Article, Capture, Reading
from caliber_crawler.site import Address


def addresses_of(article: Mapping[str, Any], urls: list[dict[str, Any]]) -> list[Address]:
    """An article's addresses, as far as they name it, the ones of today first."""
    named = [row for row in urls if row["kind"] != "other"]
    named.sort(key=lambda row: (row["slug"] != article["slug"], row["post_number"] is None, row["url"]))
    return [address_of(row) for row in named]


def reading_of(row: Mapping[str, Any], page_id: int) -> Reading:
    """A version as the reading of one capture."""
    moment = row["published_local"] or row["published_at"]
    article = Article(
        site="",
        language="",
        url="",
        headline=row["headline"],
        subtitle=row["subtitle"],
        body=row["body"],
        body_markdown=row["body_markdown"],
        published_at=None if moment is None else datetime.fromisoformat(moment),
        authors=tuple(json.loads(row["authors"])),
        signature=row["signature"],
    )
    if content_digest(article) != row["content_digest"]:
        raise damaged(row)
    return Reading(
        capture=Capture(site="", url="", fetched_at=utc_time(row["fetched_at"]), id=page_id),
        article=article,
        layout=row["layout"],
        extractor=row["read_by"] or row["extractor"],
        rungs=json.loads(row["rungs"]),
    )


def damaged(version: Mapping[str, Any]) -> ArchiveError:
    return ArchiveError(f"Version {version['id']} of the other archive is damaged; `caliber verify` says more.")
