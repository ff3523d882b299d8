"""Compressed bytes from outside, within limits, with a check for completeness.

A crawl, records of web archives and lists use the same rules: :func:`remove_encoding` for a body whose header names its
encoding, :func:`unpack_file` for a file that shows by its first bytes how it is compressed. (A web archive is read as a
stream of members: ``warc/unpacking.py``.)
"""

from __future__ import annotations

import bz2
import io
import zlib
from typing import Literal

import brotli
import zstandard

CHUNK = 64 * 1024
FIRST_CHUNK = 512
"""Bytes of a gzip member that are decoded first. Whatever follows the member in its chunk is decoded again."""
MAX_MEMBERS = 10_000
"""Maximum number of gzip members. A server that compresses in blocks needs one for 64 KiB, and hostile ones are empty.
"""


MAX_LAYERS = 4
"""Maximum number of compressed files, each inside the other."""
GZIP = b"\x1f\x8b"
MAGIC = {GZIP: "gzip", b"\x28\xb5\x2f\xfd": "zstd", b"BZh": "bzip2"}
"""The first bytes of compressed files."""
ENCODINGS = ("gzip", "x-gzip", "deflate", "br", "zstd")
"""Content encodings that can be removed."""
HTML_TYPES = ("text/html", "application/xhtml+xml")
Fault = Literal["undecodable", "truncated", "too_large"]


class Undecodable(ValueError):
    """A body contradicts its encoding, is truncated, or is too large. The message is one clause."""

    def __init__(self, fault: Fault, message: str) -> None:
        super().__init__(message)
        self.fault: Fault = fault


class TooManyMembers(ValueError):
    """A gzip file has so many members that only an attack can explain them. The message is one clause."""


def remove_encoding(body: bytes, encoding: str, max_bytes: int) -> bytes:
    """Decode a body by the encoding that its header names. Raises :class:`Undecodable`.

    A body that is not encoded although its header says so stays as it is: programs save decoded pages with the headers
    of the encoded ones, and servers name an encoding that they did not apply. One that shows another encoding by its
    first bytes is decoded by that one.
    """
    if encoding not in ENCODINGS:
        if is_plain(body):
            return body
        raise Undecodable("undecodable", f"its encoding {encoding!r} is unknown")
    if not body:
        return body
    try:
        decoded, is_complete = decompress(body, _actual(body, encoding).encode(), max_bytes)
    except TooManyMembers as error:
        raise Undecodable("too_large", str(error)) from error
    if len(decoded) > max_bytes:
        raise Undecodable("too_large", f"its decompressed size exceeds {max_bytes:,} bytes")
    if is_complete:
        return decoded
    if not decoded and is_plain(body):
        return body
    if not decoded and compression_of(body) != encoding.removeprefix("x-"):
        raise Undecodable("undecodable", f"its encoding {encoding!r} cannot be fully decoded")
    raise Undecodable("truncated", f"its encoding {encoding!r} cannot be fully decoded: it ends too early")


def _actual(body: bytes, encoding: str) -> str:
    """The encoding of a body: as its first bytes show, otherwise as its header says."""
    if (shown := compression_of(body)) in ("gzip", "zstd"):
        return shown
    return "deflate" if encoding in ("gzip", "x-gzip", "zstd") and is_zlib(body) else encoding


def is_zlib(body: bytes) -> bool:
    """Whether a body begins like data in zlib's format."""
    return len(body) > 1 and body[0] & 0x0F == 8 and body[0] >> 4 <= 7 and int.from_bytes(body[:2]) % 31 == 0


def is_unnamed_gzip(body: bytes, media_type: str) -> bool:
    """Whether a body without a named encoding is a page that was compressed all the same."""
    return body.startswith(GZIP) and media_type in HTML_TYPES


def is_plain(body: bytes) -> bool:
    """Whether a body begins like a page, a feed or JSON."""
    return body.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"<", b"{", b"[")


def compression_of(data: bytes) -> str | None:
    """How a file is compressed, by its first bytes; ``None`` if it is not."""
    return next((name for magic, name in MAGIC.items() if data.startswith(magic)), None)


def unpack_file(data: bytes, max_bytes: int) -> tuple[bytes, bool]:
    """The content of a file that may be compressed, also repeatedly; and whether its end was found.

    The content is up to a little larger than ``max_bytes``. Raises :class:`Undecodable`.
    """
    is_complete = True
    for _ in range(MAX_LAYERS):
        name = compression_of(data)
        if name is None or len(data) > max_bytes:
            return data, is_complete
        try:
            data, has_end = _bunzip(data, max_bytes) if name == "bzip2" else decompress(data, name.encode(), max_bytes)
        except TooManyMembers as error:
            raise Undecodable("too_large", str(error)) from error
        if not data and not has_end:
            raise Undecodable("undecodable", f"it is a damaged {name} file")
        is_complete &= has_end
    raise Undecodable("too_large", f"it is compressed more than {MAX_LAYERS - 1} times")


def decompress(data: bytes, encoding: bytes, max_bytes: int) -> tuple[bytes, bool]:
    """Decode a body up to a little more than ``max_bytes`` bytes; return whether it is complete and valid.

    Raises :class:`TooManyMembers`. The cost is linear in the sizes of the body before and after decoding.
    """
    unpackers = {b"br": _unbrotli, b"zstd": _unzstd, b"deflate": _inflate}
    try:
        return unpackers.get(encoding, _gunzip)(data, max_bytes)
    except (zlib.error, brotli.error, zstandard.ZstdError):
        return b"", False


def _gunzip(data: bytes, max_bytes: int) -> tuple[bytes, bool]:
    """Decode the members of a gzip file. Each byte of the input is decoded at most twice, however many there are."""
    parts: list[bytes] = []
    size = position = members = 0
    # Several members may follow each other; other data after the last one is padding.
    while position < len(data) and (not members or data.startswith(b"\x1f\x8b", position)):
        members += 1
        if members > MAX_MEMBERS:
            raise TooManyMembers(f"it is compressed in more than {MAX_MEMBERS:,} parts")
        stream = zlib.decompressobj(zlib.MAX_WBITS | 16)
        length = FIRST_CHUNK
        while not stream.eof:
            chunk = stream.unconsumed_tail or data[position : position + length]
            if not chunk or size > max_bytes:
                return b"".join(parts), False
            if not stream.unconsumed_tail:
                position, length = position + len(chunk), min(2 * length, CHUNK)
            parts.append(stream.decompress(chunk, max_bytes + 1 - size))
            size += len(parts[-1])
        position -= len(stream.unused_data)
    return b"".join(parts), True


def _bunzip(data: bytes, max_bytes: int) -> tuple[bytes, bool]:
    parts: list[bytes] = []
    left = max_bytes + 1
    try:
        with bz2.BZ2File(io.BytesIO(data)) as file:
            while left > 0 and (part := file.read1(left)):
                parts.append(part)
                left -= len(part)
    except (OSError, EOFError):
        return b"".join(parts), False
    return b"".join(parts), True


def _inflate(data: bytes, max_bytes: int) -> tuple[bytes, bool]:
    # The name means zlib's format; some servers send the raw deflate stream.
    stream = zlib.decompressobj(zlib.MAX_WBITS if is_zlib(data) else -zlib.MAX_WBITS)
    return stream.decompress(data, max_bytes + 1), stream.eof


def _unbrotli(data: bytes, max_bytes: int) -> tuple[bytes, bool]:
    stream = brotli.Decompressor()
    parts = [stream.process(data, output_buffer_limit=CHUNK)]
    size = len(parts[0])
    while size <= max_bytes and (part := stream.process(b"", output_buffer_limit=CHUNK)):
        parts.append(part)
        size += len(part)
    return b"".join(parts), bool(stream.is_finished())


def _unzstd(data: bytes, max_bytes: int) -> tuple[bytes, bool]:
    # Browsers allow windows of at most 8 MiB (RFC 9659).
    decompressor = zstandard.ZstdDecompressor(max_window_size=8 * 1024 * 1024)
    parts, size = [], 0
    with decompressor.stream_reader(data) as stream:
        while size <= max_bytes and (part := stream.read(CHUNK)):
            parts.append(part)
            size += len(part)
    if size > max_bytes:
        return b"".join(parts), False
    # The stream reader treats a truncated frame as complete; this object detects the truncation.
    whole = decompressor.decompressobj()
    whole.decompress(data)
    return b"".join(parts), bool(whole.eof)
