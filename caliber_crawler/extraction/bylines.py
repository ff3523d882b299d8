"""Authors: bylines, signatures, and the difference between a person's name and an outlet, a role or a sentence."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from caliber_crawler.extraction.lines import Line
from caliber_crawler.extraction.text import clean_inline, fold
from caliber_crawler.site import Site

MAX_BYLINE_LENGTH = 90
MAX_NAME_LENGTH = 60
_NAME_WORD = re.compile(r"[^\W\d_][^\W\d_]*\.?(?:[-'’][^\W\d_]+)*")
_SMALL_WORDS = "al bin da de del der di du el ibn la le ter van von oğlu oglu qızı qizi оглы кызы"
_PARTICLES = frozenset(_SMALL_WORDS.split())
_BY = re.compile(r"By\s++(.+)")
_GENRE_BY = re.compile(
    r"(?:[\w'’-]+\s+){0,2}(?:analysis|article|column|comment|commentary|interview|opinion|report|reportage|review)\s+by\s++(.+)",
    re.IGNORECASE,
)


def is_name(text: str) -> bool:
    """Return whether a text looks like a person's name: two to four capitalised words that are not a sentence."""
    words = text.split()
    if not 2 <= len(words) <= 4 or len(text) > MAX_NAME_LENGTH or text.isupper():
        return False
    if not words[0][0].isupper() or not (words[-1][0].isupper() or words[-1].lower() in _PARTICLES):
        return False
    return all(_NAME_WORD.fullmatch(word) and (word[0].isupper() or word.lower() in _PARTICLES) for word in words)


def names_in(text: str) -> tuple[str, ...]:
    """Return the names in ``Name``, ``Name, Name`` and ``Name and Name``; nothing if any part is not a name."""
    parts = (clean_inline(part) for part in re.split(r",|&|\band\b", text.strip(" .")))
    names = tuple(part for part in parts if part)
    return names if names and all(is_name(name) for name in names) else ()


def is_signature(line: str, site: Site) -> bool:
    """Return whether a line is only the outlet's name, in letters of any alphabet."""
    return len(line) <= MAX_BYLINE_LENGTH and fold(line).strip(" .|") in _folded((*site.signatures, site.title))


@lru_cache(maxsize=32)
def _folded(names: tuple[str, ...]) -> frozenset[str]:
    return frozenset(map(fold, names))


def authors_of_subtitle(subtitle: str | None, site: Site) -> tuple[str, ...]:
    """Return the authors in a subtitle (``Analysis by …``); none if it names the outlet or is about others."""
    match = _GENRE_BY.fullmatch(subtitle or "")
    return names_in(match[1]) if match and not is_signature(match[1], site) else ()


def cut_signature(lines: Sequence[Line], site: Site) -> tuple[list[Line], str | None]:
    """Remove the outlet's signature from the end of a body."""
    kept, signature = list(lines), None
    while (last := _last_text(kept)) is not None and is_signature(kept[last].text, site):
        signature = kept.pop(last).text
    return kept, signature


def cut_byline(lines: Sequence[Line]) -> tuple[list[Line], tuple[str, ...]]:
    """Remove ``By <name>`` from the end of an English body."""
    kept = list(lines)
    last = _last_text(kept)
    match = _BY.fullmatch(kept[last].text) if last else None
    if last is None or match is None or not (names := names_in(match[1])):
        return kept, ()
    del kept[last]
    return kept, names


def cut_leading_bylines(lines: Sequence[Line], site: Site) -> tuple[list[Line], tuple[str, ...]]:
    """Take byline lines off the start of a body: a name, then the outlet or a role there.

    Two lines at most: ``Anna Petrova``; then ``Example News``, or ``Political editor, Example News``. Both may stand on
    one line: ``Anna Petrova Example News |``.
    """
    kept = list(lines)
    authors: list[str] = []
    for _ in range(2):
        if len(kept) < 2 or len(kept[0].text) > MAX_BYLINE_LENGTH:
            break
        names = _names_of_byline(kept[0].text, site)
        if names is None or (names and authors):
            break
        authors.extend(names)
        del kept[0]
    return kept, tuple(authors)


def _names_of_byline(text: str, site: Site) -> tuple[str, ...] | None:
    """The names on a byline; empty if it has only the outlet or a role; ``None`` if it is not a byline."""
    outlet = next((name for name in sorted((*site.signatures, site.title), key=len) if fold(name) in fold(text)), None)
    if outlet is None:
        return (text,) if is_name(text) else None
    if text.endswith((".", "!", "?", ":", ",", "»", "”", '"')) and not is_signature(text, site):
        return None
    start = _place(outlet, text)
    rest = text[:start] + "|" + text[start + len(outlet) :]
    parts = [part.strip() for part in rest.split("|") if part.strip()]
    if sum(len(part.split()) for part in parts) > 6:
        return None
    return tuple(part for part in parts if is_name(part))


def _place(outlet: str, text: str) -> int:
    """The position of the outlet in a line, in any alphabet. Folding shifts positions: ``և`` becomes two letters."""
    wanted = fold(outlet)
    starts = range(len(text) - len(outlet) + 1)
    return next((start for start in starts if fold(text[start : start + len(outlet)]) == wanted), len(text))


def _last_text(lines: Sequence[Line]) -> int | None:
    for index in range(len(lines) - 1, -1, -1):
        if lines[index].text:
            return index
    return None


def unique(names: Iterable[str]) -> tuple[str, ...]:
    """Return names in order without duplicates, each as written first; case and blanks do not count."""
    found: dict[str, str] = {}
    for name in names:
        found.setdefault(fold(name), name)
    return tuple(found.values())
