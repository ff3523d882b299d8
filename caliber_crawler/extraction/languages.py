"""The language of a text by its letters."""

from __future__ import annotations

import unicodedata
from collections import Counter
from functools import cache

from caliber_crawler.extraction.dates import month_names
from caliber_crawler.site import Site


def language_of_letters(text: str, site: Site) -> str | None:
    """The one language of the site that is written in the script of most letters of a text.

    ``None`` when the site has no edition in that script, or several.
    """
    if not site.editions:
        return None
    scripts = Counter(script for letter in text if letter.isalpha() and (script := script_of(letter)))
    if not scripts:
        return None
    most = scripts.most_common(1)[0][0]
    languages = [edition.language for edition in site.editions if script_of_language(edition.language) == most]
    return languages[0] if len(languages) == 1 else None


@cache
def script_of(letter: str) -> str:
    """The script of a letter as its Unicode name begins: ``LATIN``, ``CYRILLIC``; empty for a letter without a name."""
    return unicodedata.name(letter, "").partition(" ")[0]


@cache
def script_of_language(language: str) -> str:
    """The script that a language is written in, told by the names of its months; empty for an unknown language."""
    letters = (letter for name in month_names((language,)) for letter in name if letter.isalpha())
    scripts = Counter(map(script_of, letters))
    return scripts.most_common(1)[0][0] if scripts else ""
