"""The dictionary at the start of a zstd WARC, which all its records need for decompression.

It is in a separate skippable frame, compressed or plain
(https://iipc.github.io/warc-specifications/specifications/warc-zstd/).
"""

from __future__ import annotations

from typing import IO

import zstandard

from caliber_crawler.warc.unpacking import Dictionary

DICTIONARY_FRAME = b"\x5d\x2a\x4d\x18"
ZSTD_FRAME = b"\x28\xb5\x2f\xfd"
MAX_DICTIONARY_BYTES = 8 * 1024 * 1024
"""Maximum bytes of a dictionary, compressed or not: the limit that the format requires every reader to support."""


class BadDictionary(OSError):
    """The dictionary cannot be used. The message is one clause."""


def read_dictionary(file: IO[bytes]) -> Dictionary:
    """Return the dictionary at the start of a file, decompressed; ``None`` if there is none.

    Leaves the file at the start of its records. Raises :class:`BadDictionary`.
    """
    head = file.read(8)
    if not head.startswith(DICTIONARY_FRAME):
        file.seek(0)
        return None
    size = int.from_bytes(head[4:], "little")
    if size > MAX_DICTIONARY_BYTES:
        raise BadDictionary(f"its zstd dictionary is larger than {MAX_DICTIONARY_BYTES // 1024**2} MiB")
    content = file.read(size)
    dictionary = decompress_dictionary(content) if content.startswith(ZSTD_FRAME) else content
    loaded = load(dictionary) if len(content) == size else None
    if loaded is None:
        raise BadDictionary("its zstd dictionary is damaged, so no record can be decompressed")
    return loaded


def decompress_dictionary(content: bytes) -> bytes:
    try:
        # A frame may declare any size, and that much memory would be allocated first.
        if zstandard.frame_content_size(content) > MAX_DICTIONARY_BYTES:
            raise BadDictionary(f"its zstd dictionary is larger than {MAX_DICTIONARY_BYTES // 1024**2} MiB")
        return zstandard.ZstdDecompressor().decompress(content, max_output_size=MAX_DICTIONARY_BYTES)
    except zstandard.ZstdError:
        return b""


def load(dictionary: bytes) -> Dictionary:
    """The dictionary for decompression; ``None`` if it is invalid."""
    if not dictionary:
        return None
    try:
        loaded = zstandard.ZstdCompressionDict(dictionary, dict_type=zstandard.DICT_TYPE_FULLDICT)
        zstandard.ZstdDecompressor(dict_data=loaded).decompress(zstandard.compress(b""))
    except zstandard.ZstdError:
        return None
    return loaded
