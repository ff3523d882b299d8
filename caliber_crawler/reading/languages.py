"""The language of a text, told by its letters."""

from __future__ import annotations

import re

from caliber_crawler.site import Site


def language_of_letters(text: str, site: Site) -> str | None:
    """The one language of the site that is written in the letters most of a text is made of."""
    counts = {
        "hy": len(re.findall(r"[Ա-֏]", text)),
        "ru": len(re.findall(r"[А-яЁё]", text)),
        "en": len(re.findall(r"[A-Za-z]", text)),
    }
    language = max(counts, key=lambda code: counts[code])
    return language if counts[language] and site.edition(language) else None
