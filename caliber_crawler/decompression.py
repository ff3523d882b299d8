"""Decoding of content encodings, within limits, with a check for completeness."""

from __future__ import annotations

import zlib

import brotli
import zstandard

CHUNK = 64 * 1024


def decompress(data: bytes, encoding: bytes, max_bytes: int) -> tuple[bytes, bool]:
    """Decode a body up to a little more than ``max_bytes`` bytes; return whether it is complete and valid."""
    unpackers = {b"br": _unbrotli, b"zstd": _unzstd, b"deflate": _inflate}
    try:
        return unpackers.get(encoding, _gunzip)(data, max_bytes)
    except (zlib.error, brotli.error, zstandard.ZstdError):
        return b"", False


def _gunzip(data: bytes, max_bytes: int) -> tuple[bytes, bool]:
    body = b""
    while data:
        stream = zlib.decompressobj(zlib.MAX_WBITS | 16)
        body += stream.decompress(data, max(1, max_bytes + 1 - len(body)))
        if not stream.eof:
            return body, False
        # Several members may follow each other; other data after the last one is padding.
        data = stream.unused_data if stream.unused_data.startswith(b"\x1f\x8b") else b""
    return body, True


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
