"""The nouns that travel: what spiders yield, pipelines pass on and the archive stores.

A :class:`Capture` comes from the network or a file. Cleaning gives a :class:`CleanedPage`, and extraction a
:class:`Listing` of :class:`Teaser` entries, or an :class:`Article`, which travels inside a :class:`Extraction`: the article,
the capture it was extracted from, and how.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal


def iso_time(moment: datetime | None) -> str | None:
    """A time as Scrapy's feeds are to write it: with its offset, which they leave out by themselves."""
    return None if moment is None else moment.isoformat()


def decoded(body: bytes) -> str:
    """A page as Scrapy's feeds are to write it."""
    return body.decode("utf-8", "replace")


def described(capture: Capture) -> dict[str, object]:
    """A capture as Scrapy's feeds are to write it inside another item: where and when, without the page."""
    return {"url": capture.url, "fetched_at": iso_time(capture.fetched_at), "status": capture.status, "id": capture.id}


PageKind = Literal["article", "listing", "feed", "sitemap", "post_ids", "tdmrep"]
"""What an address is asked for. ``post_ids`` is no page but a walk through post numbers, kept like one; ``tdmrep`` is
the site's file of reservations, which is kept and never stands in the frontier."""


SCROLLED = "X-Caliber-Scrolled"
"""A header of our own: this capture is not what the server sent but what a browser showed after so much scrolling."""

SITE_OPTS_OUT = "X-Caliber-TDMRep"
"""A header of our own: the site's file reserves this page, ``1``, perhaps followed by the address of the conditions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Capture:
    """One HTTP exchange or one saved file: the page as it was served, or the failure to get it.

    Exactly one of ``status`` and ``error`` says how it ended; a saved file counts as status 200. ``body`` has its
    content encodings undone and its character set untouched. ``fetched_at`` is aware and in UTC.
    """

    site: str
    url: str
    fetched_at: datetime
    kind: PageKind = "article"
    final_url: str | None = None
    """The address that answered, when redirects led away from ``url``."""
    redirects: tuple[str, ...] = ()
    """Addresses between ``url`` and ``final_url``, in order, both ends excluded."""
    status: int | None = None
    error: str | None = None
    """One clause: why there is no response (``no answer within 30 s``)."""
    error_code: str | None = None
    """The same to group by: ``robots``, ``offsite``, ``timeout``, ``refused``, ``dns``, ``network``."""
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    body: bytes = field(default=b"", repr=False, metadata={"serializer": decoded})
    id: int | None = None
    """The capture's row in the archive, once kept."""

    @property
    def effective_url(self) -> str:
        """The address that answered."""
        return self.final_url or self.url

    def header(self, name: str) -> str | None:
        """The last value of a header, whatever the case of its name."""
        values = [value for known, value in self.headers if known.lower() == name]
        return values[-1] if values else None

    @property
    def media_type(self) -> str:
        """``text/html`` and the like from the headers, without parameters; empty when not said."""
        return (self.header("content-type") or "").partition(";")[0].strip().lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """A picture of the article (decoration excluded)."""

    url: str
    alt: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A hyperlink in the article's body, or what an embedded post points to."""

    url: str
    text: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """What was read on one article page. A field that was not found is ``None``; unknown is never zero or empty."""

    site: str
    language: str
    """BCP 47: ``en``, ``ru``, ``hy``."""
    url: str
    """The best address the page gives for itself."""
    urls: tuple[str, ...] = ()
    """Every address this page shows the article to have, ``url`` included."""
    headline: str
    subtitle: str | None = None
    body: str = field(repr=False)
    """Paragraphs separated by one blank line; no blanks at line ends, NFC. Rows of a table are lines, their cells with
    `` | `` between; what was embedded is one line (``[Post on X: https://…]``)."""
    body_markdown: str = field(default="", repr=False)
    """The same with its shape, emphasis, links and pictures, in Markdown."""
    published_at: datetime | None = field(default=None, metadata={"serializer": iso_time})
    """Aware, in the offset the site prints in (``2026-01-06T19:13:00+04:00``)."""
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
    """A page without boilerplate, on its way from cleaning to extraction.

    ``html`` is for whoever wants to see or keep it; a changed one changes nothing. What the worker process keeps under
    ``token`` is extracted.
    """

    capture: Capture = field(metadata={"serializer": described})
    layout: str | None = None
    """The layout of the site definition that the page has; ``None`` for another one, and for a list of articles."""
    html: str | None = field(default=None, repr=False)
    """The element that holds the article; ``None`` for a page of plain text, and for a list of articles."""
    token: int | None = None
    """Under which number a worker process keeps the opened page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Extraction:
    """An article, the capture it was read on, and which rule gave each field."""

    capture: Capture = field(metadata={"serializer": described})
    article: Article
    layout: str
    """The layout that matched (``new``, ``old``, ``text``, ``unknown``)."""
    extractor: str
    """Name, version and digest of the code and facts that read it: ``caliber_crawler 0.1.0 (1b2c3d4e)``."""
    methods: Mapping[str, str] = field(default_factory=dict)
    """Field to the method of the ladder that gave it: ``selector``, ``structured_data``, ``text``, ``generic``, ``url``."""
    warnings: tuple[Problem, ...] = ()
    """What a person should look at, once it was checked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Something that was not as it should be on one page: why it was refused, or what to look at."""

    stage: str
    """Where it was noticed: ``fetch``, ``clean``, ``extract``, ``check``."""
    reason: str
    """A short stable code to group by (``no_headline``, ``http_404``, ``future_date``)."""
    message: str
    """One sentence for a person, naming what was found."""
    field: str | None = None
    fatal: bool = False
    """The page was refused because of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Teaser:
    """One entry of a listing."""

    url: str
    headline: str | None = None
    section: str | None = None
    section_label: str | None = None
    published_at: datetime | None = None
    modified_at: datetime | None = None
    """When it last changed; it was published then or earlier."""
    image: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """What was read on one page that names articles (a listing, a feed, a site map): its teasers from top to bottom."""

    capture: Capture = field(metadata={"serializer": described})
    teasers: tuple[Teaser, ...]
    next_url: str | None = None
    """The next page of the list, where the page itself links to it."""
    ended: bool = False
    """The page itself says that no more teasers follow."""
    guessed: bool = False
    """Nothing on it looks like a teaser of the site: the teasers are links to articles that stand anywhere on the page."""
    missing: Problem | None = None
    """The page is not there; what is wrong with that, unless the list has simply come to its end."""
    cut: bool = False
    """More teasers follow, and there is no request for them: a browser stopped scrolling."""
    sitemaps: tuple[str, ...] = ()
    """Further site maps that this one names."""
    feeds: tuple[str, ...] = ()
    """Feeds of the site that it names."""
    not_articles: int = 0
    """Addresses on it that are no articles of the site."""
    extraction: Extraction | None = None
    """The article on it, where a page that somebody named holds both."""
