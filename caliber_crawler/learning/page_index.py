"""A page as a list of elements in document order, so that a subtree is an interval, with its blocks of text."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cached_property
from typing import NamedTuple

from lxml import etree

from caliber_crawler.extraction.text import clean_inline

SKIPPED = frozenset(("script", "style", "noscript", "template", "svg", "button", "select", "textarea", "iframe"))
"""Elements without text of the page."""
BLOCKS = frozenset(
    (
        *("address", "article", "aside", "blockquote", "body", "br", "dd", "div", "dl", "dt", "fieldset", "figcaption"),
        *("figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "nav", "ol"),
        *("p", "pre", "section", "table", "tbody", "td", "th", "thead", "tr", "ul"),
    )
)
"""Elements that begin and end a block of text."""
MAX_ELEMENTS = 20_000
"""Elements of a page that are indexed; the rest of a larger page is left out."""
MAX_TOKENS = 12
"""Classes of an element that are indexed."""
NAME = re.compile(r"-?[A-Za-z_][\w-]{0,60}", re.ASCII)
"""Names that need no escape in a selector."""
ROLE = re.compile(r"[\w:-]{1,60}", re.ASCII)
_ATTRIBUTES = ("rel", "itemprop", "property", "role")


class Block(NamedTuple):
    """A piece of text between the borders of two blocks."""

    element: int
    """The index of the element in which it begins."""
    key: str
    """Its letters and digits, folded."""
    text: str
    """As printed, in one line."""


def text_key(text: str) -> str:
    """The letters and digits of a text, without case: equal for texts that differ in blanks and marks only."""
    return re.sub(r"[\W_]+", "", text.casefold())


class PageIndex:
    """The elements of a page's body. Element ``i`` with its descendants is the interval ``i`` to ``ends[i]``."""

    def __init__(self, root: etree._Element) -> None:
        self.elements: list[etree._Element] = []
        self.parents: list[int] = []
        self.ends: list[int] = []
        self.tokens: list[tuple[str, ...]] = []
        self.blocks: list[Block] = []
        self._texts: list[str] = []
        self._spans: list[tuple[int, int]] = []
        self._length = 0
        self._read(root.find("body") if root.find("body") is not None else root)

    def _read(self, body: etree._Element | None) -> None:
        if body is None:
            return
        open_elements: list[int] = []
        block: list[str] = []
        owner = -1

        def end_block() -> None:
            nonlocal owner
            text = clean_inline("".join(block))
            if key := text_key(text):
                self.blocks.append(Block(max(owner, 0), key, text))
            block.clear()
            owner = -1

        def add_text(text: str | None) -> None:
            nonlocal owner
            if text:
                if owner < 0 and not text.isspace():
                    owner = open_elements[-1] if open_elements else 0
                block.append(text)
                self._texts.append(text)
                self._length += len(text)

        walk = etree.iterwalk(body, events=("start", "end"))
        for event, element in walk:
            if not isinstance(element.tag, str):
                continue
            if event == "start":
                if element.tag in SKIPPED or len(self.elements) >= MAX_ELEMENTS:
                    walk.skip_subtree()
                    open_elements.append(-1)
                    continue
                if element.tag in BLOCKS:
                    end_block()
                    self._texts.append("\n")
                    self._length += 1
                parent = open_elements[-1] if open_elements else -1
                open_elements.append(len(self.elements))
                self.elements.append(element)
                self.parents.append(parent)
                self.ends.append(len(self.elements))
                self.tokens.append(tokens_of(element))
                self._spans.append((self._length, self._length))
                add_text(element.text)
                continue
            place = open_elements.pop()
            if place >= 0:
                self.ends[place] = len(self.elements)
                self._spans[place] = (self._spans[place][0], self._length)
                if element.tag in BLOCKS:
                    end_block()
                    self._texts.append("\n")
                    self._length += 1
            if open_elements:
                add_text(element.tail)
        end_block()

    @cached_property
    def _text(self) -> str:
        return "".join(self._texts)

    @cached_property
    def postings(self) -> dict[str, list[int]]:
        """The elements with a token, in document order."""
        found: defaultdict[str, list[int]] = defaultdict(list)
        for place, tokens in enumerate(self.tokens):
            for token in tokens:
                found[token].append(place)
        return dict(found)

    def text_length(self, place: int) -> int:
        """The number of characters of an element's text, with blanks."""
        start, end = self._spans[place]
        return end - start

    def text(self, place: int) -> str:
        """The text of an element as one clean line."""
        start, end = self._spans[place]
        return clean_inline(self._text[start:end])

    def size(self, place: int) -> int:
        """The number of an element's descendants."""
        return self.ends[place] - place - 1

    def ancestors(self, place: int) -> Iterator[int]:
        """The ancestors of an element, nearest first."""
        while (place := self.parents[place]) >= 0:
            yield place


def tokens_of(element: etree._Element) -> tuple[str, ...]:
    """What can name an element in a selector: its tag, ID, classes and the attributes that state a role."""
    tokens = [str(element.tag)]
    if (name := element.get("id")) and NAME.fullmatch(name):
        tokens.append(f"#{name}")
    classes = (element.get("class") or "").split()[:MAX_TOKENS]
    tokens += [f".{name}" for name in classes if NAME.fullmatch(name)]
    tokens += [
        f'[{attribute}~="{name}"]'
        for attribute in _ATTRIBUTES
        for name in (element.get(attribute) or "").split()[:2]
        if ROLE.fullmatch(name)
    ]
    return tuple(dict.fromkeys(tokens))
