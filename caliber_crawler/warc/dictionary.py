"""The dictionary at the start of a zstd WARC, which all its records need for decompression.

It is in a separate skippable frame, compressed or plain
(https://iipc.github.io/warc-specifications/specifications/warc-zstd/).
"""

from __future__ import annotations

from io import BytesIO, RawIOBase
from typing import IO, Any

import zstandard

DICTIONARY_FRAME = b"\x5d\x2a\x4d\x18"
ZSTD_FRAME = b"\x28\xb5\x2f\xfd"
MAX_DICTIONARY_BYTES = 8 * 1024 * 1024
"""Maximum bytes of a dictionary, compressed or not: the limit that the format requires every reader to support."""


class BadDictionary(OSError):
    """The dictionary cannot be used. The message is one clause."""


def read_dictionary(file: IO[bytes]) -> bytes:
    """Return the dictionary at the start of a file, decompressed, in its frame; empty if there is none.

    Leaves the file at the start of its records. Raises :class:`BadDictionary`.
    """
    head = file.read(8)
    if not head.startswith(DICTIONARY_FRAME):
        file.seek(0)
        return b""
    size = int.from_bytes(head[4:], "little")
    if size > MAX_DICTIONARY_BYTES:
        raise BadDictionary(f"its zstd dictionary is larger than {MAX_DICTIONARY_BYTES // 1024**2} MiB")
    content = file.read(size)
    dictionary = decompress_dictionary(content) if content.startswith(ZSTD_FRAME) else content
    if len(content) < size or not is_valid(dictionary):
        raise BadDictionary("its zstd dictionary is damaged, so no record can be decompressed")
    return DICTIONARY_FRAME + len(dictionary).to_bytes(4, "little") + dictionary


def decompress_dictionary(content: bytes) -> bytes:
    try:
        # A frame may declare any size, and that much memory would be allocated first.
        if zstandard.frame_content_size(content) > MAX_DICTIONARY_BYTES:
            raise BadDictionary(f"its zstd dictionary is larger than {MAX_DICTIONARY_BYTES // 1024**2} MiB")
        return zstandard.ZstdDecompressor().decompress(content, max_output_size=MAX_DICTIONARY_BYTES)
    except zstandard.ZstdError:
        return b""


def is_valid(dictionary: bytes) -> bool:
    if not dictionary:
        return False
    try:
        loaded = zstandard.ZstdCompressionDict(dictionary, dict_type=zstandard.DICT_TYPE_FULLDICT)
        zstandard.ZstdDecompressor(dict_data=loaded).decompress(zstandard.compress(b""))
    except zstandard.ZstdError:
        return False
    return True


class ConcatenatedFile(RawIOBase):
    """The content of ``start`` followed by the rest of ``file``; sequential reading only."""

    def __init__(self, start: bytes, file: IO[bytes]) -> None:
        super().__init__()
        self._start = BytesIO(start)
        self._file = file
        self._told = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        view = memoryview(buffer)
        content = self._start.read(len(view)) or self._file.read(len(view))
        view[: len(content)] = content
        self._told += len(content)
        return len(content)

    def tell(self) -> int:
        return self._told
