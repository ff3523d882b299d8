"""A page as lines of visible text in order, with the links and images of each line."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import partial
from typing import NamedTuple, cast

from lxml import etree

from caliber_crawler.extraction.text import clean_inline
from caliber_crawler.items import Image, Link

_BLOCK_TAGS = """
address article aside blockquote body caption center dd details dialog div dl dt fieldset figcaption figure footer form
h1 h2 h3 h4 h5 h6 header hr html legend li main nav ol p pre section summary table tbody tfoot thead tr ul
"""
BLOCKS = frozenset(_BLOCK_TAGS.split())
HEADINGS = {f"h{level}": level for level in range(1, 7)}
CELLS = frozenset(("td", "th"))
_EDGES = ("br", *sorted(BLOCKS | CELLS))
LISTS = frozenset(("ul", "ol"))
BETWEEN_CELLS = " | "
CAPTION = "caption"
"""Attribute in which cleaning stores the caption of an image; HTML has no attribute of this name."""
MAX_DECORATION_PIXELS = 32
"""Images that are at most this wide or high are decoration."""
_TEXT = etree.XPath("string()", smart_strings=False)
_PICTURE_NAME = re.compile(r"\.(?:jpe?g|png|webp|gif|avif)(?:$|[?#/])", re.IGNORECASE)
STRONG = frozenset(("b", "strong"))
EMPHASIS = frozenset(("i", "em"))
STYLED = STRONG | EMPHASIS | {"a"}
_PLAIN_BLOCKS = BLOCKS - LISTS - {"table", "blockquote"}
"""Blocks that begin and end lines, and need nothing else than, for an item of a list, its marker."""
_CELL_BLOCKS = ("p", "li", "blockquote", *HEADINGS)
# Maximum depth of nested quotations and lists; deeper nesting is an artefact of the markup.
MAX_PREFIX_DEPTH = 6


class Style(NamedTuple):
    """The style of a run of text."""

    strong: bool = False
    emphasis: bool = False
    href: str | None = None


PLAIN = Style()


class Picture(NamedTuple):
    """An image as written on the page."""

    url: str
    alt: str = ""
    caption: str = ""


class Line(NamedTuple):
    """One line of a page. ``text`` is clean; it is empty only for a line with nothing but images or links."""

    text: str
    gap: bool = False
    """Whether a blank line or the edge of a block is before it."""
    heading: int = 0
    """The level of the heading that contains it; 0 outside of headings."""
    links: tuple[Link, ...] = ()
    pictures: tuple[Picture, ...] = ()
    prefix: str = ""
    """Its Markdown prefix, for the quotation or list that contains it (``> ``, ``- ``, ``  2. ``)."""
    cells: int = 0
    """Number of cells, if it is the row of a table. Its text has `` | `` between them."""
    runs: tuple[tuple[str, Style], ...] = ()
    """The line as in the source, split where the style changes; empty if all of it is plain."""


_line = partial(tuple.__new__, Line)
"""Makes a line of a tuple of all fields, in half the time of a call of the class."""


def split_lines(text: str) -> list[Line]:
    """The lines of a plain text."""
    lines = []
    gap = False
    for raw in re.split(r"\r\n|[\n\r\f\v\x1c-\x1e\x85\u2028\u2029]", text):
        line = clean_inline(raw)
        if line:
            lines.append(Line(line, gap=gap))
        gap = not line
    return lines


def paragraphs(lines: Sequence[Line]) -> str:
    """Lines as the text of a body: paragraphs separated by one blank line.

    If no line has a gap before it, the source lost its gaps and every line is a paragraph.
    """
    visible = [line for line in lines if line.text]
    if not are_gaps_known(visible):
        return "\n\n".join([line.text for line in visible])
    parts: list[str] = []
    for line in visible:
        if parts:
            parts.append("\n\n" if line.gap else "\n")
        parts.append(line.text)
    return "".join(parts)


def are_gaps_known(lines: Sequence[Line]) -> bool:
    """Whether these lines still show where paragraphs begin and end."""
    return any(line.gap or line.cells for line in lines[1:])


def extract_lines(element: etree._Element, without: Collection[etree._Element] = ()) -> list[Line]:
    """The lines of an element's text, except that of elements in ``without``.

    URLs of links and images stay as written on the page. Not recursive: pages may be nested deeper than Python's stack.
    """
    writer, skipped = _LineWriter(), frozenset(without)
    runs = writer.runs
    opened: list[tuple[etree._Element, str, Iterator[etree._Element]]] = []
    node, children = element, iter((element,))  # of the parent, which is not open at the beginning
    while True:
        for node in children:
            tag = node.tag
            if tag.__class__ is not str:
                continue  # a comment
            if skipped and node in skipped:
                writer.finish(gap=True)
            elif len(node):
                writer.open(node, tag)
                opened.append((node, tag, children))
                children = iter(node)
                break
            elif tag not in _PLAIN_BLOCKS or not writer.add_paragraph(node, tag):
                writer.open(node, tag)
                writer.close(node, tag)
            # No line begins with white space, and between blocks there is nothing else.
            if (tail := node.tail) and node is not element and (runs or not tail.isspace()):
                writer.write(tail)
        else:
            if not opened:
                writer.finish(gap=True)
                return writer.lines
            node, tag, children = opened.pop()
            writer.close(node, tag)
            if (tail := node.tail) and node is not element and (runs or not tail.isspace()):
                writer.write(tail)


def inner_text(element: etree._Element) -> str:
    """The text of an element as in the source, including white space."""
    return cast(str, _TEXT(element)) if len(element) else element.text or ""


def separated_text(element: etree._Element) -> str:
    """The same, with a space at each place where a browser begins a new line or cell."""
    if not len(element) or next(element.iterdescendants(*_EDGES), None) is None:
        return inner_text(element)
    pieces: list[str] = []
    for event, node in etree.iterwalk(element, events=("start", "end", "comment", "pi")):
        if event in ("start", "end") and node.tag in _EDGES:
            pieces.append(" ")
        if event == "start":
            pieces.append(node.text or "")
        elif node is not element:
            pieces.append(node.tail or "")
    return "".join(pieces)


class _LineWriter:
    def __init__(self) -> None:
        self.lines: list[Line] = []
        self.runs: list[tuple[str, Style]] = []
        self._style = PLAIN
        self._outer_styles: list[Style] = []
        self._links: list[Link] = []
        self._pictures: list[Picture] = []
        self._anchors: list[tuple[etree._Element, int]] = []
        self._gap = True
        self._heading = 0
        self._prefixes: list[str] = []
        self._numbers: list[int | None] = []
        self._table: etree._Element | None = None
        self._cells = 0

    def write(self, text: str) -> None:
        if self.runs or not text.isspace():  # no line begins with white space
            self.runs.append((text, self._style))

    def add_paragraph(self, node: etree._Element, tag: str) -> bool:
        """Write a plain block that has only text: the same as to open and close it; ``False`` in a table or a style."""
        if self._table is not None or self._style is not PLAIN:
            return False
        if self.runs or self._links or self._pictures:
            self._end_line()
        if tag == "li":
            self._prefixes.append(self._next_marker())
        text = node.text
        if text and (text := clean_inline(text)):
            prefix = ""
            if self._prefixes:
                prefix = "".join(self._prefixes[:MAX_PREFIX_DEPTH])
                self._indent()
            self.lines.append(_line((text, True, HEADINGS.get(tag, 0), (), (), prefix, 0, ())))
        if tag == "li":
            self._prefixes.pop()
        self._heading, self._gap = 0, True
        return True

    def open(self, node: etree._Element, tag: str) -> None:
        if tag in BLOCKS:
            self._open_block(node, tag)
        elif tag == "br":
            if self._table is not None:
                self.write(" ")
            else:
                self.finish(gap=not self._has_text())
        elif tag == "a":
            self._anchors.append((node, len(self.runs)))
            self._push_style(Style(self._style.strong, self._style.emphasis, node.get("href")))
        elif tag == "img":
            self._add_image(node)
        elif tag in CELLS:
            self.write(BETWEEN_CELLS if self._table is not None and self._cells else " ")
            self._cells += 1
        elif tag in STRONG:
            self._push_style(Style(True, self._style.emphasis, self._style.href))
        elif tag in EMPHASIS:
            self._push_style(Style(self._style.strong, True, self._style.href))
        if text := node.text:
            self.write(text)

    def close(self, node: etree._Element, tag: str) -> None:
        if tag in BLOCKS:
            self._close_block(node, tag)
        elif tag in STYLED:
            self._style = self._outer_styles.pop()
            if tag == "a" and self._anchors and self._anchors[-1][0] is node:
                _, start = self._anchors.pop()
                if href := node.get("href"):
                    self._links.append(Link(url=href, text=_text_of(self.runs[start:]) or None))

    def finish(self, *, gap: bool) -> None:
        """End the line. ``gap`` states whether a gap follows it."""
        if self.runs or self._links or self._pictures:
            self._end_line()
        self._gap = self._gap or gap

    def _end_line(self) -> None:
        runs = self.runs
        text = _text_of(runs)
        if text or self._links or self._pictures:
            styled = self._table is not None
            if not styled:
                for _, style in runs:
                    if style is not PLAIN:
                        styled = True
                        break
            prefix = "".join(self._prefixes[:MAX_PREFIX_DEPTH]) if self._prefixes else ""
            cells = self._cells if self._table is not None else 0
            links, pictures = tuple(self._links), tuple(self._pictures)
            styles = tuple(runs) if styled else ()
            self.lines.append(_line((text, self._gap, self._heading, links, pictures, prefix, cells, styles)))
            if (text or self._pictures) and self._prefixes:
                self._indent()
            self._gap = self._gap and not text
            self._links, self._pictures = [], []
        runs.clear()
        if self._anchors:
            self._anchors = [(node, 0) for node, _ in self._anchors]

    def _indent(self) -> None:
        """Replace the markers of list items by blanks: they are before their first line only."""
        self._prefixes = [prefix if prefix == "> " else " " * len(prefix) for prefix in self._prefixes]

    def _open_block(self, node: etree._Element, tag: str) -> None:
        if self._table is not None:
            if tag == "tr":
                self.finish(gap=False)
                self._cells = 0
            else:
                self.write(" ")
            return
        self.finish(gap=True)
        self._heading = HEADINGS.get(tag, 0)
        if tag == "blockquote":
            self._prefixes.append("> ")
        elif tag == "li":
            self._prefixes.append(self._next_marker())
        elif tag in LISTS:
            start = node.get("start") or "1"
            self._numbers.append((int(start) if start.isdecimal() and len(start) < 9 else 1) if tag == "ol" else None)
        elif tag == "table" and is_data_table(node):
            self._table, self._cells = node, 0

    def _close_block(self, node: etree._Element, tag: str) -> None:
        if self._table is not None and node is not self._table:
            if tag == "tr":
                self.finish(gap=False)
            else:
                self.write(" ")
            return
        self.finish(gap=True)
        self._table = None
        self._heading = 0
        if tag in ("blockquote", "li"):
            self._prefixes.pop()
        elif tag in LISTS:
            self._numbers.pop()

    def _next_marker(self) -> str:
        number = self._numbers[-1] if self._numbers else None
        if number is None:
            return "- "
        self._numbers[-1] = number + 1
        return f"{number}. "

    def _push_style(self, style: Style) -> None:
        self._outer_styles.append(self._style)
        self._style = style

    def _has_text(self) -> bool:
        return any(not text.isspace() for text, _ in self.runs)

    def _add_image(self, node: etree._Element) -> None:
        if (source := _picture_source(node)) and not _is_tiny(node):
            alt, caption = node.get("alt"), node.get(CAPTION)
            self._pictures.append(
                Picture(source, clean_inline(alt) if alt else "", clean_inline(caption) if caption else "")
            )


def _text_of(runs: Sequence[tuple[str, Style]]) -> str:
    return clean_inline(runs[0][0] if len(runs) == 1 else "".join([text for text, _ in runs]))


def _picture_source(image: etree._Element) -> str | None:
    """The URL of an image. Pages with lazy loading store it in an attribute of their own."""
    for name in map(str, image.keys()):
        if (
            name.startswith("data-")
            and name.endswith(("src", "original"))
            and (source := image.get(name))
            and not source.startswith("data:")
        ):
            return source
    if (source := image.get("src")) and not source.startswith("data:"):
        return source
    for name in ("srcset", "data-srcset"):
        source = (image.get(name) or "").strip().partition(" ")[0]
        if source and not source.startswith("data:"):
            return source
    return None


def is_picture(url: str) -> bool:
    """Whether this is the URL of an image, by its file name."""
    return _PICTURE_NAME.search(url) is not None


def _is_tiny(image: etree._Element) -> bool:
    """Whether the page declares an image as too small to show anything, such as a tracking pixel or an icon."""
    for size in (image.get("width"), image.get("height")):
        pixels = size.strip().removesuffix("px") if size else ""
        if pixels.isdecimal() and len(pixels) < 3 and int(pixels) <= MAX_DECORATION_PIXELS:
            return True
    return False


def is_data_table(table: etree._Element) -> bool:
    """Whether a table contains data, to be extracted row by row. Layout tables contain blocks of text instead."""
    wide = False
    for row in table.iter("tr", "table"):
        if row.tag == "table" and row is not table:
            return False
        cells = [cell for cell in row if cell.tag in CELLS]
        wide = wide or len(cells) > 1
        if any(sum(1 for _ in cell.iter(*_CELL_BLOCKS)) > 1 for cell in cells):
            return False
    return wide


def length_of(lines: Iterable[Line]) -> int:
    """The number of characters in the lines."""
    return sum(len(line.text) for line in lines)


def links_of(lines: Iterable[Line]) -> list[Link]:
    return [link for line in lines for link in line.links]


def images_of(lines: Iterable[Line]) -> list[Image]:
    return [Image(url=picture.url, alt=picture.alt or None) for line in lines for picture in line.pictures]
