"""Text normalisation: one Unicode form, one kind of blank, no invisible characters."""

from __future__ import annotations

import re
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
    (0x200B, 0x200B),
    (0x200E, 0x200F),
    (0x202A, 0x202E),
    (0x2060, 0x206F),
    (0xFEFF, 0xFEFF),
    (0xFFF9, 0xFFFB),
    (0xFFFE, 0xFFFF),
)
# Zero-width joiners and non-joiners are spelling between letters of scripts whose letters join (Arabic to Mongolian),
# and behind a sign that takes a letter's vowel away; and a joiner makes one picture of several emoji. Elsewhere they
# are invisible like the others.
_JOINED = "\u0600-\u08ff\u0900-\u0dff\u0f00-\u0fff\u1000-\u109f\u1780-\u17ff\u1800-\u18af\ufb50-\ufdff\ufe70-\ufefc"
_VIRAMAS = "\u094d\u09cd\u0a4d\u0acd\u0b4d\u0bcd\u0c4d\u0ccd\u0d4d\u0dca\u1039\u103a\u17d2"
_PICTURES = "\u2190-\u2bff\ufe0e\ufe0f\U0001f000-\U0001faff"
_STRAY_JOINER = re.compile(
    f"(?<![{_JOINED}{_PICTURES}\u200c\u200d])[\u200c\u200d]++"
    f"|(?<![{_VIRAMAS}])[\u200c\u200d]++(?![{_JOINED}{_PICTURES}])"
)
_SEVERAL_JOINERS = re.compile("([\u200c\u200d])[\u200c\u200d]++")
_INVISIBLE_TABLE = {code: None for first, last in _INVISIBLE for code in range(first, last + 1)}

LETTERS_OF_A_SIGN = 3
SIGNS_OF_A_WORD = 2
SENTENCE_MARKS = ".!?…。！？։؟۔।።။។"
"""Marks that end a sentence, in all scripts that have one."""
_SIGNS = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3\uf900-\ufaff\U00020000-\U0003ffff]")

# Cyrillic letters that look like Latin ones in upper or lower case; pages mix them in names such as the outlet's.
_LOOKALIKES = tuple(zip("авекмнорстухіјѕ", "abekmhopctyxijs", strict=True))

_CYRILLIC = re.compile("[\u0400-\u04ff]")


def clean_inline(text: str) -> str:
    """Normalise to one line: NFC, single plain blanks, no line breaks, no invisible characters, no outer blanks.

    >>> clean_inline("  Baku\\u2019s\\u00a0 for\\u00admula\\n")
    'Baku’s formula'
    """
    if text.isprintable():  # the only white space in it is plain blanks; the tests are cheaper than what they avoid
        line = text.strip()
        if "  " in line:
            line = " ".join(line.split())
    else:
        line = " ".join(text.split())
        if not line.isprintable():
            line = " ".join(without_invisible(line).split())
    return line if line.isascii() else unicodedata.normalize("NFC", line)


def without_invisible(text: str) -> str:
    """Return a text without invisible characters; its blanks stay unchanged, and joiners that are spelling."""
    text = text.translate(_INVISIBLE_TABLE)
    if "\u200c" in text or "\u200d" in text:
        text = _STRAY_JOINER.sub("", _SEVERAL_JOINERS.sub(r"\1", text))
    return text


def fold(text: str) -> str:
    """Return a comparison key that ignores case, blanks, look-alike letters and joiners.

    All letters i are equal, because Turkish capitals (``İSTANBUL``, ``ISPARTA``) do not tell the language.

    >>> fold("Сaliber.Аz") == fold("caliber.az")
    True
    """
    return fold_clean(clean_inline(text))


def fold_clean(text: str) -> str:
    """The same as :func:`fold` for a text that is clean already, such as that of a line."""
    folded = text.casefold()
    if not folded.isascii():
        folded = _without_joiners(folded).replace("i\u0307", "i").replace("ı", "i")
        if _CYRILLIC.search(folded):
            for letter, twin in _LOOKALIKES:  # ten times as fast as translating
                folded = folded.replace(letter, twin)
    return folded


def _without_joiners(text: str) -> str:
    return text.replace("\u200c", "").replace("\u200d", "")


def letters_in(text: str) -> int:
    """Return the length of a text in Latin letters: a Chinese, Japanese or Korean character says as much as three."""
    return len(text) if text.isascii() else len(text) + (LETTERS_OF_A_SIGN - 1) * len(_SIGNS.findall(text))


def words_in(text: str) -> int:
    """Return the number of words; two Chinese, Japanese or Korean characters are as much as one."""
    return len(text.split()) if text.isascii() else len(text.split()) + len(_SIGNS.findall(text)) // SIGNS_OF_A_WORD


def is_as_long(text: str, least: int) -> bool:
    """Return whether a text has at least as many letters as this, as :func:`letters_in` counts them."""
    length = len(text)
    return length >= least or (LETTERS_OF_A_SIGN * length >= least and letters_in(text) >= least)


def slug(text: str) -> str:
    """Return letters (of any alphabet) and digits in lower case, with one hyphen for every run of other characters.

    >>> slug("Baku’s geopolitical formula")
    'baku-s-geopolitical-formula'
    """
    folded = unicodedata.normalize("NFC", _without_joiners(clean_inline(text)).casefold())
    letters = (char if char.isalnum() or unicodedata.combining(char) else " " for char in folded)
    return "-".join("".join(letters).split())
