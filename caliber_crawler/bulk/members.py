"""Where records begin in a gzipped WARC file, found from anywhere in it: each record is a gzip member of its own."""

from __future__ import annotations

import re
from pathlib import Path
from typing import IO

from fastwarc.warc import ArchiveIterator

MEMBER = re.compile(rb"\x1f\x8b\x08[\x00-\x1f]")
"""How a gzip member begins: RFC 1952, deflated, no flag set that is reserved."""
MAX_START_BYTES = 4
SEARCH_BLOCK_BYTES = 1024 * 1024


def record_at_or_after(path: Path, offset: int) -> int | None:
    """The offset of the first record that begins there or later; ``None`` when none does.

    The bytes of a member's beginning stand in compressed data too, by chance: so one counts only when a record can be
    read there. Whoever asks for the same offset gets the same answer.
    """
    if offset == 0:
        return 0
    with path.open("rb") as file:
        tail = b""
        file.seek(offset)
        while block := file.read(SEARCH_BLOCK_BYTES):
            searched, there = tail + block, offset - len(tail)
            for match in MEMBER.finditer(searched):
                if begins_record(file, there + match.start()):
                    return there + match.start()
            offset += len(block)
            tail = searched[-MAX_START_BYTES + 1 :]
            file.seek(offset)
    return None


def begins_record(file: IO[bytes], offset: int) -> bool:
    """Does a record begin there? Says no where its header cannot be read, whatever follows."""
    file.seek(offset)
    try:
        record = next(iter(ArchiveIterator(file, parse_http=False)), None)
    except OSError:
        return False
    return record is not None and record.stream_pos == offset and "WARC-Type" in record.headers
