"""Text normalisation: one Unicode form, one kind of blank, no invisible characters."""

from __future__ import annotations

import unicodedata

# Zero-width, directional and control characters: invisible, and they make equal texts unequal.
_INVISIBLE = (
    (0x00, 0x08),
    (0x0E, 0x1B),
    (0x7F, 0x84),
    (0x86, 0x9F),
    (0xAD, 0xAD),
    (0x61C, 0x61C),
    (0x180E, 0x180E),
    (0x200B, 0x200F),
    (0x202A, 0x202E),
    (0x2060, 0x206F),
    (0xFEFF, 0xFEFF),
    (0xFFF9, 0xFFFB),
    (0xFFFE, 0xFFFF),
)
_INVISIBLE_TABLE = {code: None for first, last in _INVISIBLE for code in range(first, last + 1)}

# Cyrillic letters that look like Latin ones in upper or lower case; pages mix them in names such as the outlet's.
_LOOKALIKES = tuple(zip("авекмнорстухіјѕ", "abekmhopctyxijs", strict=True))


def clean_inline(text: str) -> str:
    """Normalise to one line: NFC, single plain blanks, no line breaks, no invisible characters, no outer blanks.

    >>> clean_inline("  Baku\\u2019s\\u00a0 for\\u00admula\\n")
    'Baku’s formula'
    """
    line = " ".join(text.split())
    if not line.isprintable():  # most lines are printable, and this test is cheaper than translating
        line = " ".join(line.translate(_INVISIBLE_TABLE).split())
    return unicodedata.normalize("NFC", line)


def without_invisible(text: str) -> str:
    """Return a text without invisible characters; its blanks stay unchanged."""
    return text.translate(_INVISIBLE_TABLE)


def fold(text: str) -> str:
    """Return a comparison key that ignores case, blanks and look-alike letters.

    >>> fold("Сaliber.Аz") == fold("caliber.az")
    True
    """
    folded = clean_inline(text).casefold()
    if not folded.isascii():
        for letter, twin in _LOOKALIKES:  # ten times as fast as translating
            folded = folded.replace(letter, twin)
    return folded


def slug(text: str) -> str:
    """Return letters (of any alphabet) and digits in lower case, with one hyphen for every run of other characters.

    >>> slug("Baku’s geopolitical formula")
    'baku-s-geopolitical-formula'
    """
    folded = unicodedata.normalize("NFC", clean_inline(text).casefold())
    letters = (char if char.isalnum() or unicodedata.combining(char) else " " for char in folded)
    return "-".join("".join(letters).split())
