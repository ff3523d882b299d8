"""The items that spiders yield, pipelines pass on and the archive stores.

A :class:`Capture` comes from the network or a file. Cleaning gives a :class:`CleanedPage`. Extraction gives a
:class:`Listing` of :class:`Teaser` entries, or an :class:`Extraction`: an :class:`Article`, its capture, and the
extraction methods.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, NamedTuple


def iso_time(time: datetime | None) -> str | None:
    """A time for Scrapy's feed exports, with its offset, which they omit by default."""
    return None if time is None else time.isoformat()


def body_text(body: bytes) -> str:
    """A page as text for Scrapy's feed exports."""
    return body.decode("utf-8", "replace")


def capture_summary(capture: Capture) -> dict[str, object]:
    """A capture inside another item for Scrapy's feed exports: URL, time, status and ID, without the page."""
    return {"url": capture.url, "fetched_at": iso_time(capture.fetched_at), "status": capture.status, "id": capture.id}


def media_type_of(content_type: str | None) -> str:
    """The media type in the value of a header, in lower case and without parameters; empty if unknown."""
    return (content_type or "").partition(";")[0].strip().lower()


PageKind = Literal["article", "listing", "feed", "sitemap", "post_ids", "tdmrep"]
"""What a URL is fetched as. ``post_ids`` is not a page but a range of post IDs, queued like a page. ``tdmrep`` is the
site's file of rights reservations, which is stored but never queued."""


PAGE_STATUSES = (200, 201, 203)
"""Status codes of a response with a complete page. 206 is a part of one, and 226 the difference to an earlier one."""

SCROLLED = "X-Caliber-Scrolled"
"""A header that this program adds: a browser rendered the page after this number of scrolls."""

SITE_OPTS_OUT = "X-Caliber-TDMRep"
"""A header that this program adds: the site's TDM file reserves the page (``1``, and the policy's URL, if any)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Capture:
    """One HTTP exchange or one saved file: the page as it was served, or the error.

    Exactly one of ``status`` and ``error`` is set; a saved file has status 200. ``body`` has its content encodings
    removed and its character set unchanged. ``fetched_at`` is aware and in UTC.
    """

    site: str
    url: str
    fetched_at: datetime
    kind: PageKind = "article"
    final_url: str | None = None
    """The URL that answered, if redirects led away from ``url``."""
    redirects: tuple[str, ...] = ()
    """The URLs between ``url`` and ``final_url``, in order, without these two."""
    status: int | None = None
    error: str | None = None
    """One clause: why there is no response (``no answer within 30 s``)."""
    error_code: str | None = None
    """The reason code of the error: ``robots``, ``offsite``, ``timeout``, ``refused``, ``dns``, ``network`` …"""
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    body: bytes = field(default=b"", repr=False, metadata={"serializer": body_text})
    id: int | None = None
    """The ID of the capture's row in the archive, once stored."""

    @property
    def effective_url(self) -> str:
        """The URL that answered."""
        return self.final_url or self.url

    def header(self, name: str) -> str | None:
        """The last value of a header. ``name`` is in lower case; the names of headers are case-insensitive."""
        values = [value for known, value in self.headers if known.lower() == name]
        return values[-1] if values else None

    @property
    def media_type(self) -> str:
        """The media type from the headers, such as ``text/html``, without parameters; empty if unknown."""
        return media_type_of(self.header("content-type"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """An image of the article, without decoration."""

    url: str
    alt: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A hyperlink in the article's body, or the target of an embedded post."""

    url: str
    text: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """The content of one article page. A field that was not found is ``None``, never zero or empty."""

    site: str
    language: str
    """BCP 47: ``en``, ``ru``, ``hy``."""
    url: str
    """The best URL that the page states for itself."""
    urls: tuple[str, ...] = ()
    """Every URL of the article that the page states, including ``url``."""
    headline: str
    subtitle: str | None = None
    body: str = field(repr=False)
    """Paragraphs separated by one blank line; no spaces at line ends, NFC. Rows of a table are lines with cells
    separated by `` | ``; an embedded post is one line (``[Post on X: https://…]``)."""
    body_markdown: str = field(default="", repr=False)
    """The body as Markdown, with structure, emphasis, links and images."""
    published_at: datetime | None = field(default=None, metadata={"serializer": iso_time})
    """Aware, in the site's own offset (``2026-01-06T19:13:00+04:00``)."""
    authors: tuple[str, ...] = ()
    section: str | None = None
    """The site's key for the section (``analytics``), the same in every edition."""
    section_label: str | None = None
    """As printed (``ANALYTICS``)."""
    views: int | None = None
    views_shown: str | None = None
    """As printed (``Views: 1 234``)."""
    signature: str | None = None
    cover_image: str | None = None
    images: tuple[Image, ...] = ()
    links: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CleanedPage:
    """A page without boilerplate, passed from cleaning to extraction.

    ``html`` is for information: changes to it have no effect. Extraction uses the tree that the worker process keeps
    under ``token``.
    """

    capture: Capture = field(metadata={"serializer": capture_summary})
    layout: str | None = None
    """The layout of the site definition that matches the page; ``None`` for an unknown layout and for a list."""
    html: str | None = field(default=None, repr=False)
    """The element that contains the article; ``None`` for a page of plain text, for a list, on a site whose learned
    layout is trusted, and above 4 million characters."""
    token: int | None = None
    """The number under which a worker process keeps the parsed page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Extraction:
    """An article, its capture, and the extraction method of each field."""

    capture: Capture = field(metadata={"serializer": capture_summary})
    article: Article
    layout: str
    """The layout that matched (``new``, ``old``, ``text``, ``unknown``)."""
    extractor: str
    """Name, version and digest of the code and the site definition: ``caliber_crawler 0.1.0 (1b2c3d4e)``."""
    methods: Mapping[str, str] = field(default_factory=dict)
    """Field to extraction method: ``selector``, ``learned``, ``structured_data``, ``text``, ``generic`` or ``url``; in
    the archive also ``kept``, for a value of an earlier page that this one lost. Also ``published_at_precision``
    (``day``, ``minute``) and ``published_at_zone``, where its offset comes from (``page``, ``two_clocks``,
    ``printed_day``, ``learned``, ``site``), and ``published_at_role`` where the page only says when it was
    ``updated``."""
    stated_urls: tuple[str, ...] = ()
    """Those of the article's URLs that only the page states (canonical link, ``og:url``); no request led to them."""
    first_page: str | None = None
    """The URL of another page, of whose article this one may be a later page: the headlines decide."""
    second_page: str | None = None
    """The URL of another page, which may be the second one of this article."""
    request_urls: Mapping[str, str] = field(default_factory=dict)
    """The URLs to request for linked articles of the site, by ``Link.url``, where they differ from it."""
    warnings: tuple[Problem, ...] = ()
    """Remarks of the check that did not make it refuse the page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Something unexpected on one page: the cause of a refusal, or a warning."""

    stage: str
    """The stage that found it: ``fetch``, ``clean``, ``extract``, ``check``, ``crawl`` or ``pagination``."""
    reason: str
    """The reason code (``no_headline``, ``http_404``, ``future_date``), see :mod:`caliber_crawler.reasons`."""
    message: str
    """One sentence for a person, with the value that was found."""
    field: str | None = None
    fatal: bool = False
    """Whether the page was refused because of it."""


def internal_error(url: str, error: BaseException | None, stage: str) -> Problem:
    """The problem of a page whose processing raised an error of this program; a later version may process it."""
    message = f"Processing {url} raised an internal error: {type(error).__name__}: {error}."
    return Problem(stage=stage, reason="internal_error", message=message, fatal=True)


class PageLink(NamedTuple):
    """A link of a page to another page of its site."""

    url: str
    """The normal form, which identifies the page."""
    link_class: str
    """Its place on the page: a value of :class:`caliber_crawler.exploration.LinkClass`."""
    signature: str = ""
    """The elements around it."""
    request_url: str | None = None
    """The URL to request, if it differs: as printed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Teaser:
    """One entry of a listing."""

    url: str
    """The normal form, which identifies the article."""
    request_url: str | None = field(default=None, compare=False)
    """The URL to request, if it differs: as the list printed it."""
    headline: str | None = None
    section: str | None = None
    section_label: str | None = None
    published_at: datetime | None = None
    modified_at: datetime | None = None
    """The time of the last change; the article was published then or earlier."""
    image: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """The content of a page that lists articles (a listing, feed or sitemap): its teasers from top to bottom."""

    capture: Capture = field(metadata={"serializer": capture_summary})
    teasers: tuple[Teaser, ...]
    next_url: str | None = None
    """The next page of the list, as printed, if the page links to it."""
    ended: bool = False
    """Whether the page says that no more teasers follow."""
    guessed: bool = False
    """Whether no element matches the definition's teaser, so that all links to articles count as teasers."""
    missing: Problem | None = None
    """The problem of a page that does not exist, unless it only marks the end of the list."""
    cut: bool = False
    """Whether the remaining teasers are missing: a browser stopped scrolling, or a file ends in the middle."""
    sitemaps: tuple[str, ...] = ()
    """Further sitemaps that this one lists."""
    feeds: tuple[str, ...] = ()
    """Feeds of the site that the page links to."""
    not_articles: int = 0
    """The number of URLs on it that are not articles of the site."""
    invalid_entries: int = 0
    """The number of entries that were skipped because they cannot be parsed or their URL is invalid."""
    warnings: tuple[Problem, ...] = ()
    """Remarks on the list that did not make it unusable."""
    sections: tuple[tuple[str, str], ...] = ()
    """Links that may lead to sections of a site definition: the section's key, and the URL as printed."""
    further: tuple[str, ...] = ()
    """Guessed requests for further teasers, relative to the page: see
    :func:`caliber_crawler.extraction.further_pages.further_requests`."""
    unmatched: str | None = None
    """A URL that a teaser of the definition links to, if none of their URLs is an article's."""
    extraction: Extraction | None = None
    """The article on it, if a page is both a list and an article."""
    links: tuple[PageLink, ...] | None = None
    """All links of an explored page to pages of its site; ``None`` for other lists."""
    refusal: Problem | None = None
    """Why an explored page is not an article."""
    first_page: str | None = None
    """The first page of the article or list of which an explored page is a later page, as it says."""
    is_declared: bool = False
    """Whether an explored page without a date says itself that it is an article."""
