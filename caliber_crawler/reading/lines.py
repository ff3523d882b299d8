"""A page as lines of text: what a person would see, from top to bottom, with the links and pictures of each line."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial

from lxml import etree

from caliber_crawler.items import Image, Link
from caliber_crawler.reading.text import clean_inline

_BLOCK_TAGS = """
address article aside blockquote body center dd details dialog div dl dt fieldset figcaption figure footer form h1 h2 h3
h4 h5 h6 header hr html legend li main nav ol p pre section summary table tbody tfoot thead tr ul
"""
BLOCKS = frozenset(_BLOCK_TAGS.split())
HEADINGS = {"h1": 1, "h2": 2, "h3": 3}
CELLS = frozenset(("td", "th"))


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a page. ``text`` is clean, and empty only for a line that shows nothing but pictures or links."""

    text: str
    gap: bool = False
    """A blank line, or the edge of a block, stands before it."""
    indented: bool = False
    heading: int = 0
    """The level of the heading it is the line of; 0 outside of headings."""
    links: tuple[Link, ...] = ()
    images: tuple[Image, ...] = ()


def split_lines(text: str) -> list[Line]:
    """The lines of a plain text."""
    lines = []
    gap = False
    for raw in re.split(r"\r\n|[\n\r\f\v\x1c-\x1e\x85\u2028\u2029]", text):
        line = clean_inline(raw)
        if line:
            lines.append(Line(line, gap=gap, indented=raw[:1] in (" ", "\t", "\xa0")))
        gap = not line
    return lines


def paragraphs(lines: Sequence[Line]) -> str:
    """Lines as the text of a body: paragraphs separated by one blank line.

    Where no line has a gap before it, the gaps were lost on the way and every line is a paragraph.
    """
    shown = [line for line in lines if line.text]
    gaps = any(line.gap for line in shown[1:])
    parts: list[str] = []
    for line in shown:
        if parts:
            parts.append("\n\n" if line.gap or not gaps else "\n")
        parts.append(line.text)
    return "".join(parts)


def read_lines(element: etree._Element) -> list[Line]:
    """The lines of an element's text. Addresses of links and pictures are left as the page writes them.

    Never recursive: pages may be nested deeper than Python's stack.
    """
    writer = _LineWriter()
    for event, node in etree.iterwalk(element, events=("start", "end")):
        if event == "start":
            writer.open(node)
        else:
            writer.close(node)
            if node is not element and node.tail:
                writer.write(node.tail)
    writer.finish(gap=True)
    return writer.lines


def inner_text(element: etree._Element) -> str:
    """The text of an element as its source has it, blanks and all."""
    return "".join(part for part in element.itertext() if isinstance(part, str))


class _LineWriter:
    def __init__(self) -> None:
        self.lines: list[Line] = []
        self._text: list[str] = []
        self._links: list[Link] = []
        self._images: list[Image] = []
        self._anchors: list[tuple[etree._Element, int]] = []
        self._gap = True
        self._heading = 0

    def write(self, text: str) -> None:
        self._text.append(text)

    def open(self, node: etree._Element) -> None:
        tag = node.tag
        if tag in BLOCKS:
            self.finish(gap=True)
            self._heading = HEADINGS.get(str(tag), 0)
        elif tag == "br":
            self.finish(gap=not self._anything_written())
        elif tag == "a":
            self._anchors.append((node, len(self._text)))
        elif tag == "img":
            self._see_image(node)
        elif tag in CELLS:
            self.write(" ")
        if node.text:
            self.write(node.text)

    def close(self, node: etree._Element) -> None:
        tag = node.tag
        if tag in BLOCKS:
            self.finish(gap=True)
            self._heading = 0
        elif tag == "a" and self._anchors and self._anchors[-1][0] is node:
            _, start = self._anchors.pop()
            if href := node.get("href"):
                self._links.append(Link(url=href, text=clean_inline("".join(self._text[start:])) or None))

    def finish(self, *, gap: bool) -> None:
        """End the line; ``gap`` says whether the next one stands apart from it."""
        text = clean_inline("".join(self._text))
        if text or self._links or self._images:
            self.lines.append(
                Line(text, self._gap, heading=self._heading, links=tuple(self._links), images=tuple(self._images))
            )
            self._gap = self._gap and not text
            self._links, self._images = [], []
        self._text.clear()
        self._anchors = [(node, 0) for node, _ in self._anchors]
        self._gap = self._gap or gap

    def _anything_written(self) -> bool:
        return any(part and not part.isspace() for part in self._text)

    def _see_image(self, node: etree._Element) -> None:
        # Pages that load pictures late keep the address in data-src and a placeholder in src.
        source = next((s for s in map(partial(node.get), ("data-src", "data-original", "src")) if s), None)
        if source:
            self._images.append(Image(url=source, alt=clean_inline(node.get("alt") or "") or None))


def links_of(lines: Iterable[Line]) -> list[Link]:
    return [link for line in lines for link in line.links]


def images_of(lines: Iterable[Line]) -> list[Image]:
    return [image for line in lines for image in line.images]
