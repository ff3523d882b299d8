"""One record of a web archive: its head, and its content as a stream."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Iterator, Mapping

from caliber_crawler.warc.unpacking import Place

VERSION_LINE = re.compile(rb"WARC/\d{1,3}\.\d{1,3}[ \t]{0,8}\r?\n", re.IGNORECASE)
"""The first line of a WARC record."""
MAX_VERSION_BYTES = 32
END_OF_HEAD = re.compile(rb"\n\r?\n")
HEAD_BYTES = 4 * 1024
MAX_HEAD_BYTES = 256 * 1024
MAX_READ_BYTES = 34 * 1024 * 1024
"""Maximum bytes of a content that are kept in memory: a page of the maximum size with its HTTP headers."""
ENDS = (b"\r\n\r\n", b"\n\n")
"""The blank line after a record."""
VERIFIABLE = ("md5", "sha1", "sha256")


class BadHead(Exception):
    """The head of a record is invalid. The message is one clause."""


class RawRecord:
    """A record whose content has not been read yet. ``read`` gives its content once, as a stream."""

    def __init__(self, head: Mapping[str, str], place: Place, read: Callable[[int | None], Iterator[bytes]]) -> None:
        self._head = head
        self.place = place
        self.type = head.get("warc-type", "").strip().lower()
        self.length = length_of(head)
        """Bytes of its content; ``None`` if its head does not say so."""
        self.size = 0
        """Bytes of the content that were read so far."""
        self._parts = self._counted(read(self.length))
        self._content: bytes | None = None

    def get(self, name: str) -> str | None:
        """The first value of a header; case is ignored."""
        return self._head.get(name.lower())

    def read(self) -> bytes:
        """The content, of which at most ``MAX_READ_BYTES`` bytes are returned."""
        if self._content is None:
            kept = [part for part in self._parts if self.size <= MAX_READ_BYTES]
            self._content = b"".join(kept)
            if self.length is None:
                end = next((end for end in ENDS if self._content.endswith(end)), b"")
                self._content = self._content.removesuffix(end)
        return self._content

    def skip(self) -> None:
        """Skip the rest of the content."""
        for _ in self._parts:
            pass

    def _counted(self, parts: Iterator[bytes]) -> Iterator[bytes]:
        for part in parts:
            self.size += len(part)
            yield part


def length_of(head: Mapping[str, str]) -> int | None:
    text = head.get("content-length", "").strip()
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 18 else None


def warc_head(block: bytes) -> dict[str, str]:
    """The headers of a WARC record by name in lower case, from its head with the version line.

    A line that begins with a blank continues the one before. Lines without a colon are ignored. Of several headers with
    one name, the first counts. Raises :class:`BadHead`.
    """
    folded: list[list[str]] = []
    for line in block.decode("utf-8", "replace").split("\n")[1:]:
        if line[:1] in (" ", "\t") and folded:
            folded[-1].append(line.strip())
        else:
            folded.append([line])
    head: dict[str, str] = {}
    for parts in folded:
        name, colon, value = (parts[0] if len(parts) == 1 else " ".join(filter(None, parts))).partition(":")
        if colon:
            head.setdefault(name.strip().lower(), value.strip())
    if "warc-type" not in head:
        raise BadHead("its head has no WARC-Type")
    return head


def has_valid_digest(record: RawRecord) -> bool:
    """Whether the content matches the digest of the block, if the record has one of a known kind."""
    algorithm, colon, value = (record.get("WARC-Block-Digest") or "").strip().partition(":")
    algorithm = algorithm.strip().lower().replace("-", "")
    if not colon or algorithm not in VERIFIABLE:
        return True
    digest = hashlib.new(algorithm, record.read(), usedforsecurity=False).digest()
    wanted = value.strip()
    forms = (base64.b32encode(digest).decode().rstrip("="), digest.hex(), base64.b64encode(digest).decode().rstrip("="))
    return wanted.rstrip("=").upper() == forms[0] or wanted.lower() == forms[1] or wanted.rstrip("=") == forms[2]
