"""Boilerplate: the lines on pages of a site that are not part of an article."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from caliber_crawler.extraction.lines import Line
from caliber_crawler.extraction.text import clean_inline, fold
from caliber_crawler.site import Site

# One-word labels of icons and buttons on many news sites; such a line is never a paragraph. Labels of one site are in
# its definition (`Site.boilerplate`, `TextLayout.controls`).
COMMON_BOILERPLATE = (
    *("search", "share", "read also", "advertisement", "реклама", "читайте также"),
    *("twitter", "youtube", "instagram", "facebook", "telegram", "whatsapp", "linkedin", "tiktok"),
    *("app store", "google play"),
)
MAX_NOTICE_LENGTH = 90
MIN_SENTENCE_LENGTH = 20
MAX_LABELS_IN_LINE = 4
"""Maximum number of boilerplate lines that are joined in one line."""
_ADVERTISING = re.compile(r"\b(?:advertis(?:ement|ing)|sponsored|реклам[аы]|գովազդ|reklam)\b", re.I)
MAX_AD_LABEL_LENGTH = 40
_COPYRIGHT = re.compile(r"©\s*(?:19|20)\d\d|(?:19|20)\d\d\s*©|\(c\)\s*(?:19|20)\d\d", re.I)
_COMMON_BOILERPLATE = frozenset(fold(line) for line in COMMON_BOILERPLATE)


@dataclass(frozen=True, slots=True)
class _BoilerplateLines:
    """The boilerplate of a site definition, folded once."""

    title: str
    own: frozenset[str]
    short: frozenset[str]
    """Language switches, controls and the boilerplate of all sites, in addition to the site's own."""
    leads: re.Pattern[str]
    """Matches one of the site's own lines, longest first, at the start of a line."""
    sentences: tuple[tuple[str, str], ...]
    """The site's own lines that are long enough to search for in a text: folded, and as in the site definition."""


@lru_cache(maxsize=32)
def _folded(lines: tuple[str, ...], labels: tuple[str, ...], title: str) -> _BoilerplateLines:
    own = frozenset(fold(line) for line in lines)
    leads = "|".join(re.escape(line) for line in sorted(own, key=len, reverse=True))
    short = _COMMON_BOILERPLATE | own | {fold(label) for label in labels}
    sentences = tuple((fold(line), line) for line in lines if len(line) >= MIN_SENTENCE_LENGTH)
    return _BoilerplateLines(fold(title), own, short, re.compile(leads or r"(?!)"), sentences)


def _boilerplate(site: Site) -> _BoilerplateLines:
    switches = tuple(name for edition in site.editions for name in (edition.name, edition.language))
    return _folded(boilerplate_of(site), (*switches, *site.text.controls), site.title)


def is_advertising(line: Line) -> bool:
    """Whether a short line is the label of an advertisement, on pages where only text can identify advertising."""
    short = len(line.text) <= MAX_AD_LABEL_LENGTH and line.text[-1:] not in (*".!?…:,;»”",)
    return short and not line.heading and _ADVERTISING.search(line.text) is not None


def boilerplate_of(site: Site) -> tuple[str, ...]:
    """All boilerplate lines of the site definition. Those of one edition also appear on pages of others."""
    return (*site.boilerplate, *(line for edition in site.editions for line in edition.boilerplate))


def is_boilerplate(line: str, site: Site) -> bool:
    """Whether a line is boilerplate: a known line, several of them joined, or a copyright notice."""
    return _is_boilerplate(line, _boilerplate(site))


def is_site_boilerplate(line: str, site: Site) -> bool:
    """Whether a line consists of boilerplate from the site definition, or is the site's copyright notice."""
    return len(line) <= 2 * MAX_NOTICE_LENGTH and _is_site_boilerplate(line, fold(line), _boilerplate(site))


def _is_boilerplate(line: str, boilerplate: _BoilerplateLines) -> bool:
    if len(line) > 2 * MAX_NOTICE_LENGTH:
        return False
    folded = fold(line)
    return folded in boilerplate.short or _is_site_boilerplate(line, folded, boilerplate)


def _is_site_boilerplate(line: str, folded: str, boilerplate: _BoilerplateLines) -> bool:
    if len(line) <= MAX_NOTICE_LENGTH and folded.startswith(boilerplate.title) and _COPYRIGHT.search(line):
        return True
    rest = folded
    for _ in range(MAX_LABELS_IN_LINE):
        if rest in boilerplate.own:
            return True
        # Icon fonts write the name of a glyph before its label: "share-lineShare this story".
        lead = boilerplate.leads.match(rest)
        if lead is None:
            return False
        rest = rest[lead.end() :].strip()
    return False


def without_boilerplate(lines: Iterable[Line], site: Site) -> list[Line]:
    """The lines that are not boilerplate, in order. Lines with only images or links are kept."""
    boilerplate = _boilerplate(site)
    return [line for line in lines if not line.text or not _is_boilerplate(line.text, boilerplate)]


def boilerplate_inside(text: str, site: Site) -> str | None:
    """A boilerplate sentence inside a text, or ``None``. Short labels are not searched for: articles use them too."""
    folded = fold(text)
    for sentence, line in _boilerplate(site).sentences:
        if sentence in folded:
            return clean_inline(line)
    return None
