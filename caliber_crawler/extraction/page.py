"""A capture opened for extraction: decoded, parsed and matched with the site's known layouts."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property

from lxml import etree

from caliber_crawler.extraction.decoding import as_utf8, looks_binary
from caliber_crawler.extraction.document import Document, Metadata
from caliber_crawler.extraction.lines import Line, split_lines
from caliber_crawler.extraction.mojibake import repair
from caliber_crawler.extraction.prologue import skip_prologue
from caliber_crawler.extraction.text_page import TextParts
from caliber_crawler.extraction.tree import Selection, Unreadable, first
from caliber_crawler.items import Capture, media_type_of
from caliber_crawler.quantity import quantity
from caliber_crawler.site import Layout, Site
from caliber_crawler.site.learned import HEALED
from caliber_crawler.site.urls import browser_url, is_http_url

HTML_TYPES = ("text/html", "application/xhtml+xml")
TEXT_TYPES = ("text/plain",)
_MEDIA = ("image", "audio", "video", "font")
_TAG = re.compile(
    rb"<(?:!doctype|html|head|body|meta|link|title|div|p|article|section|main|h[1-6]|span|a|table|ul|br)\b", re.I
)
_HTML = re.compile(rb"<(?:!doctype\s+html|html)\b", re.I)
_OTHER_MARKUP = re.compile(rb"<(?:rss|feed|urlset|sitemapindex|rdf:RDF|svg)\b")
MAX_TEXT_BYTES = 8_000_000
"""Size of a plain text in UTF-8."""
_NO_CLAIMS = Metadata()


@dataclass(frozen=True, kw_only=True)
class Page:
    """An open page: HTML, or the lines of a plain text."""

    capture: Capture
    site: Site
    document: Document | None = None
    """``None`` for plain text."""
    layout: Layout | None = None
    """The known layout of the page, if any."""
    article: etree._Element | None = None
    """The element that contains the article: the layout's, or the whole document, which the generic extractor takes.
    ``None`` for plain text, and on a site whose learned layout is trusted."""
    is_linked: bool = False
    """Whether a list of the site names the page as an article: then a short or undated text is one."""
    lines: tuple[Line, ...] = ()
    """The lines of a page that is extracted as text."""
    parts: TextParts | None = field(default=None, repr=False)
    """The role of those lines, after cleaning."""

    @property
    def root(self) -> etree._Element | None:
        """The tree of the whole page; ``None`` for plain text."""
        return self.document.root if self.document is not None else None

    @property
    def metadata(self) -> Metadata:
        return self.document.metadata if self.document is not None else _NO_CLAIMS

    @property
    def canonical(self) -> str | None:
        """The canonical link of the metadata."""
        return self.document.canonical if self.document is not None else None

    def meta(self, name: str) -> str | None:
        """The content of a meta element of the metadata."""
        return self.document.meta(name) if self.document is not None else None

    @cached_property
    def selection(self) -> Selection:
        """Searches of the element that contains the article."""
        assert self.article is not None
        return Selection(self.article)

    @cached_property
    def base_url(self) -> str:
        """The base of relative URLs on this page. As in a browser, an invalid ``<base>`` does not count."""
        url = self.capture.effective_url
        own = url if is_http_url(url) else f"{self.site.base_url}/"
        try:
            base_url = browser_url(self.document.base if self.document is not None else "", own)
        except ValueError:
            return own
        # A URL of these schemes has a host that can exist, otherwise it would be invalid.
        return base_url if base_url.startswith(("https://", "http://")) else own


def open_page(capture: Capture, site: Site) -> Page:
    """Decode and parse a capture and detect its layout. Raises :class:`Unreadable`."""
    source = decode_source(capture)
    if not is_html(source, capture.media_type):
        if len(source) > MAX_TEXT_BYTES:
            message = (
                f"{capture.effective_url} is a text of {quantity(len(source), 'byte')}, more than {MAX_TEXT_BYTES:,}."
            )
            raise Unreadable("too_long", message)
        return Page(capture=capture, site=site, lines=tuple(split_lines(repair(source.decode()))))
    document = Document(source)
    without_headline: Page | None = None
    for layout in site.layouts:
        if (article := document.find_article(layout)) is not None:
            page = Page(capture=capture, site=site, document=document, layout=layout, article=article)
            if all(known.name != HEALED for known in site.layouts) or _has_headline(page):
                return page
            # After a redesign, the element of the article may have kept its name.
            without_headline = without_headline or page
    if without_headline is not None:
        return without_headline
    is_trusted = site.learned is not None and site.learned.is_trusted
    # Of a page whose layout is known to the letter, only the parts that are needed become a tree.
    return Page(capture=capture, site=site, document=document, article=None if is_trusted else document.root)


def _has_headline(page: Page) -> bool:
    assert page.layout is not None
    assert page.article is not None
    assert page.document is not None
    css = page.layout.headline
    return not css or first(page.article, css) is not None or page.document.find_beside(page.layout, css) is not None


def decode_source(capture: Capture) -> bytes:
    """Return a capture's text in UTF-8, with mojibake unchanged. Raises :class:`Unreadable` if it has none."""
    where = capture.effective_url
    if capture.error is not None:
        raise Unreadable("no_response", f"No page from {where}: {capture.error}.")
    if not capture.body or capture.body.isspace():
        raise Unreadable("empty", f"{where} is an empty page.")
    content_type = capture.header("content-type")
    media_type = media_type_of(content_type)
    if media_type.partition("/")[0] in _MEDIA or looks_binary(capture.body):
        raise Unreadable("not_text", f"{where} is not text but {media_type or 'binary data'}.")
    source = as_utf8(capture.body, content_type).replace(b"\0", b"")
    if _HTML.match(source):  # as most pages
        return source
    if not source or source.isspace():
        raise Unreadable("empty", f"{where} is an empty page.")
    if _OTHER_MARKUP.match(source, skip_prologue(source)):
        raise Unreadable("not_html", f"{where} is a feed, a sitemap or an SVG image, not a page.")
    return source


def is_html(source: bytes, media_type: str) -> bool:
    """Return whether a source is HTML. The content decides; the media type decides if the content is ambiguous."""
    if media_type in TEXT_TYPES:
        return _HTML.match(source, skip_prologue(source)) is not None
    return _TAG.search(source) is not None or (media_type in HTML_TYPES and b"<" in source)
