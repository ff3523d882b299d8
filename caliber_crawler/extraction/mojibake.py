"""UTF-8 that was decoded with another character set: ``Ð\\x9fÑ\\x80Ð¸``, ``â€™``, ``Рџре``.

Sites store such text in databases and serve it as if it were valid. It is repaired by ftfy's rules where the original
is certain, and reported where only the damage is certain.
"""

from __future__ import annotations

import re

# How one-byte code pages show letters and quotation marks of our languages; a fast first test.
_SIGNS = ("Ã", "Â", "â€", "â\x80", "Ð", "Ñ", "Õ", "É™", "Ä±", "вЂ", "Р°", "Рѕ", "СЃ")
_SIGN = re.compile("|".join(map(re.escape, _SIGNS)))
# The character of each sign that is rare in valid text: a search for single characters is faster than a pattern.
_SELDOM = tuple(dict.fromkeys(sign[0] if sign[0] < "А" else sign[1] for sign in _SIGNS))
_CONTINUATION = "\u0080-\u00bfŒœŠšŸŽžƒˆ˜–—‘’‚“”„†‡•…‰‹›€™ЂЃѓЉЊЌЋЏђљњќћџЎўЈҐЁЄЇІіґё№єјЅѕї"
_SEQUENCE = re.compile(rf"[Â-ôРС][{_CONTINUATION}]|в[Ђ„][{_CONTINUATION}]")
_SEGMENT = re.compile(r"[^<>\n]+")


def repair(text: str) -> str:
    """Repair mojibake in a text, or between the tags of a page; uncertain segments stay unchanged."""
    if not _may_be_mojibake(text):
        return text
    return _SEGMENT.sub(lambda match: _repair_segment(match[0]), text)


def is_mojibake(text: str) -> bool:
    """Return whether a text looks like UTF-8 decoded with another character set."""
    if not _may_be_mojibake(text) or not _SEQUENCE.search(text):
        return False
    # Imported here: few pages need it.
    from ftfy.badness import is_bad

    return any(is_bad(line) for line in text.splitlines() if _SEQUENCE.search(line))


def may_be_mojibake(source: bytes) -> bool:
    """Whether a text in UTF-8 may have mojibake, by a fast look: all of its signs begin with one of two bytes."""
    return b"\xc3" in source or b"\xd0" in source


def _may_be_mojibake(text: str) -> bool:
    if text.isascii():
        return False
    for char in _SELDOM:
        if char in text:
            return _SIGN.search(text) is not None
    return False


def _repair_segment(segment: str) -> str:
    if not is_mojibake(segment):
        return segment
    from ftfy import fix_encoding

    fixed = fix_encoding(segment)
    # A lost byte leaves a replacement character; the original is then uncertain.
    certain = "\ufffd" not in fixed and not is_mojibake(fixed)
    return fixed if certain else segment
