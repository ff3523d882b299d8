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
BASE32 = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", "0123456789ABCDEFGHIJKLMNOPQRSTUV")
"""The digits of base32 as Python's ``int`` knows them."""
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
    head: dict[str, str] = {}
    folded: dict[str, list[str]] = {}
    last: str | None = None
    for line in block.decode("utf-8", "replace").split("\n")[1:]:
        if line[:1] in (" ", "\t"):
            if last is not None:
                folded.setdefault(last, [head[last]]).append(line.strip())
            continue
        name, colon, value = line.partition(":")
        name = name.strip().lower()
        last = name if colon and name not in head else None
        if last is not None:
            head[name] = value.strip()
    head.update((name, " ".join(filter(None, parts))) for name, parts in folded.items())
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
    return (
        wanted.lower() == digest.hex()
        or from_base32(wanted, len(digest)) == digest
        or wanted.rstrip("=") == base64.b64encode(digest).decode().rstrip("=")
    )


def from_base32(text: str, size: int) -> bytes | None:
    """A digest of this many bytes from base32; ``None`` if it is none. (The function of the library is slow.)"""
    digits = text.rstrip("=").upper().translate(BASE32)
    if len(digits) != -(-size * 8 // 5):
        return None
    try:
        return (int(digits, 32) >> (len(digits) * 5 - size * 8)).to_bytes(size)
    except (ValueError, OverflowError):
        return None
