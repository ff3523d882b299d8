"""The form in which the words of dates are compared."""

from __future__ import annotations

import re
import unicodedata

_IGNORED = re.compile(r"[\s.·'’ʼ\u00ad\u0300-\u036f\u200b-\u200f\u202f\u2060\ufeff]+")


def word_key(word: str) -> str:
    """Return the comparison key of a word: without case, accents, dots and blanks, and with one letter i.

    Turkish capitals (``KASIM``, ``NİSAN``) and Greek ones (``ΙΑΝΟΥΑΡΙΟΥ``) lose what distinguishes small letters.

    >>> word_key("p. m."), word_key("Kasım") == word_key("KASIM"), word_key("Août")
    ('pm', True, 'aout')
    """
    if word.isascii():
        return word.lower() if word.isalnum() else _IGNORED.sub("", word.lower())
    folded = _IGNORED.sub("", unicodedata.normalize("NFD", word.casefold().replace("ı", "i")))
    return unicodedata.normalize("NFC", folded)
