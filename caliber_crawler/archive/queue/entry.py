"""An entry of the frontier: one known URL, its state and when it is due."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Literal

from caliber_crawler.archive.core.times import utc_text_us, utc_time_or_none
from caliber_crawler.items import PageKind

State = Literal["queued", "done", "failed", "refused", "gone"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One URL in the frontier. The archive sets the fields from ``id`` on; they are filled in on returned entries."""

    url: str
    """The normal form, which identifies the page."""
    request_url: str | None = None
    """The URL to request, if it differs from ``url``: as printed, or as the site redirected to it."""
    site: str
    kind: PageKind
    language: str | None = None
    section: str | None = None
    discovered_on: str | None = None
    """The page on which it was found."""
    discovered_via: str
    """How it was found: ``listing``, ``seed``, ``feed``, …"""
    priority: int = 0
    """Higher is fetched first."""
    due_at: datetime | None = None
    """When it is due. On a new entry, ``None`` means now; on a returned entry, ``None`` means never."""
    traversal_started_at: datetime | None = None
    """Of a listing: when its traversal began. URLs discovered before that are already crawled."""
    page_number: int = 1
    """Of a listing: the number of the page."""
    id: int | None = None
    state: State = "queued"
    failures: int = 0
    """Consecutive failures since the last success."""
    etag: str | None = None
    last_modified: str | None = None
    last_status: int | None = None
    article_id: int | None = None
    discovered_at: datetime | None = None
    visited_at: datetime | None = None

    @property
    def requested(self) -> str:
        """The URL to request."""
        return self.request_url or self.url


FIELDS = tuple(field.name for field in fields(Entry))
TIME_FIELDS = ("due_at", "traversal_started_at", "discovered_at", "visited_at")


def traversal_text(entry: Entry) -> str | None:
    return None if entry.traversal_started_at is None else utc_text_us(entry.traversal_started_at)


def entry_of(row: dict[str, Any]) -> Entry:
    """A row of ``frontier`` as an entry."""
    times = {name: utc_time_or_none(row[name]) for name in TIME_FIELDS}
    return Entry(**{name: row[name] for name in FIELDS} | times)
