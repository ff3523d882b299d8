"""Content of HTTP responses as a browser would show it: transfer and content encodings removed, within limits."""

from __future__ import annotations

import re
from collections.abc import Sequence

from caliber_crawler.decompression import Fault, Undecodable, is_plain, is_unnamed_gzip, remove_encoding
from caliber_crawler.quantity import quantity

MAX_CONTENT_BYTES = 32 * 1024 * 1024
"""Maximum bytes of a page; the same limit as in a crawl."""

CHUNK_SIZE = re.compile(rb"[0-9a-fA-F]{1,16}")
LENGTH = re.compile(r"[0-9]{1,18}")
"""A length that a header may state; Python converts no number of thousands of digits."""
MAX_SIZE_LINE = 4096
"""Maximum bytes of the line with the size of a chunk."""
DESCRIBING = frozenset({"transfer-encoding", "content-encoding", "content-length", "content-type"})
MAX_CODINGS = 5
"""Maximum number of encodings on top of each other, as in curl."""


def decode(content: bytes, headers: Sequence[tuple[str, str]]) -> bytes:
    """Remove the encodings named in the headers; a page that is already decoded stays as it is.

    Raises :class:`Undecodable`.
    """
    known: dict[str, list[str]] = {}
    for header, value in headers:
        if (name := header.lower()) in DESCRIBING:
            known.setdefault(name, []).append(value.strip().lower())
    encoded = False
    for name in ("transfer-encoding", "content-encoding"):
        named = [each.strip() for value in known.get(name, ()) for each in value.split(",")]
        named = [each for each in named if each not in ("", "identity")]
        if len(named) > MAX_CODINGS:
            raise Undecodable("undecodable", f"it names more than {MAX_CODINGS} encodings")
        for coding in reversed(named):
            content = undo_coding(content, coding)
            encoded = True
    if not encoded and is_unnamed_gzip(content, known.get("content-type", [""])[0].partition(";")[0].strip()):
        content, encoded = remove_encoding(content, "gzip", MAX_CONTENT_BYTES), True
    length = max((int(value) for value in known.get("content-length", ()) if LENGTH.fullmatch(value)), default=0)
    if len(content) < length and not encoded:
        raise Undecodable("truncated", f"it ends after {len(content):,} of {quantity(length, 'byte')}")
    if len(content) > MAX_CONTENT_BYTES:
        raise Undecodable("too_large", f"it is larger than {MAX_CONTENT_BYTES // 1024**2} MiB")
    return content


def undo_coding(content: bytes, coding: str) -> bytes:
    if coding != "chunked":
        return remove_encoding(content, coding, MAX_CONTENT_BYTES)
    try:
        return dechunk(content)
    except Undecodable:
        # Many programs save the joined content together with the header of the chunked one.
        if is_plain(content):
            return content
        raise


def dechunk(content: bytes) -> bytes:
    """Join the chunks of a content (RFC 9112, 7.1). Lines may end in LF; extensions and trailers are ignored."""
    parts: list[bytes] = []
    at = total = 0
    while total <= MAX_CONTENT_BYTES:
        end = content.find(b"\n", at, at + MAX_SIZE_LINE)
        size = CHUNK_SIZE.fullmatch(content[at:end].partition(b";")[0].strip()) if end >= 0 else None
        if size is None:
            # A content that begins like chunks and then does not continue is what was left of them.
            fault: Fault = "truncated" if content[:1].isalnum() else "undecodable"
            raise Undecodable(fault, "its chunked encoding is invalid")
        length = int(size[0], 16)
        if length == 0:
            break
        parts.append(content[end + 1 : end + 1 + length])
        total += length
        at = end + 1 + length
        at += 2 if content.startswith(b"\r\n", at) else content.startswith(b"\n", at)
        if at > len(content):
            raise Undecodable("truncated", "its last chunk is incomplete")
    return b"".join(parts)
