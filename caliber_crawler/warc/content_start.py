"""The first bytes of a file after decompression, which show what it is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from caliber_crawler.warc.arc import parse_arc_line
from caliber_crawler.warc.data_stream import BLANKS, DataStream
from caliber_crawler.warc.raw_record import VERSION_LINE
from caliber_crawler.warc.unpacking import DamagedData, Place, is_packed

START_BYTES = 16 * 1024
ZIP = b"PK\x03\x04"


@dataclass(frozen=True, slots=True)
class ContentStart:
    """The first bytes of a file."""

    data: bytes
    """Decompressed, without a byte order mark; empty if they are damaged."""
    is_packed: bool
    is_zip: bool

    @property
    def is_record(self) -> bool:
        """Whether a record of a WARC or ARC file begins there."""
        data = self.data.lstrip(BLANKS)
        return VERSION_LINE.match(data) is not None or parse_arc_line(data) is not None


def content_start(path: Path) -> ContentStart:
    """The first bytes of a file. Raises ``OSError``."""
    with path.open("rb") as file:
        raw = file.read(8)
    packed = is_packed(raw)
    stream = DataStream(lambda: path.open("rb"), Place(0, 0))
    try:
        data = stream.peek(START_BYTES)
    except DamagedData:
        data = b""
    finally:
        stream.close()
    return ContentStart(data.removeprefix(b"\xef\xbb\xbf"), packed, raw.startswith(ZIP))
