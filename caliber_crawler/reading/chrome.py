"""The lines that stand on every page of a site and belong to no article."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from caliber_crawler.reading.lines import Line
from caliber_crawler.reading.text import clean_inline, fold
from caliber_crawler.site import Site

# Icons and buttons that news sites at large label with one word; a whole line of this kind is never a paragraph. Those
# of one site are facts of its definition (`Site.chrome`, `TextLayout.controls`).
FURNITURE = (
    *("search", "share", "read also", "advertisement", "реклама", "читайте также"),
    *("twitter", "youtube", "instagram", "facebook", "telegram", "whatsapp", "linkedin", "tiktok"),
    *("app store", "google play"),
)
LONGEST_NOTICE = 90
SHORTEST_SENTENCE = 20
LABELS_IN_A_LINE = 4
"""Of boilerplate that run together, at most."""
_ADVERTISING = re.compile(r"\b(?:advertis(?:ement|ing)|sponsored|реклам[аы]|գովազդ|reklam)\b", re.I)
LONGEST_LABEL_OF_ADVERTISING = 40
_COPYRIGHT = re.compile(r"©\s*(?:19|20)\d\d|(?:19|20)\d\d\s*©|\(c\)\s*(?:19|20)\d\d", re.I)


_FURNITURE = frozenset(fold(line) for line in FURNITURE)


@dataclass(frozen=True, slots=True)
class _Chrome:
    """What a site's file says of its chrome, folded once."""

    title: str
    own: frozenset[str]
    short: frozenset[str]
    """Language switches, controls and the furniture of every site, beside the site's own."""
    leads: re.Pattern[str]
    """The site's own lines, longest first, at the start of a line."""
    sentences: tuple[tuple[str, str], ...]
    """Those of them that are long enough to be looked for inside a text, folded and as the site's file has them."""


@lru_cache(maxsize=32)
def _folded(lines: tuple[str, ...], labels: tuple[str, ...], title: str) -> _Chrome:
    own = frozenset(fold(line) for line in lines)
    leads = "|".join(re.escape(line) for line in sorted(own, key=len, reverse=True))
    short = _FURNITURE | own | {fold(label) for label in labels}
    sentences = tuple((fold(line), line) for line in lines if len(line) >= SHORTEST_SENTENCE)
    return _Chrome(fold(title), own, short, re.compile(leads or r"(?!)"), sentences)


def _chrome(site: Site) -> _Chrome:
    switches = tuple(name for edition in site.editions for name in (edition.name, edition.language))
    return _folded(chrome_of(site), (*switches, *site.text.controls), site.title)


def is_advertising(line: Line) -> bool:
    """Is this short line the label of an advertisement? For pages where nothing else tells advertising from text."""
    short = len(line.text) <= LONGEST_LABEL_OF_ADVERTISING and line.text[-1:] not in (*".!?…:,;»”",)
    return short and not line.heading and _ADVERTISING.search(line.text) is not None


def chrome_of(site: Site) -> tuple[str, ...]:
    """Every chrome line the site's file names, of all editions: their strings turn up on each other's pages."""
    return (*site.chrome, *(line for edition in site.editions for line in edition.chrome))


def is_chrome(line: str, site: Site) -> bool:
    """Is this whole line page furniture: a known line, several of them run together, or a copyright notice?"""
    return _is_chrome(line, _chrome(site))


def is_own_chrome(line: str, site: Site) -> bool:
    """Is this whole line made of chrome the site's file names, or its copyright notice?"""
    return len(line) <= 2 * LONGEST_NOTICE and _is_own(line, fold(line), _chrome(site))


def _is_chrome(line: str, chrome: _Chrome) -> bool:
    if len(line) > 2 * LONGEST_NOTICE:
        return False
    folded = fold(line)
    return folded in chrome.short or _is_own(line, folded, chrome)


def _is_own(line: str, folded: str, chrome: _Chrome) -> bool:
    if len(line) <= LONGEST_NOTICE and folded.startswith(chrome.title) and _COPYRIGHT.search(line):
        return True
    rest = folded
    for _ in range(LABELS_IN_A_LINE):
        if rest in chrome.own:
            return True
        # Icon fonts write the name of a glyph before its label: "share-lineShare this story".
        lead = chrome.leads.match(rest)
        if lead is None:
            return False
        rest = rest[lead.end() :].strip()
    return False


def without_chrome(lines: Iterable[Line], site: Site) -> list[Line]:
    """The lines that are not chrome, in order; lines of pictures and links alone stay."""
    chrome = _chrome(site)
    return [line for line in lines if not line.text or not _is_chrome(line.text, chrome)]


def chrome_inside(text: str, site: Site) -> str | None:
    """A chrome sentence that stands somewhere in a text. Single words are not looked for: articles use them too."""
    folded = fold(text)
    for sentence, line in _chrome(site).sentences:
        if sentence in folded:
            return clean_inline(line)
    return None
