"""Content of HTTP responses as a browser would show it: transfer and content encodings removed, within limits."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from typing import Literal

from fastwarc.stream_io import ChunkedReader

from caliber_crawler.decompression import TooManyMembers, decompress

MAX_CONTENT_BYTES = 32 * 1024 * 1024
"""Maximum bytes of a page; the same limit as in a crawl."""

PACKED = ("gzip", "x-gzip", "deflate", "br", "zstd")
Fault = Literal["undecodable", "truncated", "too_large"]


class Undecodable(Exception):
    """The content contradicts its headers, is truncated, or is too large. The message is one clause."""

    def __init__(self, fault: Fault, message: str) -> None:
        super().__init__(message)
        self.fault: Fault = fault


def decode(content: bytes, headers: Sequence[tuple[str, str]]) -> bytes:
    """Remove the encodings named in the headers; a page that is already decoded stays as it is.

    Raises :class:`Undecodable`.
    """
    known = [(name.lower(), value.strip().lower()) for name, value in headers]
    encoded = False
    for name in ("transfer-encoding", "content-encoding"):
        codings = ",".join(value for header, value in known if header == name).split(",")
        for coding in reversed([each.strip() for each in codings if each.strip() not in ("", "identity")]):
            content = undo_coding(content, coding)
            encoded = True
    length = max((int(value) for header, value in known if header == "content-length" and value.isdecimal()), default=0)
    if len(content) < length and not encoded:
        raise Undecodable("truncated", f"it ends after {len(content):,} of {length:,} bytes")
    if len(content) > MAX_CONTENT_BYTES:
        raise Undecodable("too_large", f"it is larger than {MAX_CONTENT_BYTES // 1024**2} MiB")
    return content


def undo_coding(content: bytes, coding: str) -> bytes:
    try:
        return dechunk(content) if coding == "chunked" else decompress_content(content, coding)
    except Undecodable:
        # Many programs save the decoded page together with the headers of the encoded one.
        if content.lstrip()[:1] in (b"<", b"\xef"):
            return content
        raise


def dechunk(content: bytes) -> bytes:
    try:
        return ChunkedReader(BytesIO(content)).read(MAX_CONTENT_BYTES + 1)
    except OSError as error:
        fault: Fault = "truncated" if content[:1].isalnum() else "undecodable"
        raise Undecodable(fault, "its chunked encoding is invalid") from error


def decompress_content(content: bytes, coding: str) -> bytes:
    if coding not in PACKED:
        raise Undecodable("undecodable", f"its encoding {coding!r} is unknown")
    if not content:
        return content
    try:
        body, whole = decompress(content, coding.encode(), MAX_CONTENT_BYTES)
    except TooManyMembers as error:
        raise Undecodable("too_large", str(error)) from error
    if len(body) <= MAX_CONTENT_BYTES and not whole:
        fault: Fault = "truncated" if body else "undecodable"
        raise Undecodable(fault, f"its encoding {coding!r} cannot be fully decoded")
    return body
