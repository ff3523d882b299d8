"""HTTP messages from servers of all kinds: line ends of LF only, folded lines, invalid lines."""

from __future__ import annotations

import re
from dataclasses import dataclass

Headers = tuple[tuple[str, str], ...]

STATUS_LINE = re.compile(rb"\s*(?:HTTP(?:/\d+(?:\.\d+)?)?|h[23])[ \t]+(\d{3})(?!\d)[^\n]*(?:\n|\Z)")
END_OF_HEAD = re.compile(rb"\n\r?\n")
MAX_HEAD_BYTES = 1024 * 1024
"""Maximum bytes of the headers."""


@dataclass(frozen=True, slots=True)
class Message:
    """A response."""

    status: int
    headers: Headers
    content: bytes
    """As sent, with its encodings."""


def parse_message(block: bytes) -> Message | None:
    """Parse the message in a block of bytes; ``None`` if it has no status line or its head is too large."""
    line = STATUS_LINE.match(block)
    if line is None:
        return None
    # The line before the empty one may be the status line itself.
    end = END_OF_HEAD.search(block, line.end() - 1)
    head_end = end.start() if end else len(block)
    if head_end > MAX_HEAD_BYTES:
        return None
    head = block[line.end() : head_end]
    return Message(int(line[1]), headers_in(head), block[end.end() :] if end else b"")


def headers_in(head: bytes) -> Headers:
    """Return the headers in order; invalid lines are ignored."""
    headers: list[tuple[str, str]] = []
    folded: dict[int, list[str]] = {}
    for line in head.decode("latin-1").split("\n"):
        if line[:1] in (" ", "\t") and headers:
            folded.setdefault(len(headers) - 1, [headers[-1][1]]).append(line.strip())
            continue
        name, colon, value = line.partition(":")
        if colon and (name := name.strip()):
            headers.append((name, value.strip()))
    for index, parts in folded.items():
        headers[index] = (headers[index][0], " ".join(filter(None, parts)))
    return tuple(headers)
