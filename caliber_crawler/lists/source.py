"""The text of a list from the web: unpacked, decoded, and cut to the XML in it.

Servers send lists in compressed files, sometimes compressed twice, in UTF-16, and with the warnings of a script before
the XML. Everything here takes time linear in the number of bytes, which are limited before and after unpacking.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from caliber_crawler.decompression import Undecodable, unpack_file
from caliber_crawler.extraction import Unreadable
from caliber_crawler.extraction.decoding import as_utf8, looks_binary
from caliber_crawler.items import Capture

SITEMAP_ROOTS = ("urlset", "sitemapindex")
FEED_ROOTS = ("rss", "feed", "rdf")
# Not allowed in XML, and without meaning in the other formats.
_CONTROLS = bytes(code for code in range(0x20) if code not in b"\t\n\r")
_ROOT = re.compile(rb"<(?:[A-Za-z][\w.-]{0,30}:)?(urlset|sitemapindex|rss|feed|rdf)(?=[\s/>])", re.I)
_SAMPLE = 64
"""Number of bytes in which UTF-16 without a byte order mark is recognized."""


class ListSource(NamedTuple):
    """The text of a list."""

    text: bytes
    """In UTF-8, without control characters; XML begins with its root element."""
    root: str
    """Name of the root element, in lower case and without a prefix; empty if the text is not the XML of a list."""
    is_complete: bool
    """Whether the end of the compressed data was found."""

    @property
    def is_sitemap(self) -> bool:
        return self.root in SITEMAP_ROOTS

    @property
    def is_feed(self) -> bool:
        return self.root in FEED_ROOTS


def open_source(capture: Capture, *, max_bytes: int, kind: str) -> ListSource:
    """The text of a fetched list: a ``kind`` of at most ``max_bytes`` bytes, unpacked.

    Raises :class:`Unreadable`: ``too_large``, ``empty``, or ``not_a_KIND`` for damaged or binary data.
    """
    body, is_complete = _unpack(capture, max_bytes, kind)
    if not body.strip():
        raise Unreadable("empty", f"{capture.effective_url} is empty.")
    body = _without_mark(body)
    if looks_binary(body) and _ROOT.search(body) is None:
        raise Unreadable(f"not_a_{kind}", f"{capture.effective_url} is not a {kind} but binary data.")
    text = as_utf8(body, capture.header("content-type")).translate(None, _CONTROLS).strip()
    if not text:
        raise Unreadable("empty", f"{capture.effective_url} is empty.")
    root = None if text.startswith((b"{", b"[")) else _ROOT.search(text)
    if root is None:
        return ListSource(text, "", is_complete)
    return ListSource(text[root.start() :], root[1].decode().lower(), is_complete)


def _unpack(capture: Capture, max_bytes: int, kind: str) -> tuple[bytes, bool]:
    url = capture.effective_url
    _check_size(capture.body, max_bytes, kind, url)
    try:
        body, is_complete = unpack_file(capture.body, max_bytes)
    except Undecodable as error:
        raise Unreadable(f"not_a_{kind}", f"{url} cannot be read: {error}.") from error
    _check_size(body, max_bytes, kind, url)
    return body, is_complete


def _check_size(body: bytes, max_bytes: int, kind: str, url: str) -> None:
    if len(body) > max_bytes:
        raise Unreadable("too_large", f"{url} is larger than the limit for {kind}s of {max_bytes:,} bytes.")


def _without_mark(body: bytes) -> bytes:
    """Text in UTF-16 without a byte order mark as UTF-8; any other text unchanged."""
    even, odd = body[:_SAMPLE:2], body[1:_SAMPLE:2]
    if len(odd) > 1 and all(even) and not any(odd):
        return body.decode("utf-16-le", errors="replace").encode("utf-8", errors="replace")
    if len(odd) > 1 and all(odd) and not any(even):
        return body.decode("utf-16-be", errors="replace").encode("utf-8", errors="replace")
    return body
