"""The entries in the XML of a list, each an element.

A well-formed list is parsed at once. In any other, each entry is parsed alone, so that a broken one affects no other.
The parser does not use the network, load document types or expand entities: a list cannot read files, and its size in
memory is proportional to its length.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from lxml import etree

from caliber_crawler.lists.source import ListSource

ENTRY_NAMES = {
    "urlset": ("url", "sitemap"),
    "sitemapindex": ("url", "sitemap"),
    "rss": ("item",),
    "rdf": ("item",),
    "feed": ("entry",),
}
"""Names of the elements that are entries, by the name of the root element."""
NAMESPACES = {
    "atom": "http://www.w3.org/2005/Atom",
    "content": "http://purl.org/rss/1.0/modules/content/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "dcterms": "http://purl.org/dc/terms/",
    "feedburner": "http://rssnamespace.org/feedburner/ext/1.0",
    "image": "http://www.google.com/schemas/sitemap-image/1.1",
    "media": "http://search.yahoo.com/mrss/",
    "news": "http://www.google.com/schemas/sitemap-news/0.9",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "video": "http://www.google.com/schemas/sitemap-video/1.1",
    "xhtml": "http://www.w3.org/1999/xhtml",
}
"""Namespaces by their usual prefix, for lists that do not declare them."""
MAX_ROOT_LENGTH = 4096
"""Bytes of the root element's tag in which namespaces are declared."""
MAX_ENTRY_LENGTH = 1024 * 1024
"""Bytes of one entry of a list that is not well-formed."""
GROUP = 64
"""Number of entries of such a list that are parsed together, as long as they are well-formed."""
_NAMESPACE = re.compile(rb"xmlns(?::([\w.-]{1,40}))?\s*=\s*(?:\"([^\"<>&]{1,300})\"|'([^'<>&]{1,300})')")
_AMPERSAND = re.compile(rb"&(?!(?:amp|lt|gt|quot|apos|#\d{1,7}|#x[\da-fA-F]{1,6});)")
_REFERENCE = re.compile(rb"&#(?:(\d{1,7})|x([\da-fA-F]{1,6}));")
_CLOSING = b"</entries>"


class ListMarkup(NamedTuple):
    """The entries of a list in XML."""

    entries: Iterator[etree._Element | None]
    """In order; ``None`` for one that cannot be parsed."""
    is_complete: bool
    """Whether the list has its end. If not, the entry at which it was cut is left out."""


def parse_markup(source: ListSource) -> ListMarkup:
    """The entries of a list that is XML."""
    names = ENTRY_NAMES[source.root]
    try:
        root = etree.fromstring(source.text, _parser())
    except (etree.XMLSyntaxError, ValueError):
        pieces = _pieces(source.text, names)
        is_complete = source.is_complete and _has_end(source.text, source.root)
        if pieces and not is_complete and not _is_closed(pieces[-1], names):
            pieces.pop()
        return ListMarkup(_parse_pieces(pieces, _opening(source.text), names), is_complete)
    return ListMarkup(_entries(root, names), True)


def local_name(element: etree._Element) -> str:
    """The name of an element in lower case, without namespace and prefix; empty for a comment and the like."""
    tag = element.tag
    return _local(tag) if isinstance(tag, str) else ""


@lru_cache(maxsize=1024)
def _local(tag: str) -> str:
    return tag.rpartition("}")[2].rpartition(":")[2].lower()


def child_texts(element: etree._Element) -> dict[str, str]:
    """The texts of an element's children by name; of several with one name, the first that is not empty.

    Raises ``ValueError`` for a text that cannot be decoded.
    """
    texts: dict[str, str] = {}
    for child in element:
        name = local_name(child)
        if name and not texts.get(name):
            texts[name] = (child.text or "").strip()
    return texts


def _parser(*, recover: bool = False) -> etree.XMLParser:
    return etree.XMLParser(
        encoding="utf-8",
        recover=recover,
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )


def _tag(names: tuple[str, ...], *, end: bool = False) -> re.Pattern[bytes]:
    joined = b"|".join(name.encode() for name in names)
    return re.compile(
        rb"<" + (rb"/" if end else rb"") + rb"(?:[A-Za-z][\w.-]{0,30}:)?(?:" + joined + rb")(?=[\s/>])", re.I
    )


def _pieces(text: bytes, names: tuple[str, ...]) -> list[bytes]:
    """The source of each entry: from its start tag to the next one, without what follows its end tag."""
    starts = [found.start() for found in _tag(names).finditer(text)]
    ends = [found.start() for found in _tag(names, end=True).finditer(text)]
    pieces, place = [], 0
    for start, following in pairwise([*starts, len(text)]):
        while place < len(ends) and ends[place] < start:
            place += 1
        end = following
        if place < len(ends) and ends[place] < following:
            end = text.find(b">", ends[place], following) + 1 or following
        pieces.append(text[start : min(end, start + MAX_ENTRY_LENGTH)])
    return pieces


def _is_closed(piece: bytes, names: tuple[str, ...]) -> bool:
    end = piece.rfind(b"</")
    return end >= 0 and _tag(names, end=True).match(piece, end) is not None and piece.endswith(b">")


def _has_end(text: bytes, root: str) -> bool:
    """Whether the root element has its end tag, or is empty."""
    if text[: text.find(b">") + 1].endswith(b"/>"):
        return True
    end = text.rfind(b"</")
    tag = _tag((root,), end=True)
    while end >= 0 and end > len(text) - MAX_ROOT_LENGTH:
        # Elements around the list may be closed after it.
        if tag.match(text, end):
            return True
        end = text.rfind(b"</", 0, end)
    return False


def _opening(text: bytes) -> bytes:
    """The start tag of an element that declares the namespaces of a list, and the usual ones without a declaration."""
    namespaces: dict[bytes, bytes] = {}
    for prefix, quoted, other in _NAMESPACE.findall(text[:MAX_ROOT_LENGTH]):
        namespaces.setdefault(prefix, quoted or other)
    for name, uri in NAMESPACES.items():
        namespaces.setdefault(name.encode(), uri.encode())
    namespaces.pop(b"xmlns", None)
    namespaces.pop(b"xml", None)
    attributes = b"".join(
        b" xmlns" + (b":" if prefix else b"") + prefix + b'="' + uri + b'"' for prefix, uri in namespaces.items()
    )
    return b"<entries" + attributes + b">"


def _parse_pieces(pieces: list[bytes], opening: bytes, names: tuple[str, ...]) -> Iterator[etree._Element | None]:
    strict, lenient = _parser(), _parser(recover=True)
    for start in range(0, len(pieces), GROUP):
        group = pieces[start : start + GROUP]
        try:
            root = etree.fromstring(opening + _escape(b"".join(group)) + _CLOSING, strict)
        except (etree.XMLSyntaxError, ValueError):
            yield from (_parse_piece(piece, opening, names, lenient) for piece in group)
        else:
            yield from _entries(root, names)


def _parse_piece(
    piece: bytes, opening: bytes, names: tuple[str, ...], parser: etree.XMLParser
) -> etree._Element | None:
    try:
        root = etree.fromstring(opening + _escape(piece) + _CLOSING, parser)
    except (etree.XMLSyntaxError, ValueError):
        return None
    return next(_entries(root, names), None) if root is not None else None


def _entries(root: etree._Element, names: tuple[str, ...]) -> Iterator[etree._Element]:
    # An element without children, such as the URL of a picture, is not an entry. The caller may change entries, which
    # would end an iteration of the tree.
    return iter([element for element in root.iter(etree.Element) if local_name(element) in names and len(element)])


def _escape(source: bytes) -> bytes:
    """Source with references to characters that are not allowed replaced by U+FFFD, and other ampersands escaped."""
    return _AMPERSAND.sub(b"&amp;", _REFERENCE.sub(_allowed, source))


def _allowed(reference: re.Match[bytes]) -> bytes:
    code = int(reference[2], 16) if reference[2] else int(reference[1])
    is_allowed = code in (0x9, 0xA, 0xD) or 0x20 <= code < 0xD800 or 0xE000 <= code < 0xFFFE or 0xFFFF < code < 0x110000
    return reference[0] if is_allowed else "\ufffd".encode()
