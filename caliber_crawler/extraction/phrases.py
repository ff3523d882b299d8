"""Boilerplate phrases around articles in many countries, by language, from ``phrases.json``.

Phrases are plain text in lower case. A new language needs one line in each table. An asterisk says that endings follow
("oxu*": "oxuyun").
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

_TABLES: Mapping[str, Mapping[str, list[str]]] = json.loads(
    (Path(__file__).parent / "phrases.json").read_text(encoding="utf-8")
)
READ_ALSO = _TABLES["read_also"]
"""Words at the start of a line that only points to another page."""
INVITATIONS = _TABLES["invitations"]
"""Words of a line that asks the reader to subscribe, follow or write."""
ADDRESSES = _TABLES["addresses"]
"""Words by which a line addresses its reader or speaks for the outlet."""
LABELS = _TABLES["labels"]
"""Whole lines that label a box or a button inside an article."""
CREDITS = _TABLES["credits"]
"""Labels before the name of a picture's author, or of a source."""
WRITERS = _TABLES["writers"]
"""Words for people who write for an outlet, in a line that introduces the author."""
OFFERS = _TABLES["offers"]
"""Labels of controls to comment, reply, share or print. A line of nothing but these and numbers is never text."""
BYLINES = _TABLES["bylines"]
"""Words before the author or the date of an article."""


def any_of(tables: Mapping[str, Iterable[str]]) -> str:
    """Return all phrases as one alternation, longest first.

    A phrase in Latin letters matches only whole words, unless an asterisk says that endings follow ("oxu*": "oxuyun").
    """
    phrases = sorted({phrase for table in tables.values() for phrase in table}, key=len, reverse=True)
    return "|".join(map(_written, phrases))


def _written(phrase: str) -> str:
    stem = phrase.removesuffix("*")
    # Apostrophes are letters in Uzbek, and written in five ways.
    written = re.sub("['’‘ʻʼ`]", "['’‘ʻʼ`]", re.escape(stem))
    if stem != phrase:
        return written.replace(r"\*", r"\w{0,12}") + r"\w{0,12}"
    return written.replace(r"\*", r"\w{0,12}") + (r"(?!\w)" if re.search("[a-zəçşğıöü]$", phrase) else "")


FULL_STOPS = tuple(".。।։۔")
MAX_POINTER_LENGTH = 180
_POINTER = re.compile(rf"[\W_]*(?:{any_of(READ_ALSO)})(?P<apart>\s*(?:[:：|>–—՝-]|\.\.\.|…|$))?", re.IGNORECASE)


def is_pointer(line: str) -> bool:
    """Return whether a short line points to another page."""
    pointer = _POINTER.match(line) if len(line) <= MAX_POINTER_LENGTH else None
    # "More on that tomorrow." is a sentence; "More on this: …" and "Read also …" without a full stop are not.
    return pointer is not None and (pointer["apart"] is not None or not line.endswith(FULL_STOPS))
