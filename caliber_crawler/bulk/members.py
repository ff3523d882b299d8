"""Finds the beginning of the next record from any offset of a gzipped WARC file: each record is one gzip member."""

from __future__ import annotations

import re
from pathlib import Path

from caliber_crawler.warc import begins_record

MEMBER = re.compile(rb"\x1f\x8b\x08[\x00-\x1f]")
"""The beginning of a gzip member (RFC 1952): magic bytes, deflate, no reserved flags."""
MAX_START_BYTES = 4
SEARCH_BLOCK_BYTES = 1024 * 1024


def record_at_or_after(path: Path, offset: int) -> int | None:
    """The offset of the first record that begins at ``offset`` or later; ``None`` when there is none.

    The magic bytes of a member also occur in compressed data by chance. So a match counts only when a record can be
    parsed there. The result depends only on the file and the offset.
    """
    if offset == 0:
        return 0
    with path.open("rb") as file:
        tail = b""
        file.seek(offset)
        while block := file.read(SEARCH_BLOCK_BYTES):
            searched, base = tail + block, offset - len(tail)
            for match in MEMBER.finditer(searched):
                if begins_record(lambda: path.open("rb"), base + match.start()):
                    return base + match.start()
            offset += len(block)
            tail = searched[-MAX_START_BYTES + 1 :]
            file.seek(offset)
    return None
