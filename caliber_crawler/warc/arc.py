"""Records of ARC files, the predecessor of WARC (https://archive.org/web/researcher/ArcFileFormat.php)."""

from __future__ import annotations

import re
from typing import NamedTuple

MAX_LINE_BYTES = 16 * 1024
"""Maximum bytes of the line before a record."""
SCHEME = re.compile(rb"[A-Za-z][A-Za-z0-9+.-]{1,30}:")
LINE_WITH_SCHEME = re.compile(rb"\n(?=" + SCHEME.pattern + rb")")
"""The end of a line before one that may be that of a record: it begins with the scheme of a URL."""
DATE = re.compile(rb"\d{12,17}")
IP_ADDRESS = re.compile(rb"\d{1,3}(?:\.\d{1,3}){3}|[0-9a-fA-F]{0,4}(?::[0-9a-fA-F.]{0,15}){2,8}")


class ArcLine(NamedTuple):
    """The line before a record. Version 2 has more fields, which are not needed."""

    url: str
    date: str
    media_type: str
    length: str


def parse_arc_line(data: bytes, start: int = 0) -> ArcLine | None:
    """Parse the line at an offset: URL, IP address, date, media type, …, length; ``None`` for any other line.

    The URL may have blanks.
    """
    end = data.find(b"\n", start, start + MAX_LINE_BYTES)
    line = data[start:end] if end >= 0 else b""
    if SCHEME.match(line) is None:
        return None
    fields = line.split()
    if len(fields) < 5 or not fields[-1].isdigit() or len(fields[-1]) > 18:
        return None
    for place in range(len(fields) - 3, 1, -1):
        if DATE.fullmatch(fields[place]) and IP_ADDRESS.fullmatch(fields[place - 1]):
            url = b" ".join(fields[: place - 1]).decode("utf-8", "replace")
            return ArcLine(url, fields[place].decode(), fields[place + 1].decode("latin-1"), fields[-1].decode())
    return None


def find_arc_line(window: bytes) -> int:
    """The offset of the first line of a record in some bytes, which begin within a line; -1 if there is none."""
    ends = (match.end() for match in LINE_WITH_SCHEME.finditer(window))
    return next((end for end in ends if parse_arc_line(window, end)), -1)


def arc_head(line: ArcLine, content: bytes) -> dict[str, str]:
    """The headers of the WARC record that an ARC record corresponds to; ``content`` is the beginning of its content."""
    kind, media_type = "resource", line.media_type
    if line.url.lower().startswith("filedesc:"):
        kind = "warcinfo"
    elif content.startswith(b"HTTP"):
        kind, media_type = "response", "application/http; msgtype=response"
    return {
        "warc-type": kind,
        "warc-target-uri": line.url,
        "warc-date": line.date,
        "content-type": media_type,
        "content-length": line.length,
    }
