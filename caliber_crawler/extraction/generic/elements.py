"""Elements of a page: how much text they contain, and their removal."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import cast

from lxml import etree

from caliber_crawler.extraction.omissions import REMOVED, Omissions
from caliber_crawler.extraction.text import LETTERS_OF_A_SIGN, is_as_long
from caliber_crawler.extraction.tree import strip_elements

PERSON_PAGE = re.compile(r"/(?:authors?|autor(?:es)?|auteurs?|avtor(?:y|s)?|yazar(?:lar)?|muellif(?:ler)?)/[^/]")
"""Part of a URL of a page about an author."""
MIN_PROSE_LENGTH = 60
MAX_FEW = 20
NUMBER_ATTRIBUTES = ("data-views", "data-view-count")
"""Attributes with the number of views."""
_PROPERTIES = frozenset(("itemprop", "property", *NUMBER_ATTRIBUTES))
_LENGTH = etree.XPath("string-length(normalize-space())")
_TEXT = etree.XPath("normalize-space()", smart_strings=False)
_NO_CHARACTER = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def remove(element: etree._Element) -> None:
    """Remove an element from its tree; the text after it stays."""
    parent = element.getparent()
    if parent is None:
        return
    if element.tail and not element.tail.isspace():
        before = element.getprevious()
        if before is not None:
            before.tail = writable((before.tail or "") + element.tail)
        else:
            parent.text = writable((parent.text or "") + element.tail)
    parent.remove(element)


def remove_marked(root: etree._Element, elements: Sequence[etree._Element], omissions: Omissions | None = None) -> None:
    """Remove these elements, which are marked (:func:`mark`); the text after each stays.

    Many are removed in one step: one by one, each would copy the text that earlier ones left at the same place. Few are
    removed one by one: a search of the page for them takes longer.
    """
    if omissions is not None and elements:
        omissions.add_marked(root, REMOVED)
    if len(elements) > MAX_FEW:
        strip_elements(root, REMOVED, len(elements))
        return
    for element in elements:
        remove(element)


def writable(text: str) -> str:
    """A text without characters that HTML parsers accept and an XML tree rejects."""
    return _NO_CHARACTER.sub(" ", text)


def find_properties(root: etree._Element) -> list[etree._Element]:
    """Return the elements with a property of microdata or RDFa, or an attribute for view counters, in order."""
    return [element for element in root.iter(etree.Element) if not _PROPERTIES.isdisjoint(element.keys())]


def text_length(element: etree._Element) -> int:
    """The number of characters in an element, with runs of blanks counted as one."""
    return int(cast(float, _LENGTH(element)))


def is_long(element: etree._Element) -> bool:
    """Return whether an element has enough text for a sentence."""
    length = text_length(element)
    if length >= MIN_PROSE_LENGTH:
        return True
    return length * LETTERS_OF_A_SIGN >= MIN_PROSE_LENGTH and is_as_long(cast(str, _TEXT(element)), MIN_PROSE_LENGTH)


def is_longer(element: etree._Element, longest: int) -> bool:
    """Return whether the text of an element is certainly longer than this, at a fraction of the cost of its text.

    Half of the characters may be invisible.
    """
    return text_length(element) > 2 * longest


def prose_length(element: etree._Element) -> int:
    """The length of an element's paragraphs that are long enough to be sentences."""
    return sum(text_length(paragraph) for paragraph in element.iter("p") if is_long(paragraph))


def leads_to_author(link: etree._Element) -> bool:
    """Return whether a link leads to the page of an author, by its relation or its URL."""
    return "author" in (link.get("rel") or "").lower().split() or PERSON_PAGE.search(link.get("href") or "") is not None
