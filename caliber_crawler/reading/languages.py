"""The language of a text by its letters."""

from __future__ import annotations

import re

from caliber_crawler.site import Site


def language_of_letters(text: str, site: Site) -> str | None:
    """Return the site's only language written in the letters that most of a text consists of."""
    counts = {
        "hy": len(re.findall(r"[Ա-֏]", text)),
        "ru": len(re.findall(r"[А-яЁё]", text)),
        "en": len(re.findall(r"[A-Za-z]", text)),
    }
    language = max(counts, key=lambda code: counts[code])
    return language if counts[language] and site.edition(language) else None
