"""Records of ARC files, the predecessor of WARC (https://archive.org/web/researcher/ArcFileFormat.php)."""

from __future__ import annotations

import re
from typing import NamedTuple

MAX_LINE_BYTES = 16 * 1024
"""Maximum bytes of the line before a record."""
BEGINNING = re.compile(rb"(?:\A|\n)(?=[A-Za-z][A-Za-z0-9+.-]{1,30}:)")
"""The beginning of a line that may be that of a record: the scheme of a URL."""
DATE = re.compile(rb"\d{12,17}")
IP_ADDRESS = re.compile(rb"\d{1,3}(?:\.\d{1,3}){3}|[0-9a-fA-F]{0,4}(?::[0-9a-fA-F.]{0,15}){2,8}")


class ArcLine(NamedTuple):
    """The line before a record. Version 2 has more fields, which are not needed."""

    url: str
    date: str
    media_type: str
    length: str


def parse_arc_line(data: bytes) -> ArcLine | None:
    """Parse the first line of some bytes: URL, IP address, date, media type, …, length; ``None`` for any other line.

    The URL may have blanks.
    """
    line, end, _ = data[:MAX_LINE_BYTES].partition(b"\n")
    if not end or BEGINNING.match(line) is None:
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
    """The offset of the first line of a record in some bytes; -1 if there is none."""
    return next(
        (at.end() for at in BEGINNING.finditer(window) if parse_arc_line(window[at.end() : at.end() + MAX_LINE_BYTES])),
        -1,
    )


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
