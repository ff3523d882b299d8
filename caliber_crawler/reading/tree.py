"""An HTML tree: parsed without loss, searched by CSS selectors, read as text."""

from __future__ import annotations

import re
from collections import defaultdict
from functools import cache
from typing import cast

from lxml import etree
from parsel.csstranslator import css2xpath

from caliber_crawler.errors import SiteError
from caliber_crawler.reading.lines import inner_text
from caliber_crawler.reading.text import clean_inline

# The time of parsers grows with the square of a tag's attributes: a minute for 100,000 of them, libxml2 and lexbor
# alike. A page that is no longer than this costs a second at worst.
MOST_ATTRIBUTES = 5000
LONG_PAGE = 250_000
# A quote opens a value only behind an equals sign; possessive, so that no page makes this slow.
_VALUE = re.compile(rb"=\s*+(?:\"[^\"]*+\"?+|'[^']*+'?+)")
_TAG_SOURCE = re.compile(rb"<[a-zA-Z][^>=]*+(?:=\s*+(?:\"[^\"]*+\"?+|'[^']*+'?+)?+[^>=]*+)*+")
_BY_CLASS = re.compile(r"(?P<tag>[a-z][a-z0-9]*)?\.(?P<name>[a-zA-Z_][\w-]*)")
_CLASS_TEST = re.compile(r"contains\(concat\(' ', normalize-space\(@class\), ' '\), ' ([\w-]+) '\)")
# libxml2 drops whatever follows the first of these, and pages do carry text behind a stray one.
_DOCUMENT_END = re.compile(rb"</(?:html|body)\s*>", re.I)


class Unreadable(Exception):
    """Nothing can be read on this page. ``reason`` is a short stable code, ``message`` one sentence for a person."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message


@cache
def compiled(css: str) -> etree.XPath:
    """A CSS selector, ready for use. Raises :class:`SiteError` when it is none."""
    try:
        # A cheap look at the attribute first: most elements have another class, and every one of them is asked.
        return etree.XPath(_CLASS_TEST.sub(r"contains(@class, '\1') and \g<0>", css2xpath(css)))
    except (etree.XPathError, SyntaxError, RuntimeError) as wrong:
        raise SiteError(f"{css!r} is not a CSS selector: {wrong}") from wrong


def select(element: etree._Element, css: str) -> list[etree._Element]:
    """The elements a CSS selector finds in and under an element, in document order; none for an empty selector."""
    return cast(list[etree._Element], compiled(css)(element)) if css else []


def first(element: etree._Element, css: str) -> etree._Element | None:
    """The first element a CSS selector finds."""
    found = select(element, css)
    return found[0] if found else None


class Selection:
    """Searches one tree, which stays as it is, many times: what is asked for by class alone is looked up."""

    def __init__(self, element: etree._Element) -> None:
        self.element = element
        self._by_class: dict[str, list[etree._Element]] = defaultdict(list)
        for node in select(element, "[class]"):
            for name in dict.fromkeys((node.get("class") or "").split()):
                self._by_class[name].append(node)

    def select(self, css: str) -> list[etree._Element]:
        """As :func:`select` does."""
        if (asked := _BY_CLASS.fullmatch(css)) is None:
            return select(self.element, css)
        nodes = self._by_class.get(asked["name"], [])
        return [node for node in nodes if node.tag == asked["tag"]] if asked["tag"] else nodes

    def first(self, css: str) -> etree._Element | None:
        """As :func:`first` does."""
        found = self.select(css)
        return found[0] if found else None


def text_of(element: etree._Element) -> str:
    """All the text of an element as one clean line."""
    return clean_inline(inner_text(element))


def parse_html(source: bytes) -> etree._Element:
    """The tree of an HTML page in UTF-8. Raises :class:`Unreadable` when part of it would be lost."""
    return parse_piece(_DOCUMENT_END.sub(b"", source))


def parse_piece(source: bytes) -> etree._Element:
    """The same of a piece of a page, which no end of a document interrupts."""
    if is_overloaded(source):
        raise Unreadable("too_complex", f"An element of the page has more than {MOST_ATTRIBUTES} attributes.")
    # The tree is local, bounded by the size limit of downloads, and without huge_tree libxml2 stops at depth 256.
    parser = etree.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, huge_tree=True)
    try:
        root = etree.fromstring(source, parser)
    except (etree.XMLSyntaxError, ValueError) as wrong:
        raise Unreadable("not_html", f"The page cannot be parsed: {wrong}.") from wrong
    if any(entry.type_name == "ERR_RESOURCE_LIMIT" for entry in parser.error_log):
        raise Unreadable("too_deep", "The page is nested so deeply that part of it would be lost.")
    if root is None:
        raise Unreadable("empty", "The page has no elements.")
    return cast(etree._Element, root)


def is_overloaded(source: bytes) -> bool:
    """Has a tag of this source more attributes than a parser can stand?"""
    if len(source) <= LONG_PAGE:
        return False
    tags = _TAG_SOURCE.findall(source)
    # Most pages have no tag that is even as long, and this look at all of them is quick.
    return max(map(len, tags), default=0) > MOST_ATTRIBUTES and any(map(_has_too_many_attributes, tags))


def _has_too_many_attributes(tag: bytes) -> bool:
    return len(tag) > MOST_ATTRIBUTES < len(_VALUE.sub(b" ", tag).replace(b"/", b" ").split())
