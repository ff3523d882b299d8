"""The content of an HTTP response as a browser would show it: transfer and content encodings undone, within bounds."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from io import BytesIO
from typing import Protocol

from fastwarc.stream_io import BrotliReader, ChunkedReader, GzipReader, ZstdReader

LARGEST = 32 * 1024 * 1024
"""Bytes of a page; a crawl takes no larger ones either."""


class Undecodable(Exception):
    """The content is not what its headers say, or larger than :data:`LARGEST`. The message is one clause."""


class Reader(Protocol):
    def read(self, size: int = ..., /) -> bytes: ...


def inflated(content: bytes) -> bytes:
    """``deflate`` is zlib (RFC 9110); some servers send the bare stream all the same."""
    try:
        return zlib.decompressobj().decompress(content, LARGEST + 1)
    except zlib.error:
        return zlib.decompressobj(-zlib.MAX_WBITS).decompress(content, LARGEST + 1)


def read_by(reader: Callable[[BytesIO], Reader]) -> Callable[[bytes], bytes]:
    return lambda content: reader(BytesIO(content)).read(LARGEST + 1)


DECODERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": read_by(GzipReader),
    "x-gzip": read_by(GzipReader),
    "deflate": inflated,
    "br": read_by(BrotliReader),
    "zstd": read_by(ZstdReader),
    "chunked": read_by(ChunkedReader),
    "identity": bytes,
}


def decode(content: bytes, headers: Sequence[tuple[str, str]]) -> bytes:
    """Undo the encodings that the headers name; a page that proves to be decoded already stays as it is.

    Raises :class:`Undecodable`.
    """
    for name in ("transfer-encoding", "content-encoding"):
        codings = [value for header, value in headers if header.lower() == name]
        for coding in reversed(",".join(codings).lower().split(",")):
            if coding.strip():
                content = undo(content, coding.strip())
    if len(content) > LARGEST:
        raise Undecodable(f"it is larger than {LARGEST // 1024**2} MiB")
    return content


def undo(content: bytes, coding: str) -> bytes:
    decoder = DECODERS.get(coding)
    try:
        if decoder is None:
            raise ValueError("it is unknown")
        return decoder(content) if content else content
    except (OSError, ValueError, zlib.error) as error:
        # Many programs that save pages keep the headers of what was sent with the page as it was shown.
        if content.lstrip()[:1] in (b"<", b"\xef"):
            return content
        raise Undecodable(f"its encoding {coding!r} cannot be undone ({error})") from error
