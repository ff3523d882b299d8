"""A capture opened for reading: decoded, parsed, and matched with the layouts its site is known to have."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import cast
from urllib.parse import urljoin

from lxml import etree
from parsel.csstranslator import css2xpath

from caliber_crawler.errors import SiteError
from caliber_crawler.items import Capture
from caliber_crawler.reading.decoding import decode, looks_binary
from caliber_crawler.reading.lines import Line, inner_text, split_lines
from caliber_crawler.reading.mojibake import repair
from caliber_crawler.reading.text import clean_inline
from caliber_crawler.reading.text_page import TextParts
from caliber_crawler.site import Layout, Site

HTML_TYPES = ("text/html", "application/xhtml+xml")
TEXT_TYPES = ("text/plain",)
# libxml2 needs 0.3 s for a tag with 20,000 attributes and a minute for one with 100,000.
MOST_ATTRIBUTES = 5000
LONG_PAGE = 100_000
# A quote opens a value only behind an equals sign; possessive, so that no page makes this slow.
_VALUE = re.compile(r"=\s*+(?:\"[^\"]*+\"?+|'[^']*+'?+)")
_TAG_SOURCE = re.compile(r"<[a-zA-Z](?:[^>=]++|=\s*+(?:\"[^\"]*+\"?+|'[^']*+'?+)?+)*+")
_CLASS_TEST = re.compile(r"contains\(concat\(' ', normalize-space\(@class\), ' '\), ' ([\w-]+) '\)")
_TAG = re.compile(
    r"<(?:!doctype|html|head|body|meta|link|title|div|p|article|section|main|h[1-6]|span|a|table|ul|br)\b", re.I
)
_OTHER_MARKUP = re.compile(
    r"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:rss|feed|urlset|sitemapindex|rdf:RDF|svg)\b", re.S
)
# libxml2 drops whatever follows the first of these, and pages do carry text behind a stray one.
_DOCUMENT_END = re.compile(r"</(?:html|body)\s*>", re.I)


class Unreadable(Exception):
    """Nothing can be read on this page. ``reason`` is a short stable code, ``message`` one sentence for a person."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message


@dataclass(frozen=True, slots=True)
class Metadata:
    """What a page says about itself to machines, as written."""

    metas: Mapping[str, str] = field(default_factory=dict)
    """The content of each ``<meta>`` by its ``property``, ``name`` or ``itemprop`` in lower case; the first counts."""
    canonical: str | None = None
    base: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """An open page: an HTML tree, or the lines of a plain text."""

    capture: Capture
    site: Site
    root: etree._Element | None = None
    """The whole document; ``None`` for plain text. Never changed by reading."""
    layout: Layout | None = None
    """The known layout the page has, if any."""
    article: etree._Element | None = None
    """The element that holds the article: the layout's own, or the whole document."""
    metadata: Metadata = Metadata()
    lines: tuple[Line, ...] = ()
    """The page as text, where it has to be read as text."""
    parts: TextParts | None = field(default=None, repr=False)
    """Which of those lines are what, once the page was cleaned."""

    @property
    def base_url(self) -> str:
        """What relative addresses on this page are relative to."""
        address = self.capture.address
        return urljoin(address if address.startswith("http") else self.site.base_url + "/", self.metadata.base)


@cache
def _xpath(css: str) -> etree.XPath:
    try:
        # A cheap look at the attribute first: most elements have another class, and every one of them is asked.
        return etree.XPath(_CLASS_TEST.sub(r"contains(@class, '\1') and \g<0>", css2xpath(css)))
    except (etree.XPathError, SyntaxError, RuntimeError) as wrong:
        raise SiteError(f"{css!r} is not a CSS selector: {wrong}") from wrong


def select(element: etree._Element, css: str) -> list[etree._Element]:
    """The elements a CSS selector finds in and under an element, in document order; none for an empty selector."""
    return cast(list[etree._Element], _xpath(css)(element)) if css else []


def first(element: etree._Element, css: str) -> etree._Element | None:
    """The first element a CSS selector finds."""
    found = select(element, css)
    return found[0] if found else None


def text_of(element: etree._Element) -> str:
    """All the text of an element as one clean line."""
    return clean_inline(inner_text(element))


def open_page(capture: Capture, site: Site) -> Page:
    """Decode and parse a capture, and see which layout it has. Raises :class:`Unreadable`."""
    text = read_text(capture)
    if not is_html(text, capture.media_type):
        return Page(capture=capture, site=site, lines=tuple(split_lines(text)))
    root = parse_html(text)
    metadata = read_metadata(root)
    for layout in site.layouts:
        found = select(root, layout.article)
        if found:
            # Scrolled pages carry further articles below the one they are the page of.
            holder = next((element for element in found if first(element, layout.headline) is not None), found[0])
            return Page(capture=capture, site=site, root=root, layout=layout, article=holder, metadata=metadata)
    return Page(capture=capture, site=site, root=root, article=root, metadata=metadata)


def read_metadata(root: etree._Element) -> Metadata:
    """Collect what the page says about itself, in one pass."""
    metas: dict[str, str] = {}
    canonical, base = None, ""
    for element in root.iter("meta", "link", "base"):
        if element.tag == "meta":
            for attribute in ("property", "name", "itemprop"):
                if (key := element.get(attribute)) and (content := clean_inline(element.get("content") or "")):
                    metas.setdefault(key.strip().lower(), content)
        elif element.tag == "base":
            base = base or (element.get("href") or "").strip()
        elif "canonical" in (element.get("rel") or "").lower().split():
            canonical = canonical or element.get("href")
    return Metadata(metas, canonical, base)


def read_text(capture: Capture) -> str:
    """The decoded text of a capture. Raises :class:`Unreadable` when there is none."""
    where = capture.address
    if capture.error is not None:
        raise Unreadable("no_response", f"{where} gave no page: {capture.error}.")
    if not capture.body.strip():
        raise Unreadable("empty", f"{where} is an empty page.")
    media_type = capture.media_type
    if media_type.partition("/")[0] in ("image", "audio", "video", "font") or looks_binary(capture.body):
        raise Unreadable("not_text", f"{where} is not text but {media_type or 'binary data'}.")
    header = next((value for name, value in capture.headers if name.lower() == "content-type"), None)
    text = repair(decode(capture.body, header).replace("\0", ""))
    if not text.strip():
        raise Unreadable("empty", f"{where} is an empty page.")
    if _OTHER_MARKUP.match(text):
        raise Unreadable("not_html", f"{where} is a feed, a site map or a drawing, not a page.")
    return text


def is_html(text: str, media_type: str) -> bool:
    """HTML or plain text: what the content looks like decides, and the media type where the content could be both."""
    if media_type in TEXT_TYPES:
        return bool(re.match(r"\s*<(?:!doctype\s+html|html)\b", text, re.I))
    return _TAG.search(text) is not None or (media_type in HTML_TYPES and "<" in text)


def parse_html(text: str) -> etree._Element:
    """The tree of an HTML page or of a piece of one. Raises :class:`Unreadable` when part of it would be lost."""
    if len(text) > LONG_PAGE and any(_count_attributes(tag) > MOST_ATTRIBUTES for tag in _TAG_SOURCE.findall(text)):
        raise Unreadable("too_complex", f"An element of the page has more than {MOST_ATTRIBUTES} attributes.")
    # The tree is local, bounded by the size limit of downloads, and without huge_tree libxml2 stops at depth 256.
    parser = etree.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, huge_tree=True)
    source = _DOCUMENT_END.sub("", text).encode("utf-8", errors="replace")
    try:
        root = etree.fromstring(source, parser)
    except (etree.XMLSyntaxError, ValueError) as wrong:
        raise Unreadable("not_html", f"The page cannot be parsed: {wrong}.") from wrong
    if any(entry.type_name == "ERR_RESOURCE_LIMIT" for entry in parser.error_log):
        raise Unreadable("too_deep", "The page is nested so deeply that part of it would be lost.")
    if root is None:
        raise Unreadable("empty", "The page has no elements.")
    return cast(etree._Element, root)


def _count_attributes(tag: str) -> int:
    """How many attributes a tag has at most, from its source."""
    return len(_VALUE.sub(" ", tag).replace("/", " ").split()) if len(tag) > MOST_ATTRIBUTES else 0
