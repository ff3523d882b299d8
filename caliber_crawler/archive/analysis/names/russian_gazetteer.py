"""Names in Russian texts that are known beforehand, by their lemmas."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from caliber_crawler.archive.analysis.names.gazetteer import listed_names
from caliber_crawler.archive.analysis.names.morphology import lemmas
from caliber_crawler.archive.analysis.names.tokens import Kind, paragraphs_of

LANGUAGE = "ru"
NOT_PLACES = frozenset(["того", "чад", "мали", "гора", "куба", "мира", "бар", "бург", "порт"])
"""Words of the gazetteer that are more often other words."""


@dataclass(frozen=True, slots=True)
class Entry:
    words: tuple[frozenset[str], ...]
    kind: Kind
    name: str


@cache
def known_names() -> dict[str, list[Entry]]:
    """Known names by each lemma of their first word, the longest first."""
    found: dict[str, list[Entry]] = {}
    seen: set[str] = set()
    for name, kind, normal in listed_names(LANGUAGE):
        tokens = [token for tokens in paragraphs_of(name) for token in tokens]
        if name in seen or (len(tokens) == 1 and name.lower() in NOT_PLACES):
            continue
        seen.add(name)
        entry = Entry(tuple(lemmas(token.text) for token in tokens), kind, normal)
        for lemma in entry.words[0]:
            found.setdefault(lemma, []).append(entry)
    for entries in found.values():
        entries.sort(key=lambda entry: -len(entry.words))
    return found
