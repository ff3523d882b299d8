"""An HTML tree: parsed without loss, searched by CSS selectors, converted to text."""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Collection, Sequence
from functools import cache
from typing import NamedTuple, cast

from lxml import etree
from parsel.csstranslator import css2xpath

from caliber_crawler.errors import SiteError
from caliber_crawler.extraction.lines import separated_text
from caliber_crawler.extraction.text import clean_inline

# Parsers need time quadratic in the number of a tag's attributes: a minute for 100,000, in libxml2 and lexbor alike. A
# page no longer than this takes a second at worst.
MAX_ATTRIBUTES = 5000
LONG_PAGE = 250_000
# A quote opens a value only after an equals sign; possessive quantifiers keep this linear.
_VALUE = re.compile(rb"=\s*+(?:\"[^\"]*+\"?+|'[^']*+'?+)")
_TAG_SOURCE = re.compile(rb"<[a-zA-Z][^>=]*+(?:=\s*+(?:\"[^\"]*+\"?+|'[^']*+'?+)?[^>=]*+)*")
_RAW_TEXT = re.compile(rb"<(/?)(script|style)(?=[\s/>])", re.IGNORECASE)
_BY_CLASS = re.compile(r"(?P<tag>[a-z][a-z0-9]*)?\.(?P<name>[a-zA-Z_][\w-]*)")
_CLASS_VALUES = etree.XPath("descendant-or-self::*/@class", smart_strings=False)
_CLASS_TEST = re.compile(r"contains\(concat\(' ', normalize-space\(@class\), ' '\), ' ([\w-]+) '\)")
_NO_CHARACTER = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that HTML parsers accept and an XML tree rejects."""
MAX_CROWD = 200
"""Elements of one name and parent that are stripped by lxml."""
# libxml2 drops everything after the first of these, and some pages have text after a misplaced one.
_DOCUMENT_END = re.compile(rb"</(?:html|body)\s*>", re.I)


class Unreadable(Exception):
    """Raised when a page cannot be extracted. ``reason`` is a short stable code, ``message`` one sentence."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message


@cache
def compiled(css: str) -> etree.XPath:
    """Compile a CSS selector. Raises :class:`SiteError` if it is invalid."""
    try:
        # The cheap attribute test comes first: every element is tested, and most have another class.
        return etree.XPath(_CLASS_TEST.sub(r"contains(@class, '\1') and \g<0>", css2xpath(css)))
    except (etree.XPathError, SyntaxError, RuntimeError) as wrong:
        raise SiteError(f"{css!r} is not a CSS selector: {wrong}") from wrong


def select(element: etree._Element, css: str) -> list[etree._Element]:
    """Return the elements that match a CSS selector, in document order; none for an empty selector."""
    return cast(list[etree._Element], compiled(css)(element)) if css else []


def class_names(element: etree._Element) -> str:
    """The values of all attributes ``class`` in an element: a fast first test for names."""
    return " ".join(cast(list[str], _CLASS_VALUES(element)))


def possible_selectors(selectors: tuple[str, ...], classes: str) -> tuple[str, ...]:
    """The selectors that may match in an element with these classes: a selector of an absent class does not."""
    return tuple([css for css in selectors if (asked := _class_asked(css)) is None or asked[1] in classes])


def first(element: etree._Element, css: str) -> etree._Element | None:
    """Return the first element that matches a CSS selector."""
    found = select(element, css)
    return found[0] if found else None


class _Visit(NamedTuple):
    """The elements of a tree that a search may ask for, in document order."""

    classed: list[tuple[str, etree._Element]]
    styled: list[etree._Element]
    tagged: list[etree._Element]


class Selection:
    """Repeated searches of one tree, whose elements are visited once for all class selectors.

    After a change of the tree by anything but :meth:`remove`, :meth:`forget` what was found.
    """

    def __init__(self, element: etree._Element) -> None:
        self.element = element
        self._tags: Collection[str] = ()
        self._visited: _Visit | None = None

    def forget(self) -> None:
        self._visited = None

    def _visit(self) -> _Visit:
        if self._visited is None:
            classed, styled, tagged = [], [], []
            tags = self._tags
            for node in self.element.iter(etree.Element):
                if node.tag in tags:
                    tagged.append(node)
                for name, value in node.items():
                    if name == "class":
                        classed.append((str(value), node))
                    elif name in ("style", "hidden"):
                        styled.append(node)
            self._visited = _Visit(classed, styled, tagged)
        return self._visited

    def remove(self, elements: Sequence[etree._Element], name: str) -> None:
        """Remove elements, which get this name; the text after each stays."""
        for element in elements:
            if element is not self.element:
                element.tag = name
        etree.strip_elements(self.element, name, with_tail=False)
        if (known := self._visited) is not None:
            gone = {node for element in elements if element is not self.element for node in element.iter()}
            self._visited = _Visit(
                [each for each in known.classed if each[1] not in gone],
                [node for node in known.styled if node not in gone],
                [node for node in known.tagged if node not in gone],
            )

    def tagged(self, tags: Collection[str]) -> list[etree._Element]:
        """The elements with these tags, in document order, found on the same visit."""
        if tags is not self._tags:
            self._tags = tags
            self.forget()
        return self._visit().tagged

    def classed(self, part: str) -> list[etree._Element]:
        """The elements whose attribute ``class`` contains a text, in document order."""
        return [node for names, node in self._visit().classed if part in names]

    @property
    def classes(self) -> str:
        """Same as :func:`class_names`, each value once."""
        return " ".join(dict.fromkeys([names for names, _ in self._visit().classed]))

    @property
    def styled(self) -> list[etree._Element]:
        """The elements that an attribute may hide."""
        return self._visit().styled

    def select(self, css: str) -> list[etree._Element]:
        """Same as :func:`select`."""
        if (asked := _class_asked(css)) is None:
            return select(self.element, css)
        tag, name = asked
        return [
            node
            for names, node in self._visit().classed
            if name in names and (name == names or name in names.split()) and (not tag or node.tag == tag)
        ]

    def first(self, css: str) -> etree._Element | None:
        """Same as :func:`first`."""
        found = self.select(css)
        return found[0] if found else None

    def firsts(self, selectors: tuple[str, ...]) -> dict[str, etree._Element | None]:
        """The first match of each class selector among these; ``None`` if it has none."""
        wanted = _by_class(selectors)
        found: dict[str, etree._Element | None] = dict.fromkeys([css for each in wanted.values() for css, _ in each])
        for names, node in self._visit().classed:
            for name in names.split():
                for css, tag in wanted.get(name, ()):
                    if found[css] is None and (not tag or node.tag == tag):
                        found[css] = node
        return found


@cache
def _by_class(selectors: tuple[str, ...]) -> dict[str, list[tuple[str, str]]]:
    """The class selectors among these, each with its tag, by their class."""
    wanted: dict[str, list[tuple[str, str]]] = {}
    for css in dict.fromkeys(selectors):
        if (asked := _class_asked(css)) is not None:
            wanted.setdefault(asked[1], []).append((css, asked[0]))
    return wanted


@cache
def _class_asked(css: str) -> tuple[str, str] | None:
    """The tag, if any, and the class that a simple selector names; ``None`` for another selector."""
    match = _BY_CLASS.fullmatch(css)
    return (match["tag"] or "", match["name"]) if match is not None else None


def text_of(element: etree._Element) -> str:
    """Return all text of an element as one clean line. Lines, blocks and cells are separated by a space."""
    return clean_inline(separated_text(element))


def strip_tags(root: etree._Element, name: str, number: int | None = None) -> None:
    """Replace the elements of this name by their content, in linear time. ``number``: how many there are, if known."""
    if number is None or number > MAX_CROWD:
        _merge_crowds(root, name, keep=True)
    etree.strip_tags(root, name)


def strip_elements(root: etree._Element, name: str, number: int | None = None) -> None:
    """Remove the elements of this name in linear time; the text after each stays. ``number``: as above."""
    if number is None or number > MAX_CROWD:
        _merge_crowds(root, name, keep=False)
    etree.strip_elements(root, name, with_tail=False)


def _merge_crowds(root: etree._Element, name: str, *, keep: bool) -> None:
    """Take out the elements of this name that have very many siblings of it, and write the texts between as one.

    lxml leaves a text in as many pieces as there were elements, and joins them in quadratic time whenever it is used.
    """
    crowds = Counter(element.getparent() for element in root.iter(name))
    for parent in [parent for parent, number in crowds.items() if number > MAX_CROWD and parent is not None]:
        before: etree._Element | None = None
        pieces = [parent.text or ""]
        for child in [*parent, None]:
            if child is not None and child.tag == name and not (keep and len(child)):
                pieces += [(child.text or "") if keep else "", child.tail or ""]
                child.tail = None
                parent.remove(child)
                continue
            text = _NO_CHARACTER.sub(" ", "".join(pieces)) or None
            if before is None:
                parent.text = text
            else:
                before.tail = text
            before, pieces = child, [child.tail or "" if child is not None else ""]


def parse_html(source: bytes) -> etree._Element:
    """Parse an HTML page in UTF-8. Raises :class:`Unreadable` if part of it would be lost."""
    return parse_piece(_DOCUMENT_END.sub(b"", source))


def parse_piece(source: bytes) -> etree._Element:
    """Parse a fragment of a page; does not look for the end of the document."""
    if is_overloaded(source):
        raise Unreadable("too_complex", f"An element of the page has more than {MAX_ATTRIBUTES} attributes.")
    parser = _parsers.html
    try:
        root = etree.fromstring(source, parser)
    except (etree.XMLSyntaxError, ValueError) as wrong:
        raise Unreadable("not_html", f"The page cannot be parsed: {wrong}.") from wrong
    if any(entry.type_name == "ERR_RESOURCE_LIMIT" for entry in parser.error_log):
        raise Unreadable("too_deep", "The page is nested so deeply that part of it would be lost.")
    if root is None:
        raise Unreadable("empty", "The page has no elements.")
    return cast(etree._Element, root)


class _Parsers(threading.local):
    """The parser of each thread: to make one for each page takes a fifth of the time of parsing an article."""

    def __init__(self) -> None:
        # The tree is local and limited by the download size; without huge_tree libxml2 stops at depth 256.
        self.html = etree.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, huge_tree=True)


_parsers = _Parsers()


def is_overloaded(source: bytes) -> bool:
    """Return whether a tag of this source has too many attributes for the parser."""
    if len(source) <= LONG_PAGE:
        return False
    # Few pages have a tag of that length, or a script with a "<" before that many words, and the length test is fast.
    return _has_long_tag(source) and _has_long_tag(_without_scripts(source))


def _has_long_tag(source: bytes) -> bool:
    tags = _TAG_SOURCE.findall(source)
    return max(map(len, tags), default=0) > MAX_ATTRIBUTES and any(map(_has_too_many_attributes, tags))


def _without_scripts(source: bytes) -> bytes:
    """The source without the contents of scripts and styles, where "<" begins no tag. An unclosed one stays."""
    kept: list[bytes] = []
    copied, opened = 0, None
    for match in _RAW_TEXT.finditer(source):
        is_end, name = bool(match[1]), match[2].lower()
        if opened is None and not is_end:
            tag = _TAG_SOURCE.match(source, match.start())
            opened = (name, tag.end() if tag is not None else match.end())
        elif opened is not None and is_end and name == opened[0]:
            kept.append(source[copied : opened[1]] + b">")
            copied, opened = match.start(), None
    return b"".join(kept) + source[copied:]


def _has_too_many_attributes(tag: bytes) -> bool:
    return len(tag) > MAX_ATTRIBUTES < len(_VALUE.sub(b" ", tag).replace(b"/", b" ").split())
