"""Valid pictures in a few dozen bytes: a single colour as lossless WebP, and one grey pixel as PNG."""

from __future__ import annotations

import struct
import zlib
from functools import lru_cache

WIDTHS = {"original": (1280, 720), "normal": (400, 225)}


@lru_cache(maxsize=256)
def webp(digits: str, size: str) -> bytes:
    """Return a picture of the size ``original`` or ``normal``, in a muted colour from its 32 hexadecimal digits.

    A lossless WebP stream whose five prefix codes have one symbol each needs no bits for its pixels (RFC 9649).
    """
    width, height = WIDTHS[size]
    red, green, blue = (70 + part // 3 for part in bytes.fromhex(digits[:6]))
    bits = _Bits()
    bits.put(0x2F, 8)
    bits.put(width - 1, 14)
    bits.put(height - 1, 14)
    bits.put(0, 1 + 3)  # no alpha; version 0
    bits.put(0, 1 + 1 + 1)  # no transform, no colour cache, one group of prefix codes
    for symbol in (green, red, blue, 255):
        bits.put(0b101, 3)  # a simple code with one symbol of eight bits
        bits.put(symbol, 8)
    bits.put(0b0001, 4)  # distances: a simple code with one symbol of one bit: 0
    data = bits.bytes()
    chunk = b"VP8L" + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)
    return b"RIFF" + struct.pack("<I", 4 + len(chunk)) + b"WEBP" + chunk


def png() -> bytes:
    """Return one grey pixel."""
    chunks = (
        (b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)),
        (b"IDAT", zlib.compress(b"\0\x80")),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )


class _Bits:
    """Bits packed from the lowest one up."""

    def __init__(self) -> None:
        self.value, self.length = 0, 0

    def put(self, value: int, width: int) -> None:
        self.value |= value << self.length
        self.length += width

    def bytes(self) -> bytes:
        return self.value.to_bytes((self.length + 7) // 8, "little")
