"""The record of an article: everything that an archive knows about it, as ``Archive.article`` returns it.

Times are ISO 8601 text in UTC unless a field is named ``..._local``; those have the offset that the site uses.
"""

from __future__ import annotations

from typing import TypedDict

from caliber_crawler.archive.core.rows import Cause


class KnownUrl(TypedDict):
    """A URL that an article has or had."""

    url: str
    kind: str
    """``slug``, ``number`` and the like; ``other`` for a URL that the site's rules cannot parse."""
    first_seen_at: str


class VersionSummary(TypedDict):
    """One version of an article, without its text."""

    id: int
    number: int
    """Counted from 1 in the order in which versions were found."""
    cause: Cause
    seen_from: str
    seen_until: str
    headline: str
    word_count: int
    extractor: str
    capture_id: int
    """The capture that the text was extracted from."""
    content_digest: str
    """SHA-256 of the text, in hexadecimal (see docs/explanation/architecture.md)."""
    replaced_by: int | None
    """The id of the version that replaced this one when its page was re-extracted; else ``None``."""


class ArticleVersion(TypedDict):
    """One text of an article that the site published."""

    id: int
    number: int
    cause: Cause
    seen_from: str
    seen_until: str
    headline: str
    subtitle: str | None
    authors: list[str]
    published_local: str | None
    word_count: int
    body: str
    """Paragraphs separated by a blank line."""
    content_digest: str
    capture_id: int


class ViewCount(TypedDict):
    """One observed value of an article's view counter."""

    observed_at: str
    views: int
    shown: str | None
    """As printed on the page (``Views: 1 234``)."""


class ArticleCapture(TypedDict):
    """A page of an article, without its body."""

    id: int
    url: str
    final_url: str | None
    """The URL that responded, when ``url`` redirected to another one."""
    fetched_at: str
    status: int | None
    """The HTTP status; ``None`` when there was no response."""
    size: int
    """Bytes of the body, after content decoding."""
    body_digest: str | None
    """SHA-256 of the body, in hexadecimal."""
    run_id: int


class ArticleImage(TypedDict):
    """An image on the newest page of an article."""

    url: str
    alt: str | None


class ArticleLink(TypedDict):
    """A link on the newest page of an article."""

    url: str
    text: str | None


class ArticleRecord(TypedDict):
    """An article in its current state, with its complete history."""

    id: int
    headline: str
    subtitle: str | None
    published_at: str | None
    language: str
    """BCP 47: ``en``, ``ru``, ``hy``."""
    section: str | None
    views: int | None
    """The newest view count; ``None`` when the site does not show any."""
    word_count: int
    body: str
    """Plain text: paragraphs separated by a blank line."""
    authors: list[str]
    url: str
    site: str
    section_label: str | None
    """The section as the site prints it."""
    published_local: str | None
    published_date: str | None
    """``2026-01-06`` in the site's own time, like the month (``2026-01``) and the year (``2026``)."""
    published_month: str | None
    published_year: str | None
    views_at: str | None
    version_count: int
    first_seen_at: str
    last_seen_at: str
    gone_at: str | None
    """When the article was first missing on the site; ``None`` while it is available."""
    post_number: int | None
    slug: str | None
    cover_image: str | None
    signature: str | None
    layout: str
    extractor: str
    current_version_id: int
    methods: dict[str, str]
    """Which extraction method gave each field of the current version."""
    body_markdown: str
    urls: list[KnownUrl]
    versions: list[VersionSummary]
    """In order of time, including replaced versions."""
    view_counts: list[ViewCount]
    """In order of time."""
    captures: list[ArticleCapture]
    """In order of time."""
    images: list[ArticleImage]
    links: list[ArticleLink]
