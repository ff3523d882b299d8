"""The lines of text on a page as a visitor sees them: inline elements joined, divided by blocks and line breaks."""

from __future__ import annotations

import re
from typing import NamedTuple

from lxml import etree

from caliber_crawler.extraction.generic.outline import UNREAD_TAGS

_INLINE_TEXT = """
a abbr b bdi bdo big cite code data dfn em font i ins kbd label mark q s samp small span strong sub sup time tt
u var wbr
"""
_INLINE = frozenset(_INLINE_TEXT.split())
MAX_BLANKS = 8
"""A longer text may contain the indentation of its source."""
_BLANKS = re.compile(r"\s+")
_SPACED = frozenset(("span", "a", "time", "small", "label", "abbr", "cite", "data"))


class Piece(NamedTuple):
    """A part of a line: a text directly in an element."""

    start: int
    text: str
    owner: etree._Element
    before: etree._Element
    """The owner, or the element within it that the text follows."""


Run = list[Piece]


def block_of(element: etree._Element | None) -> etree._Element | None:
    """The element around inline elements; ``None`` for one that no visitor reads."""
    while element is not None and element.tag in _INLINE:
        parent = element.getparent()
        if parent is None:
            break
        element = parent
    return None if element is None or element.tag in UNREAD_TAGS else element


def runs_of(block: etree._Element) -> list[Run]:
    """The lines of text directly in a block: its inline elements, divided by blocks and line breaks."""
    runs: list[Run] = [[]]
    length = 0

    def write(text: str | None, owner: etree._Element, before: etree._Element) -> None:
        nonlocal length
        if text:
            if len(text) > MAX_BLANKS and not text.isalnum():
                text = _BLANKS.sub(" ", text)
            runs[-1].append(Piece(length, text, owner, before))
            length += len(text)

    def divide() -> None:
        nonlocal length
        runs.append([])
        length = 0

    write(block.text, block, block)
    stack: list[tuple[etree._Element, etree._Element | None]] = [(block, _first(block))]
    while stack:
        owner, child = stack.pop()
        if child is None:
            if owner is not block:
                parent = owner.getparent()
                around = parent if parent is not None else owner
                if owner.tag in _SPACED:
                    write(" ", around, owner)
                write(owner.tail, around, owner)
            continue
        stack.append((owner, child.getnext()))
        if child.tag in _INLINE:
            if child.tag in _SPACED:
                write(" ", child, child)
            write(child.text, child, child)
            stack.append((child, _first(child)))
        else:
            if child.tag not in UNREAD_TAGS and child.tag not in ("img", "input", "button"):
                divide()
            write(" ", owner, child)
            write(child.tail, owner, child)
    return [run for run in runs if run]


def _first(element: etree._Element) -> etree._Element | None:
    return element[0] if len(element) else None
