"""Decoding of bytes to text, with or without a correct declaration of the character set."""

from __future__ import annotations

import codecs

from w3lib.encoding import html_body_declared_encoding, http_content_type_encoding, read_bom, resolve_encoding

# Enough to distinguish the code pages of alphabets; the detector's time grows with the sample.
DETECTION_SAMPLE = 64 * 1024
BROKEN_SHARE = 0.02
_BINARY_MAGIC = (
    b"%PDF-",
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"GIF8",
    b"RIFF",
    b"PK\x03\x04",
    b"\x1f\x8b",
    b"SQLite format 3",
)
_MARK_STARTS = frozenset((b"\xef", b"\xfe", b"\xff", b"\0"))
"""The first bytes of all byte order marks."""
_CONTROLS = bytes(code for code in range(0x20) if code not in b"\t\n\r\f\x0b\x1b")


def looks_binary(body: bytes) -> bool:
    """Return whether the content is binary in any character set: an image, an archive, a database."""
    if body.startswith(_BINARY_MAGIC):
        return True
    if _has_mark(body):
        return False
    head = body[:4096]
    controls = len(head) - len(head.translate(None, _CONTROLS))
    return controls > len(head) * BROKEN_SHARE


def decode(body: bytes, content_type: str | None = None) -> str:
    """Return the text of a page.

    A byte order mark comes first. Then UTF-8, which no other encoding matches by accident. Then the declarations of
    header and page, if the bytes agree. Then a detector. Remaining invalid bytes are replaced by U+FFFD rather than
    lost.
    """
    encoding, mark = read_bom(body)
    if encoding is not None and mark is not None:
        return body[len(mark) :].decode(encoding, errors="replace")
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        pass
    if _is_damaged_utf8(body):
        return body.decode("utf-8", errors="replace")
    declared = (http_content_type_encoding(content_type), html_body_declared_encoding(body))
    for name in (*declared, _detect(body)):
        codec = resolve_encoding(name) if name else None
        if codec is None:
            continue
        try:
            return body.decode(codec)
        except (UnicodeError, LookupError):  # some codecs, such as "undefined", raise more than UnicodeDecodeError
            continue
    return body.decode("cp1252", errors="replace")


def as_utf8(body: bytes, content_type: str | None = None) -> bytes:
    """Return the same text in UTF-8 without a byte order mark; most pages are that already."""
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return decode(body, content_type).encode("utf-8", errors="replace")
    return decode(body).encode("utf-8", errors="replace") if _has_mark(body) else body


def _has_mark(body: bytes) -> bool:
    """Whether a content begins with a byte order mark."""
    return body[:1] in _MARK_STARTS and read_bom(body)[0] is not None


def _is_damaged_utf8(body: bytes) -> bool:
    """Return whether the content is UTF-8 apart from a few invalid bytes, as in truncated downloads."""
    decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
    text = decoder.decode(body, final=True)
    broken = text.count("\ufffd")
    sound = sum(1 for char in text if char > "\x7f") - broken
    return broken <= sound * BROKEN_SHARE


def _detect(body: bytes) -> str | None:
    # Imported here: few pages need it, and the import takes longer than a page's extraction.
    from charset_normalizer import from_bytes

    best = from_bytes(body[:DETECTION_SAMPLE]).best()
    return best.encoding if best else None
