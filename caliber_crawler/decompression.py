"""Decoding of content encodings, within limits, with a check for completeness."""

from __future__ import annotations

import zlib

import brotli
import zstandard

CHUNK = 64 * 1024
FIRST_CHUNK = 512
"""Bytes of a gzip member that are decoded first. Whatever follows the member in its chunk is decoded again."""
MAX_MEMBERS = 10_000
"""Maximum number of gzip members. A server that compresses in blocks needs one for 64 KiB, and hostile ones are empty.
"""


class TooManyMembers(ValueError):
    """A gzip file has so many members that only an attack can explain them. The message is one clause."""


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


def _inflate(data: bytes, max_bytes: int) -> tuple[bytes, bool]:
    # The name means zlib's format; some servers send the raw deflate stream.
    named = len(data) > 1 and data[0] & 0x0F == 8 and int.from_bytes(data[:2]) % 31 == 0
    stream = zlib.decompressobj(zlib.MAX_WBITS if named else -zlib.MAX_WBITS)
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
