"""The element that trafilatura takes for the main content, as a page of its own.

trafilatura needs most of its time for the rest of a page, which it only cleans and copies: on news pages nine tenths of
the elements. Given only its main element and the elements around it, it returns the same text in less than half of
the time.
"""

from __future__ import annotations

import re
from html import escape
from typing import cast

from lxml import etree

from caliber_crawler.extraction.generic.elements import text_length, writable

_TAGS = ("article", "div", "main", "section")
_MARKS = ("class", "id", "itemprop", "role")
# Part of every name that the expressions look for, and cheaper to search; in lower case, which is faster than a search
# that ignores case.
_CANDIDATE = re.compile("content|article|post|entry|story|body|text|cell|primary|main|single|column")
MAX_NAMES_LENGTH = 1000
MIN_LENGTH = 200
"""Characters of a main element."""
MAIN_MARK = "data-main-element"
"""Attribute of the main element in its page, and of that page, with the number of the expression that found it."""


def find_main_element(root: etree._Element) -> etree._Element | None:
    """Return the first element that trafilatura's most reliable expression for main content matches."""
    return _find_main_element(root)[0]


def _find_main_element(root: etree._Element) -> tuple[etree._Element | None, int]:
    """Return the main element, and the number of the expression.

    Each expression judges an element by itself. So all candidates are laid side by side in a small page, which takes a
    fraction of the time: on a whole page the expressions call Python for every element.
    """
    from trafilatura.xpaths import BODY_XPATH  # slow to load

    candidates: dict[tuple[str, *tuple[str | None, ...]], etree._Element] = {}
    for element in root.iter(*_TAGS):
        get = element.get
        candidates.setdefault((str(element.tag), get("class"), get("id"), get("itemprop"), get("role")), element)
    candidates = {key: element for key, element in candidates.items() if _may_be_main(*key)}
    page = etree.Element("body")
    for tag, *marks in candidates:
        stated = {name: writable(value) for name, value in zip(_MARKS, marks, strict=True) if value is not None}
        etree.SubElement(page, tag, stated)
    for number, expression in enumerate(BODY_XPATH):
        if found := cast(list[etree._Element], expression(page)):
            return list(candidates.values())[page.index(found[0])], number
    return None, 0


def _may_be_main(tag: str, *marks: str | None) -> bool:
    return tag in ("article", "main") or (
        any(marks) and _CANDIDATE.search(" ".join(filter(None, marks))[:MAX_NAMES_LENGTH].lower()) is not None
    )


def source_of_main(root: etree._Element) -> str | None:
    """Return a page's main element, marked, and the tags around it as HTML.

    ``None`` if there is none, or it has little text.
    """
    element, number = _find_main_element(root)
    if element is None or element.tag == "body" or text_length(element) < MIN_LENGTH:
        return None
    element.set(MAIN_MARK, str(number))
    source = str(etree.tostring(element, method="html", encoding="unicode", with_tail=False))
    del element.attrib[MAIN_MARK]
    before, after = [f'<html {MAIN_MARK}="{number}"><body>'], []
    for around in reversed(list(element.iterancestors())):
        if around.tag not in ("html", "body"):
            names = "".join(f' {name}="{escape(value)}"' for name in ("class", "id") if (value := around.get(name)))
            before.append(f"<{around.tag}{names}>")
            after.append(f"</{around.tag}>")
    return "".join((*before, source, *reversed(after), "</body></html>"))
