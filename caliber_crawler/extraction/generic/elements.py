"""Elements of a page: how much text they contain."""

from __future__ import annotations

from typing import cast

from lxml import etree

MIN_PROSE_LENGTH = 60
_LENGTH = etree.XPath("string-length(normalize-space())")


def text_length(element: etree._Element) -> int:
    """The number of characters in an element, with runs of blanks counted as one."""
    return int(cast(float, _LENGTH(element)))


def prose_length(element: etree._Element) -> int:
    """The length of an element's paragraphs that are long enough to be sentences."""
    lengths = (text_length(paragraph) for paragraph in element.iter("p"))
    return sum(length for length in lengths if length >= MIN_PROSE_LENGTH)
