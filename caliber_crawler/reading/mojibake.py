"""UTF-8 that was once taken for another character set: ``Ð\\x9fÑ\\x80Ð¸``, ``â€™``, ``Рџре``.

Such text is kept in databases and served as if it were sound. It is put right where there is no doubt what it was, by
ftfy's rules, and reported where it is certain only that it is broken.
"""

from __future__ import annotations

import re

# How one-byte code pages show the letters and quotation marks of our languages; a look that costs next to nothing.
_SIGNS = ("Ã", "Â", "â€", "â\x80", "Ð", "Ñ", "Õ", "É™", "Ä±", "вЂ", "Р°", "Рѕ", "СЃ")
_SIGN = re.compile("|".join(map(re.escape, _SIGNS)))
# Of each sign, the character that sound text seldom has: to look for a few characters is quicker than any pattern.
_SELDOM = tuple(dict.fromkeys(sign[0] if sign[0] < "А" else sign[1] for sign in _SIGNS))
_CONTINUATION = "\u0080-\u00bfŒœŠšŸŽžƒˆ˜–—‘’‚“”„†‡•…‰‹›€™ЂЃѓЉЊЌЋЏђљњќћџЎўЈҐЁЄЇІіґё№єјЅѕї"
_SEQUENCE = re.compile(rf"[Â-ôРС][{_CONTINUATION}]|в[Ђ„][{_CONTINUATION}]")
_SEGMENT = re.compile(r"[^<>\n]+")


def repair(text: str) -> str:
    """A text, or the source of a page, with its mojibake undone between tags; unsure pieces stay as they are."""
    if not _may_be_mojibake(text):
        return text
    return _SEGMENT.sub(lambda match: _repair_segment(match[0]), text)


def is_mojibake(text: str) -> bool:
    """Does this text look like UTF-8 read in another character set?"""
    if not _may_be_mojibake(text) or not _SEQUENCE.search(text):
        return False
    # Imported here: few pages need it.
    from ftfy.badness import is_bad

    return any(is_bad(line) for line in text.splitlines() if _SEQUENCE.search(line))


def _may_be_mojibake(text: str) -> bool:
    return not text.isascii() and any(char in text for char in _SELDOM) and _SIGN.search(text) is not None


def _repair_segment(segment: str) -> str:
    if not is_mojibake(segment):
        return segment
    from ftfy import fix_encoding

    fixed = fix_encoding(segment)
    # A lost byte leaves a hole: then nobody can say for certain what stood there.
    certain = "\ufffd" not in fixed and not is_mojibake(fixed)
    return fixed if certain else segment
