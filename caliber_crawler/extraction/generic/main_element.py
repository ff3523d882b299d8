"""The element that trafilatura takes for the main content, as a page of its own.

trafilatura needs most of its time for the rest of a page, which it only cleans and copies: on news pages nine tenths of
the elements. Given only its main element and the elements around it, it returns the same text in less than half of
the time.
"""

from __future__ import annotations

import re
from functools import lru_cache
from html import escape

from lxml import etree
from trafilatura.xpaths import BODY_XPATH

_TAGS = ("article", "div", "main", "section")
_MARKS = ("class", "id", "itemprop", "role")
# Part of every name that the expressions look for, and cheaper to search.
_CANDIDATE = re.compile("content|article|post|entry|story|body|text|cell|primary|main|single|column", re.IGNORECASE)
MAX_NAMES_LENGTH = 1000
MIN_LENGTH = 200
"""Characters of a main element."""
Marks = tuple[str | None, ...]


def find_main_element(root: etree._Element) -> etree._Element | None:
    """Return the first element that trafilatura's most reliable expression for main content matches."""
    best, found = len(BODY_XPATH), None
    for element in root.iter(*_TAGS):
        marks = tuple(map(element.get, _MARKS))
        names = " ".join(filter(None, marks))
        if element.tag in ("article", "main") or _CANDIDATE.search(names, 0, MAX_NAMES_LENGTH):
            tag = str(element.tag)
            rank = next((number for number in range(best) if _matches(number, tag, marks)), best)
            if rank < best:
                best, found = rank, element
                if rank == 0:
                    break
    return found


@lru_cache(maxsize=8192)
def _matches(number: int, tag: str, marks: Marks) -> bool:
    """Return whether the expression of this number matches an element with these attributes."""
    parent = etree.Element("body")
    etree.SubElement(parent, tag, {name: value for name, value in zip(_MARKS, marks, strict=True) if value is not None})
    return bool(BODY_XPATH[number](parent))


def source_of_main(root: etree._Element) -> str | None:
    """Return a page's main element and the tags around it as HTML; ``None`` if there is none, or it has little text."""
    element = find_main_element(root)
    if element is None or element.tag == "body":
        return None
    source = str(etree.tostring(element, method="html", encoding="unicode", with_tail=False))
    if len(source) < MIN_LENGTH:
        return None
    before, after = ["<html><body>"], []
    for around in reversed(list(element.iterancestors())):
        if around.tag not in ("html", "body"):
            names = "".join(f' {name}="{escape(value)}"' for name in ("class", "id") if (value := around.get(name)))
            before.append(f"<{around.tag}{names}>")
            after.append(f"</{around.tag}>")
    return "".join((*before, source, *reversed(after), "</body></html>"))
