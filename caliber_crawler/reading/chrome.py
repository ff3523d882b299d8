"""The lines that stand on every page of a site and belong to no article."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from caliber_crawler.reading.lines import Line
from caliber_crawler.reading.text import clean_inline, fold
from caliber_crawler.site import Site

# Icons and buttons that sites label with one word; a whole line of this kind is never a paragraph.
FURNITURE = (
    *("A+", "A-", "search", "share", "night_theme", "read also", "advertisement", "реклама", "читайте также"),
    *("twitter", "youtube", "instagram", "facebook", "telegram", "whatsapp", "linkedin", "tiktok", "apple store"),
    *("app store", "play market", "google play"),
)
LONGEST_NOTICE = 90
SHORTEST_SENTENCE = 20
_COPYRIGHT = re.compile(r"©\s*(?:19|20)\d\d|(?:19|20)\d\d\s*©|\(c\)\s*(?:19|20)\d\d", re.I)


_FURNITURE = frozenset(fold(line) for line in FURNITURE)


@lru_cache(maxsize=32)
def _folded(lines: tuple[str, ...]) -> frozenset[str]:
    return frozenset(fold(line) for line in lines)


def chrome_of(site: Site) -> tuple[str, ...]:
    """Every chrome line the site's file names, of all editions: their strings turn up on each other's pages."""
    return (*site.chrome, *(line for edition in site.editions for line in edition.chrome))


def is_chrome(line: str, site: Site) -> bool:
    """Is this whole line page furniture: a known line, several of them run together, or a copyright notice?"""
    if len(line) > 2 * LONGEST_NOTICE:
        return False
    switches = tuple(name for edition in site.editions for name in (edition.name, edition.language))
    return fold(line) in _FURNITURE | _folded(switches) or is_own_chrome(line, site)


def is_own_chrome(line: str, site: Site) -> bool:
    """Is this whole line made of chrome the site's file names, or its copyright notice?"""
    if len(line) > 2 * LONGEST_NOTICE:
        return False
    rest = fold(line)
    if len(line) <= LONGEST_NOTICE and _COPYRIGHT.search(line) and rest.startswith(fold(site.title)):
        return True
    own = _folded(chrome_of(site))
    for _ in range(4):
        if rest in own:
            return True
        # Icon fonts write their glyph's name before the label: "share-lineLiked the story? …".
        lead = max((known for known in own if rest.startswith(known)), key=len, default="")
        if not lead:
            return False
        rest = rest[len(lead) :].strip()
    return False


def without_chrome(lines: Iterable[Line], site: Site) -> list[Line]:
    """The lines that are not chrome, in order; lines of pictures and links alone stay."""
    return [line for line in lines if not line.text or not is_chrome(line.text, site)]


def chrome_inside(text: str, site: Site) -> str | None:
    """A chrome sentence that stands somewhere in a text. Single words are not looked for: articles use them too."""
    folded = fold(text)
    for line in chrome_of(site):
        if len(line) >= SHORTEST_SENTENCE and fold(line) in folded:
            return clean_inline(line)
    return None
