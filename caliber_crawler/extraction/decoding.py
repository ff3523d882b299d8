"""Decoding of bytes to text, with or without a correct declaration of the character set."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator

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
# UTF-16 without a byte order mark, by the beginning of the markup.
_UTF16_LE = re.compile(rb"(?:[\t\n\f\r ]\0){0,256}<\0[!?A-Za-z]\0")
_UTF16_BE = re.compile(rb"(?:\0[\t\n\f\r ]){0,256}\0<\0[!?A-Za-z]")
_HTML_LANGUAGE = re.compile(rb"""<html\b[^<>]{0,500}?\slang\s{0,9}=\s{0,9}["']?([a-z]{2,3})\b""", re.IGNORECASE)
LANGUAGE_SAMPLE = 4096
MIN_OWN_LETTERS = 0.98
"""Share of the letters outside ASCII that a language has, if the encoding is right; names have others."""
_WESTERN, _CENTRAL, _TURKISH, _BALTIC = ("cp1252",), ("cp1250", "iso8859-2"), ("cp1254",), ("cp1257", "iso8859-13")
_LETTERS = {
    "ca": (_WESTERN, "àçèéíïòóúü"), "da": (_WESTERN, "æøåé"), "de": (_WESTERN, "äöüß"), "es": (_WESTERN, "áéíóúüñºª"),
    "fi": (_WESTERN, "äöåé"), "fr": (_WESTERN, "àâæçéèêëîïôœùûüÿ"), "is": (_WESTERN, "áðéíóúýþæö"),
    "it": (_WESTERN, "àèéìíîòóùúº"), "nl": (_WESTERN, "áàéèëêíïóöúüç"), "no": (_WESTERN, "æøåéò"),
    "nb": (_WESTERN, "æøåéò"), "pt": (_WESTERN, "áâãàçéêíóôõúüºª"), "sv": (_WESTERN, "åäöé"), "sq": (_WESTERN, "ëç"),
    "tr": (_TURKISH, "çğıöşüâîûi̇"), "ku": (_TURKISH, "çêîşû"),
    "bs": (_CENTRAL, "čćđšž"), "cs": (_CENTRAL, "áčďéěíňóřšťúůýž"), "hr": (_CENTRAL, "čćđšž"),
    "hu": (_CENTRAL, "áéíóöőúüű"), "pl": (_CENTRAL, "ąćęłńóśźż"), "ro": (_CENTRAL, "ăâîşţ"),
    "sk": (_CENTRAL, "áäčďéíĺľňóôŕšťúýž"), "sl": (_CENTRAL, "čšž"),
    "et": (_BALTIC, "äöõüšž"), "lt": (_BALTIC, "ąčęėįšųūž"), "lv": (_BALTIC, "āčēģīķļņšūž"),
}  # fmt: skip
"""The encodings before Unicode of languages in Latin letters, and their letters outside ASCII.

Detectors tell Latin encodings apart badly: they differ in a few letters.
"""
_MARKUP = b"<html>"
"""Every encoding of pages has these bytes for this text, but UTF-16 and UTF-32, which have zero bytes too."""
_CONTROLS = bytes(code for code in range(0x20) if code not in b"\t\n\r\f\x0b\x1b")


def looks_binary(body: bytes) -> bool:
    """Return whether the content is binary in any character set: an image, an archive, a database."""
    if body.startswith(_BINARY_MAGIC):
        return True
    if _has_mark(body) or _unmarked_utf16(body) is not None:
        return False
    head = body[:4096]
    controls = len(head) - len(head.translate(None, _CONTROLS))
    return controls > len(head) * BROKEN_SHARE


def decode(body: bytes, content_type: str | None = None) -> str:
    """Return the text of a page.

    A byte order mark comes first, or markup in UTF-16. Then UTF-8, which no other encoding matches by accident. Then
    the declarations of header and page, if the bytes agree. Then the usual encoding of the page's language, if it gives
    the letters of that language. Then a detector. Remaining invalid bytes are replaced by U+FFFD rather than lost.
    """
    encoding, mark = read_bom(body)
    if encoding is not None and mark is not None:
        return body[len(mark) :].decode(encoding, errors="replace")
    if (utf16 := _unmarked_utf16(body)) is not None:
        return body.decode(utf16, errors="replace")
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        pass
    if _is_damaged_utf8(body):
        return body.decode("utf-8", errors="replace")
    declared = (http_content_type_encoding(content_type), html_body_declared_encoding(body))
    has_zeros = b"\0" in body
    for name in _encodings(body, declared):
        codec = resolve_encoding(name) if name else None
        try:
            if codec is not None and (has_zeros or _MARKUP.decode(codec) == _MARKUP.decode()):
                return body.decode(codec)
        except (UnicodeError, LookupError):  # some codecs, such as "undefined", raise more than UnicodeDecodeError
            continue
    return body.decode("cp1252", errors="replace")


def _encodings(body: bytes, declared: tuple[str | None, ...]) -> Iterator[str | None]:
    yield from declared
    yield _usual_encoding(body)
    yield _detect(body)


def _usual_encoding(body: bytes) -> str | None:
    """The encoding of the language that the page declares, if the text is in that language's letters."""
    match = _HTML_LANGUAGE.search(body[:LANGUAGE_SAMPLE])
    encodings, letters = _LETTERS.get(match[1].decode().lower() if match else "", ((), ""))
    found, most = None, 0
    for encoding in encodings:
        text = body[:DETECTION_SAMPLE].decode(encoding, errors="replace").lower()
        others = [char for char in text if char > "\x7f" and char.isalpha()]
        own = sum(char in letters for char in others)
        # Letters of one encoding may be signs of another, such as "±".
        if own > most and own >= MIN_OWN_LETTERS * len(others):
            found, most = encoding, own
    return found


def _unmarked_utf16(body: bytes) -> str | None:
    if b"\0" not in body[:2]:  # one of the two bytes of the first character
        return None
    if _UTF16_LE.match(body):
        return "utf-16-le"
    return "utf-16-be" if _UTF16_BE.match(body) else None


def as_utf8(body: bytes, content_type: str | None = None) -> bytes:
    """Return the same text in UTF-8 without a byte order mark; most pages are that already."""
    if _unmarked_utf16(body) is not None:
        return decode(body).encode("utf-8", errors="replace")
    if body.isascii():
        return body
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
