"""Names in Russian texts that are known beforehand, by their lemmas."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from caliber_crawler.archive.analysis.names.gazetteer import cities, countries, lines, word_lists
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
    lists = word_lists(LANGUAGE)
    found: dict[str, list[Entry]] = {}
    seen: set[str] = set()

    def add(name: str, kind: Kind, normal: str) -> None:
        tokens = [token for tokens in paragraphs_of(name) for token in tokens]
        if name in seen or (len(tokens) == 1 and name.lower() in NOT_PLACES):
            return
        seen.add(name)
        entry = Entry(tuple(lemmas(token.text) for token in tokens), kind, normal)
        for lemma in entry.words[0]:
            found.setdefault(lemma, []).append(entry)

    for name, normal in lists["place_aliases"].items():
        add(name, "place", normal)
    for name, normal in lists["organization_aliases"].items():
        add(name, "organization", normal)
    for name in lines(LANGUAGE, "organizations"):
        add(name, "organization", name)
    for name in (*countries(LANGUAGE), *cities(LANGUAGE), *lines(LANGUAGE, "places")):
        add(name, "place", name)
    for entries in found.values():
        entries.sort(key=lambda entry: -len(entry.words))
    return found
