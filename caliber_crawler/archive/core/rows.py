"""The rows of an archive's tables as typed dictionaries, with column names as keys.

Times are ISO 8601 text in UTC (``2026-01-06T15:13:00Z``) except in columns named ``..._local``, which have
the offset that the site prints. Digests are SHA-256 in hexadecimal. ``None`` (NULL) means unknown.
A typed dictionary costs nothing: at run time it is the plain dictionary from SQLite.
"""

from __future__ import annotations

from typing import Any, Literal, TypedDict

Cause = Literal["first", "edit", "reextract"]
"""Why a version was created: the first text of its article, an edit by the site, or a change of the extraction."""


JSONObject = dict[str, Any]
"""A JSON object of any structure in a column, such as the settings of a run."""


class ArticleUrlRow(TypedDict):
    """A row of ``article_urls``: a URL that an article has or had."""

    url: str
    article_id: int
    kind: str
    language: str | None
    post_number: int | None
    slug: str | None
    first_seen_at: str
    checksum: int | None


class VersionRow(TypedDict):
    """A row of ``versions``: one text of an article, and when it was online."""

    id: int
    article_id: int
    number: int
    cause: Cause
    seen_from: str
    seen_until: str
    headline: str
    subtitle: str | None
    authors: str
    """A JSON list of names."""
    published_at: str | None
    published_local: str | None
    word_count: int
    body: str
    body_markdown: str
    signature: str | None
    content_digest: str
    capture_id: int
    run_id: int
    extractor: str
    layout: str
    methods: str
    """A JSON object: field to extraction method."""
    folded: str | None
    """The indexed text, where it differs from the body."""
    checksum: int | None
    replaced_by: int | None
    """The version that replaced this one when the same page was re-extracted."""


class CaptureRow(TypedDict):
    """A row of ``captures``: one HTTP exchange or saved file."""

    id: int
    run_id: int
    site: str
    kind: str
    url: str
    fetched_at: str
    status: int | None
    error: str | None
    final_url: str | None
    redirects: str
    """A JSON list of URLs."""
    media_type: str | None
    headers: str
    """A JSON list of name–value pairs."""
    size: int
    """Bytes of the body after content decoding."""
    body_digest: str | None
    article_id: int | None
    version_id: int | None
    extractor: str | None
    checksum: int | None
    opt_outs: str | None
    """A JSON object: each rights reservation, and where the page states it."""


class ViewCountRow(TypedDict):
    """A row of ``view_counts``: one observed value of an article's view counter."""

    article_id: int
    observed_at: str
    views: int
    shown: str | None
    """As printed on the page."""
    capture_id: int
    checksum: int | None


class FrontierRow(TypedDict):
    """A row of ``frontier``: a known URL, and when it is due."""

    id: int
    url: str
    site: str
    kind: str
    language: str | None
    section: str | None
    state: str
    priority: int
    due_at: str | None
    discovered_at: str
    discovered_on: str | None
    discovered_via: str
    run_id: int | None
    page_number: int
    traversal_started_at: str | None
    crawled_since: str | None
    crawled_at: str | None
    visited_at: str | None
    last_status: int | None
    failures: int
    """Consecutive failed visits."""
    reason: str | None
    etag: str | None
    last_modified: str | None
    article_id: int | None
    request_url: str | None
    """The URL to request, if it is not ``url``."""


class HostRow(TypedDict):
    """A row of ``hosts``: the state of a host that is kept between crawls."""

    host: str
    last_request_at: str | None
    delay_s: float
    """Seconds between two requests."""
    robots_at: str | None
    robots_status: int | None
    robots: str | None
    """The text of its robots.txt."""
    wait_until: str | None
    wait_since: str | None
    wait_reason: str | None


class SiteRow(TypedDict):
    """A row of ``sites``: a site, and its terms of use."""

    site: str
    title: str
    url: str
    timezone: str
    """An IANA name (``Asia/Baku``)."""
    reuse: str | None


class SiteFactRow(TypedDict):
    """A row of ``site_facts``: a fact that was learned about a site."""

    site: str
    fact: str
    value: str
    pages_confirming: int
    pages_examined: int
    first_confirmed_at: str
    last_confirmed_at: str
    replaced_at: str | None


class TakedownRow(TypedDict):
    """A row of ``takedowns``: a request to delete an article, and the numbers of deleted rows."""

    id: int
    site: str
    language: str
    reason: str
    requested_at: str
    carried_out_at: str
    versions: int
    captures: int


class EditionTotalsRow(TypedDict):
    """The totals of the articles of a site in one language and section. Times are ISO 8601 text in UTC."""

    site: str
    language: str
    section: str | None
    articles: int
    versions: int
    edits: int
    """Changes of texts after publication."""
    views: int | None
    first_published_at: str | None
    last_published_at: str | None


class TotalsRow(TypedDict):
    """The row of ``totals``. ``served``, ``stored`` and ``cold_served`` are bytes."""

    captures: int
    answered: int
    unanswered: int
    first_capture_at: str | None
    last_capture_at: str | None
    bodies: int
    served: int
    stored: int
    cold: int
    """Pages that are only in cold storage."""
    cold_served: int
    versions: int
    view_counts: int
